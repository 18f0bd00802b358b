"""What pages ask about customers. Each sees only what the person may see."""

from __future__ import annotations

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from tsunagu.app.customers.models import Customer
from tsunagu.app.lists import ordering
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_customers, visible_deals

SORTS = {"name": "name", "industry": "industry", "region": "region"}
DEFAULT_SORT = "name"


def customer_list(user: User, text: str, sort: str) -> QuerySet[Customer]:
    """Customers with the number and value of the open deals that ``user`` may see."""
    running = (
        visible_deals(user)
        .filter(customer=OuterRef("pk"), outcome__isnull=True)
        .order_by()
        .values("customer")
    )
    rows = visible_customers(user).annotate(
        open_deals=Coalesce(Subquery(running.annotate(n=Count("pk")).values("n")), 0),
        open_amount=Subquery(running.annotate(total=Sum("amount")).values("total")),
    )
    if text:
        rows = rows.filter(name__icontains=text)
    return rows.order_by(*ordering(sort, SORTS, DEFAULT_SORT))
