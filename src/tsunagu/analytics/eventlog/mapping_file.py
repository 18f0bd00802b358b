"""Mappings from TOML, with errors that name the file, the key and the way out."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import DEAL_SCHEMA, DIRECTIONS, Kind, Outcome
from tsunagu.analytics.errors import InputError, Problem
from tsunagu.analytics.eventlog.mapping import (
    AtRisk,
    Attribute,
    AttributeType,
    BeforeCreation,
    Condition,
    DealTable,
    EventTable,
    FileChoice,
    LatestDeal,
    Mapping,
    RowsOf,
    Rule,
    Unlinked,
    Unmatched,
)
from tsunagu.analytics.eventlog.sources import OWN_COLUMNS

Word = TypeVar("Word", bound=StrEnum)


def load_mapping(path: Path) -> Mapping:
    """The mapping in a TOML file.

    Raises:
        InputError: if the file is missing, is no TOML, or has a key or value that is not known.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise _error(
            path, None, f"cannot be read ({error.strerror}).", "Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise _error(path, None, "is not UTF-8.", "Save the mapping as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        remedy = "Correct the TOML; see docs/reference/mapping.md for examples."
        raise _error(path, None, f"is not TOML: {error}.", remedy) from error
    return _mapping(_Table(path, "", document))


def _error(path: Path, key: str | None, message: str, remedy: str) -> InputError:
    return InputError(Problem(str(path), None, key, None, message, remedy))


@dataclass
class _Table:
    """A TOML table whose keys are taken one by one; those left over are not known."""

    path: Path
    name: str
    values: dict[str, Any]

    def __post_init__(self) -> None:
        self.asked: list[str] = []

    def error(self, key: str, message: str, remedy: str) -> InputError:
        """An error that names the key in full, such as ``deals.created``."""
        return _error(self.path, self.full(key), message, remedy)

    def full(self, key: str) -> str:
        """The key with its tables."""
        return f"{self.name}.{key}" if self.name else key

    def take(self, key: str, kind: type | tuple[type, ...], wanted: str) -> Any:
        """The key's value, or None where it is not given."""
        self.asked.append(key)
        value = self.values.get(key)
        if value is not None and (not isinstance(value, kind) or _is_wrong_truth(value, kind)):
            shown = f"Write {wanted}, not {value!r}."
            raise self.error(key, f"must be {wanted}.", shown)
        return value

    def text(self, key: str) -> str | None:
        """A text that is not empty."""
        value: str | None = self.take(key, str, "a text in quotes")
        if value is not None and not value.strip():
            raise self.error(key, "is empty.", "Write a text, or leave the key out.")
        return value

    def needed(self, key: str) -> str:
        """A text that must be given."""
        value = self.text(key)
        if value is None:
            raise self.error(key, "is missing.", f'Add {key} = "…".')
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; nothing: empty."""
        values = self.take(key, list, "a list of texts") or []
        if not all(isinstance(value, str) for value in values):
            raise self.error(key, "must be a list of texts.", "Put each into quotes.")
        return tuple(values)

    def word(self, key: str, words: type[Word]) -> Word | None:
        """One of an enumeration's words."""
        value = self.text(key)
        return None if value is None else words(self.one_of(key, value, [w.value for w in words]))

    def one_of(self, key: str, value: str, words: Sequence[str]) -> str:
        """``value``, if it is one of ``words``."""
        if value not in words:
            remedy = _did_you_mean(value, words) or f"Write one of {', '.join(words)}."
            raise self.error(key, f"“{value}” is not known.", remedy)
        return value

    def table(self, key: str) -> _Table | None:
        """A table within."""
        value = self.take(key, dict, "a table")
        return None if value is None else _Table(self.path, self.full(key), value)

    def tables(self, key: str) -> list[_Table]:
        """A list of tables within."""
        values = self.take(key, list, f"a list of tables, [[{self.full(key)}]]") or []
        if not all(isinstance(value, dict) for value in values):
            raise self.error(key, "must be a list of tables.", f"Write [[{self.full(key)}]].")
        return [
            _Table(self.path, f"{self.full(key)}[{place}]", value)
            for place, value in enumerate(values, start=1)
        ]

    def done(self) -> None:
        """Check that no key is left over."""
        for key in self.values:
            if key not in self.asked:
                known = f"Known keys: {', '.join(sorted(self.asked))}."
                raise self.error(
                    key, "is not a known key.", _did_you_mean(key, self.asked) or known
                )


def _is_wrong_truth(value: Any, kind: type | tuple[type, ...]) -> bool:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return isinstance(value, bool) and bool not in kinds


def _did_you_mean(word: str, words: Iterable[str]) -> str | None:
    near = difflib.get_close_matches(word, list(words), n=1)
    return f"Did you mean “{near[0]}”?" if near else None


def _mapping(table: _Table) -> Mapping:
    deals = table.table("deals")
    if deals is None:
        raise table.error("deals", "is missing.", 'Add a table [deals] with id = "…".')
    deal_table = _deals(deals)
    events = tuple(_events(each) for each in table.tables("events"))
    _check_rows_of_events(table, deal_table, events)
    at_risk = table.table("at_risk")
    mapping = Mapping(
        deals=deal_table,
        events=events,
        time_zone=_time_zone(table),
        date_format=_date_format(table),
        observed_until=_moment(table, "observed_until"),
        stages=table.texts("stages"),
        before_creation=table.word("before_creation", BeforeCreation) or BeforeCreation.REJECT,
        empty_values=table.texts("empty_values"),
        at_risk=None if at_risk is None else _at_risk(at_risk),
    )
    table.done()
    return mapping


def _check_rows_of_events(table: _Table, deals: DealTable, events: Sequence[EventTable]) -> None:
    if deals.rows is RowsOf.EVENT and not events:
        raise table.error("events", "is missing.", 'rows = "event" needs [[events]].')
    if deals.rows is RowsOf.EVENT and any(each.deal is None for each in events):
        remedy = 'With rows = "event" each row must name its deal: write deal = "…".'
        raise table.error("events", "link by another key than the deal's id.", remedy)


def _time_zone(table: _Table) -> str:
    name = table.text("time_zone") or "Asia/Tokyo"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        remedy = "Write an IANA name, such as Asia/Tokyo or Europe/Berlin."
        raise table.error("time_zone", f"“{name}” is not a time zone.", remedy) from error
    return name


def _date_format(table: _Table) -> str | None:
    value = table.text("date_format")
    return value and table.one_of("date_format", value, ("day_first", "month_first"))


def _moment(table: _Table, key: str) -> str | None:
    value = table.take(key, (str, datetime, date), "a date, such as 2024-06-21")
    return value.isoformat() if isinstance(value, date) else value


def _source(table: _Table) -> FileChoice:
    return FileChoice(
        file=table.text("file"),
        sheet=table.text("sheet"),
        header_row=_header_row(table),
        encoding=_encoding(table),
    )


def _header_row(table: _Table) -> int | None:
    row: int | None = table.take("header_row", int, "a row number")
    if row is not None and row < 1:
        raise table.error("header_row", "must be 1 or more.", "Rows are counted from 1.")
    return row


def _encoding(table: _Table) -> str | None:
    name = table.text("encoding")
    if name is not None:
        try:
            "".encode(name)
        except LookupError as error:
            remedy = "Write utf-8, cp932 or another of Python's encoding names."
            raise table.error("encoding", f"“{name}” is not known.", remedy) from error
    return name


def _deals(table: _Table) -> DealTable:
    deals = DealTable(
        id=table.needed("id"),
        source=_source(table),
        rows=table.word("rows", RowsOf) or RowsOf.DEAL,
        customer=table.text("customer"),
        owner=table.text("owner"),
        created=table.text("created"),
        at_risk_from=table.text("at_risk_from"),
        end=table.text("end"),
        reason=table.text("reason"),
        attributes=_attributes(table.table("attributes")),
        outcomes=tuple(_outcome(each) for each in table.tables("outcomes")),
        events=tuple(_rule(each) for each in table.tables("events")),
    )
    table.done()
    _check_deals(table, deals)
    return deals


def _check_deals(table: _Table, deals: DealTable) -> None:
    if deals.rows is RowsOf.DEAL and deals.created is None:
        remedy = 'Add created = "…", or rows = "event" if each row is an event.'
        raise table.error("created", "is missing.", remedy)
    if any(rule.at is None for rule in deals.outcomes) and deals.end is None:
        remedy = 'Add end = "…", the column of the time at which a deal ended.'
        raise table.error("end", "is missing, though there are outcomes.", remedy)
    if deals.rows is RowsOf.EVENT and (deals.outcomes or deals.end):
        remedy = 'Make them rules of [[events]], with kind = "outcome".'
        raise table.error("outcomes", 'do not go with rows = "event".', remedy)


def _attributes(table: _Table | None) -> tuple[Attribute, ...]:
    if table is None:
        return ()
    return tuple(_attribute(table, name) for name in table.values)


def _attribute(table: _Table, name: str) -> Attribute:
    if name in DEAL_SCHEMA.names or name.startswith(OWN_COLUMNS):
        raise table.error(name, "is a column of our own.", "Choose another name.")
    value = table.take(name, (str, dict), "a column's name or a table")
    if isinstance(value, str):
        return Attribute(name, value)
    within = _Table(table.path, table.full(name), value)
    attribute = Attribute(
        name,
        within.needed("column"),
        _attribute_type(within),
        _replaced(within.table("replace")),
    )
    within.done()
    return attribute


def _attribute_type(table: _Table) -> AttributeType:
    words = [kind.value for kind in AttributeType if kind is not AttributeType.GUESS]
    return AttributeType(table.one_of("type", table.text("type") or "text", words))


def _replaced(table: _Table | None) -> tuple[tuple[str, str], ...]:
    if table is None:
        return ()
    return tuple((written, table.needed(written)) for written in table.values)


_COLUMNS = ("at", "after", "value", "amount", "actor", "text")


def _rule(table: _Table, *, needs_kind: bool = True) -> Rule:
    ignored = bool(table.take("ignore", bool, "true or false"))
    rule = Rule(
        when=_conditions(table),
        kind=table.word("kind", Kind),
        direction=_direction(table),
        outcome=table.word("outcome", Outcome),
        label=table.text("label"),
        **{name: table.text(name) for name in _COLUMNS},
    )
    table.done()
    if needs_kind and (rule.kind is None) != ignored:
        remedy = f"Write one of {', '.join(Kind)}; or ignore = true, without a kind."
        raise table.error("kind", "is missing, or stands beside ignore.", remedy)
    if rule.kind is Kind.OUTCOME and rule.outcome is None:
        remedy = f"Write one of {', '.join(Outcome)}."
        raise table.error("outcome", "is missing.", remedy)
    return rule


def _outcome(table: _Table) -> Rule:
    table.values = {"kind": Kind.OUTCOME.value, **table.values}
    return _rule(table)


def _direction(table: _Table) -> str | None:
    value = table.text("direction")
    return value and table.one_of("direction", value, DIRECTIONS)


def _conditions(table: _Table) -> tuple[Condition, ...]:
    when = table.table("when")
    return () if when is None else tuple(_condition(when, column) for column in when.values)


def _condition(table: _Table, column: str) -> Condition:
    kinds = (str, int, float, bool, list, dict)
    value = table.take(column, kinds, "a value, a list of values or a table")
    if isinstance(value, dict):
        return _tests(_Table(table.path, table.full(column), value), column)
    if isinstance(value, list):
        return Condition(column, one_of=_words(table, column, value))
    return Condition(column, one_of=_words(table, column, [value]))


def _words(table: _Table, key: str, values: list[Any]) -> tuple[str, ...]:
    if not values or not all(isinstance(value, str | int | float) for value in values):
        raise table.error(key, "must be texts or numbers.", "Put texts into quotes.")
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in values)


