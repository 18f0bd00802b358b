"""Who is told of what: in the application, and by mail where somebody is asked in person.

Nobody is told twice: a notice is unique by person and key, and whoever mails takes it first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django_tasks import task

from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_interruptions
from tsunagu.app.rooms.models import MailWish, Notice, Told

MAILED = (Told.MENTION, Told.ADVICE)
MOST_COUNTED = 100


def tell(kind: Told, key: str, by: User, people: Iterable[User], **about: Any) -> None:
    """Tell ``people`` of what ``by`` did, but not ``by``. Call it inside the transaction.

    Args:
        key: names what happened; with the person it makes the notice unique.
        about: the notice's case, comment or adviser.
    """
    told = [user for user in people if user.pk != by.pk]
    rows = [Notice(user=user, key=key, kind=kind, by=by, **about) for user in told]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    if kind in MAILED and settings.MAIL_IS_SET_UP:
        _mail_after_commit([user.pk for user in told], key)


def _mail_after_commit(users: list[int], key: str) -> None:
    # No functools.partial: Django names a failing callback in its log, and that has no name.
    def ask() -> None:
        for user in users:
            mail.enqueue(user, key)

    transaction.on_commit(ask, robust=True)


@task()
def mail(user: int, key: str) -> bool:
    """Mail a notice; whether this call did. It is taken before it is sent: never a second time."""
    found = visible(User.objects.get(pk=user)).filter(key=key).first()
    if found is None or not _wants_mail(found.user):
        return False
    taken = Notice.objects.filter(pk=found.pk, mailed_at=None).update(mailed_at=timezone.now())
    return bool(taken) and _send(found)


def _wants_mail(user: User) -> bool:
    return bool(user.email) and user.is_active and wants_mail(user)


def _send(notice: Notice) -> bool:
    user = notice.user
    with translation.override(user.language):
        context = {"notice": notice, "user": user, "address": settings.URL + address(notice)}
        subject = render_to_string(f"rooms/mail/{notice.kind}_subject.txt", context)
        body = render_to_string(f"rooms/mail/{notice.kind}.txt", context)
    return bool(send_mail(" ".join(subject.split()), body, None, [str(user.email)]))


def address(notice: Notice) -> str:
    """The page that the notice is about."""
    if notice.case_id is None:
        return reverse("rooms:advice", args=[notice.adviser_id])
    return reverse("interruptions:detail", args=[notice.case_id]) + "#room"


def visible(user: User) -> QuerySet[Notice]:
    """The person's notices, without those of cases that the person may see no more."""
    seen = Q(case__isnull=True) | Q(case__in=visible_interruptions(user).values("pk"))
    return Notice.objects.filter(seen, user=user).select_related(
        "user", "by", "comment", "case__deal__customer", "adviser__advice"
    )


def inbox(user: User, show: str) -> QuerySet[Notice]:
    """The person's notices, the newest first; ``show``: ``unread``, else all."""
    rows = visible(user).order_by("-at", "-pk")
    return rows.filter(read_at=None) if show == "unread" else rows


def unread_count(user: User) -> int:
    """How many are unread, counted as far as anybody cares."""
    return visible(user).filter(read_at=None)[:MOST_COUNTED].count()


def read(user: User, notice: Notice) -> None:
    """Say that it was read. No audit: it is about nobody else."""
    Notice.objects.filter(pk=notice.pk, user=user, read_at=None).update(read_at=timezone.now())


def read_all(user: User) -> None:
    """Say that all were read."""
    Notice.objects.filter(user=user, read_at=None).update(read_at=timezone.now())


def wants_mail(user: User) -> bool:
    """Whether the person wants mails beside the notices."""
    return not MailWish.objects.filter(user=user, wanted=False).exists()


def wish_mail(user: User, *, wanted: bool) -> None:
    """Have mails, or none. A taste, so nothing is audited."""
    MailWish.objects.update_or_create(user=user, defaults={"wanted": wanted})
