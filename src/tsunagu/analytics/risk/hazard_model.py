"""The numeric heart: features in, calibrated hazards out.  Knows neither logs nor files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.risk import hazards as hz
from tsunagu.analytics.risk import pooling
from tsunagu.analytics.risk.arrays import Floats, Ints, Singles
from tsunagu.analytics.risk.calendar import AS_EXPECTED, Recent
from tsunagu.analytics.risk.calibration import Calibration
from tsunagu.analytics.risk.conformal import NOTHING_SURE, Confidence
from tsunagu.analytics.risk.periods import CAUSES, INTERVALS, PersonPeriods
from tsunagu.analytics.risk.plain import Plain
from tsunagu.analytics.risk.scorecard import Columns, Scorecard
from tsunagu.analytics.risk.trees import Trees
from tsunagu.analytics.risk.usual import Usual

AGE = "days_since_created"
_BATCH = 100_000


@dataclass(frozen=True)
class Landmarks:
    """Features of snapshots as numbers.

    Attributes:
        features: shape (n, features); categories as codes; null is NaN.
        stages: code of each snapshot's stage, -1 where unknown, shape (n,).
    """

    features: Singles
    stages: Ints

    def __len__(self) -> int:
        return len(self.features)

    def where(self, keep: slice | Ints) -> Landmarks:
        """The snapshots that ``keep`` selects."""
        return Landmarks(self.features[keep], self.stages[keep])

    def batches(self) -> Iterator[slice]:
        """Slices small enough to compute on at once."""
        for start in range(0, len(self), _BATCH):
            yield slice(start, min(start + _BATCH, len(self)))


@dataclass(frozen=True)
class Prior:
    """The scorecard, fitted to a team by pooled ratios.

    Attributes:
        scorecard: as shipped.
        columns: position of each feature by name.
        usual: medians of the features by stage.
        ratios: how much more often each cause happens here, shape (intervals, causes).
        strength: how far the team's own outcomes bear the conditions out: 1 as shipped, 0 not at
            all.
    """

    scorecard: Scorecard
    columns: Columns
    usual: Usual
    ratios: Floats
    strength: float = 1.0

    def held(self, landmarks: Landmarks) -> Floats:
        """1 where a condition of the scorecard holds, shape (n, conditions)."""
        usual = self.usual.of(landmarks.stages)
        return self.scorecard.held(landmarks.features, usual, self.columns)

    def hazards(self, landmarks: Landmarks) -> Floats:
        """Shape (n, intervals, causes)."""
        log_odds = self.scorecard.log_odds(self.strength * self.held(landmarks))
        return hz.from_log_odds(log_odds + np.log(self.ratios))


@dataclass(frozen=True)
class HazardModel:
    """Prior, plain part and trees, blended and calibrated.

    Attributes:
        prior: the scorecard.
        trees: None with too little history.
        weight: of the team's own history, plain part and trees, against the prior.
        calibration: of the blended hazards.
        recent: how often ends came lately, beside what prior and trees expect.
        sure: which risks rule what out.
        plain: None with too little history, and in models of versions 1 and 2.
        share: of the trees beside the plain part.
    """

    prior: Prior
    trees: Trees | None
    weight: float
    calibration: Calibration
    recent: Recent = AS_EXPECTED
    sure: Confidence = NOTHING_SURE
    plain: Plain | None = None
    share: float = 1.0

    def age(self, landmarks: Landmarks) -> Floats:
        """Days since the deals were created, 0 where that is no feature, shape (n,)."""
        column = self.prior.columns.get(AGE)
        if column is None:
            return np.zeros(len(landmarks))
        return np.nan_to_num(landmarks.features[:, column].astype(np.float64))

    def blended(self, landmarks: Landmarks, first: int = INTERVALS) -> Floats:
        """Hazards before calibration in the ``first`` intervals, shape (n, first, causes)."""
        pages = [self._blend(landmarks.where(batch), first) for batch in landmarks.batches()]
        return np.concatenate([np.zeros((0, first, len(CAUSES))), *pages])

    def _blend(self, landmarks: Landmarks, first: int) -> Floats:
        prior = self.prior.hazards(landmarks)[:, :first]
        if self.trees is None:
            return prior
        own = self.trees.hazards(landmarks.features, first)
        if self.plain is not None:
            line = self.plain.hazards(landmarks.features)[:, :first]
            own = pooling.blend(line, own, self.share)
        mixed = pooling.blend(prior, own, self.weight)
        lately = self.recent.log_ratios(self.age(landmarks))[:, :first]
        return hz.from_log_odds(hz.to_log_odds(mixed) + lately)

    def to_dict(self) -> dict[str, Any]:
        """As JSON; the booster's text is kept beside it."""
        return {
            "usual": self.prior.usual.to_dict(),
            "ratios": self.prior.ratios.tolist(),
            "strength": self.prior.strength,
            "scorecard": self.prior.scorecard.to_dict(),
            "trees_base": None if self.trees is None else self.trees.base.tolist(),
            "threads": None if self.trees is None else self.trees.threads,
            "weight": self.weight,
            "calibration": self.calibration.to_dict(),
            "recent": self.recent.to_dict(),
            "sure": self.sure.to_dict(),
            "plain": None if self.plain is None else self.plain.to_dict(),
            "share": self.share,
        }

    @classmethod
    def from_dict(
        cls, data: dict[str, Any], names: tuple[str, ...], booster: str | None
    ) -> HazardModel:
        """Back from JSON and the booster's text.

        Raises:
            ValueError: if the parts do not fit together.
        """
        columns = {name: position for position, name in enumerate(names)}
        card = Scorecard.from_dict(data["scorecard"])
        ratios = np.array(data["ratios"], dtype=np.float64)
        usual, strength = Usual.from_dict(data["usual"]), float(data["strength"])
        prior = Prior(card, columns, usual, ratios, strength)
        trees = None
        if booster is not None:
            trees = Trees(booster, np.array(data["trees_base"]), int(data["threads"]))
            if trees.booster.num_feature() != len(names) + 1:
                raise ValueError("the trees have other features than the model")
        calibration = Calibration.from_dict(data["calibration"])
        late, sure = AS_EXPECTED, NOTHING_SURE  # absent from files of version 1
        if "recent" in data:
            late, sure = Recent.from_dict(data["recent"]), Confidence.from_dict(data["sure"])
        told = data.get("plain")  # absent from files of versions 1 and 2
        plain = None if told is None else Plain.from_dict(told)
        share, weight = float(data.get("share", 1.0)), float(data["weight"])
        model = cls(prior, trees, weight, calibration, late, sure, plain, share)
        model.incidence(Landmarks(np.zeros((1, len(names)), np.float32), np.array([-1])))
        return model

    def incidence(self, landmarks: Landmarks) -> Floats:
        """Cumulative incidences, shape (n, intervals, causes)."""
        return self.incidence_of(self.blended(landmarks))

    def incidence_of(self, blended: Floats) -> Floats:
        """Cumulative incidences from what :meth:`blended` gives, shape (n, intervals, causes)."""
        return hz.cumulative_incidence(self.calibration(blended))


