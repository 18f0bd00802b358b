"""What each part of the risk model buys, by forward chaining inside the training part.

    python benchmarks/foresight/ablations.py /tmp/logs/bpi /tmp/logs/school

Only the training part of each log exists here: everything after the instant by which ``--train`` of
its outcomes were known is cut off first.  Within it, models learn from what was known when 50, 60
and 70% of its outcomes had come in, and are judged on the weeks after.  A horizon is judged on the
landmarks that are followed so long: which these are depends on the calendar alone.  Figures are
means over the three cuts.  AUC is within weeks (deals of one Monday against each other); scaled IBS
is against the base rate of the very weeks judged, which no forecast knows.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

import numpy as np

from tsunagu.analytics.contracts import HORIZONS_DAYS, EventLog, Verdict, silent
from tsunagu.analytics.evaluation.arrays import Flags, Floats
from tsunagu.analytics.evaluation.brier import integrated
from tsunagu.analytics.evaluation.discrimination import ties, weighted_auc
from tsunagu.analytics.evaluation.early_warning import alerts, quotas, top
from tsunagu.analytics.evaluation.labels import Landmarks, label
from tsunagu.analytics.evaluation.splitting import default_cut, snapshots_after, training_part
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.features import weekly
from tsunagu.analytics.risk import Settings, dataset, inputs, training
from tsunagu.analytics.risk.calendar import AS_EXPECTED
from tsunagu.analytics.risk.following import expected_of, in_time
from tsunagu.analytics.risk.hazard_model import HazardModel
from tsunagu.analytics.risk.hazard_model import Landmarks as Numbers
from tsunagu.analytics.risk.periods import BROKEN_OFF_CLASS

CUTS = (0.5, 0.6, 0.7)
BROKEN_OFF = BROKEN_OFF_CLASS - 1
LEAST_LANDMARKS = 300
VOLUME = 10
WINDOWS = {7: ((0, 2), (0, 0), (1, 1)), 14: ((2, 2), (2, 3), (1, 2))}
"""Windows tried for a lead, as first and last interval; the best is shown, as a fit chooses it."""


@dataclass(frozen=True)
class Fold:
    """One cut inside the training part.

    Attributes:
        data: what was known at the cut.
        marks: the weeks after it, and what became of them.
        asked: their features.
        everything: features of all landmarks up to the end, for the level of late.
        history: what became of these.
        asked_at: epoch seconds of ``marks``.
    """

    data: dataset.Dataset
    marks: Landmarks
    asked: Numbers
    everything: Numbers
    history: training.History
    asked_at: Floats


def fold(log: EventLog, share: float) -> Fold:
    """Cut ``log``, a training part, once more."""
    cut = default_cut(log, share)
    data = dataset.prepare(log.until(cut), Settings())
    marks = label(log, snapshots_after(log, cut))
    whole = inputs.read(data.recipe, log, weekly(log).cache())
    history = inputs.history(log, whole.keys)
    ids = np.array(marks.deal_ids.to_pylist())[marks.deal].tolist()
    keys = zip(whole.keys["deal_id"].to_pylist(), history.at, strict=True)
    row = {key: place for place, key in enumerate(keys)}
    places = np.array([row[key] for key in zip(ids, marks.at / 1e6, strict=True)])
    asked = whole.landmarks.where(places)
    return Fold(data, marks, asked, whole.landmarks, history, history.at[places])


def fitted(fold: Fold, settings: Settings) -> HazardModel:
    """The model as of the cut."""
    data = fold.data
    trainer = training.Trainer(
        landmarks=data.snapshots.landmarks,
        history=data.history,
        names=data.recipe.names,
        categorical=data.categorical,
        settings=settings,
        seed=0,
        progress=silent,
    )
    return trainer.fit(data.plan).model


def followed(fold: Fold, model: HazardModel) -> Floats:
    """Incidences by the levels of ages known in each week."""
    rows = np.arange(len(fold.history.at))
    past = expected_of(model, fold.everything, fold.history, rows)
    return in_time(model, past, fold.asked, fold.asked_at, model.recent.edges)


Variant = Callable[[Fold, HazardModel], Floats]

VARIANTS: dict[str, Variant] = {
    "as shipped": followed,
    "plain part alone": lambda f, m: followed(f, replace(m, share=0.0)),
    "trees alone": lambda f, m: followed(f, replace(m, share=1.0)),
    "half and half": lambda f, m: followed(f, replace(m, share=0.5)),
    "levels of ages as of the cut, not followed": lambda f, m: m.incidence(f.asked),
    "no levels of ages": lambda f, m: replace(m, recent=AS_EXPECTED).incidence(f.asked),
    "scorecard alone": lambda f, m: replace(m, trees=None).incidence(f.asked),
}


def measure(marks: Landmarks, incidence: Floats) -> dict[str, float]:
    """Figures of one model on one fold."""
    found: dict[str, float] = {}
    scores: dict[int, tuple[float, float]] = {}
    for place, horizon in enumerate(HORIZONS_DAYS):
        known = marks.followed >= horizon
        if known.sum() < LEAST_LANDMARKS:
            continue
        risk, broke = incidence[known, place, BROKEN_OFF], marks.labels.cases(horizon)[known]
        found[f"AUC {horizon} d"] = within_weeks(marks.at[known], risk, broke)
        scores[horizon] = (float(np.mean((broke - risk) ** 2)), float(np.var(broke)))
    own, base = (integrated(list(scores), list(s)) for s in zip(*scores.values(), strict=True))
    return found | {"scaled IBS": 1 - own / base} | warned(marks, incidence)


def within_weeks(at: np.ndarray, risk: Floats, broke: Flags) -> float:
    """AUC over the pairs of one week."""
    won, pairs = 0.0, 0.0
    for moment in np.unique(at):
        here = at == moment
        count = float(broke[here].sum() * (~broke[here]).sum())
        if count:
            sides = broke[here].astype(float), (~broke[here]).astype(float)
            won += count * weighted_auc(ties(risk[here]), *sides)
            pairs += count
    return won / pairs


def warned(marks: Landmarks, incidence: Floats) -> dict[str, float]:
    """Share warned of by lists of 10 of 100, for each lead by the best of its windows."""
    broken = incidence[:, :, BROKEN_OFF]
    steps = np.diff(broken, axis=1, prepend=0.0)
    once, quota = np.ones(len(marks.deal_ids)), quotas(marks.at, VOLUME)
    return {
        f"≥ {lead} d, {VOLUME}%": max(
            alerts(marks, top(marks, steps[:, a : b + 1].sum(axis=1), quota), 0).warned(lead, once)
            for a, b in windows
        )
        for lead, windows in WINDOWS.items()
    }


def coverage(fold: Fold, model: HazardModel, incidence: Floats) -> str:
    """Of deals that broke off, and of those that held, the share that was not ruled out."""
    risk = incidence[:, :, BROKEN_OFF]
    told = np.array(model.sure.verdicts(risk))
    lines = []
    for place, horizon in enumerate(HORIZONS_DAYS):
        known = fold.marks.followed >= horizon
        if known.sum() < LEAST_LANDMARKS:
            continue
        said, broke = told[known, place], fold.marks.labels.cases(horizon)[known]
        right = (said[broke] != Verdict.HOLDS).mean(), (said[~broke] != Verdict.BREAKS_OFF).mean()
        unsure = (said == Verdict.UNSURE).mean()
        lines.append(f"{horizon} d: {right[0]:.0%} / {right[1]:.0%}, unsure {unsure:.0%}")
    return "; ".join(lines)


def mean(rows: list[dict[str, float]]) -> dict[str, float]:
    """Over the folds; a figure that one of them lacks is left out of its mean."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: float(np.mean([row[key] for row in rows if key in row])) for key in keys}


