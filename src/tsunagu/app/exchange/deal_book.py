"""Deals of a file against those that exist: what is new, what changed, and the writing of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tsunagu.app import bulk
from tsunagu.app.customers.models import Customer
from tsunagu.app.deals import fold
from tsunagu.app.deals.locking import locked_deals
from tsunagu.app.deals.models import Deal, Kind, Process
from tsunagu.app.exchange import facts, parents, source_rows
from tsunagu.app.exchange.counts import Counts
from tsunagu.app.exchange.deal_rows import DealRow, DealRows
from tsunagu.app.exchange.facts import Fact
from tsunagu.app.exchange.mapping import Mapping
from tsunagu.app.exchange.models import Import, ImportChange
from tsunagu.app.exchange.reading import Columns, FileTable
from tsunagu.app.people.models import User

CHUNK = 500
SECOND = 1_000_000
FIELDS = {"title": "title", "customer": "customer_id", "owner": "team_id"}
"""Values that are also columns of the deal, not facts alone: an owner brings the team along."""


@dataclass
class Plan:
    """What one chunk's rows come to."""

    new: list[DealRow] = field(default_factory=list)
    changed: list[tuple[Deal, DealRow, dict[str, Any]]] = field(default_factory=list)
    unchanged: int = 0
    ended: list[int] = field(default_factory=list)

    def customers(self) -> dict[str, str]:
        """Names by key of the customers that the rows need."""
        rows = [*self.new, *(row for _deal, row, new in self.changed if "customer" in new)]
        return {row.customer: row.customer_name for row in rows}

    def counts(self, rows: int) -> Counts:
        """The counts; whatever is none of the others was rejected."""
        kept = len(self.new) + len(self.changed) + self.unchanged
        return Counts(len(self.new), len(self.changed), self.unchanged, rows - kept)


