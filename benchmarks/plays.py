"""Bias, error and coverage of the effects of plays where the truth is known.

    python benchmarks/plays.py --seeds 200 --deals 3000

Of each organisation the settled cases are judged four times: by the raw shares (intervals by
Jeffreys); as the product does where nobody graded; as it does where people graded each case when
they confirmed it (both by way of the application's own tables and its nightly learning); and told
all.  The simulator gives strong plays to severe cases, and hardly anything in its log shows the
severity: the grade is drawn here, as the severity with an error of standard deviation ``--blur``,
rounded to 1 to 5.  "Told all" has the severity itself and the true cause, which no organisation
has, and believes that nothing is unseen: it tells what the method owes to its own arithmetic.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import reduce
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from plays_product import database, learned
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.plays import (
    HARDNESS,
    PlayEffects,
    Verdict,
    case_schema,
    fit,
    usable,
    with_hardness,
)
from tsunagu.analytics.plays.settings import NO_PLAY, Settings
from tsunagu.analytics.simulation import simulate
from tsunagu.analytics.simulation.causes import PLAYS

HORIZON = Settings().horizon_days

ALL_KNOWN = Settings(unseen_tilt=0.0)
"""Where hardness itself is known nothing is unseen."""

_CASES = """
SELECT t.deal_id AS case_id, t.deal_id, t.play, i.value AS cause,
       i.since AS began_at, r.since AS resumed_at
FROM truth t
JOIN (SELECT deal_id, min("at") AS since, min_by(value, "at") AS value
      FROM events WHERE kind = 'interruption' GROUP BY 1) i USING (deal_id)
LEFT JOIN (SELECT deal_id, min("at") AS since FROM events WHERE kind = 'resumed' GROUP BY 1) r
  USING (deal_id)
"""
_EVENTS = """
SELECT deal_id, "at", kind, value, amount, direction
FROM events JOIN cases USING (deal_id) WHERE "at" < began_at
"""
_CREATED = "SELECT c.*, created_at FROM cases c JOIN deals USING (deal_id) ORDER BY case_id"


@dataclass(frozen=True)
class Organisation:
    """Settled cases with their causes as recorded and as they were, and each one's true chances."""

    cases: pa.Table
    all_told: pa.Table
    chances: np.ndarray
    effects: dict[str, PlayEffects]

    def table(self, method: str) -> pa.Table:
        """The cases as the method knows them."""
        return self.all_told if method == TOLD else self.cases


RAW, LOG, GRADED, TOLD = "raw shares", "no grades", "graded", "told all"


