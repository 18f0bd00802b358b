"""Tells the owner that the customer answered."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django_tasks import task

from tsunagu.app.deals.models import CONTACT_KINDS, Direction, Event
from tsunagu.app.interruptions.models import Decision, Reply
from tsunagu.app.interruptions.states import LIVING
from tsunagu.app.people.models import User

NEWS_FOR = timedelta(days=30)
NEWS_SHOWN = 5


@task()
def tell_owner(reply: int) -> bool:
    """Write to the deal's owner; whether a mail went out. Without mail Today's news must do."""
    found = Reply.objects.select_related("inquiry__case__deal__owner").get(pk=reply)
    case = found.inquiry.case
    owner = case.deal.owner
    if not (settings.MAIL_IS_SET_UP and owner.email and owner.is_active):
        return False
    address = settings.URL + reverse("interruptions:detail", args=[case.pk])
    with translation.override(owner.language):
        context = {"case": case, "owner": owner, "address": address}
        subject = render_to_string("interruptions/mail/answered_subject.txt", context).strip()
        body = render_to_string("interruptions/mail/answered.txt", context)
    return bool(send_mail(subject, body, None, [owner.email]))


def waiting_replies(owner: User) -> QuerySet[Reply]:
    """Customers' answers on the owner's living cases that nothing was done about yet.

    Done is a decision on the case, or a contact from our side, after the answer.
    """
    case = OuterRef("inquiry__case")
    decided = Decision.objects.filter(case=case, at__gt=OuterRef("at"), by__isnull=False)
    turned_to = Event.objects.filter(
        Q(direction=Direction.OUT) | Q(direction=Direction.BOTH),
        deal=OuterRef("inquiry__case__deal"),
        at__gt=OuterRef("at"),
        kind__in=CONTACT_KINDS,
    )
    found: QuerySet[Reply] = Reply.objects.filter(
        ~Exists(decided),
        ~Exists(turned_to),
        at__gte=timezone.now() - NEWS_FOR,
        inquiry__case__deal__owner=owner,
        inquiry__case__state__in=LIVING,
    )
    return found.select_related("inquiry__case__deal__customer")
