"""Bias, error and coverage of the effects of plays where the truth is known.

    python benchmarks/plays.py --seeds 200 --deals 3000

Of each organisation the settled cases are judged four times: by the raw shares (intervals by
Jeffreys), by the estimate with what the event log shows at the confirmation, by the estimate with
a person's judgement of how hard the case looks (1 to 5) beside it, and by the estimate told all.
The simulator gives strong plays to severe cases, and hardly anything in its log shows the severity:
the judgement is drawn here, as the severity with an error of standard deviation ``--blur``,
rounded. "Told all" has the severity itself and the true cause, which no organisation has: it tells
what the method owes to its own arithmetic and what to things unseen.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.plays import (
    HARDNESS,
    PlayEffects,
    case_schema,
    fit,
    usable,
    with_hardness,
)
from tsunagu.analytics.plays.settings import NO_PLAY, Settings
from tsunagu.analytics.simulation import simulate
from tsunagu.analytics.simulation.causes import CATEGORIES, PLAYS

HORIZON = Settings().horizon_days

_CASES = """
SELECT t.deal_id AS case_id, t.deal_id, t.play, split_part(i.value, '.', 1) AS cause,
       i.since AS began_at, r.since AS resumed_at
FROM truth t
JOIN (SELECT deal_id, min("at") AS since, min_by(value, "at") AS value
      FROM events WHERE kind = 'interruption' GROUP BY 1) i USING (deal_id)
LEFT JOIN (SELECT deal_id, min("at") AS since FROM events WHERE kind = 'resumed' GROUP BY 1) r
  USING (deal_id)
"""


@dataclass(frozen=True)
class Organisation:
    """Settled cases, and the chance of each under each play."""

    cases: pa.Table
    judged: pa.Table
    all_told: pa.Table
    chances: np.ndarray
    used: np.ndarray
    until: object


@dataclass(frozen=True)
class Told:
    """One estimate beside its truth."""

    cell: tuple[str, str]
    truth: float
    mean: float
    bounds: tuple[float, float, float, float]


def organisation(seed: int, deals: int, blur: float) -> Organisation:
    """Simulated; the log is read as an analyst would read it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        simulate(path, deals=deals, seed=seed)
        log = open_log(path)
        con = ibis.duckdb.connect()
        events = con.create_table("events", log.events.to_pyarrow())
        truth = pq.read_table(path / "truth.parquet")
        con.create_table("truth", truth)
        answered = con.raw_sql(_CASES).to_arrow_table()
    cases = _plain(with_hardness(events, usable(answered, log.observed_until, HORIZON)))
    mine = truth.take(pa.compute.index_in(cases["case_id"], value_set=truth["deal_id"]))
    severity = mine["severity"].to_numpy()
    rng = np.random.default_rng([seed, 77])
    grade = np.clip(np.round(3 + severity + blur * rng.normal(size=len(severity))), 1, 5)
    chances = np.column_stack([mine[f"chance_{play}"].to_numpy() for play in PLAYS])
    play = np.array([PLAYS.index(p) for p in mine["play"].to_pylist()])
    return Organisation(
        cases,
        cases.append_column("judged", pa.array(grade)),
        _all_told(cases, mine),
        chances,
        chances[np.arange(len(play)), play],
        log.observed_until,
    )


def _plain(found: pa.Table) -> pa.Table:
    schema = case_schema(HARDNESS)
    arrays = [found[field.name].cast(field.type) for field in schema]
    return pa.table(arrays, schema=schema).sort_by("case_id")


def _all_told(cases: pa.Table, truth: pa.Table) -> pa.Table:
    place = cases.column_names.index("cause")
    known = cases.set_column(place, "cause", truth["cause_category"].combine_chunks())
    return known.append_column("severity", truth["severity"].combine_chunks())


def cells(cases: pa.Table) -> Iterator[tuple[str, str, np.ndarray]]:
    """Each play and cause ("" all), with the cases of the cause."""
    cause = np.array(cases["cause"].to_pylist())
    for name in ("", *CATEGORIES):
        mine = np.ones(len(cause), bool) if not name else cause == name
        for play in PLAYS:
            yield play, name, mine


def naive(org: Organisation, kind: str, seed: int) -> Iterator[Told]:
    """Raw shares, and differences of raw shares."""
    from scipy.stats import beta

    rng = np.random.default_rng(seed)
    play = np.array(org.cases["play"].to_pylist())
    span = pa.compute.subtract(
        org.cases["resumed_at"].cast(pa.int64()), org.cases["began_at"].cast(pa.int64())
    )
    back = np.array(
        pa.compute.less_equal(span, HORIZON * 86_400_000_000).fill_null(False).to_pylist()
    )
    for name, cause, mine in cells(org.cases):
        truth = _truth(org, name, mine, kind)
        tried, bare = mine & (play == name), mine & (play == NO_PLAY)
        if not tried.any() or (kind != "chance" and (name == NO_PLAY or not bare.any())):
            continue
        a, b = back[tried].sum() + 0.5, (~back[tried]).sum() + 0.5
        if kind == "chance":
            low, high, low90, high90 = beta.ppf([0.025, 0.975, 0.05, 0.95], a, b)
            yield Told((name, cause), truth, back[tried].mean(), (low, high, low90, high90))
        else:
            other = rng.beta(back[bare].sum() + 0.5, (~back[bare]).sum() + 0.5, 4000)
            gain = rng.beta(a, b, 4000) - other
            bounds = tuple(np.quantile(gain, [0.025, 0.975, 0.05, 0.95]))
            yield Told((name, cause), truth, back[tried].mean() - back[bare].mean(), bounds)