def organisation(seed: int, deals: int, blur: float) -> Organisation:
    """Simulated, then written into the application and learned from there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        simulate(path, deals=deals, seed=seed)
        log = open_log(path)
        con = ibis.duckdb.connect()
        events = con.create_table("events", log.events.to_pyarrow())
        con.create_table("deals", pq.read_table(path / "deals.parquet"))
        truth = pq.read_table(path / "truth.parquet")
        con.create_table("truth", truth)
        answered = con.raw_sql(_CASES).to_arrow_table()
        con.create_table("cases", usable(answered, log.observed_until, HORIZON))
        settled = con.raw_sql(_CREATED).to_arrow_table()
        facts = con.raw_sql(_EVENTS).to_arrow_table()
    mine = truth.take(pa.compute.index_in(settled["case_id"], value_set=truth["deal_id"]))
    severity = mine["severity"].to_numpy()
    rng = np.random.default_rng([seed, 77])
    grade = np.clip(np.round(3 + severity + blur * rng.normal(size=len(severity))), 1, 5)
    cases = _plain(with_hardness(events, settled.drop_columns(["created_at"])))
    told = _all_told(cases, mine)
    until = log.observed_until
    bare, graded = learned(settled, facts, grade, until)
    effects = {LOG: bare, GRADED: graded, TOLD: fit(told, until, settings=ALL_KNOWN, seed=seed)}
    chances = np.column_stack([mine[f"chance_{play}"].to_numpy() for play in PLAYS])
    return Organisation(cases, told, chances, effects)


def _plain(found: pa.Table) -> pa.Table:
    schema = case_schema(HARDNESS)
    arrays = [found[field.name].cast(field.type) for field in schema]
    return pa.table(arrays, schema=schema).sort_by("case_id")


def _all_told(cases: pa.Table, truth: pa.Table) -> pa.Table:
    place = cases.column_names.index("cause")
    levels = [truth[f"cause_{level}"].combine_chunks() for level in ("category", "detail")]
    known = cases.set_column(place, "cause", pa.compute.binary_join_element_wise(*levels, "."))
    return known.append_column("severity", truth["severity"].combine_chunks())


@dataclass(frozen=True)
class Told:
    """One estimate beside its truth."""

    cell: tuple[str, str]
    truth: float
    mean: float
    bounds: tuple[float, float, float, float]


def cells(cases: pa.Table) -> Iterator[tuple[str, str, np.ndarray]]:
    """Each play and cause ("" all), with the cases of the cause."""
    cause = np.array(cases["cause"].to_pylist())
    for name in ("", *sorted(set(cause))):
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


def estimated(org: Organisation, method: str, kind: str) -> Iterator[Told]:
    """What the estimate says."""
    known = {(effect.play, effect.cause): effect for effect in org.effects[method].effects}
    for name, cause, mine in cells(org.table(method)):
        effect = known.get((name, cause))
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


@dataclass
class Measured:
    """All estimates by kind, level and method; orders and verdicts by method; sizes."""

    rows: Rows = field(default_factory=dict)
    ranks: dict[str, list[Ranked]] = field(default_factory=dict)
    said: dict[str, Counter[str]] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)

    def add(self, org: Organisation, seed: int) -> None:
        """One organisation more."""
        self.sizes.append(len(org.cases))
        for kind in ("chance", "against none"):
            self._add(kind, RAW, list(naive(org, kind, seed)))
            for method in org.effects:
                self._add(kind, method, list(estimated(org, method, kind)))
        for method, effects in org.effects.items():
            self.said.setdefault(method, Counter()).update(_verdicts(org, effects))

    def joined(self, other: Measured) -> Measured:
        """With what another process measured."""
        for key, told in other.rows.items():
            self.rows.setdefault(key, []).extend(told)
        for method, orders in other.ranks.items():
            self.ranks.setdefault(method, []).extend(orders)
        for method, counts in other.said.items():
            self.said.setdefault(method, Counter()).update(counts)
        self.sizes += other.sizes
        return self

    def _add(self, kind: str, method: str, told: list[Told]) -> None:
        for one in told:
            level = "play" if not one.cell[1] else "play x cause"
            self.rows.setdefault((kind, level, method), []).append(one)
        if kind == "chance":
            self.ranks.setdefault(method, []).append(ranked(told))


def _verdicts(org: Organisation, effects: PlayEffects) -> Iterator[str]:
    """What is said of each play over all causes, and whether it is so."""
    usual = org.chances[np.arange(len(org.cases)), _played(org)].mean()
    for code, play in enumerate(PLAYS):
        effect = effects.of(play)
        if effect is None:
            continue
        yield effect.verdict
        better = org.chances[:, code].mean() > usual
        if effect.verdict in {Verdict.BETTER, Verdict.WORSE}:
            yield "right" if better == (effect.verdict == Verdict.BETTER) else "wrong"


def _played(org: Organisation) -> np.ndarray:
    return np.array([PLAYS.index(play) for play in org.cases["play"].to_pylist()])


def run(seeds: range, deals: int, blur: float) -> Measured:
    """All of the organisations."""
    found = Measured()
    with database():
        for seed in seeds:
            found.add(organisation(seed, deals, blur), seed)
    return found


def run_apart(seeds: range, deals: int, blur: float, jobs: int) -> Measured:
    """The same in several processes, each with a database of its own."""
    shares = [seeds[job::jobs] for job in range(jobs) if seeds[job::jobs]]
    with ProcessPoolExecutor(len(shares), get_context("spawn")) as pool:
        parts = list(pool.map(run, shares, repeat(deals), repeat(blur)))
    return reduce(Measured.joined, parts)


def show(found: Measured) -> None:
    """As Markdown."""
    rows, ranks = found.rows, found.ranks
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
    _show_verdicts(found.said)
    print("\n| order of plays | rank correlation | best play right | chance given away |")
    print("|---|---:|---:|---:|")
    for method, orders in ranks.items():
        print(
            f"| {method} | {np.mean([r.correlation for r in orders]):.2f} "
            f"| {np.mean([r.right for r in orders]):.0%} "
            f"| {100 * np.mean([r.regret for r in orders]):.1f} points |"
        )


def _show_verdicts(said: dict[str, Counter[str]]) -> None:
    print("\n| said of a play, all causes | too early | no clear difference | better or worse |")
    print("|---|---:|---:|---:|")
    for method, counts in said.items():
        whole = sum(counts[verdict] for verdict in Verdict)
        decided = counts["right"] + counts["wrong"]
        print(
            f"| {method} | {counts[Verdict.TOO_EARLY] / whole:.0%} "
            f"| {counts[Verdict.ALIKE] / whole:.0%} "
            f"| {decided / whole:.0%}, {counts['wrong']} of {decided} wrong |"
        )


def _bias(told: list[Told], cell: tuple[str, str]) -> float:
    return float(np.mean([t.mean - t.truth for t in told if t.cell == cell]))


def main() -> None:
    """Print the command, the data, the machine and the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed; develop on 1000")
    parser.add_argument("--deals", type=int, default=3000)
    parser.add_argument("--blur", type=float, default=0.5)
    parser.add_argument("--jobs", type=int, default=1, help="processes; the figures are the same")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    found = run_apart(seeds, asked.deals, asked.blur, asked.jobs)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("python benchmarks/plays.py " + " ".join(sys.argv[1:]))
    print(
        f"{asked.seeds} simulated organisations of {asked.deals:,} deals; settled cases "
        f"{min(found.sizes)} to {max(found.sizes)}, mean {np.mean(found.sizes):.0f}; "
        f"blur {asked.blur}"
    )
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}; {used.ru_utime + used.ru_stime:.0f} s of CPU")
    show(found)


if __name__ == "__main__":
    main()
