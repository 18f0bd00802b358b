"""The page that begins a deal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tsunagu.app.customers import queries
from tsunagu.app.deals.new_deal import NewDealForm
from tsunagu.app.deals.queries import number
from tsunagu.app.lists import plain_text
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission, visible_customers
from tsunagu.app.people.requests import person


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new deal; ``?customer=`` names its customer."""
    user = person(request)
    if request.method == "POST":
        form = NewDealForm(user, request.POST)
        if form.act():
            messages.success(request, _("The deal has begun."))
            return redirect("deals:detail", form.done.pk)
    else:
        form = NewDealForm(user, initial=_asked(request, user))
    context = {"form": form, "may_configure": has_permission(user, "deals.configure")}
    return render(request, "deals/new.html", context, status=422 if form.errors else 200)


def _asked(request: HttpRequest, user: User) -> dict[str, Any]:
    pk = number(request.GET.get("customer"))
    customer = visible_customers(user).filter(pk=pk).first() if pk else None
    return {"name": customer.name, "customer": customer.pk} if customer else {}


@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """Customers that what was written can mean, while it is being written."""
    offers = queries.offers(person(request), plain_text(request.GET.get("name", "")))
    return render(request, "deals/_offers.html", {"offers": offers})