def print_log(name: str, folds: list[Fold]) -> None:
    """The table of one log."""
    started = process_time()
    models = [fitted(f, Settings()) for f in folds]
    spent = (process_time() - started) / len(folds)
    plain = [fitted(f, Settings(within_weeks=False)) for f in folds]
    rows = {
        words: mean([measure(f.marks, say(f, m)) for f, m in zip(folds, models, strict=True)])
        for words, say in VARIANTS.items()
    }
    pairs = zip(folds, plain, strict=True)
    rows["learning each week's level too"] = mean(
        [measure(f.marks, followed(f, m)) for f, m in pairs]
    )
    heads = list(rows["as shipped"])
    print(f"\n### {name} (training a model: {spent:.1f} s of processor)\n")
    print("Share of the trees: " + ", ".join(f"{model.share:.2f}" for model in models) + "\n")
    print("| variant | " + " | ".join(heads) + " |\n|---|" + "---:|" * len(heads))
    for words, row in rows.items():
        print(f"| {words} | " + " | ".join(f"{row[head]:.3f}" for head in heads) + " |")
    print("\nNot ruled out of those that broke off / that held (90% is meant):\n")
    for share, f, m in zip(CUTS, folds, models, strict=True):
        print(f"- cut at {share:.0%}: {coverage(f, m, followed(f, m))}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logs", nargs="+", type=Path, help="folders of event logs")
    parser.add_argument("--train", type=float, default=0.7, help="share of outcomes to train on")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, seed 0, cuts {CUTS}")
    for folder in options.logs:
        log = training_part(open_log(folder), None, options.train)
        print_log(folder.name, [fold(log, share) for share in CUTS])


if __name__ == "__main__":
    main()