def spoken(model: HazardModel, landmarks: Landmarks, rows: PersonPeriods) -> tuple[Floats, Floats]:
    """Log-odds of person-periods by the plain part and by the trees, (len(rows), causes) each.

    As they speak: with the prior's share, and without the level of late.  Each part is asked once,
    the trees for no other interval than those of ``rows``.

    Raises:
        ValueError: if the model has no such parts.
    """
    line, trees, own = model.plain, model.trees, model.weight
    if line is None or trees is None:
        raise ValueError("a model of the prior alone has no parts to weigh")
    prior = hz.to_log_odds(of_rows(model.prior.hazards, landmarks, rows))
    drawn = of_rows(lambda some: line.log_odds(some.features), landmarks, rows)
    grown = trees.log_odds_of(landmarks.features[rows.landmark], rows.interval)
    return (1.0 - own) * prior + own * drawn, (1.0 - own) * prior + own * grown


def of_rows(
    say: Callable[[Landmarks], Floats], landmarks: Landmarks, rows: PersonPeriods
) -> Floats:
    """Of person-periods what ``say`` gives for landmarks in all intervals, (len(rows), causes)."""
    asked, place = np.unique(rows.landmark, return_inverse=True)
    chosen, found = landmarks.where(asked), np.empty((len(rows), len(CAUSES)))
    for batch in chosen.batches():
        mine = (place >= batch.start) & (place < batch.stop)
        page = say(chosen.where(batch))
        found[mine] = page[place[mine] - batch.start, rows.interval[mine]]
    return found
