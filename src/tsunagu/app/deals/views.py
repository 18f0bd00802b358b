"""Pages of deals."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from tsunagu.app.deals import queries
from tsunagu.app.lists import page_of, render_list
from tsunagu.app.people.permissions import has_permission, visible_deals, visible_users
from tsunagu.app.people.requests import person


@require_GET
def deals(request: HttpRequest) -> HttpResponse:
    """The list of deals."""
    user = person(request)
    wanted = queries.DealFilter.from_query(request.GET)
    context = {
        "wanted": wanted,
        "page": page_of(queries.deal_list(user, wanted), request.GET.get("page")),
        "stages": queries.stage_choices(),
        "owners": visible_users(user),
    }
    return render_list(request, "deals/list.html", "deals/_table.html", context)


@require_GET
def deal(request: HttpRequest, pk: int) -> HttpResponse:
    """One deal: its state and its facts."""
    user = person(request)
    rows = visible_deals(user).select_related("customer", "owner", "stage", "team")
    found = get_object_or_404(rows, pk=pk)
    context = {
        "deal": found,
        "events": queries.newest_events(found),
        "may_change": has_permission(user, "deals.change", found),
    }
    return render(request, "deals/detail.html", context)
