"""The same features by hand, each engine with the best algorithm found for it.

All take a folder with ``events.parquet``, ``deals.parquet`` and ``snapshots.parquet`` and
return an Arrow table with ``deal_id, at`` and the columns of :data:`CORE`.
"""

# the SQL is made of constants of this file

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from feature_log import DAY, STAGES

KINDS = ("call", "email", "meeting", "visit")
SIDES = ("any", "inbound", "outbound")
COUNTED = (*SIDES, *KINDS)
RECENT = (*SIDES, "call", "email", "meeting")
SPANS = (7, 30, 90)

CORE: tuple[str, ...] = (
    "days_since_created",
    *(f"{c}_{s}" for c in SIDES for s in (*SPANS, "ever")),
    *(f"{c}_{s}" for c in KINDS for s in (30, 90, "ever")),
    *(f"days_since_{c}" for c in RECENT),
    "stage",
    "days_in_stage",
)

Ints = npt.NDArray[np.int64]


def duckdb_sql(folder: Path) -> pa.Table:
    """Entries and exits per look by plain arithmetic on the weekly grid, then running sums."""
    import duckdb

    con = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    con.execute("set timezone = 'UTC'")
    for statement in _SQL.format(folder=folder).split(";"):
        con.execute(statement)
    return con.execute(_final_sql()).to_arrow_table()


_BITS = 5
"""Room for 31 events a deal: the benchmark's deals have 25 at most."""
_WIDE = _BITS * len(COUNTED)
_SIDES = (1 << (_BITS * len(SIDES))) - 1

_FLAGS = {
    "any": "1",
    "inbound": "(direction in ('in', 'both'))::int",
    "outbound": "(direction in ('out', 'both'))::int",
} | {kind: f"(kind = '{kind}')::int" for kind in KINDS}
_PACKED = " + ".join(
    f"coalesce({flag}, 0)::bigint * {1 << (_BITS * i)}" for i, flag in enumerate(_FLAGS.values())
)
_LAST = ", ".join(
    f"max(case when (w >> {_BITS * COUNTED.index(c)}) & 31 > 0 then t end) last_{c}" for c in RECENT
)
_RUNNING = ", ".join(f"max(last_{c}) over so_far as last_{c}" for c in RECENT)
_STAGE_CODE = " ".join(f"when '{name}' then {i}" for i, name in enumerate(STAGES))
_WEEK = 7 * DAY
_STRIDE = 1_000


def _slot(span: int) -> str:
    """The first look at or after the event's time plus the span, as one integer with the deal."""
    nth = f"((t + {span * DAY} - t0 + {_WEEK - 1}) // {_WEEK})::int"
    return f"greatest(d * {_STRIDE} + {nth}, low)"


_PLACED = ", ".join(f"{_slot(s)} s{s}" for s in (0, *SPANS))
_EXITS = " union all ".join(
    f"select s{s} s, {s} span, w from placed where s{s} <= high" for s in SPANS
)
_SQL = f"""
create temp table deal as
  select deal_id, (row_number() over (order by deal_id))::int d, epoch_us(created_at) created
  from '{{folder}}/deals.parquet';
create temp table look as
  with mark as (
    select d, epoch_us(s."at") t from '{{folder}}/snapshots.parquet' s join deal using (deal_id))
  select d, t, (d * {_STRIDE} + (t - t0) // {_WEEK})::int s
  from mark, (select min(t) t0 from mark);
create temp table life as
  select d, min(s) low, max(s) high, min(t) - (min(s) - d * {_STRIDE})::bigint * {_WEEK} t0
  from look group by d;
create temp table event as
  select d, epoch_us(e."at") t, {_PACKED} w, kind = 'stage' staged,
    case when kind = 'stage' then value end stage
  from '{{folder}}/events.parquet' e join deal using (deal_id) where kind != 'outcome';
create temp table placed as select t, w, staged, high, {_PLACED} from event join life using (d);
create temp table entered as
  select s0 s, sum(w::double) w, sum((w & {_SIDES})::double) sides, count(*) filter (staged) stages,
    {_LAST}
  from placed where s0 <= high group by 1;
create temp table gone as
  select s, sum(case span when 7 then (w & {_SIDES})::double end) out7,
    sum(case span when 30 then w::double end) out30, sum(case span when 90 then w::double end) out90
  from ({_EXITS}) group by 1;
create temp table counted as
  select d, t, {_RUNNING},
    (sum(coalesce(w, 0) + (coalesce(sides, 0) - coalesce(out7, 0)) * {1 << _WIDE})
      over so_far)::bigint w7,
    (sum(coalesce(w, 0) - coalesce(out30, 0) + coalesce(stages, 0)::double * {1 << _WIDE})
      over so_far)::bigint w30,
    (sum(coalesce(w, 0) - coalesce(out90, 0)) over so_far)::bigint w90
  from look left join entered using (s) left join gone using (s)
  window so_far as (partition by d order by s rows between unbounded preceding and current row);
create temp table stay as
  select d, nth, code, max(case when moved then t end) over (partition by d order by t) entered
  from (select *, row_number() over so_far ::int nth,
      coalesce(stage != lag(stage) over so_far, true) moved,
      case stage {_STAGE_CODE} else -1 end code
    from event where staged window so_far as (partition by d order by t))
"""


