"""What people do in a review. Each: permission, one transaction, an audit entry.

Every action takes the acting ``user`` first and may raise ``PermissionDenied``, or
``ValidationError`` with words for the person; nothing is written then. The first of them begins
the review. While it is finished nothing of it changes: :func:`correct` opens it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tsunagu.app.acting import MOST_TEXT, written
from tsunagu.app.deals.locking import locked_deals
from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge import nameless, profiles
from tsunagu.app.knowledge.models import (
    CaseProfile,
    Improvement,
    Influence,
    Lesson,
    Remedy,
    Review,
    ReviewedCause,
    Why,
)
from tsunagu.app.knowledge.versions import keep_version
from tsunagu.app.knowledge.words import tokens
from tsunagu.app.people import audit
from tsunagu.app.people.models import Team, User
from tsunagu.app.people.permissions import require

PRODUCT = "product"
"""The deals' attribute that names what is sold."""

Part = TypeVar("Part", Why, Lesson, Improvement)


def set_causes(user: User, case: Interruption, main: str, influences: Mapping[str, str]) -> Review:
    """Confirm the causes, each with whether we could have influenced it; ``main`` is one of them.

    Replaces what the review said before; the case hears of it when the review is finished.
    """
    known = influences.keys() <= set(Cause.values) and main in influences
    if not known or not set(influences.values()) <= set(Influence.values):
        raise ValidationError(_("Choose the main cause, and whether we could have influenced it."))
    with transaction.atomic():
        review = _draft(user, case)
        review.causes.all().delete()
        ReviewedCause.objects.bulk_create(
            ReviewedCause(review=review, cause=c, main=c == main, influence=i)
            for c, i in influences.items()
        )
        for rows in (review.lessons, review.improvements):
            rows.update(cause=main)
        audit.record(user, "review_causes", review, after={"main": main, **influences})
    return review


def say_what_worked(user: User, case: Interruption, text: str) -> Review:
    """What helped, in words; empty for nothing."""
    with transaction.atomic():
        review = _draft(user, case)
        before, review.text, review.by = review.text, text.strip()[:MOST_TEXT], user
        review.save(update_fields=["text", "by"])
        changed = {"before": {"text": before}, "after": {"text": review.text}}
        audit.record(user, "review_worked", review, **changed)
    return review


def add_why(user: User, case: Interruption, text: str, parent: Why | None = None) -> Why:
    """Answer "why?", below ``parent`` where that answer is asked for its reason in turn."""
    with transaction.atomic():
        review = _draft(user, case)
        if parent is not None and parent.review_id != review.pk:
            raise ValidationError(_("This answer belongs to another review."))
        made = Why.objects.create(
            review=review,
            parent=parent,
            text=_said(text),
            by=user,
        )
        audit.record(user, "add_why", made, after={"text": made.text})
    return made


def add_lesson(user: User, case: Interruption, text: str) -> Lesson:
    """What others should know; it names no customer. Everybody reads it after the finish."""
    with transaction.atomic():
        review = _draft(user, case)
        said = _public(case, text)
        place = _place(review)
        made = Lesson.objects.create(
            review=review, text=said, by=user, tokens=tokens(said), **place
        )
        audit.record(user, "add_lesson", made, after={"text": said})
    return made


def add_improvement(  # noqa: PLR0913
    user: User,
    case: Interruption,
    text: str,
    *,
    remedy: str,
    owner: User,
    due_on: date,
    team: Team | None = None,
) -> Improvement:
    """What is to change, by whom and until when.

    Args:
        team: the deal's or one above it, whose deals it concerns; None: everybody's.
    """
    with transaction.atomic():
        review = _draft(user, case)
        said = _public(case, text)
        made = Improvement.objects.create(
            review=review,
            text=said,
            by=user,
            tokens=tokens(said),
            **_place(review),
            **_task(case, remedy, owner, due_on, team),
        )
        audit.record(user, "add_improvement", made, after={"text": said, "owner": owner})
    return made


def edit(user: User, part: Part, text: str, **task: Any) -> Part:
    """Change an answer, a lesson, or an improvement with ``remedy, owner, due_on, team``."""
    with transaction.atomic():
        _draft(user, part.review.case)
        before = {"text": part.text}
        if isinstance(part, Why):
            part.text = _said(text)
        else:
            part.text = _public(part.review.case, text)
            part.tokens = tokens(part.text)
        for name, value in _task(part.review.case, **task).items() if task else ():
            setattr(part, name, value)
        part.save()
        audit.record(user, _named("edit", part), part, before=before, after={"text": part.text})
    return part


def remove(user: User, part: Part) -> None:
    """Take an answer (with those below it), a lesson or an improvement out of the review."""
    with transaction.atomic():
        _draft(user, part.review.case)
        audit.record(user, _named("remove", part), part, before={"text": part.text})
        part.delete()