class DealBook:
    """A file of deals, to be checked or written chunk by chunk."""

    def __init__(self, source: Import, mapping: Mapping, table: FileTable) -> None:
        self.source = source
        self.mapping = mapping
        self.rows = DealRows.of(source, mapping, table)
        self.columns: Columns = self.rows.columns
        self.parents = parents.find(self.rows.owners, self.rows.stages)
        self.missing_customers: dict[str, str] = {}

    def bounds(self) -> list[tuple[int, int]]:
        """The chunks, as rows from and up to."""
        size = len(self.rows)
        return [(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK)]

    def check(self, start: int, end: int) -> Counts:
        """What the chunk would do; customers that it would make are gathered."""
        plan = self._plan(start, end, lock=False)
        names = plan.customers()
        found = parents.find_customers(names)
        self.missing_customers |= {k: n for k, n in names.items() if k not in found}
        return plan.counts(end - start)

    def write(self, start: int, end: int) -> Counts:
        """Write the chunk; call it inside a transaction."""
        plan = self._plan(start, end, lock=True)
        customers = parents.make_customers(self.source, plan.customers())
        now = timezone.now()
        created = self._create(plan.new, customers, now)
        changed = [self._change(*each, customers) for each in plan.changed]
        self._update([(deal, change) for deal, change, _facts in changed])
        first = ((deal.pk, fact) for deal, told in created for fact in told)
        fresh = self._facts_of_changed(changed)
        facts.insert_of_deals(self.source, now, [*first, *fresh])
        fold.rebuild([deal for deal, _change, _facts in changed])
        written = [*plan.new, *(row for _deal, row, _new in plan.changed)]
        source_rows.remember(self.source, {row.key: self._values(row) for row in written})
        return plan.counts(end - start)

    # ---- comparing ----------------------------------------------------------------------------

    def _plan(self, start: int, end: int, *, lock: bool) -> Plan:
        rows = list(self.rows.rows(start, end))
        existing = self._existing([row.key for row in rows], lock=lock)
        known = source_rows.known_rows(self.source.kind, [row.key for row in rows])
        plan = Plan()
        for row in rows:
            deal = existing.get(row.key)
            if deal is None:
                plan.new.append(row)
                continue
            new = source_rows.differences(
                self._values(row), known.get(row.key), self._current(deal)
            )
            if not deal.is_open and new.keys() & {"outcome", "stage"}:
                plan.ended.append(row.place)
            elif new:
                plan.changed.append((deal, row, new))
            else:
                plan.unchanged += 1
        self._reject_ended(plan.ended)
        return plan

    def _existing(self, keys: list[str], *, lock: bool) -> dict[str, Deal]:
        deals = locked_deals() if lock else Deal.objects.all()
        found = deals.select_related("owner", "stage", "customer").filter(external_id__in=keys)
        return {deal.external_id: deal for deal in found}

    def _values(self, row: DealRow) -> dict[str, Any]:
        """What the file says about the deal in the columns that are mapped."""
        names = (
            "title",
            "customer",
            "owner",
            "stage",
            "amount",
            "close_date",
            "reason",
            "confidence",
            "next_step",
        )
        said = {name: getattr(row, name) for name in names if self.mapping.column(name)}
        if row.customer != parents.NO_CUSTOMER:
            said["customer"] = row.customer
        if row.outcome is not None:
            said["outcome"] = row.outcome
            said["ended"] = row.ended
        return said

    def _current(self, deal: Deal) -> dict[str, Any]:
        """What is known about the deal, in the file's terms."""
        stage = next((w for w, s in self.parents.stages.items() if s.pk == deal.stage_id), None)
        owner = next((w for w, u in self.parents.owners.items() if u.pk == deal.owner_id), None)
        return {
            "title": deal.title,
            "customer": deal.customer.external_id,
            "owner": owner,
            "stage": stage,
            "amount": None if deal.amount is None else f"{deal.amount:.2f}",
            "close_date": deal.close_date and deal.close_date.isoformat(),
            "next_step": deal.next_step_on and deal.next_step_on.isoformat(),
            "outcome": deal.outcome,
            "ended": facts.micros(deal.ended_at) if deal.ended_at else None,
        }

    def _reject_ended(self, places: list[int]) -> None:
        ended = np.zeros(len(self.rows), bool)
        ended[places] = True
        self.columns.reject(
            ended,
            self.mapping.column("status") or self.mapping.column("stage"),
            gettext_noop("this deal has already ended here in another way."),
            gettext_noop("A sale that lives again is a new deal: give it a new number."),
        )

    # ---- new deals ----------------------------------------------------------------------------

    def _create(
        self, rows: list[DealRow], customers: dict[str, Customer], now: datetime
    ) -> list[tuple[Deal, list[Fact]]]:
        """The deals with their facts; they are written once, with what the facts add up to."""
        process = parents.default_process() if rows else None
        deals = [self._new_deal(row, customers[row.customer], process, now) for row in rows]
        told = [facts.in_order(self._story(row, self._values(row))) for row in rows]
        fold.settle(list(zip(deals, map(facts.state_of, told), strict=True)))
        bulk.insert(deals)
        made = Deal.objects.filter(external_id__in=[row.key for row in rows])
        keys = dict(made.values_list("external_id", "pk"))
        for deal in deals:
            deal.pk = keys[deal.external_id]
        return list(zip(deals, told, strict=True))

    def _new_deal(
        self, row: DealRow, customer: Customer, process: Process | None, now: datetime
    ) -> Deal:
        owner = self._owner(row.owner)
        return Deal(
            external_id=row.key,
            title=row.title,
            customer=customer,
            process=process,
            team_id=owner.team_id,
            created_owner=owner,
            owner=owner,
            created_at=facts.moment(row.created),
            source=self.source.pk,
            changed_at=now,
        )

    def _owner(self, word: str | None) -> User:
        return self.parents.owners[word] if word else self.source.user

    def _story(self, row: DealRow, new: dict[str, Any]) -> list[Fact]:
        """Facts in their order. What the file says of now is known from now on, not before:

        at the upload for a running deal, just before the end for one that has ended. Else the
        model would learn from what nobody could know then.
        """
        seen = self.rows.uploaded if row.outcome is None else max(row.ended - SECOND, row.created)
        told = (
            [Fact(self._since(row, seen), Kind.STAGE, self._stage_key(row.stage))]
            if new.get("stage")
            else []
        )
        if new.get("amount"):
            told.append(Fact(seen, Kind.AMOUNT, amount=new["amount"]))
        if new.get("close_date") and row.outcome is None:
            told.append(Fact(seen, Kind.CLOSE_DATE, new["close_date"]))
        if new.get("confidence"):
            told.append(Fact(seen, Kind.NOTE, text=self._confidence(new["confidence"])))
        if new.get("next_step") and row.outcome is None:
            told.append(Fact(seen, Kind.PLANNED, new["next_step"]))
        if new.get("outcome"):
            told.append(Fact(row.ended, Kind.OUTCOME, new["outcome"], text=row.reason))
        return told

    def _since(self, row: DealRow, seen: int) -> int:
        if row.stage_changed is None:
            return seen
        return min(max(row.stage_changed, row.created), seen)

    def _stage_key(self, word: str | None) -> str | None:
        return self.parents.stages[word].key if word else None

    def _confidence(self, word: str) -> str:
        header = self.mapping.column("confidence")
        share = self.mapping.meaning("confidence", word)
        if not share or share == word:
            return f"{header}: {word}"
        return _("{header}: {word} ({share}%)").format(header=header, word=word, share=share)

    # ---- changed deals ------------------------------------------------------------------------

    def _change(
        self, deal: Deal, row: DealRow, new: dict[str, Any], customers: dict[str, Customer]
    ) -> tuple[Deal, ImportChange, list[Fact]]:
        columns = [column for name, column in FIELDS.items() if name in new]
        before = {column: getattr(deal, column) for column in columns}
        deal.title = new.get("title", deal.title)
        if "customer" in new:
            deal.customer = customers[row.customer]
        if "owner" in new:
            deal.team_id = self._owner(row.owner).team_id
        after = {column: getattr(deal, column) for column in columns}
        known = source_rows.known_rows(self.source.kind, [row.key]).get(row.key)
        change = source_rows.change_of(self.source, row.key, deal.pk, known, before, after)
        told = self._story(row, new)
        if "owner" in new:
            told.insert(0, Fact(self.rows.uploaded, Kind.OWNER, self._owner(row.owner).external_id))
        return deal, change, told

    def _update(self, changes: list[tuple[Deal, ImportChange]]) -> None:
        Deal.objects.bulk_update([d for d, _c in changes], ["title", "customer", "team"])
        ImportChange.objects.bulk_create([c for _d, c in changes], batch_size=500)

    def _facts_of_changed(
        self, changed: list[tuple[Deal, ImportChange, list[Fact]]]
    ) -> Iterator[tuple[int, Fact]]:
        taken = facts.instants_of(deal.pk for deal, _change, told in changed if told)
        for deal, _change, told in changed:
            late = [fact._replace(at=max(fact.at, facts.micros(deal.created_at))) for fact in told]
            for fact in facts.in_order(late, taken.get(deal.pk, set())):
                yield deal.pk, fact
