"""A file of deals as columns: converted, checked, one :class:`DealRow` a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.utils.translation import gettext_noop as _

from tsunagu.app.deals.models import Outcome
from tsunagu.app.exchange import facts, parents
from tsunagu.app.exchange.fields import RUNNING
from tsunagu.app.exchange.mapping import Mapping
from tsunagu.app.exchange.models import Import
from tsunagu.app.exchange.reading import END, START, Columns, FileTable, Mask

LONGEST = 200
LONGEST_WORD = 100
LARGEST = 1e15
DAY = 86_400_000_000
ENDS = ("ended", "won_at", "lost_at", "close_date")


class DealRow(NamedTuple):
    """One deal as its file has it; instants in microseconds since 1970."""

    place: int
    key: str
    customer: str
    customer_name: str
    title: str
    owner: str | None
    created: int
    stage: str | None
    stage_changed: int | None
    amount: str | None
    close_date: str | None
    outcome: str | None
    ended: int
    reason: str | None
    confidence: str | None
    next_step: str | None


@dataclass
class DealRows:
    """All rows of the file, with the faults that the file itself shows."""

    source: Import
    mapping: Mapping
    columns: Columns
    values: dict[str, list[Any]]
    uploaded: int

    @classmethod
    def of(cls, source: Import, mapping: Mapping, table: FileTable) -> DealRows:
        """Convert the columns."""
        columns = table.sheet(settings.TIME_ZONE, mapping.date_format or None)
        return cls(
            source,
            mapping,
            columns,
            _converted(columns, mapping, source),
            facts.micros(source.created_at),
        )

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def owners(self) -> list[str]:
        """Every owner's word, in the order of the file."""
        return [word for word in dict.fromkeys(self._of_fine("owner")) if word]

    @property
    def stages(self) -> list[str]:
        """Every stage's word that does not end a deal."""
        return [word for word in dict.fromkeys(self._of_fine("stage")) if word]

    def _of_fine(self, name: str) -> list[Any]:
        return [v for v, fine in zip(self.values[name], self.columns.fine, strict=True) if fine]

    def rows(self, start: int, end: int) -> Iterator[DealRow]:
        """The rows without a fault from ``start`` up to ``end``."""
        fine = self.columns.fine
        for place in range(start, end):
            if fine[place]:
                yield DealRow(place, *(self.values[name][place] for name in DealRow._fields[1:]))


def _converted(columns: Columns, mapping: Mapping, source: Import) -> dict[str, list[Any]]:
    column = mapping.column
    uploaded = facts.micros(source.created_at)
    ids = columns.ids(column("id"))
    created = columns.instants(column("created"), START)
    _require(columns, ids, column("id"))
    _require(columns, created, column("created"))
    _reject_long(columns, ids, column("id"))
    _reject_repeated(columns, ids, column("id"))
    for name in ("owner", "stage"):
        reject_long_word(columns, column(name))
    outcome, stage = _outcomes(columns, mapping)
    ended = _ends(columns, mapping, outcome)
    began = facts.integers(created)
    _check_beginning(columns, mapping, began, uploaded)
    _check_end(columns, mapping, began, ended, outcome)
    amounts = columns.numbers(column("amount"))
    bad = pc.fill_null(pc.or_(pc.less(amounts, 0), pc.greater(amounts, LARGEST)), False)
    columns.reject(
        bad.to_numpy(zero_copy_only=False),
        column("amount"),
        _("the amount must be a number from 0 up."),
        _("Correct the amount, or leave the cell empty."),
    )
    return {
        "key": ids.to_pylist(),
        **_customers(columns, mapping, ids),
        "owner": columns.words(column("owner")).to_pylist(),
        "created": np.minimum(began, uploaded).tolist(),
        "stage": stage,
        "stage_changed": _numbers(columns.instants(column("stage_changed"), START)),
        "amount": [None if a is None else f"{a:.2f}" for a in amounts.to_pylist()],
        "close_date": columns.days(column("close_date")).to_pylist(),
        "outcome": outcome,
        "ended": np.minimum(ended, uploaded).tolist(),
        "reason": columns.texts(column("reason")).to_pylist(),
        "confidence": columns.words(column("confidence")).to_pylist(),
        "next_step": columns.days(column("next_step")).to_pylist(),
    }


def _numbers(instants: pa.Array) -> list[int | None]:
    found: list[int | None] = pc.cast(instants, pa.int64()).to_pylist()
    return found


def _require(columns: Columns, values: pa.Array, header: str | None) -> None:
    empty = values.is_null().to_numpy(zero_copy_only=False)
    columns.reject(empty, header, _("this cell must not be empty."), _("Fill the cell."))


