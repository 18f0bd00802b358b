"""The page of one customer: the people there, the deals, and what was done lately."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Page
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.customers.forms import ContactForm
from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.deals import contact_actions, history
from tsunagu.app.deals.models import Deal, Event, Kind
from tsunagu.app.lists import page_of, render_list
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_customers, visible_deals
from tsunagu.app.people.requests import person

SHOWN = 20
"""How many deals, contacts and activities are shown at once."""


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One customer."""
    user = person(request)
    customer = get_object_or_404(visible_customers(user), pk=pk)
    contacts = page_of(Contact.objects.filter(customer=customer), request.GET.get("people"), SHOWN)
    course = page_of(course_of(user, customer), request.GET.get("course"), SHOWN)
    context = {
        "customer": customer,
        "contacts": contacts,
        "left": _left(user, customer, contacts),
        "deals": page_of(deals_of(user, customer), request.GET.get("page"), SHOWN),
        "course": course,
        "told": history.tell(course),
    }
    return render_list(request, "deals/customer.html", "deals/_customer.html", context)


def deals_of(user: User, customer: Customer) -> QuerySet[Deal]:
    """The deals that one may see: running ones first, next to close; then the last to end."""
    rows = visible_deals(user).filter(customer=customer)
    return rows.select_related("customer", "owner", "stage", "score").order_by(
        F("ended_at").desc(nulls_first=True), F("close_date").asc(nulls_last=True), "pk"
    )


def course_of(user: User, customer: Customer) -> QuerySet[Event]:
    """What was done on those deals, newest first."""
    deals = visible_deals(user).filter(customer=customer).order_by().values("pk")
    done = Event.objects.filter(deal__in=deals).exclude(kind__in=history.CHANGES)
    return done.select_related("deal").order_by("-at", "-pk")


def _left(user: User, customer: Customer, contacts: Page[Contact]) -> set[str]:
    """Which of ``contacts``, by their numbers, left as a deal that one may see says."""
    deals = visible_deals(user).filter(customer=customer).order_by().values("pk")
    said = Event.objects.filter(
        deal__in=deals,
        kind=Kind.CONTACT_LEFT,
        value__in=[contact.external_id for contact in contacts],
    )
    return set(said.order_by().values_list("value", flat=True))


@require_http_methods(["GET", "POST"])
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """A contact person's fields; the ways to say that the person left, or was a mistake."""
    user, found = _contact(request, pk)
    form = ContactForm(user, found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.act():
        messages.success(request, _("Saved."))
        return redirect("customers:detail", found.customer_id)
    context: dict[str, Any] = {
        "form": form,
        "contact": found,
        "customer": found.customer,
        "running": contact_actions.deals_that_know(user, found).count(),
        "named": contact_actions.facts_that_name(found).exists(),
    }
    return render(request, "deals/contact.html", context, status=422 if form.errors else 200)


@require_POST
def left(request: HttpRequest, pk: int) -> HttpResponse:
    """The person left."""
    user, found = _contact(request, pk)
    try:
        count = contact_actions.mark_left(user, found)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect("customers:contact", pk)
    words = ngettext(
        "Recorded on %(count)d running deal.", "Recorded on %(count)d running deals.", count
    )
    messages.success(request, words % {"count": count})
    return redirect("customers:detail", found.customer_id)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """The person was entered by mistake."""
    user, found = _contact(request, pk)
    try:
        contact_actions.remove_contact(user, found)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect("customers:contact", pk)
    messages.success(request, _("%(name)s is removed.") % {"name": found.name})
    return redirect("customers:detail", found.customer_id)


def _contact(request: HttpRequest, pk: int) -> tuple[User, Contact]:
    user = person(request)
    rows = Contact.objects.filter(customer__in=visible_customers(user)).select_related("customer")
    return user, get_object_or_404(rows, pk=pk)
