"""What one is told, and the advice that one is asked for."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.lists import page_of, render_list
from tsunagu.app.people.requests import person
from tsunagu.app.rooms import notices
from tsunagu.app.rooms.forms import AnswerForm
from tsunagu.app.rooms.models import Adviser

SHOWN = 40


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """Notices, the newest first."""
    wanted = "unread" if request.GET.get("show") == "unread" else ""
    rows = notices.inbox(person(request), wanted)
    context = {"page": page_of(rows, request.GET.get("page"), SHOWN), "show": wanted}
    return render_list(request, "rooms/notices.html", "rooms/_notices.html", context)


@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """How many are unread, for the bell."""
    unread = notices.unread_count(person(request))
    return render(request, "rooms/_count.html", {"count": unread})


@require_POST
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """A notice is read, and leads to what it is about."""
    user = person(request)
    found = get_object_or_404(notices.visible(user), pk=pk)
    notices.read(user, found)
    return redirect(notices.address(found))


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """All notices are read."""
    notices.read_all(person(request))
    return redirect("rooms:notices")


@require_http_methods(["GET", "POST"])
def advice(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody is asked, without the customer; the answer stands on the case."""
    user = person(request)
    rows = Adviser.objects.filter(user=user).select_related(
        "advice__by__team", "advice__case__deal"
    )
    found = get_object_or_404(rows, pk=pk)
    form = AnswerForm(user, found, request.POST if request.method == "POST" else None)
    if form.is_bound and form.act():
        messages.success(request, _("Thank you. Your advice stands on the case."))
        return redirect("rooms:advice", pk)
    context = {"adviser": found, "advice": found.advice, "form": form}
    return render(request, "rooms/advice.html", context, status=422 if form.errors else 200)
