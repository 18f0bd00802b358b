"""Contact people of a file against those that exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils.translation import gettext_noop as _

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.exchange import natural_keys, parents, source_rows
from tsunagu.app.exchange.counts import Counts
from tsunagu.app.exchange.mapping import Mapping
from tsunagu.app.exchange.models import Import, ImportChange, SourceRow
from tsunagu.app.exchange.parents import Parents
from tsunagu.app.exchange.reading import Columns, FileTable

CHUNK = 500
LENGTHS = {"name": 100, "email": 254, "phone": 40, "title": 100, "department": 100, "role": 50}
LONGEST = 200


class ContactRow(NamedTuple):
    """One person as the file has them; ``said`` by field, for the columns that are mapped."""

    key: str
    number: str
    customer: str
    customer_name: str
    said: dict[str, str]

    @property
    def mail(self) -> str:
        """The e-mail address, or ""."""
        return self.said.get("email", "")

    @property
    def external_id(self) -> str:
        """What tells the person apart within the company."""
        return (self.number or self.mail or self.said["name"])[:LONGEST]


class Change(NamedTuple):
    """A contact that the row changes: values by name, and what the row said when last imported."""

    contact: Contact
    row: ContactRow
    new: dict[str, Any]
    known: SourceRow | None


@dataclass
class Plan:
    """What one chunk's rows come to."""

    new: list[ContactRow] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0


class ContactBook:
    """A file of contacts, to be checked or written chunk by chunk."""

    def __init__(self, source: Import, mapping: Mapping, table: FileTable) -> None:
        self.source = source
        self.columns: Columns = table.sheet(settings.TIME_ZONE, None)
        self.parents = Parents({}, {}, [], [])
        self.missing_customers: dict[str, str] = {}
        self.rows = _rows(self.columns, mapping)

    def bounds(self) -> list[tuple[int, int]]:
        """The chunks, as rows from and up to."""
        size = len(self.rows)
        return [(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK)]

    def check(self, start: int, end: int) -> Counts:
        """What the chunk would do; customers that it would make are gathered."""
        rows = self._fine(start, end)
        names = {row.customer: row.customer_name for row in rows}
        found = parents.find_customers(names)
        self.missing_customers |= {k: n for k, n in names.items() if k not in found}
        return _counts(self._plan(rows, found), end - start)

    def write(self, start: int, end: int) -> Counts:
        """Write the chunk; call it inside a transaction."""
        rows = self._fine(start, end)
        names = {row.customer: row.customer_name for row in rows}
        customers = parents.make_customers(self.source, names)
        plan = self._plan(rows, customers)
        Contact.objects.bulk_create([self._new(row, customers) for row in plan.new])
        changes = [self._change(change, customers) for change in plan.changed]
        contacts = [change.contact for change in plan.changed]
        Contact.objects.bulk_update(contacts, [*LENGTHS, "customer"])
        ImportChange.objects.bulk_create(changes, batch_size=500)
        written = [*plan.new, *(change.row for change in plan.changed)]
        source_rows.remember(self.source, {row.key: _values(row) for row in written})
        return _counts(plan, end - start)

    def _fine(self, start: int, end: int) -> list[ContactRow]:
        fine = self.columns.fine
        return [self.rows[place] for place in range(start, end) if fine[place]]

    def _plan(self, rows: list[ContactRow], customers: dict[str, Customer]) -> Plan:
        known = source_rows.known_rows(self.source.kind, [row.key for row in rows])
        existing = Existing.of(rows, customers)
        plan = Plan()
        for row in rows:
            contact = existing.find(row)
            if contact is None:
                plan.new.append(row)
                continue
            current = {name: getattr(contact, name) for name in row.said}
            current["customer"] = existing.company(contact)
            new = source_rows.differences(_values(row), known.get(row.key), current)
            if new:
                change = Change(contact, row, new, known.get(row.key))
                plan.changed.append(change)
            else:
                plan.unchanged += 1
        return plan

    def _new(self, row: ContactRow, customers: dict[str, Customer]) -> Contact:
        return Contact(
            customer=customers[row.customer],
            external_id=row.external_id,
            source=self.source.pk,
            **row.said,
        )

    def _change(self, change: Change, customers: dict[str, Customer]) -> ImportChange:
        contact, row = change.contact, change.row
        after = {name: value for name, value in change.new.items() if name != "customer"}
        if "customer" in change.new:
            after["customer_id"] = customers[row.customer].pk
        before = {name: getattr(contact, name) for name in after}
        for name, value in after.items():
            setattr(contact, name, value)
        return source_rows.change_of(self.source, row.key, contact.pk, change.known, before, after)


