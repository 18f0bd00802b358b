"""The customer's link: signed, without a word about anybody, and the text that brings it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from tsunagu.app.interruptions.models import Inquiry, InquiryState

OPEN_FOR = timedelta(days=14)


def token(inquiry: Inquiry) -> str:
    """What the link holds: the form's number and its end, signed; the same at every call."""
    return _signer().sign_object([inquiry.pk, int(inquiry.expires_at.timestamp())])


def find(text: str) -> Inquiry | None:
    """The form behind a link, expired or not; None where the link was not made here."""
    try:
        pk, until = _signer().unsign_object(text)
    except (BadSignature, ValueError, TypeError):
        return None
    rows = Inquiry.objects.select_related("case__deal", "made_by", "contact", "reply")
    found: Inquiry | None = rows.filter(pk=pk).first()
    return found if found and int(found.expires_at.timestamp()) == until else None


def standing(state: InquiryState) -> Q:
    """The condition on forms that stand so now: :attr:`Inquiry.state` for queries."""
    open_still = Q(reply__isnull=True, withdrawn_at__isnull=True)
    return {
        InquiryState.ANSWERED: Q(reply__isnull=False),
        InquiryState.WITHDRAWN: Q(reply__isnull=True, withdrawn_at__isnull=False),
        InquiryState.EXPIRED: open_still & Q(expires_at__lte=timezone.now()),
        InquiryState.OPEN: open_still & Q(expires_at__gt=timezone.now()),
    }[state]


def address(inquiry: Inquiry) -> str:
    """The link, as the customer opens it."""
    return settings.URL + reverse("customer:form", args=[token(inquiry)])


def mail(inquiry: Inquiry) -> str:
    """A ``mailto:`` address with a polite text in the form's language."""
    with translation.override(inquiry.language):
        context = {"inquiry": inquiry, "address": address(inquiry), "company": company()}
        subject = render_to_string("interruptions/mail/ask_subject.txt", context).strip()
        body = render_to_string("interruptions/mail/ask.txt", context).strip()
    to = quote(inquiry.contact.email) if inquiry.contact else ""
    lines = body.replace("\n", "\r\n")  # RFC 6068, 5: so are lines broken in a mail's address
    asked = urlencode({"subject": subject, "body": lines}, quote_via=quote)
    return f"mailto:{to}?{asked}"


def company() -> str:
    """Our own name; empty where none was set."""
    return settings.COMPANY_NAME


def _signer() -> Signer:
    return Signer(salt="tsunagu.customer-form", sep=".")
