"""A simulated event log's folder becomes customers, people, deals and facts, in columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from django.db import connection, transaction
from django.utils.translation import gettext as _

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.deals import fold
from tsunagu.app.deals.models import Deal, Event, Kind, Process, Stage
from tsunagu.app.people.actions import create_team, create_user
from tsunagu.app.people.models import Team, User

Names = Callable[[list[int]], list[str]]
"""Names of made-up people, by number."""

ROWS_AT_ONCE = 10_000
SHARED_EACH = 4
"""Of so many deals one is shared with the team."""

_TEAMS = "SELECT DISTINCT team FROM deals ORDER BY 1"
_PEOPLE = f"""
    SELECT person, mode(team) FROM (
        SELECT owner_id AS person, team FROM deals UNION ALL
        SELECT e.value, d.team FROM events e JOIN deals d USING (deal_id)
        WHERE kind = '{Kind.OWNER}'
    ) GROUP BY 1 ORDER BY 1
"""  # noqa: S608
_CUSTOMERS = """
    SELECT customer_id, any_value(customer_name), any_value(industry), any_value(size),
        any_value(region)
    FROM deals JOIN names USING (deal_id) GROUP BY 1 ORDER BY 1
"""
_CONTACTS = f"""
    SELECT DISTINCT value, customer_id FROM events JOIN deals USING (deal_id)
    WHERE kind = '{Kind.CONTACT}' AND value LIKE customer_id || '-%' ORDER BY 1
"""  # noqa: S608
_DEALS = "SELECT * FROM deals JOIN names USING (deal_id) ORDER BY deal_id"
_EVENTS = "SELECT * FROM events SEMI JOIN deals USING (deal_id) ORDER BY deal_id, events.at"


def load(folder: Path, names: Names, until: datetime) -> int:
    """Load what happened ``until`` then, in one transaction; returns the number of deals."""
    log = _open(folder, until)
    stages = json.loads((folder / "eventlog.json").read_text(encoding="utf-8"))["stages"]
    with transaction.atomic():
        process = _process(stages)
        teams = _teams(log)
        people = _people(log, teams, names)
        customers = _customers(log)
        _contacts(log, customers, names)
        deals = _deals(log, process, teams, people, customers)
        _events(log, deals)
        fold.rebuild(Deal.objects.all())
    return len(deals)


def _open(folder: Path, until: datetime) -> duckdb.DuckDBPyConnection:
    log = duckdb.connect()
    log.execute("SET TimeZone = 'UTC'")
    for name, instant in (("deals", "created_at"), ("events", "at"), ("names", None)):
        source = log.read_parquet(str(folder / f"{name}.parquet"))
        known = source.filter(f"\"{instant}\" <= TIMESTAMPTZ '{until}'") if instant else source
        log.register(name, known.to_arrow_table())
    return log


def _rows(log: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return log.execute(query).fetchall()


def _process(stages: list[str]) -> Process:
    process = Process.objects.create(name=_("Standard process"), is_default=True)
    Stage.objects.bulk_create(
        Stage(process=process, key=key, name=key, position=place)
        for place, key in enumerate(stages)
    )
    return process


def _teams(log: duckdb.DuckDBPyConnection) -> dict[str, Team]:
    root = create_team(None, name=_("Sales division"))
    return {name: create_team(None, name=name, parent=root) for (name,) in _rows(log, _TEAMS)}


def _people(
    log: duckdb.DuckDBPyConnection, teams: dict[str, Team], names: Names
) -> dict[str, User]:
    rows = _rows(log, _PEOPLE)
    called = names([int(person.rpartition("-")[2]) for person, _team in rows])
    return {
        person: create_user(None, name=name, team=teams[team], external_id=person)
        for (person, team), name in zip(rows, called, strict=True)
    }


def _customers(log: duckdb.DuckDBPyConnection) -> dict[str, Customer]:
    made = Customer.objects.bulk_create(
        Customer(external_id=key, name=name, industry=industry, size=size, region=region)
        for key, name, industry, size, region in _rows(log, _CUSTOMERS)
    )
    return {customer.external_id: customer for customer in made}


def _contacts(log: duckdb.DuckDBPyConnection, customers: dict[str, Customer], names: Names) -> None:
    rows = _rows(log, _CONTACTS)
    called = names([1000 + place * 13 for place in range(len(rows))])
    Contact.objects.bulk_create(
        Contact(customer=customers[customer], external_id=key, name=name)
        for (key, customer), name in zip(rows, called, strict=True)
    )


def _deals(
    log: duckdb.DuckDBPyConnection,
    process: Process,
    teams: dict[str, Team],
    people: dict[str, User],
    customers: dict[str, Customer],
) -> dict[str, int]:
    made = Deal.objects.bulk_create(
        Deal(
            external_id=row["deal_id"],
            title=row["title"],
            customer=customers[row["customer_id"]],
            process=process,
            team=teams[row["team"]],
            shared=place % SHARED_EACH == 0,
            attributes={"product": row["product"], "source": row["source"], "team": row["team"]},
            created_owner=people[row["owner_id"]],
            owner=people[row["owner_id"]],
            created_at=row["created_at"],
        )
        for place, row in enumerate(log.execute(_DEALS).to_arrow_table().to_pylist())
    )
    return {deal.external_id: deal.pk for deal in made}


def _events(log: duckdb.DuckDBPyConnection, deals: dict[str, int]) -> None:
    """Whole columns to one prepared statement: a model for each fact takes ten times as long."""
    fields = (
        "deal_id",
        "at",
        "kind",
        "value",
        "amount",
        "actor",
        "direction",
        "text",
        "recorded_at",
    )
    marks = ", ".join(["%s"] * len(fields))
    table = connection.ops.quote_name(Event._meta.db_table)
    statement = f"INSERT INTO {table} ({', '.join(fields)}) VALUES ({marks})"  # noqa: S608
    with connection.cursor() as cursor:
        for batch in log.execute(_EVENTS).to_arrow_reader(ROWS_AT_ONCE):
            cursor.executemany(statement, list(_event_rows(batch, deals)))


def _event_rows(batch: pa.RecordBatch, deals: dict[str, int]) -> Iterator[tuple[Any, ...]]:
    columns = {name: batch[name].to_pylist() for name in batch.schema.names}
    instants = [connection.ops.adapt_datetimefield_value(at) for at in columns["at"]]
    keys = [deals[deal] for deal in columns["deal_id"]]
    plain = (columns[n] for n in ("kind", "value", "amount", "actor", "direction", "text"))
    return zip(keys, instants, *plain, instants, strict=True)