@dataclass(frozen=True)
class Existing:
    """Contacts that rows may be about, and the companies' keys in the file."""

    contacts: list[Contact]
    companies: dict[int, str]

    @classmethod
    def of(cls, rows: list[ContactRow], customers: dict[str, Customer]) -> Existing:
        """Look them up: one query."""
        companies = {customer.pk: key for key, customer in customers.items()}
        wanted = (
            Q(external_id__in={row.external_id for row in rows})
            | Q(email__in={row.mail for row in rows if row.mail})
            | Q(customer__in=companies, name__in={row.said["name"] for row in rows})
        )
        return cls(list(Contact.objects.filter(wanted)), companies)

    def company(self, contact: Contact) -> str | None:
        """The key of the contact's company, if the file has it."""
        return self.companies.get(contact.customer_id)

    @cached_property
    def _by(self) -> dict[tuple[str, ...], list[Contact]]:
        found: dict[tuple[str, ...], list[Contact]] = {}
        for contact in self.contacts:
            company = self.company(contact) or ""
            for way in (
                ("own", company, contact.external_id),
                ("number", contact.external_id),
                ("mail", contact.email.lower()),
                ("name", company, contact.name),
            ):
                found.setdefault(way, []).append(contact)
        return found

    def find(self, row: ContactRow) -> Contact | None:
        """The contact that the row is about: by number, else e-mail, else company and name."""
        own = self._by.get(("own", row.customer, row.external_id), [])
        numbered = self._by.get(("number", row.number), []) if row.number else []
        mailed = self._by.get(("mail", row.mail), []) if row.mail else []
        named = self._by.get(("name", row.customer, row.said["name"]), [])
        ways = (
            own,
            numbered,
            [contact for contact in mailed if not _is_another(contact, row)],
            [c for c in named if not _is_another(c, row) and not (c.email and row.mail)],
        )
        return next((way[0] for way in ways if len(way) == 1), None)


def _is_another(contact: Contact, row: ContactRow) -> bool:
    """Both have a number: then e-mail and name, which people share, say nothing."""
    return bool(row.number) and contact.external_id not in {contact.email, contact.name}


def _counts(plan: Plan, rows: int) -> Counts:
    kept = len(plan.new) + len(plan.changed) + plan.unchanged
    return Counts(len(plan.new), len(plan.changed), plan.unchanged, rows - kept)


def _values(row: ContactRow) -> dict[str, str]:
    return {**row.said, "customer": row.customer}


def _rows(columns: Columns, mapping: Mapping) -> list[ContactRow]:
    """The file's people; what its cells alone show to be wrong is rejected."""
    column = mapping.column
    numbers = columns.ids(column("id"))
    companies = columns.ids(column("customer"))
    named = columns.texts(column("customer_name"))
    mails = columns.ids(column("email"))
    names = [_name(*each) for each in zip(*_name_parts(columns, mapping, mails), strict=True)]
    _check(columns, mapping, companies, names, mails.to_pylist())
    said = _said(columns, mapping, names, mails)
    rows = [
        _row(*each)
        for each in zip(
            numbers.to_pylist(), companies.to_pylist(), named.to_pylist(), said, strict=True
        )
    ]
    _reject_repeated(columns, mapping, [row.key for row in rows])
    return rows


def _name_parts(columns: Columns, mapping: Mapping, mails: pa.Array) -> list[list[str | None]]:
    texts = [columns.texts(mapping.column(name)) for name in ("name", "family", "given")]
    return [part.to_pylist() for part in (*texts, mails)]


def _name(name: str | None, family: str | None, given: str | None, mail: str | None) -> str:
    """The whole name, in Latin letters the given one first; without any, the e-mail."""
    parts = [part for part in (family, given) if part]
    joined = " ".join(reversed(parts) if all(map(str.isascii, parts)) else parts)
    return (name or joined or mail or "")[: LENGTHS["name"]]


def _said(
    columns: Columns, mapping: Mapping, names: list[str], mails: pa.Array
) -> list[dict[str, str]]:
    texts = {
        name: columns.texts(mapping.column(name)).to_pylist()
        for name in ("phone", "title", "department", "role")
        if mapping.column(name)
    }
    texts["name"] = names
    if mapping.column("email"):
        texts["email"] = pc.utf8_lower(mails).to_pylist()
    return [
        {name: (values[place] or "")[: LENGTHS[name]] for name, values in texts.items()}
        for place in range(len(names))
    ]


def _row(
    number: str | None, company: str | None, company_name: str | None, said: dict[str, str]
) -> ContactRow:
    customer = (company or company_name or "")[:LONGEST]
    told = number or said.get("email") or natural_keys.digest(f"{customer}\x1f{said['name']}")
    called = (company_name or customer)[:LONGEST]
    return ContactRow(told[:LONGEST], (number or "")[:LONGEST], customer, called, said)


def _check(
    columns: Columns, mapping: Mapping, companies: pa.Array, names: list[str], mails: list[Any]
) -> None:
    header = mapping.column("name") or mapping.column("family") or mapping.column("email")
    columns.reject(
        companies.is_null().to_numpy(zero_copy_only=False),
        mapping.column("customer"),
        _("this cell must not be empty."),
        _("Fill the cell."),
    )
    columns.reject(
        np.array([not name for name in names], bool),
        header,
        _("the person has neither a name nor an e-mail address."),
        _("Write the name, or choose the column that says it."),
    )
    columns.reject(
        np.array([bool(mail) and not _is_mail(mail) for mail in mails], bool),
        mapping.column("email"),
        _("this is no e-mail address."),
        _("Correct the address, or leave the cell empty."),
    )


def _is_mail(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _reject_repeated(columns: Columns, mapping: Mapping, keys: list[str]) -> None:
    again = np.ones(len(keys), bool)
    again[np.unique(np.array(keys, dtype=object), return_index=True)[1]] = False
    columns.reject(
        again,
        mapping.column("id") or mapping.column("email") or mapping.column("name"),
        _("this contact stands more than once; the first row counts."),
        _("Leave the other rows out, or give each person a number."),
    )
