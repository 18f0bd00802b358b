"""An event log on disk: a folder with two Parquet files and a small JSON file."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, EventLog, Origin
from tsunagu.analytics.errors import InputError, Problem

EVENTS_FILE = "events.parquet"
DEALS_FILE = "deals.parquet"
META_FILE = "eventlog.json"
_META_KEYS = ("observed_until", "time_zone", "stages", "origin")


def write_meta(
    folder: Path,
    *,
    observed_until: datetime,
    time_zone: str,
    stages: tuple[str, ...],
    origin: Origin = "records",
) -> None:
    """Write the JSON file that completes a log's folder; writers call it last."""
    meta = {
        "format": 1,
        "observed_until": observed_until.isoformat(),
        "time_zone": time_zone,
        "stages": list(stages),
        "origin": origin,
    }
    text = json.dumps(meta, ensure_ascii=False, indent=2)
    (folder / META_FILE).write_text(text + "\n", encoding="utf-8")


def open_log(folder: Path, connection: BaseBackend | None = None) -> EventLog:
    """Open a log's folder on ``connection`` (default: a new in-memory DuckDB).

    Raises:
        InputError: if the folder is not a complete event log.
    """
    meta = read_meta(folder)
    con = connection if connection is not None else ibis.duckdb.connect()
    events = con.read_parquet(str(folder / EVENTS_FILE))
    deals = con.read_parquet(str(folder / DEALS_FILE))
    return log_of_tables(str(folder), events, deals, meta)


def log_of_tables(folder: str, events: ir.Table, deals: ir.Table, meta: dict[str, Any]) -> EventLog:
    """The log of a folder's two tables and what its JSON file says.

    Raises:
        InputError: if a table lacks a column.
    """
    _check_columns(f"{folder}/{EVENTS_FILE}", events.columns, EVENT_SCHEMA.names)
    _check_columns(f"{folder}/{DEALS_FILE}", deals.columns, DEAL_SCHEMA.names)
    return EventLog(
        events=events,
        deals=deals,
        observed_until=datetime.fromisoformat(meta["observed_until"]),
        time_zone=meta["time_zone"],
        stages=tuple(meta["stages"]),
        origin=meta["origin"],
    )


def read_meta(folder: Path) -> dict[str, Any]:
    """What the JSON file of a complete log says.

    Raises:
        InputError: if the folder is not a complete event log.
    """
    missing = [n for n in (EVENTS_FILE, DEALS_FILE, META_FILE) if not (folder / n).is_file()]
    if missing:
        raise _not_a_log(folder, f"has no {', '.join(missing)}")
    return parse_meta((folder / META_FILE).read_text(encoding="utf-8"), str(folder / META_FILE))


def parse_meta(text: str, file: str) -> dict[str, Any]:
    """What a log's JSON file says.

    Raises:
        InputError: if it is no JSON, or does not say all.
    """
    try:
        meta: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise _not_a_log(file, f"is not JSON ({error})") from error
    unsaid = [key for key in _META_KEYS if key not in meta]
    if unsaid:
        raise _not_a_log(file, f"does not say {', '.join(unsaid)}")
    return meta


def _check_columns(file: str, found: tuple[str, ...], wanted: list[str]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise _not_a_log(file, f"lacks the column(s) {', '.join(missing)}")


def _not_a_log(path: Path | str, message: str) -> InputError:
    remedy = "Make an event log with `tsunagu read` or `tsunagu simulate` and name its folder."
    return InputError(Problem(str(path), None, None, None, message + ".", remedy))
