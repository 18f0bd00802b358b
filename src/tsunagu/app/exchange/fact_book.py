"""Activities and stage changes of a file against the facts that exist.

Rows are taken in the order of deal and time, so that a chunk touches whole deals: each deal's
facts are read and folded once, and a million rows stay columns until they are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from numpy.typing import NDArray

from tsunagu.app.deals import fold
from tsunagu.app.deals.locking import locked_deals
from tsunagu.app.deals.models import Deal, Event, Kind
from tsunagu.app.exchange import facts, parents
from tsunagu.app.exchange.counts import Counts
from tsunagu.app.exchange.deal_rows import reject_long_word
from tsunagu.app.exchange.fields import RUNNING
from tsunagu.app.exchange.mapping import Mapping
from tsunagu.app.exchange.models import FileKind, Import
from tsunagu.app.exchange.reading import FACT, Columns, FileTable

CHUNK = 10_000
Integers: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

_DIGEST = 12  # bytes: a million rows collide once in 10^17 files


@dataclass
class Batch:
    """Rows to be written, as columns of equal length; ``at`` in microseconds since 1970."""

    places: Integers
    deals: Integers
    at: Integers
    keys: list[str]


class FactBook:
    """A file of activities or stage changes, to be checked or written chunk by chunk."""

    missing_customers: dict[str, str] = {}

    def __init__(self, source: Import, mapping: Mapping, table: FileTable) -> None:
        self.source = source
        self.mapping = mapping
        self.columns: Columns = table.sheet(settings.TIME_ZONE, mapping.date_format or None)
        self.uploaded = facts.micros(source.created_at)
        midnight = timezone.localtime(source.created_at).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        self.tomorrow = facts.micros(midnight + timedelta(days=1))
        self._convert()
        self.parents = self._parents()
        self._meanings()

    # ---- the file's columns -------------------------------------------------------------------

    def _convert(self) -> None:
        column, columns = self.mapping.column, self.columns
        self.deal_ids = columns.ids(column("deal"))
        moments = columns.instants(column("at"), FACT)
        needed = {"deal": self.deal_ids, "at": moments}
        self.words = columns.words(column("stage" if self._is_stages else "type"))
        if self._is_stages:
            needed["stage"] = self.words
        for name, values in needed.items():
            empty = values.is_null().to_numpy(zero_copy_only=False)
            columns.reject(
                empty, column(name), _("this cell must not be empty."), _("Fill the cell.")
            )
        for name in ("actor", "stage"):
            reject_long_word(columns, column(name))
        self.at = facts.integers(moments)
        self.directions = columns.words(column("direction"))
        self.actors = columns.words(column("actor"))
        self.texts = columns.texts(column("text"))
        self.ids = columns.ids(column("id"))
        self._put_in_order()

    @property
    def _is_stages(self) -> bool:
        return self.source.kind == FileKind.STAGES

    def _put_in_order(self) -> None:
        """``order``: row numbers by deal, then time, then place in the file."""
        codes = pc.fill_null(pc.dictionary_encode(self.deal_ids).indices, -1)
        self.codes = codes.to_numpy(zero_copy_only=False).astype(np.int64)
        self.order = np.lexsort((np.arange(len(self.at)), self.at, self.codes))

    def _parents(self) -> parents.Parents:
        fine = pa.array(self.columns.fine)
        owners = self.actors.filter(fine).unique().drop_null().to_pylist()
        words = self.words.filter(fine).unique().drop_null().to_pylist() if self._is_stages else []
        running = [w for w in words if self.mapping.meaning("outcome", w) == RUNNING]
        return parents.find(owners, running)

    def _meanings(self) -> None:
        """Meaning by word, for the few words that there are."""
        words = [word for word in self.words.unique().to_pylist() if word is not None]
        vocabulary = "outcome" if self._is_stages else "kind"
        self.means = {word: self.mapping.meaning(vocabulary, word) for word in words}
        self.means_direction = {
            word: self.mapping.meaning("direction", word) or None
            for word in self.directions.unique().to_pylist()
            if word is not None
        }

    # ---- chunks -------------------------------------------------------------------------------

    def bounds(self) -> list[tuple[int, int]]:
        """The chunks, as places in ``order``; each ends where a deal's rows end."""
        size = len(self.order)
        codes = self.codes[self.order]
        last_rows = np.append(np.flatnonzero(codes[1:] != codes[:-1]) + 1, size)
        ends: list[int] = []
        while size and (not ends or ends[-1] < size):
            wanted = (ends[-1] if ends else 0) + CHUNK
            place = min(int(np.searchsorted(last_rows, wanted)), len(last_rows) - 1)
            ends.append(int(last_rows[place]))
        return list(zip([0, *ends[:-1]], ends, strict=True))

    def check(self, start: int, end: int) -> Counts:
        """What the chunk would do."""
        places = self._fine(start, end)
        deals = Deal.objects.filter(external_id__in=self._names(places))
        known = dict(self._known(deals.values_list("external_id", "pk", "created_at")))
        return self._new(places, known, end - start)[1]

    def write(self, start: int, end: int) -> Counts:
        """Write the chunk; call it inside a transaction."""
        places = self._fine(start, end)
        deals = list(locked_deals().filter(external_id__in=self._names(places)))
        known = dict(self._known((d.external_id, d.pk, d.created_at) for d in deals))
        batch, counts = self._new(places, known, end - start)
        if len(batch.places):
            self._insert(batch)
            written = set(batch.deals.tolist())
            fold.rebuild([deal for deal in deals if deal.pk in written])
        return counts

    def _fine(self, start: int, end: int) -> Integers:
        places = self.order[start:end]
        return np.asarray(places[self.columns.fine[places]])

    def _names(self, places: Integers) -> list[str]:
        names: list[str] = self.deal_ids.take(pa.array(places)).unique().to_pylist()
        return names

    @staticmethod
    def _known(rows: Any) -> list[tuple[str, tuple[int, int]]]:
        return [(key, (pk, facts.micros(created))) for key, pk, created in rows]

    def _new(
        self, places: Integers, known: dict[str, tuple[int, int]], rows: int
    ) -> tuple[Batch, Counts]:
        """The rows of known deals whose facts do not exist yet."""
        names = self.deal_ids.take(pa.array(places)).to_pylist()
        found = [known.get(name, (0, 0)) for name in names]
        deals = np.array([pk for pk, _created in found], np.int64)
        created = np.array([since for _pk, since in found], np.int64)
        at = np.minimum(self.at[places], self.uploaded)
        self._reject(places, deals == 0, "deal", _NO_DEAL)
        self._reject(places, (deals != 0) & (at < created), "at", _BEFORE)
        keys = self._keys(places)
        fine = self.columns.fine[places]
        seen, fresh = self._seen(deals[fine]), np.zeros(len(places), bool)
        rewritten = np.zeros(len(places), bool)
        for row in np.flatnonzero(fine):
            deal, key = int(deals[row]), keys[row]
            if (deal, key) in seen.keys:
                continue
            rewritten[row] = key[:_ID_PART] in seen.ids.get(deal, ())
            fresh[row] = not rewritten[row]
            seen.add(deal, key)
        self._reject(places, rewritten, "id", _REWRITTEN)
        kept = self.columns.fine[places]
        batch = Batch(
            places[fresh],
            deals[fresh],
            at[fresh],
            [k for k, f in zip(keys, fresh, strict=True) if f],
        )
        batch.at = _free(batch, seen)
        counts = Counts(int(fresh.sum()), 0, int((kept & ~fresh).sum()), rows - int(kept.sum()))
        return batch, counts

    def _reject(self, places: Integers, wrong: Mask, name: str, words: tuple[str, str]) -> None:
        rows = np.zeros(len(self.at), bool)
        rows[places[wrong]] = True
        self.columns.reject(rows, self.mapping.column(name), *words)

    def _keys(self, places: Integers) -> list[str]:
        """Natural keys: ``KIND:ID:CONTENT``, the id empty where there is none."""
        taken = pa.array(places)
        parts = [self.words, self.directions, self.actors, self.texts]
        columns = [part.take(taken) for part in parts]
        at = pc.cast(pa.array(self.at[places]), pa.string())
        said = pc.binary_join_element_wise(
            at, *columns, "\x1f", null_handling="replace", null_replacement=""
        ).to_pylist()
        ids = self.ids.take(taken).to_pylist()
        kind = "s" if self._is_stages else "a"
        return [
            f"{kind}:{_hash(i) if i else _NO_ID}:{_hash(s)}" for i, s in zip(ids, said, strict=True)
        ]

    def _seen(self, deals: Integers) -> Seen:
        """Keys and instants that stand in the database already."""
        seen = Seen(set(), {}, {})
        rows = Event.objects.filter(deal__in=np.unique(deals).tolist()).order_by()
        for deal, at, key in rows.values_list("deal_id", "at", "natural_key").iterator(10_000):
            seen.instants.setdefault(deal, set()).add(facts.micros(at))
            if key is not None:
                seen.add(deal, key)
        return seen

    # ---- writing ------------------------------------------------------------------------------

    def _insert(self, batch: Batch) -> None:
        taken = pa.array(batch.places)
        words = self.words.take(taken).to_pylist()
        kinds, values = self._kinds(words)
        planned = self.at[batch.places] >= self.tomorrow
        for row in np.flatnonzero(planned) if not self._is_stages else ():
            kinds[row] = Kind.PLANNED.value
            values[row] = self._day(int(self.at[batch.places[row]]))
        directions = [self.means_direction.get(w) for w in self.directions.take(taken).to_pylist()]
        people = {word: user.external_id for word, user in self.parents.owners.items()}
        actors = [people.get(word) for word in self.actors.take(taken).to_pylist()]
        size = len(words)
        columns = (
            batch.deals.tolist(), facts.as_stored(batch.at), kinds, values, [None] * size, actors,
            directions, self.texts.take(taken).to_pylist(), batch.keys,
        )  # fmt: skip
        facts.insert(self.source, timezone.now(), columns)

    def _kinds(self, words: list[str | None]) -> tuple[list[str], list[str | None]]:
        if not self._is_stages:
            kinds = [self.means[w] if w else Kind.ACTIVITY.value for w in words]
            return kinds, list(words)
        keys = {word: stage.key for word, stage in self.parents.stages.items()}
        running = [w is not None and self.means[w] == RUNNING for w in words]
        return (
            [Kind.STAGE.value if r else Kind.OUTCOME.value for r in running],
            [
                keys[w] if r else self.means[w]
                for w, r in zip(map(str, words), running, strict=True)
            ],
        )

    @staticmethod
    def _day(at: int) -> str:
        return timezone.localdate(facts.moment(at)).isoformat()


