"""Asks people who resumed similar cases. They see a summary in which no customer is known.

The summary is made here, from the cause, the stage and the size of the deal in four classes. The
asker's own question is refused where it names the customer, the deal or a contact person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tsunagu.app.acting import written
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge import nameless
from tsunagu.app.knowledge.similar import people_who_resumed
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import people_who_see, require
from tsunagu.app.rooms import notices
from tsunagu.app.rooms.models import Advice, Adviser, Size, Told

MOST_ASKED = 5
_CLASSES = (
    (Decimal(1_000_000), Size.SMALL),
    (Decimal(10_000_000), Size.MIDDLE),
    (Decimal(100_000_000), Size.LARGE),
)


def size_class(amount: Decimal | None) -> Size:
    """The class of an amount."""
    if amount is None:
        return Size.UNKNOWN
    return next((size for below, size in _CLASSES if amount < below), Size.HUGE)


def who_could_know(user: User, case: Interruption) -> list[User]:
    """People who resumed cases like this one, of the whole house; the likest case first."""
    found = people_who_resumed(case, MOST_ASKED + 1)
    return [person for person in found if person.pk != user.pk][:MOST_ASKED]


def ask(user: User, case: Interruption, text: str) -> list[User]:
    """Ask them all; returns whom.

    Raises:
        PermissionDenied: the person may not write on the case.
        ValidationError: there is nobody to ask, or the question is empty or says whose case it is.
    """
    require(user, "deals.log", case.deal)
    said = written(text, _("Write your question."))
    if told := sorted(set(_given_away(case, said))):
        raise ValidationError(
            _("People outside the team read this. Leave out: %(names)s.")
            % {"names": ", ".join(told)}
        )
    people = who_could_know(user, case)
    if not people:
        raise ValidationError(_("Nobody has resumed a case like this one yet."))
    with transaction.atomic():
        _write(user, case, said, people)
    return people


def _write(user: User, case: Interruption, text: str, people: Sequence[User]) -> None:
    stage = case.deal.stage.name if case.deal.stage else ""
    size = size_class(case.deal.amount)
    asked = Advice.objects.create(
        case=case, by=user, text=text, cause=case.main_cause, stage=stage, size=size
    )
    audit.record(user, "ask_advice", case, after={"people": [person.pk for person in people]})
    for person in people:
        adviser = Adviser.objects.create(advice=asked, user=person)
        notices.tell(Told.ADVICE, f"advice:{asked.pk}", user, [person], adviser=adviser)


def answer(user: User, adviser: Adviser, text: str) -> None:
    """Give the advice that ``user`` was asked for, once; it stands on the case.

    Raises:
        PermissionDenied: somebody else was asked.
        ValidationError: it is empty, or was given already.
    """
    if adviser.user_id != user.pk:
        raise PermissionDenied(_("Somebody else was asked."))
    said = written(text, _("Write your advice."))
    with transaction.atomic():
        open_still = Adviser.objects.filter(pk=adviser.pk, answered_at=None)
        if not open_still.update(answer=said, answered_at=timezone.now()):
            raise ValidationError(_("You have answered already. Thank you."))
        case = adviser.advice.case
        audit.record(user, "answer_advice", case, after={"advice": adviser.advice})
        asker = people_who_see(case.deal).filter(pk=adviser.advice.by_id)
        notices.tell(Told.ANSWER, f"answer:{adviser.pk}", user, asker, case=case, adviser=adviser)


def _given_away(case: Interruption, text: str) -> Iterator[str]:
    """Names in ``text`` that say whose case it is, whatever their width, case and spaces."""
    plain = nameless.folded(text)
    for name in (*nameless.names(case.deal), case.deal.title):
        if nameless.holds(plain, *nameless.forms(name), *_family(name)):
            yield name


def _family(name: str) -> set[str]:
    """The first part of a name that is written in two parts: people are called by it."""
    parts = name.split()
    return {nameless.folded(parts[0])} if len(parts) == 2 else set()