def _tests(table: _Table, column: str) -> Condition:
    number: Callable[[str], float | None] = lambda key: table.take(key, (int, float), "a number")  # noqa: E731
    excluded = table.take("not", (str, int, float, bool, list), "a value or a list")
    condition = Condition(
        column,
        none_of=_none_of(table, excluded),
        matches=_pattern(table),
        at_least=number("at_least"),
        at_most=number("at_most"),
        above=number("above"),
        below=number("below"),
        empty=table.take("empty", bool, "true or false"),
    )
    table.done()
    if condition == Condition(column):
        raise _error(
            table.path, table.name, "has no test.", "Write at_least, matches, not, empty …"
        )
    return condition


def _none_of(table: _Table, excluded: Any) -> tuple[str, ...] | None:
    if excluded is None:
        return None
    return _words(table, "not", excluded if isinstance(excluded, list) else [excluded])


def _pattern(table: _Table) -> str | None:
    pattern = table.text("matches")
    if pattern is not None:
        try:
            pc.match_substring_regex(pa.array([""]), pattern)
        except pa.ArrowInvalid as error:
            remedy = "Correct the regular expression (RE2's syntax, without look-around)."
            raise table.error("matches", f"is no regular expression ({error}).", remedy) from error
    return pattern


_EVENT_COLUMNS = ("activity", "lifecycle", "kind", "direction", "value", "amount", "actor", "text")