def finish(user: User, case: Interruption) -> Review:
    """End the review: its causes become the case's, its lessons everybody's; a version is kept."""
    with transaction.atomic():
        review = _draft(user, case)
        causes = list(review.causes.all())
        if not causes or not review.lessons.exists():
            raise ValidationError(_("A review needs its causes and at least one lesson."))
        _tell_case(user, case, [cause.cause for cause in causes])
        now = timezone.now()
        review.lessons.filter(published_at__isnull=True).update(published_at=now)
        review.finished_at, review.finished_by = now, user
        review.version += 1
        review.save(update_fields=["finished_at", "finished_by", "version"])
        keep_version(review, user, now)
        audit.record(user, "finish_review", review, after={"version": review.version})
    return review


def correct(user: User, case: Interruption) -> Review:
    """Open a finished review again; the version that was finished is kept as it was."""
    with transaction.atomic():
        _allowed(user, case)
        review = Review.objects.select_for_update().get(case=case)
        if not review.is_finished:
            raise ValidationError(_("The review is open already."))
        review.finished_at = review.finished_by = None
        review.save(update_fields=["finished_at", "finished_by"])
        audit.record(user, "correct_review", review, before={"version": review.version})
    return review


def mark_done(user: User, improvement: Improvement) -> Improvement:
    """Say that it was done; from now on its effect is looked for."""
    with transaction.atomic():
        found = _followed(user, improvement)
        if found.done_at is not None:
            raise ValidationError(_("It was done already."))
        found.done_at = timezone.now()
        found.save(update_fields=["done_at"])
        audit.record(user, "improvement_done", found)
    return found


def mark_seen(user: User, improvement: Improvement, effect: str) -> Improvement:
    """Say what its effect is; it needs no following any more."""
    with transaction.atomic():
        found = _followed(user, improvement)
        if found.done_at is None or found.seen_at is not None:
            raise ValidationError(_("An effect is seen once it is done, and once."))
        found.effect, found.seen_at = _public(found.review.case, effect), timezone.now()
        found.save(update_fields=["effect", "seen_at"])
        audit.record(user, "improvement_seen", found, after={"effect": found.effect})
    return found


def _followed(user: User, improvement: Improvement) -> Improvement:
    rows = Improvement.objects.select_related("review__case__deal__customer")
    found = rows.select_for_update(of=("self",)).get(pk=improvement.pk)
    require(user, "reviews.follow", found)
    return found


def _allowed(user: User, case: Interruption) -> None:
    require(user, "reviews.write", locked_deals().get(pk=case.deal_id))


def _draft(user: User, case: Interruption) -> Review:
    """The case's review, begun where there is none; the deal's lock keeps writers apart."""
    _allowed(user, case)
    found = Interruption.objects.get(pk=case.pk)
    if found.confirmed_at is None and found.state not in profiles.OVER:
        raise ValidationError(_("Only a confirmed interruption is reviewed."))
    review, _begun = Review.objects.get_or_create(case=found, defaults={"by": user})
    if review.is_finished:
        raise ValidationError(_("The review is finished. Correct it to change it."))
    return review


def _said(text: str) -> str:
    return written(text, _("Write it down in a few words."))


def _public(case: Interruption, text: str) -> str:
    said = _said(text)
    if named := nameless.named_in(case.deal, said):
        raise ValidationError(
            _("Everybody may read this: write it without the name “%(name)s”.") % {"name": named}
        )
    return said


def teams_of(case: Interruption) -> QuerySet[Team]:
    """Whom an improvement can concern: the deal's team and those above it."""
    above = case.deal.team.lineage if case.deal.team else []
    return Team.objects.filter(pk__in=above).order_by("-path")


def _task(
    case: Interruption, remedy: str, owner: User, due_on: date, team: Team | None
) -> dict[str, Any]:
    if remedy not in Remedy.values:
        raise ValidationError(_("Choose what kind of improvement it is."))
    if team is not None and team not in teams_of(case):
        raise ValidationError(_("Choose the deal's team, or one above it."))
    return {"remedy": remedy, "owner": owner, "due_on": due_on, "team": team}


def _place(review: Review) -> dict[str, Any]:
    """Where what is learnt applies."""
    case = review.case
    main = review.causes.filter(main=True).values_list("cause", flat=True).first()
    return {
        "cause": main or case.main_cause,
        "stage_id": profiles.stage_of(case),
        "product": str(case.deal.attributes.get(PRODUCT) or "")[:200],
    }


def _tell_case(user: User, case: Interruption, causes: list[str]) -> None:
    noted = case.cause_notes.filter(set_by__isnull=False).order_by("-main", "pk")
    before = list(noted.values_list("cause", flat=True))
    if before[:1] == causes[:1] and set(before) == set(causes):
        return
    text = _("Confirmed in the review")
    case_actions.set_causes(user, case, causes[0], causes[1:], text=text)
    CaseProfile.objects.filter(case=case).update(known_until=None)


def _named(verb: str, part: Why | Lesson | Improvement) -> str:
    return f"{verb}_{part._meta.model_name}"
