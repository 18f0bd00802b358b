"""Customers of a file against those that exist."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.utils.translation import gettext_noop as _

from tsunagu.app.customers.models import Customer
from tsunagu.app.exchange import parents, source_rows
from tsunagu.app.exchange.counts import Counts
from tsunagu.app.exchange.mapping import Mapping
from tsunagu.app.exchange.models import Import, ImportChange
from tsunagu.app.exchange.parents import Parents
from tsunagu.app.exchange.reading import Columns, FileTable

CHUNK = 500
LENGTHS = {"name": 200, "industry": 100, "size": 50, "region": 100}


class CustomerBook:
    """A file of customers, to be checked or written chunk by chunk."""

    missing_customers: dict[str, str] = {}

    def __init__(self, source: Import, mapping: Mapping, table: FileTable) -> None:
        self.source = source
        self.columns: Columns = table.sheet(settings.TIME_ZONE, None)
        self.parents = Parents({}, {}, [], [])
        names = self.columns.texts(mapping.column("name"))
        keys = pc.coalesce(self.columns.ids(mapping.column("id")), names)
        self._check(mapping, names, keys)
        self.keys: list[str] = keys.to_pylist()
        self.values = {
            name: self.columns.texts(mapping.column(name)).to_pylist()
            for name in LENGTHS
            if mapping.column(name)
        }

    def _check(self, mapping: Mapping, names: pa.Array, keys: pa.Array) -> None:
        header = mapping.column("name")
        empty = names.is_null().to_numpy(zero_copy_only=False)
        self.columns.reject(empty, header, _("this cell must not be empty."), _("Fill the cell."))
        long = pc.fill_null(pc.greater(pc.utf8_length(keys), 200), False)
        self.columns.reject(
            long.to_numpy(zero_copy_only=False),
            mapping.column("id") or header,
            _("this is too long for a number (200 characters)."),
            _("Is another column the number?"),
        )
        codes = pc.fill_null(pc.dictionary_encode(keys).indices, -1).to_numpy(zero_copy_only=False)
        again = np.ones(len(codes), bool)
        again[np.unique(codes, return_index=True)[1]] = False
        self.columns.reject(
            again & (codes >= 0),
            mapping.column("id") or header,
            _("this number stands more than once; the first row counts."),
            _("Give each row its own number, or leave the others out."),
        )

    def bounds(self) -> list[tuple[int, int]]:
        """The chunks, as rows from and up to."""
        size = len(self.keys)
        return [(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK)]

    def check(self, start: int, end: int) -> Counts:
        """What the chunk would do."""
        return self._plan(start, end)[0]

    def write(self, start: int, end: int) -> Counts:
        """Write the chunk; call it inside a transaction."""
        counts, new, changed = self._plan(start, end)
        Customer.objects.bulk_create(new, batch_size=500)
        Customer.objects.bulk_update([c for c, _change in changed], list(LENGTHS))
        ImportChange.objects.bulk_create([change for _c, change in changed], batch_size=500)
        places = {self.keys[place]: place for place in self._places(start, end)}
        written = {c.external_id for c in new} | {change.key for _c, change in changed}
        source_rows.remember(self.source, {k: self._said(places[k]) for k in written})
        return counts

    def _places(self, start: int, end: int) -> list[int]:
        fine = self.columns.fine
        return [place for place in range(start, end) if fine[place]]

    def _said(self, place: int) -> dict[str, Any]:
        return {n: (v[place] or "")[: LENGTHS[n]] for n, v in self.values.items()}

    def _plan(
        self, start: int, end: int
    ) -> tuple[Counts, list[Customer], list[tuple[Customer, ImportChange]]]:
        places = self._places(start, end)
        names = {self.keys[p]: str(self._said(p)["name"]) for p in places}
        existing = parents.find_customers(names)
        known = source_rows.known_rows(self.source.kind, names)
        new, changed = [], []
        for place in places:
            key, said = self.keys[place], self._said(place)
            customer = existing.get(key)
            if customer is None:
                new.append(Customer(external_id=key, source=self.source.pk, **said))
                continue
            before = {name: getattr(customer, name) for name in said}
            different = source_rows.differences(said, known.get(key), before)
            if different:
                for name, value in different.items():
                    setattr(customer, name, value)
                was = {name: before[name] for name in different}
                row = known.get(key)
                change = source_rows.change_of(self.source, key, customer.pk, row, was, different)
                changed.append((customer, change))
        kept = len(places)
        unchanged = kept - len(new) - len(changed)
        return Counts(len(new), len(changed), unchanged, end - start - kept), new, changed
