"""Pages of people."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.deals.models import Deal
from tsunagu.app.lists import page_of, render_list
from tsunagu.app.organisation import log_in_links, queries
from tsunagu.app.organisation.forms import LeaveForm, PersonForm
from tsunagu.app.people import actions
from tsunagu.app.people.models import Role, Team, User
from tsunagu.app.people.permissions import require
from tsunagu.app.people.requests import person


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """The list of people."""
    _manager(request)
    wanted = queries.PeopleFilter.from_query(request.GET)
    context = {
        "wanted": wanted,
        "page": page_of(queries.people(wanted), request.GET.get("page")),
        "roles": Role.choices,
        "teams": Team.objects.all(),
    }
    return render_list(request, "organisation/people.html", "organisation/_people.html", context)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new person; who has an e-mail address gets a log-in link."""
    actor = _manager(request)
    form = PersonForm(actor, data=request.POST or None)
    if request.method != "POST" or not form.act():
        context = {"form": form, "by_mail": log_in_links.mail_is_set_up()}
        status = 422 if form.errors else 200
        return render(request, "organisation/person_add.html", context, status=status)
    messages.success(request, _("%(name)s is added.") % {"name": form.done.name})
    if not form.done.email:
        return redirect("settings:person", form.done.pk)
    return _give_link(request, actor, form.done)


@require_http_methods(["GET", "POST"])
def person_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: name, e-mail, role and team."""
    actor = _manager(request)
    found = _found(pk)
    form = PersonForm(actor, found, request.POST or None)
    if request.method == "POST" and form.act():
        messages.success(request, _("Saved."))
        return redirect("settings:person", pk)
    context = {
        "form": form,
        "found": found,
        "running": _running(found),
        "by_mail": log_in_links.mail_is_set_up(),
        "is_self": found.pk == actor.pk,
    }
    status = 422 if form.errors else 200
    return render(request, "organisation/person.html", context, status=status)


@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Send or show a link with which the person sets a password."""
    return _give_link(request, _manager(request), _found(pk))


def _give_link(request: HttpRequest, actor: User, found: User) -> HttpResponse:
    try:
        address = log_in_links.give_link(actor, found, request)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect("settings:person", found.pk)
    if address is None:
        messages.success(
            request, _("A log-in link was sent to %(email)s.") % {"email": found.email}
        )
        return redirect("settings:person", found.pk)
    response = render(
        request, "organisation/person_link.html", {"found": found, "address": address}
    )
    response.headers["Cache-Control"] = "no-store"  # the link lets its reader in
    return response


@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Deactivate: first the question who takes over the running deals."""
    actor = _manager(request)
    found = _found(pk)
    form = LeaveForm(actor, found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.act():
        messages.success(request, _("%(name)s is deactivated.") % {"name": found.name})
        if form.done:
            messages.success(request, _handed_over(form.done))
        return redirect("settings:person", pk)
    context = {"form": form, "found": found, "running": _running(found)}
    status = 422 if form.errors else 200
    return render(request, "organisation/person_leave.html", context, status=status)


def _handed_over(count: int) -> str:
    return ngettext(
        "%(count)d running deal was handed over.",
        "%(count)d running deals were handed over.",
        count,
    ) % {"count": count}


@require_POST
def come_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Reactivate."""
    actor = _manager(request)
    found = _found(pk)
    actions.reactivate_user(actor, found)
    messages.success(request, _("%(name)s is active again.") % {"name": found.name})
    return redirect("settings:person", pk)


def _manager(request: HttpRequest) -> User:
    user = person(request)
    require(user, "people.manage")
    return user


def _found(pk: int) -> User:
    return get_object_or_404(User.objects.select_related("team"), pk=pk)


def _running(user: User) -> int:
    return Deal.objects.filter(owner=user, outcome__isnull=True).count()
