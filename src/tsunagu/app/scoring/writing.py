"""Writes scores so that workers never conflict: older foresight never replaces newer.

One statement a table for many deals, in SQL that SQLite and PostgreSQL both read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Avg
from django.utils import timezone

from tsunagu.app.deals.models import Deal
from tsunagu.app.scoring.bridge import HORIZONS, Foresight
from tsunagu.app.scoring.models import (
    OutsideModel,
    RescoreRequest,
    RiskModelVersion,
    Score,
    Source,
)

NEARLY_ALL = 0.995

_SCORE = """
INSERT INTO scoring_score (deal_id, at, risk_7, risk_14, risk_30, risk_60, risk_90, won_30,
    lost_30, reasons, verdicts, next_steps, source, model_id, outside_id, keep_until,
    previous_risk_30, worth, stale)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
    (SELECT risk_30 FROM scoring_scorepoint p WHERE p.deal_id = %s AND p."on" < %s
     ORDER BY p."on" DESC LIMIT 1),
    %s * (SELECT CAST(COALESCE(d.amount, %s) AS double precision)
          FROM deals_deal d WHERE d.id = %s),
    %s AND EXISTS (SELECT 1 FROM scoring_rescorerequest r WHERE r.deal_id = %s))
ON CONFLICT (deal_id) DO UPDATE SET at = excluded.at, risk_7 = excluded.risk_7,
    risk_14 = excluded.risk_14, risk_30 = excluded.risk_30, risk_60 = excluded.risk_60,
    risk_90 = excluded.risk_90, won_30 = excluded.won_30, lost_30 = excluded.lost_30,
    reasons = excluded.reasons, verdicts = excluded.verdicts,
    next_steps = excluded.next_steps, source = excluded.source, model_id = excluded.model_id,
    outside_id = excluded.outside_id, keep_until = excluded.keep_until,
    previous_risk_30 = excluded.previous_risk_30, worth = excluded.worth, stale = excluded.stale
WHERE scoring_score.at <= excluded.at AND (excluded.outside_id IS NOT NULL
    OR scoring_score.keep_until IS NULL OR scoring_score.keep_until < excluded.at)
"""
_POINT = """
INSERT INTO scoring_scorepoint (deal_id, "on", risk_30, traced)
SELECT deal_id, %s, risk_30, %s FROM scoring_score WHERE deal_id = %s AND at = %s
ON CONFLICT (deal_id, "on") DO UPDATE SET risk_30 = excluded.risk_30, traced = excluded.traced
"""
_TRACE = """
INSERT INTO scoring_scorepoint (deal_id, "on", risk_30, traced) VALUES (%s, %s, %s, %s)
ON CONFLICT (deal_id, "on") DO NOTHING
"""


@dataclass(frozen=True)
class AsOf:
    """What the scores of one moment share, as the database takes it.

    ``usual`` is what a deal of unknown amount counts as: the mean of the open deals, 1 where no
    amount is known.
    """

    at: Any
    day: Any
    source: str
    usual: float
    model: int | None = None
    outside: int | None = None
    keep_until: Any = None

    @classmethod
    def now(cls, at: datetime, version: RiskModelVersion) -> AsOf:
        """Of what ``version`` said ``at``."""
        return cls(**_moment(at), source=_source(version.weight), model=version.pk)

    @classmethod
    def of_outside(cls, at: datetime, model: OutsideModel, keep_until: datetime | None) -> AsOf:
        """Of what a model elsewhere said ``at``, which stays ``keep_until`` then."""
        kept = connection.ops.adapt_datetimefield_value(keep_until)
        return cls(**_moment(at), source=Source.OUTSIDE, outside=model.pk, keep_until=kept)


def _moment(at: datetime) -> dict[str, Any]:
    mean = Deal.objects.filter(outcome__isnull=True).aggregate(mean=Avg("amount"))["mean"]
    return {
        "at": connection.ops.adapt_datetimefield_value(at),
        "day": connection.ops.adapt_datefield_value(timezone.localdate(at)),
        "usual": float(mean or 1),
    }


def can_be_done(risk: float) -> float:
    """How much a push against the odds lowers the risk: most in the middle.

    The slope of a probability in its log-odds. Who is safe needs nothing, who is gone is gone.
    """
    return risk * (1 - risk)


def write_scores(found: Sequence[Foresight], as_of: AsOf) -> None:
    """Keep what was foreseen; call it inside a transaction."""
    with connection.cursor() as cursor:
        cursor.executemany(_SCORE, [_score_row(f, as_of) for f in found])
        cursor.executemany(_POINT, [[as_of.day, False, f.deal_id, as_of.at] for f in found])


def write_traces(points: Sequence[tuple[int, date, float]]) -> None:
    """Keep risks of the past where none was kept on the day; call it inside a transaction."""
    adapt = connection.ops.adapt_datefield_value
    with connection.cursor() as cursor:
        cursor.executemany(_TRACE, [[deal, adapt(on), risk, True] for deal, on, risk in points])


def _score_row(found: Foresight, as_of: AsOf) -> list[Any]:
    deal, effect = found.deal_id, can_be_done(found.risk[HORIZONS.index(30)])
    told = [found.reasons, found.verdicts, found.next_steps]
    words = [json.dumps(said, ensure_ascii=False) for said in told]
    scored = [deal, as_of.at, *found.risk, found.won_30, found.lost_30, *words]
    said_by = [as_of.source, as_of.model, as_of.outside, as_of.keep_until]
    waits = as_of.keep_until is None  # what is kept waits for nothing
    return [*scored, *said_by, deal, as_of.day, effect, as_of.usual, deal, waits, deal]


def _source(weight: float) -> str:
    if weight <= 0:
        return Source.SCORECARD
    return Source.MODEL if weight >= NEARLY_ALL else Source.BLEND


def forget_ended(deal_ids: Sequence[int]) -> None:
    """Remove the scores of those of ``deal_ids`` that have ended."""
    Score.objects.filter(deal__in=deal_ids, deal__outcome__isnull=False).delete()


def take_off(requests: Mapping[int, datetime]) -> None:
    """Remove the requests that still are as they were read: deal and instant."""
    for deal_id, at in sorted(requests.items()):  # in one order, so that two never deadlock
        RescoreRequest.objects.filter(deal=deal_id, at=at).delete()