def estimated(
    org: Organisation, cases: pa.Table, effects: PlayEffects, kind: str
) -> Iterator[Told]:
    """What the estimate says."""
    for name, cause, mine in cells(cases):
        effect = effects.of(name, cause)
        if effect is None or not effect.cases:
            continue
        found = effect.chance if kind == "chance" else effect.against_none
        if found is not None:
            bounds = (found.low, found.high, found.low_90, found.high_90)
            yield Told((name, cause), _truth(org, name, mine, kind), found.mean, bounds)


def _truth(org: Organisation, play: str, mine: np.ndarray, kind: str) -> float:
    own = float(org.chances[mine, PLAYS.index(play)].mean())
    return own if kind == "chance" else own - float(org.chances[mine, 0].mean())


@dataclass(frozen=True)
class Ranked:
    """How well one organisation's plays were put in order, over all causes."""

    correlation: float
    right: bool
    regret: float


def ranked(told: list[Told]) -> Ranked:
    """Spearman's correlation; whether the best one is named; what the named one costs."""
    from scipy.stats import spearmanr

    whole = [t for t in told if not t.cell[1]]
    truth, mean = np.array([t.truth for t in whole]), np.array([t.mean for t in whole])
    named = truth[mean.argmax()]
    return Ranked(
        float(spearmanr(truth, mean).statistic), bool(named == truth.max()), truth.max() - named
    )


Rows = dict[tuple[str, str, str], list[Told]]


def run(seeds: int, deals: int, blur: float) -> tuple[Rows, dict[str, list[Ranked]], list[int]]:
    """All estimates by method, kind and level."""
    rows: Rows = {}
    ranks: dict[str, list[Ranked]] = {}
    sizes: list[int] = []
    for seed in range(seeds):
        org = organisation(seed, deals, blur)
        sizes.append(len(org.cases))
        tables = {
            "adjusted, event log": org.cases,
            "adjusted, log and judgement": org.judged,
            "adjusted, told all": org.all_told,
        }
        fitted = {name: fit(table, org.until, seed=seed) for name, table in tables.items()}
        for kind in ("chance", "against none"):
            methods = {
                "raw shares": list(naive(org, kind, seed)),
                **{
                    name: list(estimated(org, tables[name], effects, kind))
                    for name, effects in fitted.items()
                },
            }
            for method, told in methods.items():
                for one in told:
                    level = "play" if not one.cell[1] else "play x cause"
                    rows.setdefault((kind, level, method), []).append(one)
                if kind == "chance":
                    ranks.setdefault(method, []).append(ranked(told))
    return rows, ranks, sizes


def show(rows: Rows, ranks: dict[str, list[Ranked]]) -> None:
    """As Markdown."""
    print(
        "\n| what | method | bias of plays, largest | RMSE | 90% covers | 95% covers | width 95% |"
    )
    print("|---|---|---:|---:|---:|---:|---:|")
    for (kind, level, method), told in rows.items():
        error = np.array([t.mean - t.truth for t in told])
        truth = np.array([t.truth for t in told])
        bounds = np.array([t.bounds for t in told])
        low, high, low90, high90 = bounds.T
        worst = max((_bias(told, cell) for cell in {t.cell for t in told}), key=abs)
        print(
            f"| {kind}, {level} | {method} | {100 * worst:+.1f} "
            f"| {100 * np.sqrt((error**2).mean()):.1f} "
            f"| {np.mean((low90 <= truth) & (truth <= high90)):.0%} "
            f"| {np.mean((low <= truth) & (truth <= high)):.0%} | {100 * (high - low).mean():.0f} |"
        )
    methods = list(ranks)
    print("\n| play, over all causes | true | " + " | ".join(methods) + " |")
    print("|---|---:|" + "---:|" * len(methods))
    for play in PLAYS:
        mine = [[t for t in rows["chance", "play", m] if t.cell == (play, "")] for m in methods]
        means = [np.mean([t.mean for t in told]) for told in mine]
        true = np.mean([t.truth for t in mine[0]])
        print(f"| {play} | {true:.1%} | " + " | ".join(f"{m:.1%}" for m in means) + " |")
    print("\n| order of plays | rank correlation | best play right | chance given away |")
    print("|---|---:|---:|---:|")
    for method, found in ranks.items():
        print(
            f"| {method} | {np.mean([r.correlation for r in found]):.2f} "
            f"| {np.mean([r.right for r in found]):.0%} "
            f"| {100 * np.mean([r.regret for r in found]):.1f} points |"
        )


def _bias(told: list[Told], cell: tuple[str, str]) -> float:
    return float(np.mean([t.mean - t.truth for t in told if t.cell == cell]))


def main() -> None:
    """Print the command, the data, the machine and the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--deals", type=int, default=3000)
    parser.add_argument("--blur", type=float, default=0.5)
    asked = parser.parse_args()
    begin = time.perf_counter()
    rows, ranks, sizes = run(asked.seeds, asked.deals, asked.blur)
    print("python benchmarks/plays.py " + " ".join(sys.argv[1:]))
    print(
        f"{asked.seeds} simulated organisations of {asked.deals:,} deals; settled cases "
        f"{min(sizes)} to {max(sizes)}, mean {np.mean(sizes):.0f}; blur {asked.blur}"
    )
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}; {time.perf_counter() - begin:.0f} s")
    show(rows, ranks)


if __name__ == "__main__":
    main()
