"""Should some kind of signal be enough alone to open a case?  Asked where the truth is known.

    python benchmarks/lone_signals.py --deals 1500 --seeds 0 1 2 --half contact_left=0.7
    python benchmarks/lone_signals.py --deals 1500 --seeds 0 1 2

A case opens once a deal's signals are 0.8 strong together.  Simulated organisations are looked at
each Monday, by shipped thresholds and a risk model of yet another organisation.  Of each deal
count the first Monday on which a kind stood while no case had opened, and the first on which one
opened.  The simulation is no evidence of quality: it says what its author took for granted.

The rule, written before the first run: a kind is enough alone if, over 50 deals or more, the lower
end of its 95% interval (Wilson) is not below the share of the cases that open at 0.8, both in
breaks foreseen and in looks that are right.  ``--half`` judges with another strength of a kind;
``contact_left`` is told apart by how certain it is, as well.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tsunagu.analytics.contracts import SignalKind
from tsunagu.analytics.detection import Thresholds, detect_over
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.features.snapshots import weekly
from tsunagu.analytics.risk import RiskModel
from tsunagu.analytics.simulation import simulate

SUSPECT_FROM = 0.8
FEWEST = 50
OTHER_SEED = 100
Z = 1.959964

LOOKS = f"""
create table looks as
select deal_id, week, coalesce(joint, 0) as joint, coalesce(kinds, []) as kinds,
       broke_at is null or broke_at > week as whole,
       coalesce(broke_at <= week + interval 30 day, false)
           and coalesce(resumed_at > week, true) as broken,
       min(week) filter (joint >= {SUSPECT_FROM}) over (partition by deal_id) as opened
from asked join truth using (deal_id) left join (
    select deal_id, as_of as week, 1 - product(1 - strength) as joint, flatten(list(
        if(kind = 'contact_left', [kind, format('contact_left, {{:.1f}}', measure)], [kind])
    )) as kinds from signals group by all
) using (deal_id, week)
"""
EVENTS = """
create table events as
select kind, deal_id, week, whole, broken, opened <= week + interval 30 day as soon from (
    select *, unnest(kinds) as kind from looks where opened is null or week < opened
)
union all select 'a case at 0.8', deal_id, week, whole, broken, true from looks where week = opened
union all select 'any week', deal_id || week, week, whole, broken, false from looks
"""
SHARES = """
select kind, count(*), count(*) filter (broken), count(*) filter (soon) from (
    select kind, deal_id, arg_min(broken, week) as broken, arg_min(soon, week) as soon
    from events where whole or {also_broken} group by all
) group by all
"""


@dataclass(frozen=True)
class Share:
    """How many first looks there were, how many were right, and had a case within 30 days."""

    looks: int
    right: int
    soon: int

    @property
    def value(self) -> float:
        """The share that was right; NaN of none."""
        return self.right / self.looks if self.looks else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval, 95%."""
        centre = (self.right + Z * Z / 2) / (self.looks + Z * Z)
        spread = self.looks * self.value * (1 - self.value) + Z * Z / 4
        reach = Z * math.sqrt(spread) / (self.looks + Z * Z)
        return centre - reach, centre + reach

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.looks:>7,} {self.value:>6.1%} ({low:>5.1%} to {high:>5.1%})"


def with_halves(given: list[str]) -> Thresholds:
    """The shipped thresholds, some with the strength of one half at another measure."""
    shipped = Thresholds.shipped()
    kinds = dict(shipped.kinds)
    for name, _, half in (text.partition("=") for text in given):
        kinds[SignalKind(name)] = replace(kinds[SignalKind(name)], half=float(half))
    return replace(shipped, kinds=kinds)


def organisations(
    deals: int, seeds: list[int], limits: Thresholds
) -> Iterator[dict[str, pa.Table]]:
    """Of each: the Mondays asked about, the signals then, and the truth."""
    with tempfile.TemporaryDirectory() as place:
        simulate(Path(place) / "other", deals=deals, seed=OTHER_SEED)
        model = RiskModel.fit(open_log(Path(place) / "other"), seed=0)
        for seed in seeds:
            folder = Path(place) / str(seed)
            simulate(folder, deals=deals, seed=seed)
            log = open_log(folder)
            asked = weekly(log).select("deal_id", "at").cache()
            signals = detect_over(log, asked, limits, scores=model.score(log, asked))
            yield {
                "asked": asked.to_pyarrow().rename_columns(["deal_id", "week"]),
                "signals": signals.select(["deal_id", "as_of", "kind", "strength", "measure"]),
                "truth": pq.read_table(folder / "truth.parquet"),
            }


def database(deals: int, seeds: list[int], limits: Thresholds) -> duckdb.DuckDBPyConnection:
    """All organisations' looks, a deal's name beginning with its organisation's number."""
    con = duckdb.connect(config={"threads": 1})
    for number, tables in enumerate(organisations(deals, seeds, limits)):
        for name, table in tables.items():
            con.register("fresh", in_utc(table))
            named = f"select * replace ('{number}/' || deal_id as deal_id) from fresh"
            con.execute(
                f"insert into {name} {named}" if number else f"create table {name} as {named}"
            )
    con.execute(LOOKS)
    con.execute(EVENTS)
    return con


def in_utc(table: pa.Table) -> pa.Table:
    """Instants without their zone, since DuckDB reckons with zones only in an extension."""
    naive = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(naive))


def shares(con: duckdb.DuckDBPyConnection, *, also_broken: bool) -> dict[str, Share]:
    """By kind; of looks at deals not broken yet, or at broken ones as well."""
    rows = con.execute(SHARES.format(also_broken=also_broken)).fetchall()
    return {kind: Share(looks, right, soon) for kind, looks, right, soon in rows}


def main() -> None:
    """Print each kind beside the cases and the base rate, and what the rule says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--half", nargs="+", default=[], metavar="KIND=MEASURE")
    wanted = parser.parse_args()
    con = database(wanted.deals, wanted.seeds, with_halves(wanted.half))
    foreseen, right = shares(con, also_broken=False), shares(con, also_broken=True)
    cases, chosen = "a case at 0.8", []
    heads = ("whole: broke in 30 d", "broken or so in 30 d")
    print(f"{'':<24}{heads[0]:>34}{heads[1]:>34}{'case':>8}")
    for kind in sorted(right, key=lambda k: -right[k].value):
        ahead, both = foreseen.get(kind, Share(0, 0, 0)), right[kind]
        print(f"{kind:<24}{ahead!s:>34}{both!s:>34}{both.soon / both.looks:>8.0%}")
        pairs = ((ahead, foreseen[cases]), (both, right[cases]))
        if all(own.looks >= FEWEST and own.interval[0] >= all_.value for own, all_ in pairs):
            chosen.append(kind)
    print(f"enough alone by the rule: {', '.join(chosen) or 'none'}")
    print(f"{time.process_time():.0f} CPU seconds")


if __name__ == "__main__":
    main()
