"""Pages of teams."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tsunagu.app.lists import page_of, render_list
from tsunagu.app.organisation import queries
from tsunagu.app.organisation.forms import TeamForm
from tsunagu.app.people import actions
from tsunagu.app.people.models import Team, User
from tsunagu.app.people.permissions import require
from tsunagu.app.people.requests import person


@require_http_methods(["GET", "POST"])
def teams(request: HttpRequest) -> HttpResponse:
    """The tree of teams, and below it a form for a new one."""
    form = TeamForm(_manager(request), data=request.POST or None)
    if request.method == "POST" and form.act():
        messages.success(request, _("The team is added."))
        return redirect("settings:teams")
    context = {"form": form, "page": page_of(queries.teams(), request.GET.get("page"))}
    response = render_list(request, "organisation/teams.html", "organisation/_teams.html", context)
    response.status_code = 422 if form.errors else 200
    return response


@require_http_methods(["GET", "POST"])
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """One team: its name and place."""
    actor = _manager(request)
    found = get_object_or_404(queries.teams(), pk=pk)
    form = TeamForm(actor, found, request.POST or None)
    if request.method == "POST" and form.act():
        messages.success(request, _("Saved."))
        return redirect("settings:teams")
    context = {"form": form, "found": found}
    status = 422 if form.errors else 200
    return render(request, "organisation/team.html", context, status=status)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a team that nothing belongs to."""
    actor = _manager(request)
    found = get_object_or_404(Team, pk=pk)
    try:
        actions.remove_team(actor, found)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect("settings:team", pk)
    messages.success(request, _("The team is removed."))
    return redirect("settings:teams")


def _manager(request: HttpRequest) -> User:
    user = person(request)
    require(user, "people.manage")
    return user
