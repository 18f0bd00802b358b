"""The event log straight from the application's database: whole columns, no loop over rows.

The tables are known by their names only; a test holds what is read here to what the application
hands over itself.  Every connection is read-only and sees one state of all tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pyarrow as pa

from tsunagu.analytics.attributes import OF_CUSTOMERS, split
from tsunagu.analytics.backends import connect
from tsunagu.analytics.contracts import EVENT_SCHEMA, EventLog
from tsunagu.analytics.errors import InputError, Problem, TsunaguError
from tsunagu.analytics.rows import labelled, named

ROWS_AT_ONCE = 65_536

_EVENTS = """
SELECT deal_id, at, kind, value, CAST(amount AS double precision) AS amount, actor, direction,
    {text} AS text
FROM deals_event WHERE at <= '{at}'
"""
_DEALS = """
SELECT d.id AS deal_id, d.customer_id, u.external_id AS owner_id, d.created_at,
    CAST(d.attributes AS text) AS attributes, c.industry, c.size, c.region,
    CAST(d.process_id AS text) AS process
FROM deals_deal d
JOIN people_user u ON u.id = d.created_owner_id
JOIN customers_customer c ON c.id = d.customer_id
WHERE d.created_at <= '{at}'
"""
_BROKEN_OFF = """
SELECT deal_id FROM interruptions_interruption
WHERE confirmed_at IS NOT NULL AND state NOT IN ('dismissed', 'resumed')
"""
_STAGES = """
SELECT s.key FROM deals_stage s JOIN deals_process p ON p.id = s.process_id
ORDER BY p.is_default DESC, p.name, s.position
"""
_NAMES = """
SELECT d.id AS deal_id, d.title, c.name AS customer_name, u.name AS owner_name
FROM deals_deal d
JOIN people_user u ON u.id = d.owner_id
JOIN customers_customer c ON c.id = d.customer_id
"""
_COLUMNS = {
    "customers_customer": "id name industry size region",
    "deals_deal": "id title customer_id created_owner_id owner_id created_at attributes process_id",
    "deals_event": "deal_id at kind value amount actor direction text",
    "deals_process": "id name is_default",
    "deals_stage": "process_id key position",
    "interruptions_interruption": "deal_id confirmed_at state",
    "people_user": "id external_id name",
}
_SQLITE_COLUMNS = """
SELECT m.name AS place, p.name AS name FROM sqlite_master m, pragma_table_info(m.name) p
WHERE m.type = 'table'
"""
_SERVER_COLUMNS = """
SELECT CAST(table_name AS text) AS place, CAST(column_name AS text) AS name
FROM information_schema.columns WHERE table_schema = current_schema()
"""

_KEY, _TEXT = pa.int64(), pa.string()
_INSTANT = EVENT_SCHEMA.field("at").type
_EVENT_ROW = pa.schema([("deal_id", _KEY), *((f.name, f.type) for f in list(EVENT_SCHEMA)[1:])])
_DEAL_ROW = pa.schema(
    [
        ("deal_id", _KEY),
        ("customer_id", _KEY),
        ("owner_id", _TEXT),
        ("created_at", _INSTANT),
        ("attributes", _TEXT),
        *((name, _TEXT) for name in OF_CUSTOMERS),
        ("process", _TEXT),
    ]
)
_NAME_ROW = pa.schema(
    [("deal_id", _KEY), *((n, _TEXT) for n in ["title", "customer_name", "owner_name"])]
)

_TYPED = {_KEY: "0", _TEXT: "''", _INSTANT: "''", pa.float64(): "0.5"}
_EXAMPLES = (
    "sqlite:///tsunagu.sqlite3, sqlite:////srv/tsunagu.sqlite3, postgresql://reader@server/tsunagu"
)


def is_database(source: str) -> bool:
    """Whether ``source`` names a database and no file."""
    return "://" in source


def read_database(
    url: str, at: datetime | None = None, *, time_zone: str = "Asia/Tokyo", texts: bool = False
) -> EventLog:
    """Every fact that the application's database holds up to ``at``, as an event log.

    Deals and customers are named by their numbers in the database, twelve digits long; people by
    the key of their account.  Whoever was erased there is erased here.  Deals whose interruption a
    person confirmed and that never resumed count as broken off.

    Args:
        url: ``sqlite:///relative/path``, ``sqlite:////absolute/path`` or ``postgresql://...`` as
            libpq reads it.  Nothing is ever written there.
        at: aware; default: now.
        time_zone: IANA name of the team's calendar; the application's ``TZ_NAME``.
        texts: whether the events bring what was written, which can be large and is personal.

    Raises:
        ValueError: if ``at`` is naive.
        InputError: if there is no such database, or it is not Tsunagu's or of another version.
        TsunaguError: if the drivers are not installed.

    Example:
        >>> log = read_database("sqlite:///tsunagu.sqlite3")  # doctest: +SKIP
    """
    moment = datetime.now(UTC) if at is None else at
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; give an aware datetime")
    with _opened(url) as source:
        engine: Any = connect("duckdb://")
        engine.con.register("incoming", _events(source, moment, texts=texts))
        engine.con.execute("CREATE TABLE events AS SELECT * FROM incoming")
        engine.con.unregister("incoming")
        deals = named(split(source.table(_DEALS.format(at=source.instant(moment)), _DEAL_ROW)))
        rows = deals.add_column(4, "at_risk_from", pa.nulls(len(deals), _INSTANT))
        stages = source.table(_STAGES, pa.schema([("key", _TEXT)]))["key"].to_pylist()
        return EventLog(
            engine.table("events"),
            engine.create_table("deals", rows),
            moment.astimezone(UTC),
            time_zone,
            tuple(dict.fromkeys(stages)),
        )


def read_names(url: str) -> pa.Table:
    """What people call the deals: ``deal_id, title, customer_name, owner_name`` (of today).

    Raises:
        TsunaguError: as :func:`read_database`.
    """
    with _opened(url) as source:
        return named(source.table(_NAMES, _NAME_ROW))


def _events(source: _Source, at: datetime, *, texts: bool) -> pa.RecordBatchReader:
    """Streamed: labelled and named batch by batch."""
    broken = named(source.table(_BROKEN_OFF, pa.schema([("deal_id", _KEY)])))["deal_id"]
    text = "text" if texts else "CAST(NULL AS text)"
    query = _EVENTS.format(at=source.instant(at), text=text)
    batches = (
        batch
        for rows in source.batches(query, _EVENT_ROW)
        for batch in labelled(named(rows), broken.combine_chunks()).cast(_NULLABLE).to_batches()
    )
    return pa.RecordBatchReader.from_batches(_NULLABLE, batches)


_NULLABLE = pa.schema([(f.name, f.type) for f in EVENT_SCHEMA])


@dataclass(frozen=True)
class _Source:
    """A connection inside one transaction."""

    connection: Any
    is_sqlite: bool

    def instant(self, at: datetime) -> str:
        """As the database compares it: SQLite holds texts in UTC that do not say so."""
        utc = at.astimezone(UTC)
        return str(utc.replace(tzinfo=None) if self.is_sqlite else utc)

    def table(self, query: str, schema: pa.Schema) -> pa.Table:
        """All rows of ``query`` with ``schema``'s types."""
        empty = schema.empty_table()
        return pa.concat_tables([empty, *self.batches(query, schema)])

    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.Table]:
        """The same, some ten thousand rows at a time."""
        options = {"adbc.sqlite.query.batch_rows": str(ROWS_AT_ONCE)} if self.is_sqlite else {}
        with self.connection.cursor(adbc_stmt_kwargs=options) as cursor:
            cursor.execute(_with_types(query, schema) if self.is_sqlite else query)
            for place, batch in enumerate(cursor.fetch_record_batch()):
                first = 1 if self.is_sqlite and place == 0 else 0
                yield _typed(pa.Table.from_batches([batch]).slice(first), schema)


