"""What differs between the engines: the one list, which a test holds against both."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gap:
    """One thing that is not the same on Spark as on DuckDB.

    Attributes:
        name: short.
        embedded: what DuckDB does.
        spark: what Spark does instead.
        advice: what to do about it.
    """

    name: str
    embedded: str
    spark: str
    advice: str


GAPS: tuple[Gap, ...] = (
    Gap(
        "time zone of instants",
        "instants come to Arrow with their zone, UTC",
        "they come without one; they are UTC",
        "cast to `timestamp[us, UTC]`",
    ),
    Gap(
        "order of rows",
        "a small table usually keeps its order",
        "none without an `order_by`",
        "sort by `deal_id, at`; nothing of ours rests on the order",
    ),
    Gap(
        "prepared features",
        "compiled once, computed again in thousandths of a second (on SQLite in memory)",
        "there is no such thing",
        "transform as a whole; preparing is for the few deals that just changed",
    ),
    Gap(
        "the application's database as a log",
        "read directly",
        "refused",
        "`tsunagu export --log` writes it as Parquet",
    ),
)
"""Everything else is the same: integers, texts and instants exactly, numbers to 1e-9."""


def as_markdown() -> str:
    """The table as the documentation prints it."""
    head = "| | on DuckDB | on Spark | what to do |\n|---|---|---|---|\n"
    rows = (f"| {g.name} | {g.embedded} | {g.spark} | {g.advice} |\n" for g in GAPS)
    return head + "".join(rows)
