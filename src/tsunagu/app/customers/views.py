"""Pages of customers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tsunagu.app.customers import queries
from tsunagu.app.lists import page_of, render_list, search_text
from tsunagu.app.people.requests import person


@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """The list of customers."""
    text = search_text(request.GET)
    sort = request.GET.get("sort", queries.DEFAULT_SORT)
    rows = queries.customer_list(person(request), text, sort)
    context = {"text": text, "sort": sort, "page": page_of(rows, request.GET.get("page"))}
    return render_list(request, "customers/list.html", "customers/_table.html", context)
