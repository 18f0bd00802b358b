"""An export holds a few rows at a time, however many there are."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pytest
from django.db import connection
from django.http import QueryDict
from tests.app.factories import Organisation

from tsunagu.app import listing
from tsunagu.app.deals.models import Deal
from tsunagu.app.exports import lists, writing
from tsunagu.app.exports.archive import packing, tables
from tsunagu.app.people.models import User
from tsunagu.app.snapshots import PAGES, snapshot

A_ROW = 500
"""Bytes that a row of the list of deals needs at the least, if it is held."""

WRITERS = {
    "csv": writing.write_utf8,
    "cp932": writing.write_cp932,
    "xlsx": writing.write_workbook,
}


def many_deals(like: Deal, count: int) -> None:
    """The database's own loop: only their number matters here."""
    names = [f.column for f in Deal._meta.concrete_fields if f.name not in {"id", "external_id"}]
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO deals_deal (external_id, {columns}) "  # noqa: S608
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            f"SELECT id || '-' || i, {columns} FROM n, deals_deal WHERE id = {like.pk}"
        )


def peak(user: User, form: str, path: Path) -> int:
    """Bytes that Python held at once while the list was written."""
    listed = lists.every()["deals"]
    gc.collect()
    tracemalloc.start()
    try:
        if form == "archive":
            packing.pack(path, passwords=False, tell=lambda _done: None)
        else:
            WRITERS[form](path, listed.headings, listed.cells(user, QueryDict("")))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that the database hands over at once: few, so that few rows are many of them."""
    monkeypatch.setattr(listing, "AT_ONCE", 50)
    monkeypatch.setattr(tables, "AT_ONCE", 50)


@pytest.mark.parametrize("form", [*WRITERS, "archive"])
def test_four_times_the_rows_need_no_more_memory(
    organisation: Organisation, tmp_path: Path, form: str
) -> None:
    user = organisation.operations
    many_deals(organisation.shared, 600)
    peak(user, form, tmp_path / "warm")  # what the first export of a process loads for good
    few = peak(user, form, tmp_path / "few")
    many_deals(organisation.own, 1_800)

    many = peak(user, form, tmp_path / "many")

    assert many - few < 1_800 * A_ROW / 2


def test_what_would_be_held_is_more_than_the_bound(organisation: Organisation) -> None:
    """Else the test above could not fail."""
    many_deals(organisation.shared, 1_800)
    cells = lists.every()["deals"].cells(organisation.operations, QueryDict(""))

    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        held = list(cells)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert after - before > len(held) * A_ROW


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own memory")
@pytest.mark.django_db(transaction=True)
def test_sqlite_holds_few_pages_meanwhile_and_as_many_as_before_afterwards() -> None:
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA cache_size").fetchone()
        with snapshot():
            assert cursor.execute("PRAGMA cache_size").fetchone() == (-PAGES,)

        assert cursor.execute("PRAGMA cache_size").fetchone() == before != (-PAGES,)
