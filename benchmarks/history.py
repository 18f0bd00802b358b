"""How much history do the trees need?  A learning curve that chooses ``Settings.kappa``.

    python benchmarks/history.py /tmp/logs/bpi /tmp/logs/school

Only the training part of each log is used: everything after the instant by which ``--train`` of
its outcomes were known does not exist here.  Within it, models learn from samples of 25 to 2,000
deals as known at an earlier instant, and are judged on the person-periods that closed later.
Trees and plain part are weighed as in ``RiskModel.fit``.  Two measures: log-loss of the
person-periods (lower is better), and AUC of the break-offs within 30 days (higher is better).
"""

from __future__ import annotations

import argparse
import os
import platform
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.features import fit_features, weekly
from tsunagu.analytics.risk import Settings, inputs, pooling, training
from tsunagu.analytics.risk.arrays import Floats, Ints
from tsunagu.analytics.risk.hazard_model import HazardModel, Landmarks, of_rows
from tsunagu.analytics.risk.periods import BROKEN_OFF_CLASS, PersonPeriods, expand

SIZES = (25, 50, 100, 200, 500, 1000, 2000)
KAPPAS = (0, 10, 25, 50, 100, 200, 400, 800)
LATER_SHARE = 0.3
WARNING_DAYS = 30
EASY = Settings(least_break_offs=1, least_landmarks=1, threads=1)


@dataclass(frozen=True)
class Problem:
    """One log's training part, cut once more."""

    name: str
    landmarks: Landmarks
    history: training.History
    known: training.History
    names: tuple[str, ...]
    categorical: tuple[int, ...]
    later: PersonPeriods


@dataclass(frozen=True)
class Result:
    """One sample's measures, by the prior alone and by each kappa: log-loss, AUC."""

    size: int
    break_offs: int
    rounds: int
    prior: tuple[float, float]
    blends: tuple[tuple[float, float], ...]


def outcome_time(log: EventLog, share: float) -> datetime:
    """When ``share`` of the log's outcomes were known."""
    ends = np.sort(log.outcomes().to_pyarrow()["ended_at"].cast("int64").to_numpy())
    return datetime.fromtimestamp(ends[int(share * (len(ends) - 1))] / 1e6, tz=UTC)


def prepare(folder: Path, train: float) -> Problem:
    """Read a log's training part; features are fitted on its earlier part."""
    log = open_log(folder)
    log = log.until(outcome_time(log, train))
    cut = outcome_time(log, 1 - LATER_SHARE)
    recipe = fit_features(log.until(cut))
    snapshots = inputs.read(recipe, log, weekly(log).cache())
    history = inputs.history(log, snapshots.keys)
    rows = expand(history.at, history.ended_at, history.outcome, history.observed_until)
    categorical = tuple(i for i, spec in enumerate(recipe.specs) if spec.categorical)
    later = rows.where(rows.closes > cut.timestamp())
    known = as_known(history, cut.timestamp())
    return Problem(
        folder.name, snapshots.landmarks, history, known, recipe.names, categorical, later
    )


def as_known(history: training.History, moment: float) -> training.History:
    """Labels as they stood at ``moment``."""
    over = history.ended_at <= moment
    return replace(
        history,
        ended_at=np.where(over, history.ended_at, np.nan),
        outcome=np.where(over, history.outcome, 0),
        observed_until=moment,
    )


def sampled(problem: Problem, size: int, seed: int) -> tuple[Landmarks, training.History]:
    """Landmarks up to the cut of ``size`` deals drawn at random."""
    known = problem.known
    early = known.at <= known.observed_until
    deals = np.unique(known.deal[early])
    chosen = np.random.default_rng(seed).choice(deals, min(size, len(deals)), replace=False)
    rows: Ints = np.flatnonzero(early & np.isin(known.deal, chosen))
    history = training.History(
        known.deal[rows],
        known.at[rows],
        known.ended_at[rows],
        known.outcome[rows],
        known.observed_until,
        known.weight[rows],
    )
    return problem.landmarks.where(rows), history