def _reject_long(columns: Columns, values: pa.Array, header: str | None) -> None:
    long = pc.fill_null(pc.greater(pc.utf8_length(values), LONGEST), False)
    columns.reject(
        long.to_numpy(zero_copy_only=False),
        header,
        _("this is too long for a number (200 characters)."),
        _("Is another column the number?"),
    )


def reject_long_word(columns: Columns, header: str | None) -> None:
    """Leave out rows whose cell is too long to name a person or a stage."""
    long = pc.fill_null(pc.greater(pc.utf8_length(columns.words(header)), LONGEST_WORD), False)
    columns.reject(
        long.to_numpy(zero_copy_only=False),
        header,
        _("this is too long for a name (100 characters)."),
        _("Is another column the one that you mean?"),
    )


def _reject_repeated(columns: Columns, ids: pa.Array, header: str | None) -> None:
    codes = pc.fill_null(pc.dictionary_encode(ids).indices, -1).to_numpy(zero_copy_only=False)
    again = np.ones(len(codes), bool)
    again[np.unique(codes, return_index=True)[1]] = False
    columns.reject(
        again & (codes >= 0),
        header,
        _("this number stands more than once; the first row counts."),
        _("Give each row its own number, or leave the others out."),
    )


def _outcomes(columns: Columns, mapping: Mapping) -> tuple[list[str | None], list[str | None]]:
    """How each deal ended, by its status or else its stage, and its reason; its running stage."""
    stage = columns.words(mapping.column("stage"))
    told = columns.words(mapping.column("status")) if mapping.column("status") else stage
    means = {w: mapping.meaning("outcome", w) for w in {*told.to_pylist(), *stage.to_pylist()} if w}
    reasons = columns.words(mapping.column("reason")).to_pylist()
    parted = {w for w in set(reasons) if w and mapping.meaning("ending", w) == Outcome.BROKEN_OFF}
    outcome = [
        _ending(means.get(w, RUNNING), because in parted)
        for w, because in zip(told.to_pylist(), reasons, strict=True)
    ]
    running = [w if w and means[w] == RUNNING else None for w in stage.to_pylist()]
    return outcome, running


def _ending(meaning: str, parted: bool) -> str | None:
    """Many systems know won and lost only: the reason tells who was lost by breaking off."""
    if parted and meaning == Outcome.LOST:
        return Outcome.BROKEN_OFF.value
    return meaning if meaning in Outcome.values else None


def _ends(columns: Columns, mapping: Mapping, outcome: list[str | None]) -> Any:
    """When each ended deal did: a column of its own, won or lost at, or else the close date."""
    own, won, lost, close = (columns.instants(mapping.column(name), END) for name in ENDS)
    is_won = pa.array([o == Outcome.WON for o in outcome])
    return facts.integers(pc.coalesce(own, pc.if_else(is_won, won, lost), close))


def _check_beginning(columns: Columns, mapping: Mapping, began: Any, uploaded: int) -> None:
    columns.reject(
        began > uploaded + DAY,
        mapping.column("created"),
        _("the deal begins in the future."),
        _("Correct the day on which it began."),
    )


def _check_end(
    columns: Columns, mapping: Mapping, began: Any, ended: Any, outcome: list[str | None]
) -> None:
    over: Mask = np.array([o is not None for o in outcome], bool)
    dated = next((c for name in ENDS if (c := mapping.column(name))), None)
    columns.reject(
        over & (ended == 0),
        dated,
        _("the deal has ended, but it is not said when."),
        _("Write the day on which it ended, or choose the column that says it."),
    )
    columns.reject(
        over & (ended < began),
        dated,
        _("the deal ended before it began."),
        _("Correct one of the two days."),
    )


def _one_line(title: str | None) -> str:
    """A title stands in one line, though the cell had several."""
    return " ".join(title.splitlines()) if title else ""


def _customers(columns: Columns, mapping: Mapping, ids: pa.Array) -> dict[str, list[str]]:
    keys = columns.ids(mapping.column("customer")).to_pylist()
    names = columns.texts(mapping.column("customer_name")).to_pylist()
    titles = columns.texts(mapping.column("title")).to_pylist()
    known = [(k or n or parents.NO_CUSTOMER)[:LONGEST] for k, n in zip(keys, names, strict=True)]
    unknown = parents.unknown_customer()
    called = [(n or k or unknown)[:LONGEST] for k, n in zip(keys, names, strict=True)]
    return {
        "customer": known,
        "customer_name": called,
        "title": [
            (_one_line(t) or (c if c != unknown else str(i)))[:LONGEST]
            for t, c, i in zip(titles, called, ids.to_pylist(), strict=True)
        ],
    }
