"""How the sheets about a case are used, whichever application they belong to."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from tsunagu.app.deals import sheets
from tsunagu.app.interruptions.sheets import CaseForm
from tsunagu.app.lists import wants_part


def changed(form: CaseForm) -> dict[str, Any]:
    """What a page hears after a change of the case."""
    return {"case-changed": "", **sheets.changed(form.deal)}


def use(
    request: HttpRequest,
    form: CaseForm,
    *,
    heard: dict[str, Any] | None = None,
    back: str = "",
    page: str = "interruptions/case_sheet.html",
) -> HttpResponse:
    """Draw the sheet, or act and go on.

    Args:
        heard: what the page below hears afterwards; that the case changed, if nothing is said.
        back: where to go where there is no script; the case's page, if nothing is said.
        page: the sheet as a page of its own.
    """
    part = wants_part(request)
    template = "interruptions/_case_sheet.html" if part else page
    context = {"form": form, "case": form.case, "deal": form.deal, "part": part}
    return sheets.use(
        request,
        form,
        draw=lambda status: render(request, template, context, status=status),
        done=lambda said: sheets.finish(
            request,
            said,
            changed(form) if heard is None else heard,
            back or reverse("interruptions:detail", args=[form.case.pk]),
        ),
    )
