"""A table of scores from a model outside of the application: read it, and find what is wrong.

Its columns are those of ``tsunagu score --out``; the ones in :data:`NUMBERS` are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _

from tsunagu.app.deals.models import Deal, Outcome
from tsunagu.app.scoring.bridge import HORIZONS, Foresight
from tsunagu.app.scoring.columns import INSTANT, read_columns

RISKS = [f"{Outcome.BROKEN_OFF}_{days}" for days in HORIZONS]
AT_30 = [f"{outcome}_30" for outcome in Outcome]
NUMBERS = [*RISKS, f"{Outcome.WON}_30", f"{Outcome.LOST}_30"]
COLUMNS = ["deal_id", "at", *NUMBERS]
ROUNDING = 1e-6


@dataclass(frozen=True)
class BadRow:
    """What is wrong with a row; ``row`` counts as the file does, ``value`` is as it stands."""

    row: int
    column: str
    value: str
    message: str
    remedy: str

    def __str__(self) -> str:
        place = _("Row %(row)s, column “%(column)s”") % {"row": self.row, "column": self.column}
        return f"{place}: {self.message} ({self.value}) {self.remedy}"


@dataclass(frozen=True)
class Checked:
    """Scores by their instant, the rows that cannot be used, and how many deals have ended."""

    found: list[tuple[datetime, list[Foresight]]]
    problems: list[BadRow]
    ended: int


def read(file: Path) -> tuple[pa.Table, int]:
    """The file's table and the number of its first row, which a header line moves on.

    Raises:
        ValidationError: it cannot be read.
    """
    import pyarrow.csv
    import pyarrow.parquet

    try:
        if file.suffix.lower() == ".csv":
            return pyarrow.csv.read_csv(file), 2
        return pyarrow.parquet.read_table(file), 1
    except (pa.ArrowException, OSError) as error:
        message = _("“%(file)s” cannot be read as CSV (UTF-8) or Parquet: %(error)s")
        raise ValidationError(message % {"file": file.name, "error": error}) from error


def check(table: pa.Table, first_row: int, now: datetime) -> Checked:
    """Compare ``table`` with the deals.

    Raises:
        ValidationError: columns are missing, or hold something else altogether.
    """
    scores = _typed(table)
    deals = _deals_of(scores["deal_id"])
    problems = [
        BadRow(first_row + row, column, _as_text(table, column, row), message, remedy)
        for wrong, column, message, remedy in _wrongs(scores, deals, now)
        for row in pc.indices_nonzero(wrong.fill_null(True)).to_pylist()
    ]
    ended = deals["outcome"].is_valid()
    usable = scores.filter(pc.invert(ended)) if not problems else scores.slice(0, 0)
    found = [(at, list(_foresights(usable, at))) for at in pc.unique(usable["at"]).to_pylist()]
    return Checked(found, sorted(problems, key=lambda p: p.row), pc.sum(ended).as_py() or 0)


def _typed(table: pa.Table) -> pa.Table:
    if missing := [name for name in COLUMNS if name not in table.column_names]:
        message = _("The table lacks the column(s) %(columns)s. `tsunagu score --out` writes them.")
        raise ValidationError(message % {"columns": ", ".join(missing)})
    if not pa.types.is_timestamp(table["at"].type) or table["at"].type.tz is None:
        message = _("The column “at” must hold instants with a time zone: 2026-11-28T09:00:00Z.")
        raise ValidationError(message)
    types = [pa.string(), INSTANT, *[pa.float64()] * len(NUMBERS)]
    kinds = pa.schema(list(zip(COLUMNS, types, strict=True)))
    try:
        return table.select(COLUMNS).cast(kinds, safe=False).combine_chunks()
    except pa.ArrowException as error:
        message = _("A column holds something else than numbers: %(error)s")
        raise ValidationError(message % {"error": error}) from error


def _deals_of(keys: pa.ChunkedArray) -> pa.Table:
    """For each key the deal's number, outcome, and instant of the present score; null: unknown."""
    digits = pc.if_else(pc.match_substring_regex(keys, r"^[0-9]{1,18}$"), keys, None)
    fields = [
        ("deal_id", F("pk"), pa.int64()),
        ("outcome", F("outcome"), pa.string()),
        ("scored_at", F("score__at"), INSTANT),
    ]
    known = read_columns(Deal.objects.all(), fields).combine_chunks()
    return known.take(pc.index_in(digits.cast(pa.int64()), known["deal_id"]))


Wrong = tuple[Any, str, str, str]
"""Which rows (null: wrong too), the column, what is wrong with it, what to do."""


def _wrongs(scores: pa.Table, deals: pa.Table, now: datetime) -> Iterator[Wrong]:
    again = _("Leave one row for each deal.")
    yield deals["deal_id"].is_null(), "deal_id", _("No such deal."), _("Take the row out.")
    yield _repeated(scores["deal_id"]), "deal_id", _("The deal stands here twice."), again
    yield from _wrong_instants(scores["at"], deals["scored_at"], now)
    for name in NUMBERS:
        outside = pc.or_(pc.less(scores[name], 0), pc.invert(pc.less_equal(scores[name], 1)))
        yield outside, name, _("This is no probability."), _("Give a number from 0 to 1.")
    for shorter, longer in pairwise(RISKS):
        falls = pc.greater(scores[shorter], pc.add(scores[longer], ROUNDING)).fill_null(False)
        remedy = _("What breaks off within few days does so within more.")
        yield falls, longer, _("The risk is lower than that of a shorter time."), remedy
    total = pc.add(pc.add(scores[AT_30[0]], scores[AT_30[1]]), scores[AT_30[2]])
    too_much = pc.greater(total, 1 + ROUNDING).fill_null(False)
    remedy = _("Won, lost and broken off exclude each other.")
    yield too_much, RISKS[2], _("The probabilities of the three endings are above 1."), remedy


def _wrong_instants(at: Any, scored_at: Any, now: datetime) -> Iterator[Wrong]:
    later = pc.greater(at, pa.scalar(now, INSTANT))
    yield later, "at", _("This instant has not come yet."), _("Give the instant that was known.")
    older = pc.less(at, scored_at).fill_null(False)
    remedy = _("Read the database again and score the deal as of now.")
    yield older, "at", _("The deal has a newer score: it may have changed since."), remedy


def _repeated(keys: pa.ChunkedArray) -> Any:
    """Rows whose deal stands above them already."""
    numbers = pc.utf8_ltrim(keys, "0")
    first = pc.index_in(numbers, pc.unique(numbers))
    seen = pa.table({"key": first, "row": pa.array(range(len(keys)))})
    firsts = seen.group_by("key").aggregate([("row", "min")])["row_min"]
    return pc.invert(pc.is_in(seen["row"], firsts.combine_chunks()))


def _as_text(table: pa.Table, column: str, row: int) -> str:
    return str(table[column][row].as_py())


def _foresights(scores: pa.Table, at: datetime) -> Iterator[Foresight]:
    for row in scores.filter(pc.equal(scores["at"], pa.scalar(at, INSTANT))).to_pylist():
        yield Foresight(
            deal_id=int(row["deal_id"]),
            risk=tuple(row[name] for name in RISKS),
            won_30=row[f"{Outcome.WON}_30"],
            lost_30=row[f"{Outcome.LOST}_30"],
            reasons=[],
        )
