"""The door to the life of models: fit and judge a challenger, fit again, look for drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import F, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from tsunagu.app.scoring import bridge, files
from tsunagu.app.scoring.columns import read_columns
from tsunagu.app.scoring.models import ScorePoint

if TYPE_CHECKING:
    from tsunagu.analytics.contracts import EventLog, Language
    from tsunagu.analytics.risk import RiskModel

Progress = Callable[[str, float], None]

WEEKS = 13
RECENT = timedelta(weeks=4)
HORIZON = timedelta(days=30)
SHOWN = 3
"""Features whose weeks are kept for the plot."""


@dataclass(frozen=True)
class Judged:
    """What a comparison found, as what can be kept."""

    verdict: dict[str, Any]
    card: dict[str, Any]
    reference: dict[str, Any]


@dataclass(frozen=True)
class Challenger:
    """A model fitted on the whole log, which it is still to be judged on."""

    log: EventLog
    model: RiskModel

    @classmethod
    def fit(cls, at: datetime, progress: Progress) -> Challenger:
        """Learn from everything up to ``at``; with little history: the shipped scorecard."""
        from tsunagu.analytics.risk import RiskModel

        log = bridge.whole_log(at)
        return cls(log, RiskModel.fit(log, progress=progress))

    @classmethod
    def of(cls, model: RiskModel, at: datetime) -> Challenger:
        """A model that was fitted on everything up to ``at``."""
        return cls(bridge.whole_log(at), model)

    def fitted(self) -> bridge.Fitted:
        """The model as what can be kept."""
        return bridge.kept(self.model)

    def fingerprint(self) -> str:
        """Of what it was fitted on."""
        from tsunagu.analytics import lifecycle

        return lifecycle.fingerprint(self.log).digest

    def judge(self, champion: RiskModel | None, progress: Progress) -> Judged:
        """Compare it with the champion, and write its card."""
        from tsunagu.analytics import lifecycle

        trial = lifecycle.try_out(self.log, self.model, champion, progress=progress)
        data = lifecycle.fingerprint(self.log)
        importance = lifecycle.importance(self.model, self.log)
        card = lifecycle.card(self.model, data, trial, importance)
        usual = lifecycle.reference(self.model, self.log)
        return Judged(trial.verdict.to_dict(), card, usual.to_dict())


@dataclass(frozen=True)
class Again:
    """A model made once more: the fingerprint of its data, and its file."""

    fingerprint: str
    content: bytes


def again(model: RiskModel, at: datetime) -> Again:
    """Fit as ``model`` was, on what the records say today of the time up to ``at``."""
    from tsunagu.analytics import lifecycle
    from tsunagu.analytics.lifecycle.comparing import refit

    log = bridge.whole_log(at)
    made = refit(log, model.summary)
    return Again(lifecycle.fingerprint(log).digest, files.written(made.save))


def drift(model: RiskModel, reference: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What has drifted at ``at``: readings by kind, and the weeks behind them for the plots."""
    log = bridge.whole_log(at)
    return {
        "at": at.isoformat(),
        "features": _features(model, reference, log),
        "calibration": _calibration(at),
        "volume": _volume(log),
    }


def _features(model: RiskModel, usual: Mapping[str, Any], log: EventLog) -> dict[str, Any]:
    """The last four weeks against what is usual, and the same as of each week before."""
    from tsunagu.analytics import lifecycle
    from tsunagu.analytics.features import weekly
    from tsunagu.analytics.lifecycle.drift import as_rows, stability
    from tsunagu.analytics.lifecycle.reference import look, numbers

    known = lifecycle.Reference.from_dict(usual)
    start = log.observed_until - timedelta(weeks=WEEKS) - RECENT
    table = look(model, log, weekly(log, start=start))
    readings = lifecycle.features(known, _weeks_to(table, log.observed_until))
    weeks = sorted(set(table["at"].to_pylist()))[-WEEKS:]
    late = [_weeks_to(table, week) for week in weeks]

    def index(name: str, rows: pa.Table) -> float:
        bins = known.bins[name]
        return round(stability(bins.counts, bins.count(numbers(rows, name))), 4)

    shown = [reading.subject for reading in readings[:SHOWN]]
    return {
        "readings": [*as_rows(readings)],
        "weeks": [timezone.localdate(week).isoformat() for week in weeks],
        "series": {name: [index(name, rows) for rows in late] for name in shown},
        "labels": {s.name: [s.label_ja, s.label_en] for s in model.recipe.specs},
    }


