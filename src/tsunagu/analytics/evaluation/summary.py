"""From what predictors said to the evaluation's result."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tsunagu.analytics.contracts import HORIZONS_DAYS, Progress
from tsunagu.analytics.evaluation.arrays import Floats
from tsunagu.analytics.evaluation.calibration import bins
from tsunagu.analytics.evaluation.censoring import LEAST_FOLLOWED, CensoringWeights
from tsunagu.analytics.evaluation.early_warning import LEADS_DAYS, alerts
from tsunagu.analytics.evaluation.figures import GROUP, Measures, comparable, lower_is_better
from tsunagu.analytics.evaluation.groups import Grouping
from tsunagu.analytics.evaluation.judging import Judgement
from tsunagu.analytics.evaluation.labels import BROKEN_OFF, Landmarks
from tsunagu.analytics.evaluation.names import OURS
from tsunagu.analytics.evaluation.resampling import Sample, deal_weights, resample
from tsunagu.analytics.evaluation.results import (
    Difference,
    Distribution,
    GroupCalibration,
    NativeVolume,
    Performance,
    ReliabilityBin,
)

DISTRIBUTION_DAYS = 30
_DISTRIBUTION_BINS = 20


class Summary:
    """Figures, curves and notes of an evaluation.

    Args:
        landmarks: the landmarks of the test part.
        judgements: what predictors said of them, the model first.
        value: (d,) the deals' values, or None.
        groupings: of the deals, for calibration within groups.
    """

    def __init__(
        self,
        landmarks: Landmarks,
        judgements: list[Judgement],
        value: Floats | None,
        groupings: tuple[Grouping, ...] = (),
    ) -> None:
        self._landmarks, self._judgements, self._value = landmarks, judgements, value
        self._groupings = groupings
        self._censoring = CensoringWeights(landmarks.labels)
        self.horizons = tuple(
            h for h in HORIZONS_DAYS if self._censoring.followed(h) >= LEAST_FOLLOWED
        )

    def performances(self, *, seed: int, bootstrap: int, tell: Progress) -> tuple[Performance, ...]:
        """Every predictor's figures with intervals over ``bootstrap`` resamplings of the deals."""
        measures = Measures(
            self._landmarks, self._judgements, self.horizons, self._value, self._groupings
        )
        deals = len(self._landmarks.deal_ids)
        draws = deal_weights(deals, bootstrap, seed)
        samples = resample(measures, draws, deals, lambda n: tell("bootstrap", n / bootstrap))
        return tuple(self._performance(judgement, samples) for judgement in self._judgements)

    def warnable(self) -> int:
        """How many deals broke off in the test part after at least one landmark."""
        broken = self._landmarks.labels.event == BROKEN_OFF
        return len(np.unique(self._landmarks.deal[broken]))

    def reachable(self) -> dict[int, float]:
        """By lead, the share of these that a list of all open deals would have warned of."""
        everyone = alerts(self._landmarks, np.ones(len(self._landmarks), dtype=bool), 0)
        once = np.ones(len(self._landmarks.deal_ids))
        return {lead: everyone.warned(lead, once) for lead in LEADS_DAYS}

    def native(self) -> tuple[NativeVolume, ...]:
        """How often each rule fires by itself."""
        total = len(self._landmarks)
        fired = {j.name: int(j.fires.sum()) for j in self._judgements if j.fires is not None}
        return tuple(NativeVolume(name, n, 100 * n / total) for name, n in fired.items())

    def notes(self) -> tuple[str, ...]:
        """What could not be measured, and why."""
        notes = [
            f"Fewer than {LEAST_FOLLOWED:.0%} of the landmarks are followed for {h} days after "
            "the cut, so there are no figures for that horizon."
            for h in HORIZONS_DAYS
            if h not in self.horizons
        ]
        if not self.warnable():
            notes.append("No deal broke off after the cut: no early warning or AUC to measure.")
        if self._value is None:
            notes.append("The log has no amounts, so nothing is weighted by value.")
        return tuple(notes)

    def _performance(self, judgement: Judgement, samples: Mapping[str, Sample]) -> Performance:
        sample, model = samples[judgement.name], samples[self._judgements[0].name]
        others = [j.name for j in self._judgements[1:] if j is not judgement]
        rivals = {name: samples[name] for name in others if name not in OURS}
        keys = [key for key in sample.point if comparable(key)]
        return Performance(
            name=judgement.name,
            figures={key: sample.figure(key) for key in keys},
            versus_best=_versus_best(sample, rivals, keys),
            reliability=self._reliability(judgement, sample),
            distribution=self._distribution(judgement),
            versus_model={key: sample.minus(model, key) for key in keys if key in model.point},
            groups=self._groups(judgement, sample),
        )

    def _groups(self, judgement: Judgement, sample: Sample) -> tuple[GroupCalibration, ...]:
        if not judgement.probability or not self.horizons:
            return ()
        return tuple(
            GroupCalibration(
                grouping.name,
                name,
                int(np.sum(grouping.of == number)),
                *(sample.figure(f"group_{figure}_{grouping.name}_{number}") for figure in GROUP),
            )
            for grouping in self._groupings
            for number, name in enumerate(grouping.groups)
        )

    def _reliability(
        self, judgement: Judgement, sample: Sample
    ) -> dict[int, tuple[ReliabilityBin, ...]]:
        horizons = self.horizons if judgement.probability else ()
        return {h: _curve(judgement.probability[h], h, sample) for h in horizons}

    def _distribution(self, judgement: Judgement) -> Distribution | None:
        if DISTRIBUTION_DAYS not in self.horizons or not judgement.probability:
            return None
        weights = self._censoring.at(DISTRIBUTION_DAYS)
        cases = self._landmarks.labels.cases(DISTRIBUTION_DAYS)
        edges = np.linspace(0, 1, _DISTRIBUTION_BINS + 1)
        risk = judgement.probability[DISTRIBUTION_DAYS]
        broken_off, others = (_shares(risk, edges, weights * side) for side in (cases, ~cases))
        return Distribution(DISTRIBUTION_DAYS, tuple(edges.tolist()), broken_off, others)


def _curve(probability: Floats, horizon: int, sample: Sample) -> tuple[ReliabilityBin, ...]:
    bin_of = bins(probability)
    count = np.bincount(bin_of)
    mean = np.bincount(bin_of, probability) / count
    return tuple(
        ReliabilityBin(float(mean[b]), sample.figure(f"observed_{horizon}_{b}"), int(count[b]))
        for b in range(len(count))
    )


def _shares(risk: Floats, edges: Floats, weights: Floats) -> tuple[float, ...]:
    counts = np.histogram(risk, edges, weights=weights)[0]
    total = counts.sum()
    return tuple((counts / total if total > 0 else counts).tolist())


def _versus_best(
    sample: Sample, rivals: Mapping[str, Sample], keys: list[str]
) -> dict[str, Difference]:
    differences = {}
    for key in keys:
        values = {name: rival.point.get(key, np.nan) for name, rival in rivals.items()}
        known = {name: value for name, value in values.items() if np.isfinite(value)}
        if known:
            pick = min if lower_is_better(key) else max
            best = pick(known, key=known.__getitem__)
            differences[key] = Difference(best, sample.minus(rivals[best], key))
    return differences