_NO_DEAL = (_("no deal has this number."), _("Import the deals first, or correct the number."))
_BEFORE = (
    _("this lies before the deal began."),
    _("Correct the time, or the day on which the deal began."),
)
_REWRITTEN = (
    _("this number was imported before with other words; facts are not rewritten."),
    _("Undo the earlier import first, or give the row a new number."),
)
_NO_ID = ""
_ID_PART = len("a:") + 2 * _DIGEST + 1


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=_DIGEST).hexdigest()


@dataclass
class Seen:
    """Facts that exist or were just taken: keys, ids by deal, instants by deal."""

    keys: set[tuple[int, str]]
    ids: dict[int, set[str]]
    instants: dict[int, set[int]]

    def add(self, deal: int, key: str) -> None:
        """Take ``key``."""
        self.keys.add((deal, key))
        if key[2] != ":":
            self.ids.setdefault(deal, set()).add(key[:_ID_PART])


def _free(batch: Batch, seen: Seen) -> Integers:
    """Instants that rise within each deal and that no fact of it has taken.

    A batch's rows of one deal stand together, so only deals with a clash are gone through.
    """
    at = batch.at.copy()
    starts = np.flatnonzero(np.diff(batch.deals, prepend=-1))
    ends = np.append(starts, len(at))[1:]
    same = np.diff(batch.deals, prepend=-1) == 0
    stuck = set(batch.deals[same & (np.diff(at, prepend=-1) <= 0)].tolist())
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        deal = int(batch.deals[start])
        taken = seen.instants.get(deal, set())
        if deal in stuck or not taken.isdisjoint(at[start:end].tolist()):
            _move(at, start, end, taken)
    return at


def _move(at: Integers, start: int, end: int, taken: set[int]) -> None:
    last = -1
    for place in range(start, end):
        free = max(int(at[place]), last + 1)
        while free in taken:
            free += 1
        at[place] = last = free
