"""A list as it leaves the house: its columns, declared once beside the list that they belong to.

A list page asks for its rows by the person and by the address's query; :class:`Listed` names that
same question, so an export holds what the page shows: its filters, its order, its permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from django.db.models import Choices, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise

from tsunagu.app.people.models import User

Cell: TypeAlias = str | int | float | Decimal | date | datetime | bool | None

AT_ONCE = 2_000
"""Rows that the database hands over at once."""

Teller: TypeAlias = Callable[..., Cell]
"""Makes a cell of what the column's paths give."""


@dataclass(frozen=True)
class Column:
    """A column: its heading, what it asks of each row, and how that is told.

    ``teller`` is called once an export, in the language of its reader; without one the value
    stands as it is. Several paths reach the teller as several arguments.
    """

    heading: str | Promise
    paths: tuple[str, ...]
    teller: Callable[[], Teller] | None = None


@dataclass(frozen=True)
class Listed:
    """A list that can be exported.

    Attributes:
        name: in addresses, and of the file.
        title: what its reader calls it.
        rows: what the list page asks: the rows that the person may see and the query wants.
        columns: declared once, in the order of the file.
        permission: what the list page needs.
        beside: names of lists that answer the same query with more about the same rows.
    """

    name: str
    title: str | Promise
    rows: Callable[[User, QueryDict], QuerySet[Any, Any]]
    columns: tuple[Column, ...]
    permission: str | None = None
    beside: tuple[str, ...] = ()

    @property
    def headings(self) -> list[str]:
        """The first row, in the present language."""
        return [str(column.heading) for column in self.columns]

    def cells(self, user: User, query: QueryDict) -> Iterator[list[Cell]]:
        """The rows, streamed: however many there are, few are held at a time."""
        paths = tuple(dict.fromkeys(path for column in self.columns for path in column.paths))
        tellers = [_teller(column, paths) for column in self.columns]
        rows = self.rows(user, query).prefetch_related(None).values_list(*paths)
        for row in rows.iterator(AT_ONCE):
            yield [tell(row) for tell in tellers]


def column(
    heading: str | Promise, *paths: str, teller: Callable[[], Teller] | None = None
) -> Column:
    """A :class:`Column`."""
    return Column(heading, paths, teller)


def _teller(asked: Column, paths: tuple[str, ...]) -> Callable[[tuple[Any, ...]], Cell]:
    places = [paths.index(path) for path in asked.paths]
    if asked.teller is None:
        [place] = places
        return lambda row: _plain(row[place])
    tell = asked.teller()
    return lambda row: _plain(tell(*(row[place] for place in places)))


def _plain(value: Any) -> Cell:
    """An instant as its reader's clock shows it, to the second; other values as they are."""
    if isinstance(value, datetime):
        return timezone.make_naive(value).replace(microsecond=0)
    return value if isinstance(value, Cell) else str(value)


def labels(choices: type[Choices] | Iterable[tuple[Any, Any]]) -> Callable[[], Teller]:
    """Tells a choice by its label."""
    pairs = choices.choices if isinstance(choices, type) else choices
    return words(lambda: {value: str(label) for value, label in pairs})


def words(known: Callable[[], Mapping[Any, str]]) -> Callable[[], Teller]:
    """Tells a key by its word, which is looked up once an export; unknown ones as they are."""

    def make() -> Teller:
        told = known()
        return lambda value: told.get(value, value)

    return make


def told(tell: Teller) -> Callable[[], Teller]:
    """Tells by a function that needs no preparation."""
    return lambda: tell