def measure(problem: Problem, size: int, seed: int) -> Result:
    """Fit on a sample once; blend for every kappa; judge on the later rows."""
    landmarks, history = sampled(problem, size, seed)
    plan = training.plan(history.ends(), EASY)
    trainer = training.Trainer(
        landmarks, history, problem.names, problem.categorical, EASY, seed, lambda *_: None
    )
    grown = trainer.grow(plan)
    alone = trainer.grow(training.Plan(history.observed_until, history.observed_until, 0.0))
    prior = judge(problem, alone.model)
    seen = history.break_offs()
    if grown.model.trees is None:
        return Result(size, seen, 0, prior, (prior,) * len(KAPPAS))
    weights = [pooling.trees_weight(seen, max(kappa, 1e-9)) for kappa in KAPPAS]
    weighed = trainer.weigh(grown.model, plan)
    blends = [replace(weighed, weight=weight) for weight in weights]
    return Result(size, seen, grown.rounds, prior, tuple(judge(problem, b) for b in blends))


def judge(problem: Problem, model: HazardModel) -> tuple[float, float]:
    """Log-loss and AUC on what came later."""
    return loss(problem, model), auc(problem, model)


def auc(problem: Problem, model: HazardModel) -> float:
    """Of break-offs within 30 days, among the landmarks after the cut whose 30 days are known."""
    history, start = problem.history, problem.known.observed_until
    whole = history.at + WARNING_DAYS * 86_400 <= history.observed_until
    rows = np.flatnonzero((history.at > start) & whole)
    soon = history.ended_at[rows] - history.at[rows] <= WARNING_DAYS * 86_400
    broke = soon & (history.outcome[rows] == BROKEN_OFF_CLASS)
    risk = model.incidence(problem.landmarks.where(rows))[:, 2, BROKEN_OFF_CLASS - 1]
    return float(roc_auc_score(broke, risk))


def loss(problem: Problem, model: HazardModel) -> float:
    """Mean log-loss of the later person-periods, each day of a deal counted once."""
    rows = problem.later
    hazards = of_rows(model.blended, problem.landmarks, rows)
    every: Floats = np.column_stack([1 - hazards.sum(axis=1), hazards])
    told = np.maximum(every[np.arange(len(rows)), rows.label], 1e-9)
    return float(np.average(-np.log(told), weights=rows.once()))


def print_tables(problem: Problem, results: list[Result]) -> None:
    """One line a sample size, means over the seeds, for each measure."""
    broke = problem.later.landmark[problem.later.label == BROKEN_OFF_CLASS]
    count = len(np.unique(problem.history.deal[broke]))
    for position, measure_name in enumerate(("log-loss", "AUC, 30 days")):
        print(f"\n### {problem.name}: {measure_name}, judged on {count:,} later break-offs\n")
        heads = ["deals", "break-offs", "rounds", "prior", "own"]
        heads += [f"κ={kappa}" for kappa in KAPPAS[1:]]
        print("| " + " | ".join(heads) + " |\n|" + "---:|" * len(heads))
        for size in SIZES:
            print_line([r for r in results if r.size == size], position)


def print_line(cells: list[Result], position: int) -> None:
    """One sample size's means."""
    values = [[r.prior[position], *(b[position] for b in r.blends)] for r in cells]
    seen, rounds = (np.mean([getattr(r, n) for r in cells]) for n in ("break_offs", "rounds"))
    shown = [f"{cells[0].size:,}", f"{seen:,.0f}", f"{rounds:.0f}"]
    shown += [f"{value:.4f}" for value in np.mean(values, axis=0)]
    print("| " + " | ".join(shown) + " |", flush=True)


def print_choice(results: dict[str, list[Result]]) -> None:
    """Each kappa's means over every sample of every size."""
    heads = [f"{name}, {what}" for name in results for what in ("log-loss", "AUC")]
    print("\n| κ | " + " | ".join(heads) + " |\n|---:|" + "---:|" * len(heads))
    for position, kappa in enumerate(KAPPAS):
        means = [np.mean([r.blends[position] for r in found], axis=0) for found in results.values()]
        shown = [f"{value:.4f}" for value in np.concatenate(means)]
        print(f"| {kappa} | " + " | ".join(shown) + " |")


def results_of(problem: Problem, seeds: int) -> list[Result]:
    """Every sample of every size."""
    return [measure(problem, size, seed) for size in SIZES for seed in range(seeds)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logs", nargs="+", type=Path, help="folders of event logs")
    parser.add_argument("--train", type=float, default=0.7, help="share of outcomes to train on")
    parser.add_argument("--seeds", type=int, default=5, help="samples of each size")
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{options.seeds} samples of each size"
    )
    results: dict[str, list[Result]] = {}
    for folder in options.logs:
        problem = prepare(folder, options.train)
        results[folder.name] = results_of(problem, options.seeds)
        print_tables(problem, results[folder.name])
    print_choice(results)


if __name__ == "__main__":
    main()
