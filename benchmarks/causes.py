"""Choose the settings with which comments are judged, and time the shipped causes.

    python benchmarks/causes.py --choose current_2015_2023.parquet
    python benchmarks/causes.py --speed benchmarks/notes/causes.jsonl

``--choose`` looks at the training years only: it learns from a sample of those before their last
and judges on their last.  What came of it stands in ``analytics/evaluation/texts/economy.py``; the
years kept aside are judged by ``tsunagu evaluate --text``.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from tsunagu.analytics.causes import CauseModel, Settings
from tsunagu.analytics.evaluation.texts.economy import (
    CAUSE_LABEL,
    TEST_FROM,
    TONE,
    Task,
    comments,
    log_probabilities,
)
from tsunagu.analytics.evaluation.texts.learning import Split, characters, decided
from tsunagu.analytics.evaluation.texts.measuring import Judge, Resampling
from tsunagu.analytics.evaluation.texts.notes import notes

INNER_FROM = 202101
INNER_SAMPLE = 12_000
RIDGES = (0.2, 0.5, 1.0)
BALANCES = (0.0, 0.25, 0.5, 0.75)
ONCE = Resampling(0, 0)


def inner(path: Path, task: Task) -> Split:
    """A sample of the comments before 2021, and those of 2021."""
    found = comments(path, task)
    early = found.between(0, INNER_FROM)
    chosen = np.random.default_rng(0).choice(early, INNER_SAMPLE, replace=False)
    return found.split(np.sort(chosen), found.between(INNER_FROM, TEST_FROM))


def line(name: str, told: np.ndarray, judge: Judge) -> None:
    """Macro-F1 and accuracy."""
    found = judge.row(name, 0, told).figures
    print(f"{name:<58}{found['macro_f1'].value:>8.3f}{found['accuracy'].value:>10.3f}", flush=True)


def choose(path: Path, task: Task) -> None:
    """Print measures of choices within the training years."""
    split = inner(path, task)
    judge = Judge(split.later, ONCE)
    print(f"\n{task.name}, inner: {len(split.label)} before, {len(split.later)} in 2021")
    for c in (0.1, 0.3):
        for weight in (None, "balanced"):
            told = characters(split, {"C": c, "class_weight": weight})
            line(f"characters C={c} class_weight={weight}", told, judge)
    for chars in (0, 3):
        for ridge in RIDGES:
            settings = replace(task.settings, ridge=ridge, characters=chars)
            logs = log_probabilities(split, task, settings)
            for balance in BALANCES:
                name = f"ours ridge={ridge} characters={chars} balance={balance}"
                line(name, decided(logs, split.label, balance), judge)


def choose_for_few(path: Path) -> None:
    """Mean log-loss on comments of 2021 after few earlier ones: the default of ``Settings``."""
    split = inner(path, CAUSE_LABEL)
    later = replace(split, later_texts=split.later_texts[::3], later=split.later[::3])
    judge = Judge(later.later, ONCE)
    print(f"\ncause label, inner, few learnt: mean log-loss on {len(later.later)} of 2021")
    for size in (50, 200):
        few = replace(later, texts=split.texts[-size:], label=split.label[-size:])
        for ridge in (0.05, 0.1, 0.2, 0.5, 1.0):
            logs = log_probabilities(few, CAUSE_LABEL, Settings(ridge=ridge))
            loss = judge.losses(np.exp(logs)).mean()
            print(f"{size} learnt, ridge {ridge}: {loss:.3f}", flush=True)


def speed(path: Path) -> None:
    """Notes that the shipped lexicon judges in a CPU second."""
    texts = notes(path).texts * 20
    begin = time.process_time()
    CauseModel.shipped().probabilities(texts)
    print(f"{len(texts) / (time.process_time() - begin):.0f} notes a CPU second, shipped")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--choose", type=Path)
    parser.add_argument("--speed", type=Path)
    wanted = parser.parse_args()
    if wanted.choose:
        choose_for_few(wanted.choose)
        choose(wanted.choose, CAUSE_LABEL)
        choose(wanted.choose, TONE)
    if wanted.speed:
        speed(wanted.speed)


if __name__ == "__main__":
    main()
