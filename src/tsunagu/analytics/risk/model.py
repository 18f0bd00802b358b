"""The public risk model: fit, score, explain, save, load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu import __version__
from tsunagu.analytics.contracts import (
    HORIZONS_DAYS,
    EventLog,
    Explanation,
    NextStep,
    Outcome,
    Progress,
    Reason,
    Verdict,
    incidence_column,
    score_schema,
    silent,
)
from tsunagu.analytics.features import FittedFeatures, current
from tsunagu.analytics.risk import (
    dataset,
    inputs,
    next_steps,
    reasons,
    recency,
    storage,
    training,
    wording,
)
from tsunagu.analytics.risk.arrays import Floats
from tsunagu.analytics.risk.calendar import Recent
from tsunagu.analytics.risk.hazard_model import HazardModel
from tsunagu.analytics.risk.next_steps import Imagined
from tsunagu.analytics.risk.periods import CAUSES
from tsunagu.analytics.risk.settings import Settings
from tsunagu.analytics.risk.summary import Summary, state_history
from tsunagu.analytics.risk.window import Window, window_for

DEFAULTS = Settings()
EXPLAINED_AT_ONCE = 2_000

SPARE = 2
"""Reasons looked at beyond those asked for, since absurd ones are not told."""

LEAD_DAYS = 7
"""Days of warning that lists are meant for where nobody asks for more."""


@dataclass(frozen=True)
class RiskModel:
    """Probabilities that a deal breaks off, is won or is lost within 7, 14, 30, 60 and 90 days.

    A discrete-time competing-risk landmark model; ``docs/reference/scorecard.md`` tells what it
    does while a team has little history.

    Attributes:
        recipe: the features.
        hazards: the scorecard, the trees and their calibration.
        summary: what the model says about itself.
        windows: by days of warning wished for, the span of days whose risk orders lists of deals;
            :meth:`fit` chooses none, :func:`tsunagu.analytics.evaluation.fit_in_order` does.

    Example::

        model = RiskModel.fit(log.until(today))
        table = model.score(log, current(log))
    """

    recipe: FittedFeatures
    hazards: HazardModel
    summary: Summary
    windows: Mapping[int, Window] = field(default_factory=dict)

    @property
    def window(self) -> Window:
        """That for lists of :data:`LEAD_DAYS`."""
        return self.window_for(LEAD_DAYS)

    def window_for(self, lead: int) -> Window:
        """The span whose risk orders a list that shall warn at least ``lead`` days before."""
        return window_for(self.windows, lead)

    @classmethod
    def fit(
        cls,
        log: EventLog,
        *,
        settings: Settings = DEFAULTS,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> RiskModel:
        """Learn from ``log``, and from nothing after its ``observed_until``.

        A log with little or no history gives the shipped scorecard; the summary says so.

        Args:
            log: as it stood when the model is made; hand in ``log.until(t)``.
            settings: see :class:`Settings`.
            seed: the same log and seed give the same model, byte for byte.
            progress: told of each step; may raise to stop.
        """
        return _fit(log, settings, seed, progress or silent)

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """Cumulative incidences at each snapshot.

        Args:
            log: any log with the same meaning as the fitted one.
            snapshots: ``deal_id, at``, on the log's backend.

        Returns:
            :func:`contracts.score_schema`, sorted by ``deal_id``, ``at``.
        """
        found = inputs.read(self.recipe, log, snapshots)
        return _score_table(found.keys, self.hazards.incidence(found.landmarks))

    def score_from(self, features: pa.Table) -> pa.Table:
        """:meth:`score` of features that :attr:`recipe` gave, all of them or some rows."""
        found = inputs.arrange(self.recipe, features)
        return _score_table(found.keys, self.hazards.incidence(found.landmarks))

    def as_of(self, log: EventLog) -> RiskModel:
        """This model with how often deals ended lately, as ``log`` tells; the rest stays as fitted.

        Args:
            log: the whole log of the team, up to the day that is asked about.
        """
        return replace(self, hazards=recency.brought_up_to(self.recipe, self.hazards, log))

    @property
    def level(self) -> dict[str, Any] | None:
        """How often deals end lately, as JSON; None: a scorecard alone, which has no such thing."""
        return None if self.hazards.trees is None else self.hazards.recent.to_dict()

    def at_level(self, level: Mapping[str, Any]) -> RiskModel:
        """This model with a :attr:`level` that :meth:`as_of` gave before."""
        recent = Recent.from_dict(dict(level))
        return replace(self, hazards=replace(self.hazards, recent=recent))

    def score_in_time(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """:meth:`score` by a model that is kept up to date: how often deals ended lately is that
        of each snapshot's week, not of the day of the fit.

        Everything else stays as fitted.  Nothing later than a snapshot is known to it.

        Args:
            log: the whole log of the team, since it tells how often deals end.
            snapshots: ``deal_id, at``, on the log's backend.
        """
        found = inputs.read(self.recipe, log, snapshots)
        return _score_table(found.keys, recency.incidence(self.recipe, self.hazards, log, found))

    def verdicts(self, scores: pa.Table) -> list[list[Verdict]]:
        """By row of a score table, what can be said for each of the horizons, or that nothing can.

        Of one in ten deals of either kind the wrong thing may be said.
        """
        columns = [incidence_column(Outcome.BROKEN_OFF, horizon) for horizon in HORIZONS_DAYS]
        risk = np.column_stack([scores[name].to_numpy() for name in columns])
        return self.hazards.sure.verdicts(risk)

    def next_steps(self, log: EventLog, deal_id: str) -> tuple[NextStep, ...]:
        """Steps that go with a lower risk to break off within 30 days, the lowest first.

        Args:
            log: the whole log, up to now.
            deal_id: an open deal.
        """
        asked = current(log)
        asked = asked.filter(asked.deal_id == deal_id)
        features = self.recipe.transform(log, asked).to_pyarrow()
        own = (table.filter(table.deal_id == deal_id) for table in (log.events, log.deals))
        events, deals = (table.to_pyarrow() for table in own)
        made = self.imagine(events, deals, pa.array([deal_id]), log.observed_until)
        alone = ibis.duckdb.connect()
        put = {name: alone.create_table(name, table) for name, table in vars(made).items()}
        copied = replace(log, events=put["events"], deals=put["deals"])
        copies = self.recipe.transform(copied, put["snapshots"]).to_pyarrow()
        scores, _ = self.foresee_from(features, top=0)
        return self.steps(scores, features, copies).get(deal_id, ())

    def imagine(
        self, events: pa.Table, deals: pa.Table, deal_ids: pa.Array, at: datetime
    ) -> Imagined:
        """Copies of open deals, each as if one step had just been taken, for :meth:`steps`.

        Args:
            events: of these deals or of more, as the contract has them.
            deals: as well.
            deal_ids: of the deals to copy.
            at: now.
        """
        learned = self.recipe.learned
        local = next_steps.local(at, learned.time_zone)
        return next_steps.imagine(learned.kinds, events, deals, deal_ids, local)

    def steps(
        self, scores: pa.Table, features: pa.Table, copies: pa.Table
    ) -> Mapping[str, tuple[NextStep, ...]]:
        """By deal the steps that go with a lower risk, from the features of the deals' copies.

        Args:
            scores: of the deals.
            features: that :attr:`recipe` gave for them.
            copies: the same for what :meth:`imagine` gave.
        """
        return next_steps.compare(self, scores, features, copies)

    def explain(self, log: EventLog, snapshots: ir.Table, *, top: int = 3) -> list[Explanation]:
        """Why each snapshot's risk to break off is what it is.

        Some thousand snapshots a second: ask for those that are shown.

        Args:
            log: as for :meth:`score`.
            snapshots: ``deal_id, at``, on the log's backend.
            top: most reasons to give, the strongest first, raising or lowering the risk.
        """
        found = inputs.read(self.recipe, log, snapshots)
        return list(self._explained(found, self.hazards.blended(found.landmarks), top))

    def foresee_from(
        self, features: pa.Table, *, top: int = 3
    ) -> tuple[pa.Table, Iterator[Explanation]]:
        """:meth:`score` and :meth:`explain` of features that :attr:`recipe` gave, prepared or not.

        Returns:
            The score table, and its rows' explanations in its order, made while they are read.
        """
        found = inputs.arrange(self.recipe, features)
        blended = self.hazards.blended(found.landmarks)
        table = _score_table(found.keys, self.hazards.incidence_of(blended))
        return table, self._explained(found, blended, top)

    def _explained(
        self, found: inputs.Snapshots, blended: Floats, top: int
    ) -> Iterator[Explanation]:
        for start in range(0, len(found.keys), EXPLAINED_AT_ONCE):
            part = slice(start, start + EXPLAINED_AT_ONCE)
            keys = found.keys.slice(start, EXPLAINED_AT_ONCE)
            page = inputs.Snapshots(keys, found.landmarks.where(part))
            yield from self._explain(page, blended[part], top)

    def _explain(self, page: inputs.Snapshots, blended: Floats, top: int) -> list[Explanation]:
        parts = reasons.contributions(self.hazards, page.landmarks, blended).features
        usual = self.hazards.prior.usual.of(page.landmarks.stages)
        specs, levels = self.recipe.specs, self.recipe.levels

        def in_words(row: int, reason: reasons.GroupReason) -> Iterator[Reason]:
            spec = specs[reason.feature]
            fact = wording.Fact(
                spec,
                value=float(page.landmarks.features[row, reason.feature]),
                usual=float(usual[row, reason.feature]),
                words=levels.get(spec.name, ()),
                staged=bool(page.landmarks.stages[row] >= 0),
                raises=reason.contribution > 0,
            )
            if not wording.is_absurd(fact):
                yield Reason(reason.group, reason.contribution, *wording.sentences(fact))

        rows = zip(
            page.keys["deal_id"].to_pylist(),
            page.keys["at"].to_pylist(),
            reasons.strongest(parts, specs, top + SPARE),
            strict=True,
        )
        return [
            Explanation(
                deal, at, tuple(islice(chain.from_iterable(in_words(row, r) for r in found), top))
            )
            for row, (deal, at, found) in enumerate(rows)
        ]

    def save(self, path: Path) -> None:
        """Write the model to one file, without pickle; the same model gives the same bytes."""
        trees = self.hazards.trees
        storage.write(path, self._to_dict(), None if trees is None else trees.text)

    @classmethod
    def load(cls, path: Path) -> RiskModel:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: if the file is missing, damaged, foreign or of a newer Tsunagu.
        """
        data, booster = storage.read(path)
        try:
            return _from_dict(data, booster)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            message = f"is damaged: its contents do not fit together ({error!r})."
            raise storage.refusal(path, message) from error

    def _to_dict(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe.to_dict(),
            "hazards": self.hazards.to_dict(),
            "summary": self.summary.to_dict(),
            "windows": {str(lead): asdict(window) for lead, window in self.windows.items()},
        }


