"""What a source's columns and rows mean: the mapping, checked.

``docs/reference/mapping.md`` says what each key does.  The TOML file is read by
:mod:`tsunagu.analytics.eventlog.mapping_file`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from tsunagu.analytics.contracts import Kind, Outcome
from tsunagu.analytics.eventlog.sources import stem


class RowsOf(StrEnum):
    """What one row of the deals table stands for."""

    DEAL = "deal"
    EVENT = "event"


class BeforeCreation(StrEnum):
    """What to do with events before their deal's creation."""

    REJECT = "reject"
    MOVE_CREATION = "move_creation"


class Unlinked(StrEnum):
    """What to do with events whose deal is not found."""

    REJECT = "reject"
    LEAVE_OUT = "leave_out"


class Unmatched(StrEnum):
    """What to do with rows that no rule takes."""

    ACTIVITY = "activity"
    REJECT = "reject"
    IGNORE = "ignore"


class AttributeType(StrEnum):
    """Type of a deal's static attribute."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "boolean"
    GUESS = "guess"


@dataclass(frozen=True)
class Condition:
    """One column's test.  All tests that are given must hold."""

    column: str
    one_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] | None = None
    matches: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    empty: bool | None = None


@dataclass(frozen=True)
class Rule:
    """What a row means whose conditions all hold.

    Attributes:
        when: the conditions; none: every row.
        kind: the event's kind; None: the row is left out on purpose.
        direction: in, out, both or None.
        outcome: for kind outcome.
        label: a fixed text for the event's value.
        at: column of the time; None: the table's.
        after: column of a duration that is added to ``at``.
        value, amount, actor, text: columns.
    """

    when: tuple[Condition, ...] = ()
    kind: Kind | None = None
    direction: str | None = None
    outcome: Outcome | None = None
    label: str | None = None
    at: str | None = None
    after: str | None = None
    value: str | None = None
    amount: str | None = None
    actor: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class FileChoice:
    """Which sources a table is read from, and how.

    Attributes:
        file: pattern of file names, such as ``deals*``; None: all that no other table names.
        sheet: of a workbook.
        header_row: of a workbook.
        encoding: Python's name of the text encoding.
    """

    file: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None

    def takes(self, name: str) -> bool:
        """Whether the pattern names this file, with or without its type."""
        pattern = self.file
        return pattern is not None and (
            fnmatchcase(name, pattern) or fnmatchcase(stem(name), pattern)
        )


@dataclass(frozen=True)
class Attribute:
    """A static attribute: its name, column and type, and texts to be written another way."""

    name: str
    column: str
    type: AttributeType = AttributeType.TEXT
    replaced: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class DealTable:
    """The deals table.

    Attributes:
        id: column of the deal's id.
        rows: what a row stands for.
        customer, owner, created, at_risk_from: columns.
        end: column of the time at which the deal ended.
        reason: column of the reason given for the end.
        attributes: static ones, known at creation.
        other_attributes: take every column that nothing else names as an attribute.
        outcomes: the first rule that holds gives the outcome.
        events: each rule that holds gives an event.
    """

    id: str
    source: FileChoice = FileChoice()
    rows: RowsOf = RowsOf.DEAL
    customer: str | None = None
    owner: str | None = None
    created: str | None = None
    at_risk_from: str | None = None
    end: str | None = None
    reason: str | None = None
    attributes: tuple[Attribute, ...] = ()
    other_attributes: bool = False
    outcomes: tuple[Rule, ...] = ()
    events: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class LatestDeal:
    """Link by another key: the latest deal with that key created at or before the event."""

    column: str
    deals_column: str


@dataclass(frozen=True)
class EventTable:
    """A table of events.

    Attributes:
        at: column of the time.
        deal: column of the deal's id; or else ``latest_deal_of``.
        unlinked: what to do with events whose deal is not found.
        activity: column of the activity's name, for rows that no rule takes.
        lifecycle: column appended to an activity's name: ``Call+START``.
        kind, direction: columns that hold our own words.
        value, amount, actor, text: columns, for rules that name none of their own.
        rules: the first that holds says what the row means.
        unmatched: what to do where none holds.
    """

    at: str
    source: FileChoice = FileChoice()
    deal: str | None = None
    latest_deal_of: LatestDeal | None = None
    unlinked: Unlinked = Unlinked.REJECT
    activity: str | None = None
    lifecycle: str | None = None
    kind: str | None = None
    direction: str | None = None
    value: str | None = None
    amount: str | None = None
    actor: str | None = None
    text: str | None = None
    rules: tuple[Rule, ...] = ()
    unmatched: Unmatched = Unmatched.REJECT


@dataclass(frozen=True)
class AtRisk:
    """The event that brings a deal into the task; deals without one are left out."""

    kind: Kind
    direction: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Mapping:
    """A whole mapping.

    Attributes:
        deals: the deals table.
        events: tables of events.
        time_zone: IANA name.
        date_format: ``day_first`` or ``month_first``, for 03/04/2024.
        observed_until: when the records were taken, as written; None: the latest fact.
        stages: in their order.
        before_creation: what to do with events before creation.
        empty_values: texts that mean nothing, such as ``-``.
        at_risk: which event brings a deal into the task.
    """

    deals: DealTable
    events: tuple[EventTable, ...] = ()
    time_zone: str = "Asia/Tokyo"
    date_format: str | None = None
    observed_until: str | None = None
    stages: tuple[str, ...] = ()
    before_creation: BeforeCreation = BeforeCreation.REJECT
    empty_values: tuple[str, ...] = ()
    at_risk: AtRisk | None = None

    def choices(self) -> Iterable[FileChoice]:
        """How each table chooses its files, the deals table first."""
        return (self.deals.source, *(table.source for table in self.events))
