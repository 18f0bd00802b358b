"""What hangs on an interruption: its value, what owner and team lose by it, other deals near it.

Everything counts only what the person may see: the running deals' value with this deal and without,
and the month against its targets (:mod:`tsunagu.app.outlook.against`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, FloatField, OuterRef, Q, QuerySet, Sum, Window
from django.db.models.functions import Cast, Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals.models import Deal, Event, Kind
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.outlook.against import Outlook, outlook
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_deals

SHOWN = 5
PRODUCT = "product"
"""The deals' attribute that names what is sold."""


@dataclass(frozen=True)
class Gap:
    """Running value, each deal less its risk to break off within 90 days; ``name`` says whose."""

    name: str
    whole: float
    without: float

    @property
    def share(self) -> float:
        """The part that this deal has in it, 0 to 1."""
        return 1 - self.without / self.whole if self.whole else 0.0


@dataclass(frozen=True)
class Touched:
    """Running deals near this one: ``count`` in all, the largest of them in ``deals``.

    ``query`` asks the list of deals for all of them, where it can.
    """

    label: str | Promise
    count: int
    deals: Sequence[Deal]
    query: str = ""

    @property
    def has_more(self) -> bool:
        """Whether there are more than are shown, and a list that shows them."""
        return bool(self.query) and self.count > len(self.deals)


@dataclass(frozen=True)
class Impact:
    """What hangs on the case."""

    value: Decimal | None
    gaps: list[Gap]
    touched: list[Touched]
    outlook: Outlook


def impact(user: User, case: Interruption) -> Impact:
    """At most nine queries, however many deals there are."""
    running = visible_deals(user).filter(outcome__isnull=True)
    deal = case.deal
    return Impact(
        case.value, _gaps(running, deal), list(_touched(running, deal)), outlook(user, deal)
    )


def _gaps(running: QuerySet[Deal], deal: Deal) -> list[Gap]:
    kept = Cast("amount", FloatField()) * (1.0 - Coalesce(F("score__risk_90"), 0.0))
    others = ~Q(pk=deal.pk)
    sides = {"owner": (Q(owner=deal.owner_id), deal.owner.name)}
    if deal.team is not None:
        sides["team"] = (Q(team=deal.team_id), deal.team.name)
    sums = {f"{s}_whole": Sum(kept, filter=w) for s, (w, _name) in sides.items()}
    sums |= {f"{s}_without": Sum(kept, filter=w & others) for s, (w, _name) in sides.items()}
    near = Q(owner=deal.owner_id) | Q(team=deal.team_id)
    found = running.filter(near).aggregate(**sums)
    return [
        Gap(name, found[f"{side}_whole"] or 0.0, found[f"{side}_without"] or 0.0)
        for side, (_whose, name) in sides.items()
    ]


def _touched(running: QuerySet[Deal], deal: Deal) -> Iterator[Touched]:
    others = running.exclude(pk=deal.pk)
    named = _named(deal)
    contacts, competitors = named[Kind.CONTACT], named[Kind.COMPETITOR]
    product = deal.attributes.get(PRODUCT)
    named_so = urlencode({"q": deal.customer.name})
    yield from _group(_("Same customer"), others.filter(customer=deal.customer_id), named_so)
    if contacts:
        known = _with_fact(Kind.CONTACT, contacts)
        yield from _group(_("Same contact"), others.filter(known, customer=deal.customer_id))
    owned = others.filter(owner=deal.owner_id)
    yield from _group(_("Same owner"), owned, urlencode({"owner": deal.owner_id}))
    if product and competitors:
        rival = _with_fact(Kind.COMPETITOR, competitors)
        same = others.filter(rival, **{f"attributes__{PRODUCT}": product})
        yield from _group(_("Same product against the same competitor"), same)


def _named(deal: Deal) -> dict[str, set[str]]:
    """The contacts and competitors that the deal's facts name."""
    found: dict[str, set[str]] = defaultdict(set)
    rows = deal.events.filter(kind__in=[Kind.CONTACT, Kind.COMPETITOR], value__isnull=False)
    for kind, value in rows.values_list("kind", "value"):
        found[kind].add(value or "")
    return found


def _with_fact(kind: str, values: set[str]) -> Exists:
    return Exists(Event.objects.filter(deal=OuterRef("pk"), kind=kind, value__in=values))


def _group(label: str | Promise, rows: QuerySet[Deal], query: str = "") -> Iterator[Touched]:
    """The group, unless it is empty: one query gives both its size and its largest deals."""
    ordered = rows.select_related("customer").defer("attributes", "customer__attributes")
    counted = ordered.annotate(whole=Window(Count("pk")))
    found = list(counted.order_by(F("amount").desc(nulls_last=True), "pk")[:SHOWN])
    if found:
        yield Touched(label, found[0].whole, found, query)