def _final_sql() -> str:
    days = f"/ {float(DAY)}"

    def count(i: int, span: int | str) -> str:
        word, shift = {"ever": ("w7", 0), 7: ("w7", _WIDE), 30: ("w30", 0), 90: ("w90", 0)}[span]
        return f"(({word} >> {shift + _BITS * i}) & 31)::double"

    columns = [f"(p.t - deal.created) {days} days_since_created"]
    for i, name in enumerate(COUNTED):
        spans = (*SPANS, "ever") if name in SIDES else (30, 90, "ever")
        columns += [f"{count(i, span)} {name}_{span}" for span in spans]
    columns += [f"(p.t - last_{name}) {days} days_since_{name}" for name in RECENT]
    columns += ["coalesce(code, -1)::int stage", f"(p.t - entered) {days} days_in_stage"]
    return f"""
      select deal_id, make_timestamptz(p.t) as "at", {", ".join(columns)}
      from counted p join deal on deal.d = p.d
      left join stay on stay.d = p.d and stay.nth = p.w30 >> {_WIDE}"""


def polars_asof(folder: Path, only: Any = True) -> pa.Table:
    """Sorted once; as-of joins find only positions; counts are differences of cumulative sums.

    Entries and exits per look, as in the SQL, took 6.3 s of CPU up to the joins, so they were left.
    ``only``, an expression over ``deal_id``, tells of which deals.
    """
    import polars as pl

    def scan(name: str) -> pl.LazyFrame:
        return pl.scan_parquet(folder / f"{name}.parquet").filter(only)

    ids = scan("deals").select("deal_id", "created_at").collect()
    ids = ids.sort("deal_id").with_row_index("d")
    keys = ids.lazy().select("deal_id", "d")
    events = (
        scan("events")
        .filter(pl.col("kind") != "outcome")
        .select("deal_id", "kind", "direction", "value", t=pl.col("at").dt.timestamp("us"))
        .join(keys, on="deal_id")
        .drop("deal_id")
        .sort("d", "t")
        .with_row_index("i")
        .collect()
    )
    marks = scan("snapshots").join(keys, on="deal_id")
    marks = marks.with_columns(t=pl.col("at").dt.timestamp("us")).sort("d", "t").collect()
    lookup = events.select("d", "t", pl.col("i").cast(pl.Int64)).lazy()

    def place(days: int) -> Ints:
        looks = marks.lazy().select("d", t=pl.col("t") - days * DAY)
        found = looks.join_asof(lookup, on="t", by="d", check_sortedness=False)
        return found.select(pl.col("i").fill_null(-1)).collect()["i"].to_numpy()

    arrays = {
        "inbound": events["direction"].is_in(["in", "both"]).fill_null(False).to_numpy(),
        "outbound": events["direction"].is_in(["out", "both"]).fill_null(False).to_numpy(),
    } | {kind: (events["kind"] == kind).to_numpy() for kind in KINDS}
    is_stage = (events["kind"] == "stage").to_numpy()
    staged = events.filter(pl.col("kind") == "stage")
    names = pl.Series(STAGES)
    code = staged["value"].replace_strict(names, pl.Series(range(len(STAGES)), dtype=pl.Int64))
    columns = _assemble(
        event_deal=events["d"].to_numpy().astype(np.int64),
        event_at=events["t"].to_numpy(),
        flags=arrays,
        is_stage=is_stage,
        stage_code=code.to_numpy(),
        mark_deal=marks["d"].to_numpy().astype(np.int64),
        mark_at=marks["t"].to_numpy(),
        created=ids["created_at"].dt.timestamp("us").to_numpy(),
        place=place,
    )
    return pl.DataFrame({"deal_id": marks["deal_id"], "at": marks["at"], **columns}).to_arrow()