def _with_types(query: str, schema: pa.Schema) -> str:
    """With a first row that has a value of its type in each column.

    SQLite's values have types, its columns have not: the driver takes those of the first rows, and
    fails where they were all null.
    """
    values = ", ".join(f'{_TYPED[field.type]} AS "{field.name}"' for field in schema)
    return f"SELECT {values} UNION ALL SELECT * FROM ({query})"  # noqa: S608  (constants)


def _typed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    naive = [
        pa.field(f.name, pa.timestamp("us"))
        if pa.types.is_timestamp(f.type) and pa.types.is_string(rows[f.name].type)
        else f
        for f in schema
    ]
    return rows.cast(pa.schema(naive)).cast(schema)


@contextmanager
def _opened(url: str) -> Iterator[_Source]:
    """A read-only connection on which all tables are there, its errors in words."""
    import duckdb

    errors = _driver_manager().Error
    try:
        with _connection(url) as source:
            _require_tables(source, _shown(url))
            yield source
    except (errors, duckdb.Error, pa.ArrowException) as error:
        remedy = "Check the address, and that the database runs and may be read."
        problem = Problem(_shown(url), None, None, None, f"cannot be read ({error}).", remedy)
        raise InputError(problem) from error


@contextmanager
def _connection(url: str) -> Iterator[_Source]:
    engine = url.partition("://")[0]
    if engine == "sqlite":
        from adbc_driver_sqlite import dbapi as sqlite

        with sqlite.connect(f"file:{quote(str(_file(url)))}?mode=ro") as connection:
            yield _Source(connection, is_sqlite=True)
    elif engine in {"postgresql", "postgres"}:
        from adbc_driver_postgresql import dbapi as postgresql

        with postgresql.connect(url) as connection:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield _Source(connection, is_sqlite=False)
    else:
        message = "names no database that Tsunagu can read."
        raise InputError(Problem(_shown(url), None, None, None, message, f"Examples: {_EXAMPLES}."))


