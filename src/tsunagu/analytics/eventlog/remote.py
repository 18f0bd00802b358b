"""An event log where a cluster keeps it: any folder that Spark can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ibis.backends import BaseBackend

from tsunagu.analytics.backends.spark import what_went_wrong
from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.errors import InputError, Problem
from tsunagu.analytics.eventlog.store import (
    DEALS_FILE,
    EVENTS_FILE,
    META_FILE,
    log_of_tables,
    parse_meta,
)


def open_remote_log(location: str, connection: BaseBackend) -> EventLog:
    """Open a log's folder on Spark.

    Args:
        location: ``s3a://…``, ``hdfs://…``, or a path that every executor sees; the two Parquet
            files may be folders of many.
        connection: to Spark.

    Raises:
        InputError: if Spark finds no complete event log there.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    folder = _address(location)
    try:
        meta = parse_meta(_text(f"{folder}/{META_FILE}", connection), f"{folder}/{META_FILE}")
        events = connection.read_parquet(f"{folder}/{EVENTS_FILE}")
        deals = connection.read_parquet(f"{folder}/{DEALS_FILE}")
    except (PySparkException, Py4JError) as error:
        raise _unreadable(location, error) from error
    return log_of_tables(folder, events, deals, meta)


def _address(location: str) -> str:
    """A path of this machine as an address, for a cluster may take it for one of its own store."""
    found = Path(location)
    return found.resolve().as_uri() if found.exists() else location.rstrip("/")


def _text(address: str, connection: BaseBackend) -> str:
    session: Any = connection._session
    text: str = session.read.text(address, wholetext=True).first()[0]
    return text


def _unreadable(location: str, error: Exception) -> InputError:
    remedy = (
        "Name the folder that `tsunagu read`, `simulate` or `export --log` made, copied to where "
        "every executor can read it; s3a:// needs Spark's hadoop-aws (see docs/reference/scale.md)."
    )
    message = f"cannot be read ({what_went_wrong(error)})."
    return InputError(Problem(location, None, None, None, message, remedy))
