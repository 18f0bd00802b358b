"""Fitting: slices in the order of time, pooled base hazards, plain part, trees, their weights.

The log's outcomes are cut at two instants.  A person-period belongs to the slice in which its
interval closes, so no label is known to a slice before its time, and none is lost:

    ... boosting ... | ... stopping the boosting ... | ... weighing ... | observed_until

Features (their levels, their medians) are fitted on the log as it stood before the weighing.  The
number of boosting rounds and the weights found, all parts are fitted once more on everything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tsunagu.analytics.contracts import Progress
from tsunagu.analytics.risk import (
    calibration,
    conformal,
    plain,
    pooling,
    prior_fit,
    scorecard,
    trees,
    usual,
)
from tsunagu.analytics.risk.arrays import SECONDS_PER_DAY, Bools, Floats, Ints
from tsunagu.analytics.risk.calendar import (
    WEEK,
    WEEKS_BACK,
    Calendar,
    Recent,
    Weekly,
    bands,
)
from tsunagu.analytics.risk.conformal import Confidence
from tsunagu.analytics.risk.following import expected_of, in_time
from tsunagu.analytics.risk.hazard_model import HazardModel, Landmarks, Prior, spoken
from tsunagu.analytics.risk.periods import (
    BOUNDS,
    BROKEN_OFF_CLASS,
    CAUSES,
    INTERVALS,
    PersonPeriods,
    expand,
    thin,
)
from tsunagu.analytics.risk.settings import Settings

_BASE_SAMPLE = 20_000
_MOST_USUAL = 200_000
"""Landmarks that medians are taken of."""

_MOST_JUDGED = 100_000
"""Landmarks that say how sure a risk is, and how often deals of an age ended lately."""

_MOST_WEIGHED = 100_000
"""Person-periods that one number, the share of the trees, is learnt from."""


@dataclass(frozen=True)
class History:
    """Labels of weekly landmarks, sorted by deal and time.

    Attributes:
        deal: number of each landmark's deal, shape (n,).
        at: epoch seconds, shape (n,).
        ended_at: epoch seconds of its deal's outcome, NaN while open, shape (n,).
        outcome: class of the outcome, 0 while open, shape (n,).
        observed_until: epoch seconds up to which facts are known.
        weight: how many landmarks each stands for, shape (n,).
    """

    deal: Ints
    at: Floats
    ended_at: Floats
    outcome: Ints
    observed_until: float
    weight: Floats

    def break_offs(self) -> int:
        """Broken-off deals seen at one landmark or more."""
        return len(np.unique(self.deal[self.outcome == BROKEN_OFF_CLASS]))

    def ends(self) -> Ends:
        """What became of the deals, where no landmark was left out."""
        first_of_deal = np.unique(self.deal, return_index=True)[1]
        ended = self.ended_at[first_of_deal]
        ended = ended[np.isfinite(ended)]
        return Ends(len(self.at), self.break_offs(), ended, self.observed_until)


@dataclass(frozen=True)
class Ends:
    """What is known of all deals with a landmark, before any of them is left out.

    Attributes:
        landmarks: how many there are.
        break_offs: broken-off deals.
        ended_at: epoch seconds of the outcomes, in any order.
        observed_until: epoch seconds up to which facts are known.
    """

    landmarks: int
    break_offs: int
    ended_at: Floats
    observed_until: float


@dataclass(frozen=True)
class Plan:
    """What a log's history allows.

    Attributes:
        stop: epoch seconds at which rows begin to stop the boosting.
        weigh: epoch seconds at which rows begin to weigh the trees against the plain part.
        weight: of the trees against the prior; 0: no trees, no slices.
    """

    stop: float
    weigh: float
    weight: float


def plan(known: Ends, settings: Settings) -> Plan:
    """Decide on trees, and on the instants that part the slices."""
    seen = known.break_offs
    too_few = seen < settings.least_break_offs or known.landmarks < settings.least_landmarks
    if too_few:
        return Plan(known.observed_until, known.observed_until, 0.0)
    ends = np.sort(known.ended_at)
    weigh = _quantile(ends, 1 - settings.weighing_share)
    stop = _quantile(ends[ends <= weigh], 1 - settings.stopping_share)
    return Plan(stop, weigh, pooling.trees_weight(seen, settings.kappa))


def _quantile(ends: Floats, share: float) -> float:
    return float(ends[int(share * (len(ends) - 1))])


@dataclass(frozen=True)
class Fitted:
    """A hazard model and how many boosting rounds it took."""

    model: HazardModel
    rounds: int


@dataclass(frozen=True)
class Trainer:
    """Everything a fit needs, once features and labels are numbers.

    Attributes:
        landmarks: features.
        history: labels, row by row the same landmarks.
        names: of the features.
        categorical: positions of the features that are codes.
        settings: of the model.
        seed: of thinning and boosting.
        progress: told of each step.
    """

    landmarks: Landmarks
    history: History
    names: tuple[str, ...]
    categorical: tuple[int, ...]
    settings: Settings
    seed: int
    progress: Progress

    def fit(self, plan: Plan) -> Fitted:
        """Fit what ``plan`` allows."""
        grown = self.grow(plan)
        if grown.model.trees is None:
            return grown
        self.progress("weighing", 0.0)
        weighed = self.weigh(grown.model, plan)
        self.progress("trees", 0.6)
        renewed = self._renewed(weighed, grown.rounds)
        last = replace(renewed, recent=self._recent(renewed), sure=self._sure(weighed, plan))
        return Fitted(last, grown.rounds)

    def grow(self, plan: Plan) -> Fitted:
        """Pool the prior, fit the plain part and grow trees, all before the weighing."""
        rows = self._rows()
        early = self._thin(rows.where(rows.closes <= plan.weigh), self.settings.max_rows // 2)
        prior = self._prior(early, plan.weigh)
        if not (plan.weight and self._can_boost(early, plan)):
            return Fitted(_alone(prior), 0)
        self.progress("trees", 0.0)
        lesson = self._lesson(prior, plan.weigh)
        boosting: Bools = early.closes <= plan.stop
        grown, rounds = trees.fit(lesson, early.where(boosting), early.where(~boosting))
        model = HazardModel(prior, grown, plan.weight, calibration.identity(_AS_THEY_ARE))
        return Fitted(replace(model, plain=plain.fit(lesson, self.names, early)), rounds)

    def weigh(self, model: HazardModel, plan: Plan) -> HazardModel:
        """Weigh the trees against the plain part on rows that neither has seen.

        Both are weighed as they speak: with the prior's share.
        """
        rows = self._rows()
        later = self._thin(rows.where(rows.closes > plan.weigh), _MOST_WEIGHED)
        level = self._lesson(model.prior, self.history.observed_until).level(later)
        line, grown = spoken(model, self.landmarks, later)
        return replace(model, share=plain.share_of_trees(line, grown, later, level))

    def _renewed(self, model: HazardModel, rounds: int) -> HazardModel:
        """All parts once more, on all rows: what is latest matters most."""
        everything, now = self._thin(self._rows()), self.history.observed_until
        prior = self._prior(everything, now)
        lesson = self._lesson(prior, now)
        renewed = trees.refit(lesson, everything, rounds)
        line = plain.fit(lesson, self.names, everything)
        return replace(model, prior=prior, trees=renewed, plain=line)

    def _recent(self, model: HazardModel) -> Recent:
        until = self.history.observed_until
        edges = bands(model.age(self.landmarks), self.history.weight)
        late = self._since(until - WEEKS_BACK * WEEK)
        return Recent.of(expected_of(model, self.landmarks, self.history, late), until, edges)

    def _sure(self, model: HazardModel, plan: Plan) -> Confidence:
        """What the risks of landmarks are worth that this model's trees have not seen."""
        h, edges = self.history, bands(model.age(self.landmarks), self.history.weight)
        past = self._since(plan.stop - WEEKS_BACK * WEEK)
        rows = past[h.at[past] >= plan.stop]
        weekly, asked = expected_of(model, self.landmarks, h, past), self.landmarks.where(rows)
        risk = in_time(model, weekly, asked, h.at[rows], edges)[:, :, BROKEN_OFF_CLASS - 1]
        ahead = BOUNDS[1:] * SECONDS_PER_DAY
        broke = (h.ended_at[rows] - h.at[rows])[:, None] <= ahead
        known = h.at[rows][:, None] + ahead <= h.observed_until
        theirs = (h.outcome[rows] == BROKEN_OFF_CLASS)[:, None]
        return conformal.learn(risk, broke & theirs, known, h.deal[rows], h.weight[rows])

    def _since(self, moment: float) -> Ints:
        """Landmarks from ``moment`` on; of very many, those of every second deal, or third, ..."""
        rows = np.flatnonzero(self.history.at >= moment)
        every = len(rows) // _MOST_JUDGED + 1
        chosen: Ints = rows[self.history.deal[rows] % every == 0]
        return chosen

    def _rows(self) -> PersonPeriods:
        h = self.history
        rows = expand(h.at, h.ended_at, h.outcome, h.observed_until)
        return rows.weighted(h.weight[rows.landmark])

    def _thin(self, rows: PersonPeriods, most: int | None = None) -> PersonPeriods:
        most = most or self.settings.max_rows
        return thin(rows, most, np.random.default_rng(self.seed))

    def _prior(self, rows: PersonPeriods, until: float) -> Prior:
        known = self._known(until, _MOST_USUAL)
        normal = usual.learn(
            self.landmarks.features[known],
            self.landmarks.stages[known],
            self.history.weight[known],
        )
        columns = {name: position for position, name in enumerate(self.names)}
        even = np.ones((INTERVALS, len(CAUSES)))
        prior = Prior(scorecard.shipped(), columns, normal, even)
        return prior_fit.fit_prior(prior, self.landmarks, rows, self.settings.prior_events)

    def _known(self, until: float, most: int) -> Ints:
        """Landmarks up to ``until``; of very many, about ``most``, evenly over deals and weeks."""
        known = np.flatnonzero(self.history.at <= until)
        return known[:: max(1, len(known) // most)]

    def _can_boost(self, early: PersonPeriods, plan: Plan) -> bool:
        return all(
            (early.label[slice_] == BROKEN_OFF_CLASS).any()
            for slice_ in (early.closes <= plan.stop, early.closes > plan.stop)
        )

    def _lesson(self, prior: Prior, until: float) -> trees.Lesson:
        h = self.history
        some = self._known(until, _BASE_SAMPLE)
        base = np.average(prior.hazards(self.landmarks.where(some)), axis=0, weights=h.weight[some])
        nothing, every = np.zeros(len(h.at)), np.tile(base[0], (len(h.at), 1))
        weekly = Weekly(h.at, h.ended_at, h.outcome, nothing, every, h.weight)
        calendar = Calendar.of(weekly, until if self.settings.within_weeks else -np.inf)
        features, categorical = self.landmarks.features, list(self.categorical)
        many = len(h.at) > self.settings.many_landmarks
        settings = self.settings.brisk() if many else self.settings
        return trees.Lesson(features, categorical, base, settings, self.seed, h.at, calendar)


_AS_THEY_ARE = "none: a correction learnt on one slice of time did harm in the next"


def _alone(prior: Prior) -> HazardModel:
    why = "none: too little history; base hazards are pooled with the scorecard's instead"
    return HazardModel(prior, None, 0.0, calibration.identity(why))
