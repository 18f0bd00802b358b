"""The question form that a customer fills in, without a log-in; the signed link is the key."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from allauth.core.ratelimit import consume
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from tsunagu.app.interruptions import diagnosing, inquiries
from tsunagu.app.interruptions.customer_form import CustomerForm
from tsunagu.app.interruptions.models import Inquiry, InquiryState
from tsunagu.app.people.models import Language

View = Callable[[HttpRequest, str], HttpResponse]


def _unlisted(view: View) -> View:
    """Search engines neither list the page nor follow it.

    Its address goes to no other site: that is every page's referrer policy. A stricter one would
    take away the origin that the check against forged requests needs.
    """

    @wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return answer


@login_not_required
@_unlisted
@never_cache
@require_http_methods(["GET", "POST"])
def form(request: HttpRequest, token: str) -> HttpResponse:
    """The form, the thanks, or why it can be answered no more, in the form's language."""
    inquiry = inquiries.find(token)
    with translation.override(_language(request, inquiry)):
        response = _answer(request, inquiry)
        response.headers["Content-Language"] = translation.get_language() or ""
    return response


def _language(request: HttpRequest, inquiry: Inquiry | None) -> str:
    """The form's language, unless the customer asks for the other one."""
    asked = request.GET.get("language", "")
    if asked in Language.values:
        return asked
    return inquiry.language if inquiry else translation.get_language() or Language.JA


def _answer(request: HttpRequest, inquiry: Inquiry | None) -> HttpResponse:
    if inquiry is None:
        return _closed(request, "unknown", 404)
    if inquiry.state != InquiryState.OPEN:
        return _closed(request, inquiry.state, 410)
    if request.method == "GET":
        return _form(request, inquiry, CustomerForm())
    if not consume(request, action="customer_form", key=str(inquiry.pk)):
        return _closed(request, "busy", 429)
    return _sent(request, inquiry, CustomerForm(request.POST))


def _sent(request: HttpRequest, inquiry: Inquiry, filled: CustomerForm) -> HttpResponse:
    if filled.is_valid():
        try:
            diagnosing.take_reply(inquiry, **filled.cleaned_data)
        except ValidationError as refused:
            filled.add_error(None, refused)
        else:
            return _closed(request, "thanks", 200)
    return _form(request, inquiry, filled, status=422)


def _form(
    request: HttpRequest, inquiry: Inquiry, shown: CustomerForm, status: int = 200
) -> HttpResponse:
    context = {"form": shown, "company": inquiries.company(), "sender": inquiry.made_by.name}
    return render(request, "interruptions/customer/form.html", context, status=status)


def _closed(request: HttpRequest, why: str, status: int) -> HttpResponse:
    return render(request, "interruptions/customer/closed.html", {"why": why}, status=status)