def _fit(log: EventLog, settings: Settings, seed: int, progress: Progress) -> RiskModel:
    progress("features", 0.0)
    data = dataset.prepare(log, settings)
    trainer = training.Trainer(
        landmarks=data.snapshots.landmarks,
        history=data.history,
        names=data.recipe.names,
        categorical=data.categorical,
        settings=settings,
        seed=seed,
        progress=progress,
    )
    fitted = trainer.fit(data.plan)
    summary = _summarise(log, data, fitted, settings, seed)
    progress("done", 1.0)
    return RiskModel(data.recipe, fitted.model, summary)


def _summarise(
    log: EventLog, data: dataset.Dataset, fitted: training.Fitted, settings: Settings, seed: int
) -> Summary:
    seen = data.known.break_offs
    statement, statement_ja = state_history(seen, settings.ample_break_offs, fitted.model.weight)
    return Summary(
        **dataset.describe(log),
        observed_until=log.observed_until,
        landmarks=data.known.landmarks,
        break_offs=seen,
        trees_weight=fitted.model.weight,
        rounds=fitted.rounds,
        statement=statement,
        statement_ja=statement_ja,
        calibration=fitted.model.calibration.method,
        seed=seed,
        settings=settings.to_dict(),
        versions=_versions(),
    )


def _versions() -> Mapping[str, str]:
    from importlib.metadata import version

    return {"tsunagu": __version__, "lightgbm": version("lightgbm"), "numpy": np.__version__}


def _score_table(keys: pa.Table, incidence: Floats) -> pa.Table:
    columns = {"deal_id": keys["deal_id"], "at": keys["at"]}
    for cause, outcome in enumerate(CAUSES):
        for interval, horizon in enumerate(HORIZONS_DAYS):
            columns[incidence_column(Outcome(outcome), horizon)] = pa.array(
                incidence[:, interval, cause]
            )
    schema = score_schema()
    arrays = [columns[name].cast(schema.field(name).type) for name in schema.names]
    return pa.table(arrays, schema=schema).combine_chunks()


def _from_dict(data: dict[str, Any], booster: str | None) -> RiskModel:
    recipe = FittedFeatures.from_dict(data["recipe"])
    hazards = HazardModel.from_dict(data["hazards"], recipe.names, booster)
    told = data.get("windows", {str(LEAD_DAYS): data.get("window")})  # version 1 had one
    windows = {int(lead): Window(**window) for lead, window in told.items()}
    return RiskModel(recipe, hazards, Summary.from_dict(data["summary"]), windows)