def _events(table: _Table) -> EventTable:
    columns = {name: table.text(name) for name in _EVENT_COLUMNS}
    default = Unmatched.ACTIVITY if columns["activity"] else Unmatched.REJECT
    events = EventTable(
        at=table.needed("at"),
        source=_source(table),
        deal=table.text("deal"),
        latest_deal_of=_latest_deal(table),
        unlinked=table.word("unlinked", Unlinked) or Unlinked.REJECT,
        rules=tuple(_rule(each) for each in table.tables("rules")),
        unmatched=table.word("unmatched", Unmatched) or default,
        **columns,
    )
    table.done()
    _check_events(table, events)
    return events


def _latest_deal(table: _Table) -> LatestDeal | None:
    value = table.take("latest_deal_of", (str, dict), "a column's name or a table")
    if value is None:
        return None
    if isinstance(value, str):
        return LatestDeal(value, value)
    within = _Table(table.path, table.full("latest_deal_of"), value)
    link = LatestDeal(within.needed("column"), within.needed("deals_column"))
    within.done()
    return link


def _check_events(table: _Table, events: EventTable) -> None:
    if (events.deal is None) == (events.latest_deal_of is None):
        remedy = 'Write either deal = "…" or latest_deal_of = "…".'
        raise table.error("deal", "is missing, or stands beside latest_deal_of.", remedy)
    if events.unmatched is Unmatched.ACTIVITY and events.activity is None:
        remedy = 'Add activity = "…", the column of the activity\'s name.'
        raise table.error("activity", "is missing.", remedy)
    if not (events.rules or events.kind or events.activity):
        remedy = "Add [[events.rules]], or kind or activity columns."
        raise table.error("rules", "is missing: no row would mean anything.", remedy)


def _at_risk(table: _Table) -> AtRisk:
    kind = table.word("kind", Kind)
    if kind is None:
        raise table.error("kind", "is missing.", f"Write one of {', '.join(Kind)}.")
    at_risk = AtRisk(kind, _direction(table), table.text("value"))
    table.done()
    return at_risk
