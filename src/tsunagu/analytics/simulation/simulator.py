"""Simulates a sales organisation, branch by branch, straight to Parquet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tsunagu.analytics.contracts import EVENT_SCHEMA, Kind, Outcome, Progress
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.eventlog.store import DEALS_FILE, EVENTS_FILE, write_meta
from tsunagu.analytics.simulation import folder
from tsunagu.analytics.simulation import vocabulary as words
from tsunagu.analytics.simulation.branch import Branch, Setting, found_branch
from tsunagu.analytics.simulation.contacts import add_contacts
from tsunagu.analytics.simulation.facts import add_facts
from tsunagu.analytics.simulation.fates import draw_lives
from tsunagu.analytics.simulation.parameters import Parameters
from tsunagu.analytics.simulation.register import (
    NAMES_SCHEMA,
    REGISTER_SCHEMA,
    deals_table,
    names_table,
)
from tsunagu.analytics.simulation.signs import add_signs
from tsunagu.analytics.simulation.trail import Trail
from tsunagu.analytics.simulation.truth import TRUTH_SCHEMA, effects_table, truth_table
from tsunagu.analytics.simulation.workdays import TIME_ZONE, Workdays

DEFAULT_END = date(2026, 9, 30)
"""A fixed end of the records, so that the demo is the same every day."""

_FIRST_YEAR, _LAST_YEAR = 2000, 2090
_AHEAD_DAYS = 1500  # true lives go on beyond the end of the records

_SCHEMAS = {
    EVENTS_FILE: EVENT_SCHEMA,
    DEALS_FILE: REGISTER_SCHEMA,
    folder.TRUTH_FILE: TRUTH_SCHEMA,
    folder.NAMES_FILE: NAMES_SCHEMA,
}


@dataclass(frozen=True)
class SimulationReport:
    """What was simulated.

    Attributes:
        folder: where the event log, the truth and the names stand.
        deals, events: numbers of rows.
        outcomes: recorded outcomes by name; the other deals are open.
        observed_until: the instant up to which facts are recorded, UTC.
    """

    folder: Path
    deals: int
    events: int
    observed_until: datetime
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def open_deals(self) -> int:
        """Deals without a recorded outcome."""
        return self.deals - sum(self.outcomes.values())


def simulate(  # noqa: PLR0913  (the rest are keywords with defaults)
    out: Path,
    *,
    deals: int = 2000,
    seed: int = 0,
    end: date | None = None,
    parameters: Parameters | None = None,
    progress: Progress | None = None,
) -> SimulationReport:
    """Write a simulated organisation's event log, and the truth about it, to the folder ``out``.

    The folder then holds the event log (``events.parquet``, ``deals.parquet``, ``eventlog.json``)
    and beside it ``truth.parquet``, ``effects.parquet``, ``names.parquet`` and
    ``parameters.json``.  It appears whole or not at all; an earlier simulation there is replaced.
    The same seed, parameters and end give the same bytes; memory follows
    ``parameters.branch_deals``, not ``deals``.  Never evidence of a model's quality.

    Args:
        out: folder to write.
        deals: number of deals, at least 1.
        seed: 0 or more.
        end: last day of the records; default :data:`DEFAULT_END`.
        parameters: see ``docs/reference/simulation.md``.
        progress: called with ``"simulate"`` and the share done; may raise to stop.

    Raises:
        TsunaguError: if ``deals``, ``seed`` or ``end`` is out of range.
        InputError: if ``out`` holds anything but an earlier simulation.

    Example:
        >>> from pathlib import Path
        >>> report = simulate(Path("demo"), deals=200, seed=7)  # doctest: +SKIP
    """
    chosen, last = parameters or Parameters(), end or DEFAULT_END
    _check(deals, seed, last)
    setting, observed_until = _setting(seed, chosen, last), _evening(last)
    with folder.replaced(out) as fresh:
        counts = _write(fresh, _branches(deals, setting), observed_until, progress)
        pq.write_table(effects_table(), fresh / folder.EFFECTS_FILE, compression="zstd")
        _write_parameters(fresh, deals, seed, last, chosen)
        write_meta(
            fresh,
            observed_until=observed_until,
            time_zone=TIME_ZONE,
            stages=words.STAGES,
            origin="simulation",
        )
    outcomes = {name.value: counts[name.value] for name in Outcome}
    return SimulationReport(out, counts["deals"], counts["events"], observed_until, outcomes)


def _check(deals: int, seed: int, end: date) -> None:
    if deals < 1:
        raise TsunaguError(
            f"Cannot simulate {deals} deals.", remedy="Give a number of deals of 1 or more."
        )
    if seed < 0:
        raise TsunaguError(f"The seed is {seed}.", remedy="Give a seed of 0 or more.")
    if not _FIRST_YEAR <= end.year <= _LAST_YEAR:
        raise TsunaguError(
            f"The end of the records is {end}.",
            remedy=f"Give a day from {_FIRST_YEAR} to {_LAST_YEAR}; the holidays are known there.",
        )


def _evening(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(TIME_ZONE)).astimezone(UTC)


def _setting(seed: int, parameters: Parameters, end: date) -> Setting:
    first = end - timedelta(days=parameters.history_days + 60)
    days = Workdays.spanning(first, end + timedelta(days=_AHEAD_DAYS))
    return Setting(seed, parameters, days, days.index(end + timedelta(days=1)) - 0.001)


def _branches(deals: int, setting: Setting) -> Iterator[tuple[float, Branch]]:
    """Branches one by one, each with the share of the work done once it is written."""
    count = -(-deals // setting.parameters.branch_deals)
    for number in range(count):
        first, beyond = deals * number // count, deals * (number + 1) // count
        yield (number + 1) / count, found_branch(setting, number, first, beyond)


def _write(
    fresh: Path,
    branches: Iterator[tuple[float, Branch]],
    observed_until: datetime,
    progress: Progress | None,
) -> Counter[str]:
    counts: Counter[str] = Counter()
    report = progress or (lambda _step, _share: None)
    report("simulate", 0.0)
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(pq.ParquetWriter(fresh / name, schema, compression="zstd"))
            for name, schema in _SCHEMAS.items()
        }
        for done, branch in branches:
            for name, table in _tables(branch, observed_until).items():
                writers[name].write_table(table)
                counts += _count(name, table)
            report("simulate", done)
    return counts


def _tables(branch: Branch, observed_until: datetime) -> dict[str, pa.Table]:
    lives = draw_lives(branch)
    trail = Trail(branch, lives, int(observed_until.timestamp()) * 1_000_000)
    add_contacts(trail)
    add_facts(trail)
    add_signs(trail)
    return {
        EVENTS_FILE: trail.table(),
        DEALS_FILE: deals_table(trail),
        folder.TRUTH_FILE: truth_table(branch, lives),
        folder.NAMES_FILE: names_table(trail),
    }


def _count(name: str, table: pa.Table) -> Counter[str]:
    if name == DEALS_FILE:
        return Counter(deals=table.num_rows)
    if name != EVENTS_FILE:
        return Counter()
    ends = table.filter(pc.equal(table["kind"], Kind.OUTCOME.value))["value"]
    by_name = {row["values"]: row["counts"] for row in pc.value_counts(ends).to_pylist()}
    return Counter(by_name) + Counter(events=table.num_rows)


def _write_parameters(
    fresh: Path, deals: int, seed: int, end: date, parameters: Parameters
) -> None:
    known = {"deals": deals, "seed": seed, "end": end.isoformat()}
    text = json.dumps({**known, "parameters": parameters.as_dict()}, indent=2)
    (fresh / folder.PARAMETERS_FILE).write_text(text + "\n", encoding="utf-8")
