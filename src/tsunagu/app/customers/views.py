"""Pages of customers; the page of one of them shows deals and stands with those."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tsunagu.app.customers import queries
from tsunagu.app.customers.forms import CustomerForm, NewContactForm, NewCustomerForm
from tsunagu.app.customers.models import Customer
from tsunagu.app.lists import page_of, render_list, search_text
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_customers
from tsunagu.app.people.requests import person


@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """The list of customers."""
    text = search_text(request.GET)
    sort = request.GET.get("sort", queries.DEFAULT_SORT)
    rows = queries.customer_list(person(request), text, sort)
    context = {"text": text, "sort": sort, "page": page_of(rows, request.GET.get("page"))}
    return render_list(request, "customers/list.html", "customers/_table.html", context)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new customer."""
    form = NewCustomerForm(person(request), request.POST or None)
    if request.method == "POST" and form.act():
        messages.success(request, _("The customer is added."))
        return redirect("customers:detail", form.done.pk)
    status = 422 if form.errors else 200
    return render(request, "customers/add.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """An existing customer's fields."""
    user = person(request)
    found = _found(user, pk)
    form = CustomerForm(user, found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.act():
        messages.success(request, _("Saved."))
        return redirect("customers:detail", pk)
    context = {"form": form, "customer": found}
    return render(request, "customers/edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def add_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """A new contact person of a customer."""
    user = person(request)
    found = _found(user, pk)
    form = NewContactForm(user, found, request.POST or None)
    if request.method == "POST" and form.act():
        messages.success(request, _("%(name)s is added.") % {"name": form.done.name})
        return redirect("customers:detail", pk)
    context = {"form": form, "customer": found}
    status = 422 if form.errors else 200
    return render(request, "customers/contact_add.html", context, status=status)


def _found(user: User, pk: int) -> Customer:
    return get_object_or_404(visible_customers(user), pk=pk)
