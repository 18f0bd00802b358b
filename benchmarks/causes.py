"""Choose the settings with which comments are judged, and time the shipped causes.

    python benchmarks/causes.py --choose current_2015_2023.parquet
    python benchmarks/causes.py --speed benchmarks/notes/causes.jsonl

``--choose`` looks at the training years only: each of their last three is judged by what all the
comments before it taught.  What came of it stands in ``analytics/evaluation/texts/economy.py``; the
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
    TONE,
    Task,
    comments,
    log_probabilities,
)
from tsunagu.analytics.evaluation.texts.learning import Split, characters, decided
from tsunagu.analytics.evaluation.texts.measuring import Judge, Resampling
from tsunagu.analytics.evaluation.texts.notes import notes

INNER_YEARS = (2019, 2020, 2021)
RIDGES = (0.2, 0.5)
COSTS = (0.1, 0.2)
SAMPLE = 12_000
"""Comments from which few are taken, so that they spread over the last months."""

BALANCES = (0.0, 0.25, 0.5, 0.75)
ONCE = Resampling(0, 0)

Figures = tuple[float, float]
"""Macro-F1, accuracy."""


def inner(path: Path, task: Task) -> list[Split]:
    """Each of the last training years, after all the comments before it."""
    found = comments(path, task)
    return [
        found.split(
            found.between(0, 100 * year + 1), found.between(100 * year + 1, 100 * year + 101)
        )
        for year in INNER_YEARS
    ]


def figures(split: Split, told: np.ndarray) -> Figures:
    """Of what was told about the later comments."""
    found = Judge(split.later, ONCE).row("", 0, told).figures
    return found["macro_f1"].value, found["accuracy"].value


def line(name: str, found: list[Figures]) -> None:
    """Macro-F1 of each year, then the means."""
    years = "".join(f"{f1:>8.4f}" for f1, _ in found)
    f1, accuracy = np.mean(found, axis=0)
    print(f"{name:<58}{years}   mean{f1:>8.4f}{accuracy:>8.4f}", flush=True)


def choose(path: Path, task: Task) -> None:
    """Print measures of choices within the training years, forward in time."""
    splits = inner(path, task)
    print(f"\n{task.name}: macro-F1 in {INNER_YEARS}, means of macro-F1 and accuracy")
    for c in (0.1, 0.3):
        for weight in (None, "balanced"):
            choices = {"C": c, "class_weight": weight}
            found = [figures(split, characters(split, choices)) for split in splits]
            line(f"characters C={c} class_weight={weight}", found)
    ways = [Settings(ridge=r, characters=n, rarest=2) for n in (0, 3) for r in RIDGES]
    ways += [Settings(cost=c, characters=3, rarest=2, most_terms=250_000) for c in COSTS]
    for settings in ways:
        logs = [log_probabilities(split, task, settings) for split in splits]
        for balance in BALANCES:
            told = zip(splits, logs, strict=True)
            name = f"ours {settings.ridge=} {settings.cost=} {settings.characters=} {balance=}"
            line(name, [figures(s, decided(log, s.label, balance)) for s, log in told])


def choose_for_few(path: Path) -> None:
    """Mean log-loss on comments of 2021 after few earlier ones: the default of ``Settings``."""
    split = inner(path, CAUSE_LABEL)[-1]
    later = replace(split, later_texts=split.later_texts[::3], later=split.later[::3])
    chosen = np.sort(np.random.default_rng(0).choice(len(split.label), SAMPLE, replace=False))
    judge = Judge(later.later, ONCE)
    print(f"\ncause label, inner, few learnt: mean log-loss on {len(later.later)} of 2021")
    for size in (50, 200):
        last = chosen[-size:]
        few = replace(later, texts=[split.texts[i] for i in last], label=split.label[last])
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