def pandas_asof(folder: Path) -> pa.Table:
    """Pandas as it is meant to be used: grouped cumulative sums, fetched by as-of merges."""
    import pandas as pd

    events, marks, created = _pandas_frames(folder)
    by_deal = events["d"]
    flags = {
        "any": pd.Series(1, index=events.index),
        "inbound": events["direction"].isin(["in", "both"]),
        "outbound": events["direction"].isin(["out", "both"]),
    } | {kind: events["kind"] == kind for kind in KINDS}
    state = pd.DataFrame(flags).astype("float64").groupby(by_deal).cumsum()
    times = pd.DataFrame({f"last_{c}": events["t"].where(flags[c] == 1) for c in RECENT})
    times = times.astype("float64").groupby(by_deal).ffill()
    state = pd.concat([events[["d", "t"]], state, times, _pandas_stages(events)], axis=1)

    def as_of(days: int, columns: list[str]) -> Any:
        looks = marks[["d", "t"]].assign(t=marks["t"] - days * DAY)
        return pd.merge_asof(looks, state[["d", "t", *columns]], on="t", by="d")

    now = as_of(0, [c for c in state.columns if c not in {"d", "t"}])
    found = {"days_since_created": (marks["t"] - marks["d"].map(created)) / DAY}
    for span in SPANS:
        counted = [c for c in COUNTED if c in SIDES or span != SPANS[0]]
        then = as_of(span, counted)
        found |= {f"{c}_{span}": now[c].fillna(0) - then[c].fillna(0) for c in counted}
    found |= {f"{c}_ever": now[c].fillna(0) for c in COUNTED}
    found |= {f"days_since_{c}": (marks["t"] - now[f"last_{c}"]) / DAY for c in RECENT}
    found["stage"] = now["code"].fillna(-1).astype("int32")
    found["days_in_stage"] = (marks["t"] - now["entered"]) / DAY
    frame = pd.DataFrame({"deal_id": marks["deal_id"], "at": marks["at"]} | found)
    return pa.Table.from_pandas(frame[["deal_id", "at", *CORE]], preserve_index=False)


def _pandas_frames(folder: Path) -> tuple[Any, Any, Any]:
    """Events and looks, sorted by time as as-of merges want it, and when deals were created."""
    import pandas as pd

    ids = pq.read_table(folder / "deals.parquet", columns=["deal_id", "created_at"]).to_pandas()
    codes = pd.Series(range(len(ids)), index=ids["deal_id"])
    names = ["deal_id", "at", "kind", "direction", "value"]
    events = pq.read_table(
        folder / "events.parquet", columns=names, read_dictionary=["kind", "direction", "value"]
    ).to_pandas()
    marks = pq.read_table(folder / "snapshots.parquet").to_pandas()
    events = events[events["kind"] != "outcome"]
    events, marks = (
        frame.assign(
            d=codes.reindex(frame["deal_id"]).to_numpy(), t=frame["at"].astype("int64")
        ).sort_values("t", ignore_index=True)
        for frame in (events, marks)
    )
    return events, marks, ids["created_at"].astype("int64")


def _pandas_stages(events: Any) -> Any:
    """The stage after each event, and when it was entered."""
    import pandas as pd

    staged = events.loc[events["kind"] == "stage", ["d", "t", "value"]]
    codes = {name: float(i) for i, name in enumerate(STAGES)}
    code = staged["value"].astype("object").map(codes)
    moved = code != code.groupby(staged["d"]).shift()
    entered = staged["t"].where(moved).astype("float64").groupby(staged["d"]).ffill()
    stages = pd.DataFrame({"code": code, "entered": entered}).reindex(events.index)
    return stages.groupby(events["d"]).ffill()


