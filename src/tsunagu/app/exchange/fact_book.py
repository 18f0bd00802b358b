"""Activities and stage changes of a file against the facts that exist.

Rows are taken in the order of deal and time, so that a chunk touches whole deals: each deal's
facts are read once, and a million rows stay columns until they are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from numpy.typing import NDArray

from tsunagu.app.deals import fold
from tsunagu.app.deals.locking import locked_deals
from tsunagu.app.deals.models import ACTIVITY_KINDS, Deal, Kind
from tsunagu.app.exchange import contact_links, facts, natural_keys, parents
from tsunagu.app.exchange.counts import Counts
from tsunagu.app.exchange.deal_rows import reject_long_word
from tsunagu.app.exchange.fields import RUNNING
from tsunagu.app.exchange.known_facts import KnownFacts
from tsunagu.app.exchange.mapping import Mapping
from tsunagu.app.exchange.models import FileKind, Import
from tsunagu.app.exchange.reading import FACT, Columns, FileTable

CHUNK = 10_000
Integers: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


class Target(NamedTuple):
    """What is to be known of a deal; ``since`` in microseconds since 1970."""

    since: int
    next_step_on: date | None


Targets: TypeAlias = dict[int, Target]


@dataclass
class Batch:
    """Rows on their way, as columns; ``at`` in microseconds since 1970, ``keys`` once known."""

    places: Integers
    deals: Integers
    at: Integers
    keys: pa.Array

    def taken(self, rows: Integers) -> Batch:
        """Some of the rows, in this order."""
        keys = self.keys.take(pa.array(rows)) if len(self.keys) else self.keys
        return Batch(self.places[rows], self.deals[rows], self.at[rows], keys)


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
        self.links = contact_links.ContactLinks()
        self._convert()
        self.parents = self._parents()
        self._meanings()

    # ---- the file's columns -------------------------------------------------------------------

    def _convert(self) -> None:
        column, columns = self.mapping.column, self.columns
        self.deal_ids = columns.ids(column("deal"))
        self.contacts = columns.ids(column("contact"))
        moments = columns.instants(column("at"), FACT)
        named = "deal" if column("deal") else "contact"
        needed = {named: pc.coalesce(self.deal_ids, self.contacts), "at": moments}
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
        """``order``: row numbers by deal or contact, then time, then place in the file.

        Deals by their number, which often is the order in which the database has them: a chunk
        then touches few pages of its indexes.
        """
        encoded = pc.dictionary_encode(pc.coalesce(self.deal_ids, self.contacts))
        ranks = np.append(pc.rank(encoded.dictionary).to_numpy().astype(np.int64), 0)
        self.codes = ranks[pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)]
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
        """The chunks, as places in ``order``; each ends where the rows of a deal or contact end."""
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
        return self._new(*self._belonging(start, end, lock=False), end - start)[1]

    def write(self, start: int, end: int) -> Counts:
        """Write the chunk; call it inside a transaction."""
        rows, targets = self._belonging(start, end, lock=True)
        batch, counts = self._new(rows, targets, end - start)
        if len(batch.places):
            kinds = self._insert(batch)
            self._fold(batch, kinds, targets)
        return counts

    def _fine(self, start: int, end: int) -> Integers:
        places = self.order[start:end]
        return np.asarray(places[self.columns.fine[places]])

    def _belonging(self, start: int, end: int, *, lock: bool) -> tuple[Batch, Targets]:
        """The chunk's rows with their deals, and these deals; rows without one are rejected."""
        places = self._fine(start, end)
        at = np.minimum(self.at[places], self.uploaded)
        deals = self._linked(places, at)
        names = self.deal_ids.take(pa.array(places)).dictionary_encode()
        numbers = names.dictionary.to_pylist()
        by_number, targets = self._targets(numbers, deals, lock=lock)
        numbered = names.indices.is_valid().to_numpy(zero_copy_only=False)
        pks = np.array([by_number.get(number, 0) for number in numbers], np.int64)
        deals[numbered] = pks[names.indices.drop_null().to_numpy()]
        self._reject(places, numbered & (deals == 0), "deal", _NO_DEAL)
        self._reject(places, ~numbered & (deals == contact_links.NONE), "contact", _NONE_OPEN)
        self._reject(places, ~numbered & (deals == contact_links.SEVERAL), "contact", _SEVERAL_OPEN)
        return Batch(places, deals, at, pa.nulls(0, pa.string())), targets

    def _linked(self, places: Integers, at: Integers) -> Integers:
        """The deals of rows that name a contact instead, 0 for the others."""
        deals = np.zeros(len(places), np.int64)
        rows = self.deal_ids.take(pa.array(places)).is_null().to_numpy(zero_copy_only=False)
        if rows.any():
            words = self.contacts.take(pa.array(places[rows])).dictionary_encode()
            codes = words.indices.to_numpy().astype(np.int64)
            deals[rows] = self.links.deals_at(words.dictionary.to_pylist(), codes, at[rows])
        return deals

    @staticmethod
    def _targets(
        numbers: list[str], linked: Integers, *, lock: bool
    ) -> tuple[dict[str, int], Targets]:
        """Ids by number, and what is to be known of these deals and the ``linked`` ones."""
        wanted = Q(external_id__in=numbers) | Q(pk__in=np.unique(linked[linked > 0]).tolist())
        deals = (locked_deals() if lock else Deal.objects.all()).filter(wanted)
        found = list(deals.only("external_id", "created_at", "next_step_on"))
        targets = {d.pk: Target(facts.micros(d.created_at), d.next_step_on) for d in found}
        return {deal.external_id: deal.pk for deal in found}, targets

    def _new(self, rows: Batch, targets: Targets, size: int) -> tuple[Batch, Counts]:
        """The rows whose facts do not exist yet."""
        deals, codes = np.unique(rows.deals, return_inverse=True)
        since = np.array([targets[pk].since if pk in targets else 0 for pk in deals.tolist()])
        if len(codes):
            self._reject(rows.places, rows.at < since[codes], "at", _BEFORE)
        order = np.lexsort((rows.at, rows.deals))
        fine = order[self.columns.fine[rows.places[order]]]
        batch, unchanged = self._unseen(rows.taken(fine))
        new = len(batch.places)
        return batch, Counts(new, 0, unchanged, size - new - unchanged)

    def _unseen(self, rows: Batch) -> tuple[Batch, int]:
        """Of ``rows`` those that are no facts yet, at free instants; how many are facts already."""
        known = KnownFacts.of(np.unique(rows.deals).tolist())
        rows.keys = self._keys(rows.places)
        fresh = rows.taken(np.flatnonzero(known.lacks(rows.deals, rows.keys)))
        unsaid = known.lacks_number(fresh.deals, fresh.keys)
        self._reject(fresh.places, ~unsaid, "id", _REWRITTEN)
        batch = fresh.taken(np.flatnonzero(unsaid))
        batch.at = known.free(batch.deals, batch.at)
        return batch, len(rows.places) - len(fresh.places)

    def _reject(self, places: Integers, wrong: Mask, name: str, words: tuple[str, str]) -> None:
        rows = np.zeros(len(self.at), bool)
        rows[places[wrong]] = True
        self.columns.reject(rows, self.mapping.column(name), *words)

    def _keys(self, places: Integers) -> pa.Array:
        taken = pa.array(places)
        parts = [self.words, self.directions, self.actors, self.texts]
        if self.mapping.column("contact"):  # two people may say the same at the same time
            parts.append(self.contacts)
        columns = [part.take(taken) for part in parts]
        at = pc.cast(pa.array(self.at[places]), pa.string())
        said = pc.binary_join_element_wise(
            at, *columns, "\x1f", null_handling="replace", null_replacement=""
        )
        kind = "s" if self._is_stages else "a"
        ids = self.ids.take(taken).to_pylist()
        return natural_keys.keys_of(kind, ids, said.to_pylist())

    # ---- writing ------------------------------------------------------------------------------

    def _insert(self, batch: Batch) -> list[str]:
        """Write the facts; their kinds."""
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
            directions, self.texts.take(taken).to_pylist(), batch.keys.to_pylist(),
        )  # fmt: skip
        facts.insert(self.source, timezone.now(), columns)
        return kinds

    def _fold(self, batch: Batch, kinds: list[str], targets: Targets) -> None:
        """Let the deals say what their facts add up to.

        Whatever moves a stage or a next step needs all facts of its deal. Other activities need
        none: they can only be later than the last one.
        """
        waiting = [pk for pk, target in targets.items() if target.next_step_on]
        kind = np.array(kinds)
        moved = np.isin(batch.deals, waiting) | ~np.isin(kind, _PLAIN_KINDS)
        moved = np.isin(batch.deals, batch.deals[moved])
        fold.rebuild(Deal.objects.filter(pk__in=np.unique(batch.deals[moved]).tolist()))
        active = ~moved & np.isin(kind, _ACTIVE_KINDS)
        fold.note_activities(_latest(batch.deals[~moved], batch.at[~moved], active[~moved]))

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
_NONE_OPEN = (
    _("no deal of this contact was open then."),
    _("Import the contact's deals first, or write the deal's number into the row."),
)
_SEVERAL_OPEN = (
    _("several deals of this contact were open then."),
    _("Write the deal's number into the row."),
)
_BEFORE = (
    _("this lies before the deal began."),
    _("Correct the time, or the day on which the deal began."),
)
_REWRITTEN = (
    _("this number was imported before with other words; facts are not rewritten."),
    _("Undo the earlier import first, or give the row a new number."),
)
_ACTIVE_KINDS = [kind.value for kind in ACTIVITY_KINDS]
_PLAIN_KINDS = [*_ACTIVE_KINDS, Kind.NOTE.value]


def _latest(deals: Integers, at: Integers, active: Mask) -> dict[int, datetime | None]:
    """The last active instant of each deal; a deal's rows stand together, in the order of time."""
    found: dict[int, datetime | None] = dict.fromkeys(np.unique(deals).tolist())
    ends = np.flatnonzero(np.diff(deals[active], append=-1))
    for deal, last in zip(deals[active][ends].tolist(), at[active][ends].tolist(), strict=True):
        found[deal] = facts.moment(last)
    return found