def _driver_manager() -> Any:
    try:
        from adbc_driver_manager import dbapi
    except ImportError as error:
        raise TsunaguError(
            "The drivers that read a database in columns are not installed.",
            remedy="Install them with: pip install 'tsunagu[database]'.",
        ) from error
    return dbapi


def _file(url: str) -> Path:
    """The driver would make a wrong path's error one about memory."""
    file = Path(unquote(url.partition("://")[2].removeprefix("/")))
    if not file.is_file():
        remedy = (
            "Relative: sqlite:///tsunagu.sqlite3; absolute, with four strokes: sqlite:////srv/…."
        )
        raise InputError(Problem(str(file), None, None, None, "There is no such file.", remedy))
    return file.resolve()


def _shown(url: str) -> str:
    """Without the password."""
    password = urlsplit(url).password if is_database(url) else None
    return url.replace(f":{password}@", ":…@") if password else url


def _require_tables(source: _Source, place: str) -> None:
    query = _SQLITE_COLUMNS if source.is_sqlite else _SERVER_COLUMNS
    columns = source.table(query, pa.schema([("place", _TEXT), ("name", _TEXT)]))
    there = set(zip(columns["place"].to_pylist(), columns["name"].to_pylist(), strict=True))
    missing = [f"{t}.{c}" for t, cs in _COLUMNS.items() for c in cs.split() if (t, c) not in there]
    if not missing:
        return
    if ("deals_event", "deal_id") not in there:
        message = "is no database of Tsunagu (it has no table deals_event)."
        remedy = (
            "Name the database of the application: its DATABASE_URL, or the file in TSUNAGU_HOME."
        )
    else:
        message = f"is of another version of Tsunagu: it lacks {', '.join(missing)}."
        remedy = "Run `tsunagu migrate` on it, or read it with the Tsunagu that it belongs to."
    raise InputError(Problem(place, None, None, None, message, remedy))