def numpy_by_hand(folder: Path) -> pa.Table:
    """As in Polars, with pandas for the as-of joins and NumPy kernels for all else."""
    import pandas as pd

    ids = pq.read_table(folder / "deals.parquet", columns=["deal_id", "created_at"]).to_pandas()
    ids = ids.sort_values("deal_id", ignore_index=True)
    index = pd.Index(ids["deal_id"])
    names = ["deal_id", "at", "kind", "direction", "value"]
    events = pq.read_table(
        folder / "events.parquet", columns=names, read_dictionary=["kind", "direction", "value"]
    ).to_pandas()
    events = events[(events["kind"] != "outcome").to_numpy()]
    events["d"] = index.get_indexer(events["deal_id"])
    events["t"] = events["at"].astype("int64")
    events = events.iloc[np.lexsort((events["t"].to_numpy(), events["d"].to_numpy()))]
    marks = pq.read_table(folder / "snapshots.parquet").to_pandas()
    marks["d"] = index.get_indexer(marks["deal_id"])
    marks["t"] = marks["at"].astype("int64")
    marks = marks.iloc[np.lexsort((marks["t"].to_numpy(), marks["d"].to_numpy()))]
    lookup = pd.DataFrame(
        {"d": events["d"].to_numpy(), "t": events["t"].to_numpy(), "i": np.arange(len(events))}
    ).sort_values("t")

    def place(days: int) -> Ints:
        looks = pd.DataFrame(
            {"d": marks["d"].to_numpy(), "t": marks["t"].to_numpy() - days * DAY}
        ).sort_values("t")
        found = pd.merge_asof(looks, lookup, on="t", by="d")["i"].fillna(-1).to_numpy(np.int64)
        placed = np.empty_like(found)
        placed[looks.index.to_numpy()] = found
        return placed

    flags = {
        "inbound": events["direction"].isin(["in", "both"]).to_numpy(),
        "outbound": events["direction"].isin(["out", "both"]).to_numpy(),
    } | {kind: (events["kind"] == kind).to_numpy() for kind in KINDS}
    is_stage = (events["kind"] == "stage").to_numpy()
    codes = {name: i for i, name in enumerate(STAGES)}
    columns = _assemble(
        event_deal=events["d"].to_numpy(),
        event_at=events["t"].to_numpy(),
        flags=flags,
        is_stage=is_stage,
        stage_code=events["value"][is_stage].map(codes).to_numpy(np.int64),
        mark_deal=marks["d"].to_numpy(),
        mark_at=marks["t"].to_numpy(),
        created=ids["created_at"].astype("int64").to_numpy(),
        place=place,
    )
    frame = pd.DataFrame({"deal_id": marks["deal_id"].array, "at": marks["at"].array, **columns})
    return pa.Table.from_pandas(frame, preserve_index=False)


def _assemble(  # noqa: PLR0913
    *,
    event_deal: Ints,
    event_at: Ints,
    flags: dict[str, Any],
    is_stage: Any,
    stage_code: Ints,
    mark_deal: Ints,
    mark_at: Ints,
    created: Ints,
    place: Callable[[int], Ints],
) -> dict[str, Any]:
    """All columns from positions in the sorted events; -1 stands for "before the first"."""
    first = np.searchsorted(event_deal, mark_deal) - 1  # the last event of the deals before
    places = {days: np.maximum(place(days), first) for days in (0, *SPANS)}
    columns: dict[str, Any] = {"days_since_created": (mark_at - created[mark_deal]) / DAY}
    running = {"any": np.arange(1, len(event_at) + 1, dtype=np.int32)}
    running |= {name: np.cumsum(flag, dtype=np.int32) for name, flag in flags.items()}
    for name in COUNTED:
        total = np.concatenate([running[name], np.zeros(1, np.int32)])  # index -1 reads the zero
        now = total[places[0]]
        for span in SPANS if name in SIDES else SPANS[1:]:
            columns[f"{name}_{span}"] = (now - total[places[span]]).astype(np.float64)
        columns[f"{name}_ever"] = (now - total[first]).astype(np.float64)
    order = np.arange(len(event_at))
    for name in RECENT:
        flag = flags.get(name)
        last = order if flag is None else np.maximum.accumulate(np.where(flag, order, -1))
        there = last[places[0]]
        seen = (places[0] > first) & (there > first)
        columns[f"days_since_{name}"] = np.where(seen, (mark_at - event_at[there]) / DAY, np.nan)
    columns |= _stage_columns(event_deal, event_at, is_stage, stage_code, mark_at, places[0], first)
    return {name: columns[name] for name in CORE}


def _stage_columns(  # noqa: PLR0913, PLR0917
    event_deal: Ints,
    event_at: Ints,
    is_stage: Any,
    code: Ints,
    mark_at: Ints,
    now: Ints,
    first: Ints,
) -> dict[str, Any]:
    deal, at = event_deal[is_stage], event_at[is_stage]
    moved = np.ones(len(deal), bool)
    moved[1:] = (deal[1:] != deal[:-1]) | (code[1:] != code[:-1])
    entered = at[np.maximum.accumulate(np.where(moved, np.arange(len(deal)), 0))]
    count = np.concatenate([np.cumsum(is_stage), np.zeros(1, np.int64)])
    known = count[now] > count[first]
    nth = np.where(known, count[now] - 1, 0)
    return {
        "stage": np.where(known, code[nth], -1).astype(np.int32),
        "days_in_stage": np.where(known, (mark_at - entered[nth]) / DAY, np.nan),
    }
