"""What sheets about a deal do alike: a person fills one in, and it ends in one action.

A sheet opens over the page that asked for it, or is a page of its own where there is no script.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise

from tsunagu.app.deals.models import Deal
from tsunagu.app.lists import wants_part
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require


class SheetForm(forms.Form):
    """A sheet about ``deal``, used by ``user``; :meth:`prepare` may read both.

    ``heading`` names it, ``permission`` is what its action needs, ``template`` draws its fields.
    """

    heading: ClassVar[str | Promise]
    permission: ClassVar[str]
    template: ClassVar[str]

    def __init__(self, user: User, deal: Deal, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.user, self.deal = user, deal
        self.prepare()

    def prepare(self) -> None:
        """Narrow choices to the deal and the person."""

    def perform(self) -> str:
        """Act, and say what was done."""
        raise NotImplementedError

    def act(self) -> str | None:
        """Act; None, with the errors in the form, where the action refuses."""
        try:
            return self.perform()
        except ValidationError as refused:
            self.add_error(None, refused)
            return None


def use(
    request: HttpRequest,
    form: SheetForm,
    *,
    draw: Callable[[int], HttpResponse],
    done: Callable[[str], HttpResponse],
) -> HttpResponse:
    """Act where the form was sent and is right.

    Args:
        draw: gives the sheet, with the status that it is sent with.
        done: gives what follows, from the words for what was done.

    Raises:
        PermissionDenied: the person may not, and the sheet is a page of its own.
    """
    try:
        require(form.user, form.permission, form.deal)
        said = form.act() if form.is_valid() else None
    except PermissionDenied as refused:
        if not wants_part(request):
            raise
        return render(request, "deals/_refused.html", {"reason": refused}, status=403)
    return draw(422 if form.errors else 200) if said is None else done(said)


def changed(deal: Deal) -> dict[str, Any]:
    """What a page hears after a change of ``deal``."""
    return {"deal-changed": {"id": deal.pk}, f"deal-changed-{deal.pk}": ""}


def finish(request: HttpRequest, said: str, heard: dict[str, Any], back: str) -> HttpResponse:
    """After the action: the page below hears of it; where there is no script, ``back`` opens."""
    if wants_part(request):
        return closing(said, heard)
    messages.success(request, said)
    return redirect(back)


def closing(said: str, heard: dict[str, Any]) -> HttpResponse:
    """Closes the sheet; the page below it says ``said`` and hears ``heard``."""
    response = HttpResponse(status=204)
    response.headers["HX-Trigger"] = json.dumps({"sheet-done": {"said": said}, **heard})
    return response
