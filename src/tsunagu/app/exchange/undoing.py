"""Taking an import back: its facts go, changed rows become what they were, new rows go.

A deal that others have worked on since stays, with all that is known about it: nobody's work is
lost. Facts are append-only for everybody else; here an import that never should have been goes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, ProtectedError

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.deals import fold
from tsunagu.app.deals.locking import locked_deals
from tsunagu.app.deals.models import Deal, Event, Stage
from tsunagu.app.exchange import lease, source_rows
from tsunagu.app.exchange.models import FileKind, Import, ImportChange, SourceRow
from tsunagu.app.people.models import User

CHUNK = 500


@dataclass
class Kept:
    """New rows that stay because somebody has worked on them since."""

    kept_deals: int = 0
    kept_customers: int = 0


def undo(source: Import, token: uuid.UUID) -> Kept:
    """Undo in chunks of one transaction each; what is undone already is passed over.

    Raises:
        lease.StoppedError: another worker holds the import.
    """
    kept = Kept()
    deals = _deals(source)
    contacts, customers = _contacts(source), _customers(source)
    total = len(deals) + len(contacts) + len(customers)
    for start in range(0, len(deals), CHUNK):
        ids = deals[start : start + CHUNK]
        kept.kept_deals += _step(source, token, start + len(ids), total, _undo_deals, ids)
    for start in range(0, len(contacts), CHUNK):
        ids = contacts[start : start + CHUNK]
        _step(source, token, len(deals) + start + len(ids), total, _undo_contacts, ids)
    for start in range(0, len(customers), CHUNK):
        ids = customers[start : start + CHUNK]
        done = len(deals) + len(contacts) + start + len(ids)
        kept.kept_customers += _step(source, token, done, total, _undo_customers, ids)
    _remove_parents(source)
    return kept


def _step(  # noqa: PLR0913, PLR0917
    source: Import,
    token: uuid.UUID,
    done: int,
    total: int,
    action: Callable[[Import, list[int]], int],
    ids: list[int],
) -> int:
    with transaction.atomic():
        lease.in_turn()
        found = lease.locked(source, token)
        kept = action(source, ids)
        found.done, found.total = done, total
        found.save(update_fields=["done", "total", "held_until"])
    return kept


def _deals(source: Import) -> list[int]:
    facts = Event.objects.filter(source=source.pk).order_by().values_list("deal_id", flat=True)
    made = Deal.objects.filter(source=source.pk).values_list("pk", flat=True)
    changed = source.changes.filter(kind=FileKind.DEALS).values_list("object_id", flat=True)
    return sorted({*facts.distinct(), *made, *changed})


def _customers(source: Import) -> list[int]:
    made = Customer.objects.filter(source=source.pk).values_list("pk", flat=True)
    changed = source.changes.filter(kind=FileKind.CUSTOMERS).values_list("object_id", flat=True)
    return sorted({*made, *changed})


def _contacts(source: Import) -> list[int]:
    made = Contact.objects.filter(source=source.pk).values_list("pk", flat=True)
    changed = source.changes.filter(kind=FileKind.CONTACTS).values_list("object_id", flat=True)
    return sorted({*made, *changed})


def _undo_contacts(source: Import, ids: list[int]) -> int:
    """Nothing hangs on a contact, so none stays."""
    rows = {row.pk: row for row in Contact.objects.select_for_update().filter(pk__in=ids)}
    for change in source.changes.filter(kind=FileKind.CONTACTS, object_id__in=ids):
        if change.object_id in rows:
            _restore(rows[change.object_id], change)
    Contact.objects.filter(pk__in=ids, source=source.pk).delete()
    if not source.changes.filter(kind=FileKind.CONTACTS).exists():  # what is left came with it
        SourceRow.objects.filter(kind=FileKind.CONTACTS, source=source).delete()
    return 0


def _undo_deals(source: Import, ids: list[int]) -> int:
    deals = list(locked_deals().filter(pk__in=ids))
    made = {deal.pk for deal in deals if deal.source == source.pk}
    others = Event.objects.filter(deal=OuterRef("pk")).exclude(source=source.pk)
    worked = Deal.objects.filter(Exists(others), pk__in=made)
    kept = set(worked.values_list("pk", flat=True))
    _delete_facts(source, [deal.pk for deal in deals if deal.pk not in kept])
    gone = made - kept
    keys = [deal.external_id for deal in deals if deal.pk in gone]
    SourceRow.objects.filter(kind=FileKind.DEALS, key__in=keys).delete()
    Deal.objects.filter(pk__in=gone).delete()
    rest = {deal.pk: deal for deal in deals if deal.pk not in made}
    for change in source.changes.filter(kind=FileKind.DEALS, object_id__in=rest):
        _restore(rest[change.object_id], change)
    fold.rebuild(rest.values())
    return len(kept)


def _delete_facts(source: Import, deals: Iterable[int]) -> None:
    rows = [(source.pk, deal) for deal in deals]
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM deals_event WHERE source = %s AND deal_id = %s", rows)


def _restore(row: Deal | Customer | Contact, change: ImportChange) -> None:
    """Let fields be what they were, unless somebody has changed them since."""
    for name, value in change.before.items():
        if getattr(row, name) == change.after.get(name):
            setattr(row, name, value)
    row.save(update_fields=list(change.before))
    source_rows.restore(change)
    change.delete()


def _undo_customers(source: Import, ids: list[int]) -> int:
    rows = Customer.objects.select_for_update().order_by("pk").filter(pk__in=ids)
    changed = {c.object_id: c for c in source.changes.filter(object_id__in=ids)}
    if source.kind == FileKind.CUSTOMERS:
        for row in rows.exclude(source=source.pk):
            if row.pk in changed:
                _restore(row, changed[row.pk])
    made = rows.filter(source=source.pk)
    in_use = Exists(Deal.objects.filter(customer=OuterRef("pk")))
    met = Exists(Contact.objects.filter(customer=OuterRef("pk")))
    gone = dict(made.exclude(in_use | met).values_list("pk", "external_id"))
    if source.kind == FileKind.CUSTOMERS:
        SourceRow.objects.filter(kind=FileKind.CUSTOMERS, key__in=gone.values()).delete()
    kept = made.count() - len(gone)
    Customer.objects.filter(pk__in=gone).delete()
    return kept


def _remove_parents(source: Import) -> None:
    """People and stages that the import made go too, where nothing else names them."""
    for model, key in ((User, "users"), (Stage, "stages")):
        for row in model.objects.filter(pk__in=source.made.get(key, [])):
            _remove(row)


def _remove(row: User | Stage) -> None:
    if isinstance(row, Stage) and row.deals.exists():
        return
    try:
        with transaction.atomic():
            row.delete()
    except ProtectedError:
        return