def _weeks_to(table: pa.Table, week: datetime) -> pa.Table:
    """The rows of the four weeks up to ``week``."""
    first, last = (pa.scalar(moment, table["at"].type) for moment in (week - RECENT, week))
    return table.filter(pc.and_(pc.greater(table["at"], first), pc.less_equal(table["at"], last)))


def _calibration(at: datetime) -> dict[str, Any]:
    """The risks that were really given each Monday, whose 30 days have passed, and what came."""
    from tsunagu.analytics import lifecycle
    from tsunagu.analytics.lifecycle.drift import as_rows

    last = timezone.localdate(at - HORIZON)
    given = ScorePoint.objects.filter(
        traced=False, on__week_day=2, on__lte=last, on__gt=last - timedelta(weeks=WEEKS)
    )
    table = read_columns(
        given,
        [
            ("deal_id", F("deal_id"), pa.int64()),
            ("on", Cast("on", TextField()), pa.string()),
            ("risk", F("risk_30"), pa.float64()),
        ],
    )
    table = table.set_column(1, "on", table["on"].cast(pa.date32()))
    deal = table["deal_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    expected, came = table["risk"].to_numpy(), _broke_off(table)
    reading = lifecycle.calibration(expected, came, deal.astype(np.int64))
    return {"readings": [*as_rows([reading])], **_by_week(table["on"], expected, came)}


def _by_week(on: pa.ChunkedArray, expected: Any, came: Any) -> dict[str, Any]:
    weeks, place = np.unique(on.to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    size = len(weeks)
    return {
        "weeks": weeks.tolist(),
        "expected": np.round(np.bincount(place, expected, size), 2).tolist(),
        "came": np.bincount(place, came, size).astype(int).tolist(),
    }


def _broke_off(given: pa.Table) -> Any:
    """(n,) whether each prediction's deal broke off within the horizon."""
    pairs = zip(given["deal_id"].to_pylist(), given["on"].to_pylist(), strict=True)
    ended = bridge.broken_off_on(given["deal_id"].unique().to_pylist())
    return np.array([deal in ended and ended[deal] - on <= HORIZON for deal, on in pairs], bool)


def _volume(log: EventLog) -> dict[str, Any]:
    from tsunagu.analytics import lifecycle
    from tsunagu.analytics.lifecycle.drift import as_rows
    from tsunagu.analytics.lifecycle.weeks import counted, whole_weeks

    weeks, workdays = whole_weeks(log, WEEKS + 1)
    counts = {
        "deals": counted(log.deals.created_at, log, weeks),
        "events": counted(log.events.at, log, weeks),
    }
    readings = [lifecycle.volume(name, found, workdays) for name, found in counts.items()]
    shown = [week.isoformat() for week in weeks]
    return {"readings": [*as_rows(readings)], "weeks": shown, "workdays": workdays, **counts}


def card_words(card: Mapping[str, Any], language: Language) -> list[str]:
    """A model's card in sentences."""
    from tsunagu.analytics.lifecycle import wording

    return wording.statement(card, language) if card else []


def limits(language: Language) -> list[str]:
    """What no model must be used for."""
    from tsunagu.analytics.lifecycle import wording

    return wording.limits(language)


def reason(verdict: Mapping[str, Any], language: Language) -> str:
    """Why a model was taken or not; empty where it was not compared."""
    from tsunagu.analytics.lifecycle import wording

    return wording.reason(verdict, language) if verdict else ""


def groups(names: Sequence[str], language: Language) -> list[str]:
    """Groups of features in words."""
    from tsunagu.analytics.lifecycle import wording

    return [wording.group(name, language) for name in names]
