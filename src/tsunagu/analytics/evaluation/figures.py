"""The figures of an evaluation: their keys, and how each is computed from what predictors said.

Keys (``h`` a horizon in days, ``v`` listings per 100 open deals, ``l`` a lead in days, ``r`` a
rule whose own volume sets the length of the lists):

======================================= ======================================================
``auc_h``                               time-dependent AUC
``uno_c``                               Uno's C up to the last horizon
``brier_h``, ``ibs``                    Brier score per horizon, and integrated
``ibs_scaled``                          1 - IBS / IBS of a forecast that is the base rate
``ece_h``                               expected calibration error
``observed_h_b``                        observed share in bin ``b`` of the reliability curve
``ece_h_by_g``                          the same with the groups of grouping ``g`` as bins
``group_f_g_b``                         ``f`` of group ``b``: predicted, observed, gap, ece
``warned_l_at_v``, ``warned_l_as_r``    share of broken-off deals listed ``l`` days before
``value_warned_l_at_v``                 the same, weighted by the deals' value
``median_lead_at_v``                    median days from first listing to break-off
``per_warning_at_v``                    listings for each deal warned of
``precision_at_v``                      share of listings that come true
======================================= ======================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers
from tsunagu.analytics.evaluation.brier import base_rate, integrated, weighted_brier
from tsunagu.analytics.evaluation.calibration import binned, bins
from tsunagu.analytics.evaluation.censoring import CensoringWeights
from tsunagu.analytics.evaluation.concordance import Below, Concordance
from tsunagu.analytics.evaluation.discrimination import ties, weighted_auc
from tsunagu.analytics.evaluation.early_warning import (
    LEADS_DAYS,
    VOLUMES,
    Alerts,
    alerts,
    quotas,
    top,
    weekly_counts,
)
from tsunagu.analytics.evaluation.groups import GroupedCalibration, Grouping
from tsunagu.analytics.evaluation.judging import Judgement
from tsunagu.analytics.evaluation.labels import Landmarks

GROUP = ("predicted", "observed", "gap", "ece")
"""Figures of a group, in the order of ``results.GroupCalibration``."""

_LOWER_IS_BETTER = ("brier", "ibs", "ece", "per_warning")


def lower_is_better(key: str) -> bool:
    """Whether less is better for the figure of this key."""
    return key != "ibs_scaled" and key.startswith(_LOWER_IS_BETTER)


def comparable(key: str) -> bool:
    """Whether the figure ranks predictors; bins of a curve differ between them."""
    return not key.startswith(("observed", "group"))


def middle(horizons: Sequence[int]) -> int | None:
    """The one horizon to show: 30 days if they can be judged, else the longest, else None."""
    return 30 if 30 in horizons else max(horizons, default=None)


class Measures:
    """Computes all figures for any weights of the deals; what weights do not change, only once.

    Args:
        landmarks: the n landmarks of the test part.
        judgements: what each predictor said.
        horizons: horizons in days that can be judged.
        value: (d,) the deals' values, NaN where unknown; None if the log knows none.
        groupings: of the deals, for calibration within groups.
    """

    def __init__(
        self,
        landmarks: Landmarks,
        judgements: list[Judgement],
        horizons: tuple[int, ...],
        value: Floats | None,
        groupings: tuple[Grouping, ...],
    ) -> None:
        self._landmarks, self._horizons, self._value = landmarks, horizons, value
        self._censoring = CensoringWeights(landmarks.labels)
        self._cases = {h: landmarks.labels.cases(h) for h in horizons}
        rules = {j.name: j.fires for j in judgements if j.fires is not None}
        self._concordance = Concordance(landmarks.labels, max(horizons, default=0))
        self._middle = middle(horizons)
        self._prepared = [self._prepare(j, rules, groupings) for j in judgements]

    def __call__(self, deal_weights: Floats) -> dict[str, Mapping[str, float]]:
        """Figures by predictor and key, each deal counted by its weight (d,)."""
        repeats = deal_weights[self._landmarks.deal]
        worth = None if self._value is None else deal_weights * self._value
        censoring = self._censoring.by_horizon(self._horizons, repeats)
        sides = {h: (w * self._cases[h], w * ~self._cases[h]) for h, w in censoring.items()}
        return {
            p.judgement.name: {f"auc_{h}": weighted_auc(p.rank[h], *s) for h, s in sides.items()}
            | {"uno_c": self._concordance(p.below, repeats)}
            | self._errors(p, censoring, repeats)
            | self._by_group(p, censoring, repeats)
            | self._warnings(p, deal_weights, worth)
            for p in self._prepared
        }

    def _prepare(
        self, judgement: Judgement, rules: Mapping[str, Flags], groupings: tuple[Grouping, ...]
    ) -> _Prepared:
        probability, horizons = judgement.probability, self._horizons
        marker = {h: probability.get(h, judgement.score) for h in horizons}
        precision_days = max(horizons, default=0)
        lists = _lists(judgement, rules, self._landmarks)
        shown = groupings if probability and horizons else ()
        return _Prepared(
            judgement,
            {h: ties(marker[h]) for h in horizons},
            self._concordance.order(marker.get(precision_days, judgement.score)),
            {h: bins(probability[h]) for h in horizons if probability},
            {g.name: self._grouped(g, probability) for g in shown},
            {k: alerts(self._landmarks, listed, precision_days) for k, listed in lists.items()},
        )

    def _grouped(self, grouping: Grouping, probability: Mapping[int, Floats]) -> GroupedCalibration:
        h = self._middle or 0
        return GroupedCalibration(grouping, self._landmarks.deal, probability[h], self._cases[h])

    def _errors(
        self, prepared: _Prepared, weights: Mapping[int, Floats], repeats: Floats
    ) -> dict[str, float]:
        probability, total = prepared.judgement.probability, float(repeats.sum())
        if not probability or not weights:
            return {}
        curves: dict[str, float] = {}
        scores: list[float] = []
        base: list[float] = []
        for h, w in weights.items():
            cases = self._cases[h]
            curve = binned(prepared.bin_of[h], probability[h], cases, w, repeats)
            curves |= {f"observed_{h}_{b}": float(o) for b, o in enumerate(curve.observed)}
            curves[f"ece_{h}"] = curve.ece
            scores.append(weighted_brier(probability[h], cases, w, total))
            constant = np.full(len(w), base_rate(cases, w, total))
            base.append(weighted_brier(constant, cases, w, total))
        return curves | self._brier(scores, base)

    def _brier(self, scores: list[float], base: list[float]) -> dict[str, float]:
        ibs, ibs_base = integrated(self._horizons, scores), integrated(self._horizons, base)
        scaled = 1 - ibs / ibs_base if ibs_base > 0 else float("nan")
        briers = {f"brier_{h}": s for h, s in zip(self._horizons, scores, strict=True)}
        return {**briers, "ibs": ibs, "ibs_scaled": scaled}

    def _by_group(
        self, prepared: _Prepared, weights: Mapping[int, Floats], repeats: Floats
    ) -> dict[str, float]:
        values: dict[str, float] = {}
        for name, calibration in prepared.by_group.items():
            curve, within = calibration(weights[self._middle or 0], repeats)
            gap = curve.predicted - curve.observed
            found = (curve.predicted, curve.observed, gap, within)
            for figure, groups in zip(GROUP, found, strict=True):
                values |= {f"group_{figure}_{name}_{b}": float(x) for b, x in enumerate(groups)}
            values[f"ece_{self._middle}_by_{name}"] = curve.ece
        return values

    @staticmethod
    def _warnings(
        prepared: _Prepared, deal_weights: Floats, worth: Floats | None
    ) -> dict[str, float]:
        values: dict[str, float] = {}
        for suffix, found in prepared.alerts.items():
            values |= {f"warned_{d}_{suffix}": found.warned(d, deal_weights) for d in LEADS_DAYS}
            values[f"per_warning_{suffix}"] = found.per_warning(deal_weights)
            values[f"precision_{suffix}"] = found.precision(deal_weights)
            values[f"median_lead_{suffix}"] = found.median_lead(deal_weights)
            if worth is not None:
                values |= {f"value_warned_{d}_{suffix}": found.warned(d, worth) for d in LEADS_DAYS}
        return values


@dataclass(frozen=True)
class _Prepared:
    """A judgement with all that stays the same whatever the deals weigh."""

    judgement: Judgement
    rank: Mapping[int, Integers]
    below: Below
    bin_of: Mapping[int, Integers]
    by_group: Mapping[str, GroupedCalibration]
    alerts: Mapping[str, Alerts]


def _lists(
    judgement: Judgement, rules: Mapping[str, Flags], landmarks: Landmarks
) -> dict[str, Flags]:
    lists = {f"at_{v}": top(landmarks, judgement.score, quotas(landmarks.at, v)) for v in VOLUMES}
    for rule, fires in rules.items():
        volume = weekly_counts(landmarks.at, fires)
        own = judgement.name == rule
        lists[f"as_{rule}"] = fires if own else top(landmarks, judgement.score, volume)
    return lists
