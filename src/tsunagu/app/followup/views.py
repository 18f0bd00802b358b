"""The sheets of following up, a mail's page, the printed letter, and the panel on a case."""

from __future__ import annotations

import json

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tsunagu.app.deals import sheets as deal_sheets
from tsunagu.app.deals.forms import LogForm
from tsunagu.app.followup import sheets
from tsunagu.app.followup.models import Mail
from tsunagu.app.followup.panel import Panel
from tsunagu.app.interruptions.case_page import CasePage
from tsunagu.app.interruptions.inquiries import company
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.lists import wants_part
from tsunagu.app.people.permissions import has_permission, require, visible_interruptions
from tsunagu.app.people.requests import person


def _case(request: HttpRequest, pk: int) -> Interruption:
    rows = visible_interruptions(person(request)).select_related(
        "deal__customer", "deal__owner", "deal__team", "deal__stage"
    )
    return get_object_or_404(rows, pk=pk)


def _mail(request: HttpRequest, pk: int) -> Mail:
    rows = Mail.objects.select_related(
        "case__deal__customer", "case__deal__team", "contact", "made_by__team"
    )
    return get_object_or_404(rows.filter(case__in=visible_interruptions(person(request))), pk=pk)


@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """An e-mail or letter is written; its preview follows."""
    case = _case(request, pk)
    sent = request.POST if request.method == "POST" else None
    form = sheets.WRITING[name](person(request), case, sent, query=request.GET)
    return deal_sheets.use(
        request,
        form,
        draw=lambda status: _drawn(request, form, status),
        done=lambda _said: _written(request, form),
    )


def _drawn(request: HttpRequest, form: sheets.WriteForm, status: int) -> HttpResponse:
    page = "followup/_write.html" if wants_part(request) else "followup/write.html"
    context = {"form": form, "case": form.case, "deal": form.deal, "part": wants_part(request)}
    return render(request, page, context, status=status)


def _written(request: HttpRequest, form: sheets.WriteForm) -> HttpResponse:
    if not wants_part(request):
        return redirect("followup:show", form.mail.pk)
    response = _shown(request, form.mail)
    response.headers["HX-Trigger"] = json.dumps(_heard(form.mail))
    return response


def _heard(mail: Mail) -> dict[str, object]:
    return {"case-changed": "", **deal_sheets.changed(mail.case.deal)}


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """A mail as it goes out, or went out, and what can be done with it."""
    return _shown(request, _mail(request, pk))


def _shown(
    request: HttpRequest, mail: Mail, *, refused: tuple[str, ...] = (), status: int = 200
) -> HttpResponse:
    context = {
        "mail": mail,
        "case": mail.case,
        "deal": mail.case.deal,
        "part": wants_part(request),
        "may_log": has_permission(person(request), "deals.log", mail.case.deal),
        "may_send": sheets.may_send(mail),
        "by_hand": sheets.why_by_hand(mail),
        "mailto": sheets.mailto(mail),
        "refused": refused,
    }
    page = "followup/_mail.html" if wants_part(request) else "followup/mail.html"
    return render(request, page, context, status=status)


@require_POST
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A mail is sent, recorded as sent, or thrown away."""
    mail = _mail(request, pk)
    form = sheets.STEPS[name](person(request), mail, request.POST)
    return deal_sheets.use(
        request,
        form,
        draw=lambda status: _shown(
            request, mail, refused=tuple(map(str, form.non_field_errors())), status=status
        ),
        done=lambda said: deal_sheets.finish(
            request,
            said,
            _heard(mail),
            reverse("interruptions:detail", args=[mail.case.pk]),
        ),
    )


@require_GET
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter on paper: date and address, the subject, then the rest."""
    mail = _mail(request, pk)
    head, _blank, rest = mail.body.partition("\n\n")
    has_head = mail.case.deal.customer.name in head
    context = {
        "mail": mail,
        "company": company(),
        "head": head if has_head else "",
        "body": rest if has_head else mail.body,
    }
    return render(request, "followup/print.html", context)


@require_GET
def call(request: HttpRequest, pk: int) -> HttpResponse:
    """The telephone numbers, the talk, what is not known yet, and the log of the call."""
    case, user = _case(request, pk), person(request)
    try:
        require(user, "deals.log", case.deal)
    except PermissionDenied as refused:
        return render(request, "deals/_refused.html", {"reason": refused}, status=403)
    part = wants_part(request)
    page = CasePage(user, case)
    context = {
        "case": case,
        "deal": case.deal,
        "part": part,
        "script": sheets.CallScript(user, case, request.GET),
        "form": LogForm(user, case.deal),
        "open": [q for q in page.questions if q.finding is None][:6],
        "here": reverse("followup:call", args=[case.pk]),
    }
    return render(request, "followup/_call.html" if part else "followup/call.html", context)


@require_GET
def panel(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel on the case, by itself: another page of it, or news of a mail under way."""
    case = _case(request, pk)
    shown = Panel(person(request), case, request.GET.get("page"))
    if not wants_part(request):
        return redirect("interruptions:detail", case.pk)
    return render(request, "followup/_panel.html", {"followup": shown, "case": case})
