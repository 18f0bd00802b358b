"""The page on which targets are set."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from tsunagu.app.lists import page_of, render_list
from tsunagu.app.outlook import months, queries
from tsunagu.app.outlook.forms import TargetsForm, sent_people
from tsunagu.app.people.permissions import require
from tsunagu.app.people.requests import person


@require_http_methods(["GET", "POST"])
def targets(request: HttpRequest) -> HttpResponse:
    """A month's targets, person by person."""
    user = person(request)
    require(user, "outlook.set_targets")
    wanted = queries.TargetFilter.from_query(request.GET)
    people = queries.people(user, wanted)
    page = page_of(people, request.GET.get("page"), queries.PAGE_SIZE)
    sent = request.POST if request.method == "POST" else None
    rows = page if sent is None else queries.named(user, wanted.month, sent_people(sent))
    form = TargetsForm(user, wanted.month, rows, sent)
    if sent is not None and form.act():
        messages.success(request, _told(form.done))
        return redirect(request.get_full_path())
    context = {
        "currency": settings.CURRENCY,
        "wanted": wanted,
        "page": page,
        "form": form,
        "tally": queries.tally(user, wanted),
        "months": months.offered(wanted.month),
        "teams": queries.teams(user),
    }
    response = render_list(request, "outlook/targets.html", "outlook/_targets.html", context)
    response.status_code = 422 if form.errors else 200
    return response


def _told(count: int) -> str:
    if not count:
        return _("Nothing was changed.")
    return ngettext("%(n)d target is saved.", "%(n)d targets are saved.", count) % {"n": count}
