"""What people can do about interruptions. Each: permission, one transaction, a decision, the fold.

Every action takes the acting ``user`` first and may raise

* ``PermissionDenied``: the role does not allow it, or
* ``ValidationError``: the case is not in a state for it, with words for the person;

nothing is written then. What people record on the way back to the customer is in
:mod:`tsunagu.app.interruptions.restarting`, what signals do in
:mod:`tsunagu.app.interruptions.gathering`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sys import float_info
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tsunagu.app.acting import MOST_TEXT
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.locking import locked_deals
from tsunagu.app.deals.models import Deal, Process, Stage
from tsunagu.app.interruptions import folding, gates
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.grades import Grade
from tsunagu.app.interruptions.limits import TOGETHER, highest
from tsunagu.app.interruptions.models import CauseNote, Decision, Interruption, OwnThreshold
from tsunagu.app.interruptions.states import ALLOWED, LIVING, OVERRIDE, DismissReason, Step
from tsunagu.app.interruptions.tasks import look_again
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.scoring import detection


def open_case(  # noqa: PLR0913
    user: User,
    deal: Deal,
    *,
    main: str = "",
    others: Iterable[str] = (),
    text: str = "",
    grade: int | None = None,
) -> Interruption:
    """Say that ``deal`` is interrupted; a suspicion that stands already is confirmed by it."""
    with transaction.atomic():
        found = locked_deals().get(pk=deal.pk)
        require(user, "interruptions.decide", found)
        if not found.is_open:
            raise ValidationError(_("This deal has ended. Begin a new deal instead."))
        case = Interruption.objects.filter(deal=found, state__in=LIVING).first()
        if case is None:
            case = folding.begin(found, by=user)
        return confirm(user, case, main=main, others=others, text=text, grade=grade)


def confirm(  # noqa: PLR0913
    user: User,
    case: Interruption,
    *,
    main: str = "",
    others: Iterable[str] = (),
    text: str = "",
    grade: int | None = None,
) -> Interruption:
    """Make the suspicion a case, with its causes where they are known already.

    The deal's own facts say so from now on.

    Args:
        grade: how serious it looks, 1 to 5; None: nothing is said of it.
    """
    causes = _causes(main, others)
    with transaction.atomic():
        found = taken(user, case, Step.CONFIRM)
        decided(user, found, Step.CONFIRM, text=text, causes=causes, grade=_news(found, grade))
        _note_causes(user, found, causes)
        deal_actions.record_interruption(user, found.deal, causes[0] if causes else None)
    return found


def dismiss(user: User, case: Interruption, reason: str, *, text: str = "") -> Interruption:
    """Call the alarm false; its signals do not raise it again.

    Args:
        reason: a :class:`DismissReason`; ``OTHER`` needs ``text``.
    """
    if reason not in DismissReason.values:
        raise ValidationError(_("Say why this is a false alarm."))
    if reason == DismissReason.OTHER and not text.strip():
        raise ValidationError(_("Say in a few words why this is a false alarm."))
    with transaction.atomic():
        found = taken(user, case, Step.DISMISS)
        decided(user, found, Step.DISMISS, value=reason, text=text)
    return found


def reopen(user: User, case: Interruption) -> Interruption:
    """Take a dismissed case up again, as a suspicion."""
    with transaction.atomic():
        found = taken(user, case, Step.REOPEN)
        if not found.deal.is_open:
            raise ValidationError(_("This deal has ended. Begin a new deal instead."))
        if Interruption.objects.filter(deal=found.deal_id, state__in=LIVING).exists():
            raise ValidationError(_("The deal has a newer case already."))
        decided(user, found, Step.REOPEN)
    return found


def set_causes(  # noqa: PLR0913
    user: User,
    case: Interruption,
    main: str,
    others: Iterable[str] = (),
    *,
    text: str = "",
    grade: int | None = None,
) -> Interruption:
    """Say why; replaces what people said before. ``main`` may be empty: none is known.

    Args:
        grade: how serious a living case looks, 1 to 5; None: as was said before.
    """
    causes = _causes(main, others)
    with transaction.atomic():
        found = taken(user, case, Step.CAUSES)
        decided(user, found, Step.CAUSES, causes=causes, text=text, grade=_news(found, grade))
        _note_causes(user, found, causes)
    return found


def begin_response(user: User, case: Interruption, *, text: str = "") -> Interruption:
    """Answer the interruption."""
    with transaction.atomic():
        found = taken(user, case, Step.RESPOND)
        decided(user, found, Step.RESPOND, text=text)
    return found


def resume(
    user: User, case: Interruption, *, text: str = "", stage: Stage | None = None
) -> Interruption:
    """Say that the customer said yes; the deal's own facts say so from now on.

    All gates of the restart plan must be passed, else a ``ValidationError`` says what is missing.

    Args:
        stage: where the deal goes on; None: where it stands.
    """
    with transaction.atomic():
        found = taken(user, case, Step.RESUME)
        missing = [gate for gate in gates.progress(found) if gate.passed_at is None]
        if missing:
            raise ValidationError(missing[0].missing)
        _resume(user, found, stage, text=text)
    return found


def resume_anyway(
    user: User, case: Interruption, reason: str, *, stage: Stage | None = None
) -> Interruption:
    """Let the sale go on without the gates' evidence: a manager's decision, with its reason."""
    if not reason.strip():
        raise ValidationError(_("Say why the sale goes on without this evidence."))
    with transaction.atomic():
        found = taken(user, case, Step.RESUME)
        require(user, "interruptions.override", found.deal)
        _resume(user, found, stage, text=reason, value=OVERRIDE)
    return found


def _resume(user: User, case: Interruption, stage: Stage | None, **said: Any) -> None:
    if stage is not None:
        deal_actions.move_stage(user, case.deal, stage)
    decided(user, case, Step.RESUME, **said)
    deal_actions.record_resumed(user, case.deal)


def set_thresholds(user: User, process: Process, cuts: Mapping[str, float | None]) -> None:
    """Set the cuts of kinds of signals in ``process``; None leaves a kind to what is learned.

    Its deals are looked at again with them.
    """
    require(user, "interruptions.configure")
    if not cuts.keys() <= {TOGETHER, *detection.kinds()}:
        raise ValidationError(_("There is no such kind of signal."))
    if not all(c is None or 0 < c <= (highest(k) or float_info.max) for k, c in cuts.items()):
        raise ValidationError(_("A threshold is a number above 0; the joint strength at most 1."))
    with transaction.atomic():
        before = dict(process.thresholds.values_list("kind", "cut"))
        after = {**before, **cuts}
        process.thresholds.filter(kind__in=cuts).delete()
        OwnThreshold.objects.bulk_create(
            OwnThreshold(process=process, kind=kind, cut=cut, set_by=user)
            for kind, cut in cuts.items()
            if cut is not None
        )
        changed = {k: v for k, v in after.items() if before.get(k) != v}
        audit.record(
            user,
            "set_thresholds",
            process,
            before={k: before.get(k) for k in changed},
            after=changed,
        )
        look_again.enqueue(process.pk)


def taken(user: User, case: Interruption, step: Step) -> Interruption:
    """The case, locked after its deal, if ``user`` may take the step and its state allows it."""
    deal = locked_deals().get(pk=case.deal_id)
    require(user, "interruptions.decide", deal)
    found = Interruption.objects.select_for_update().get(pk=case.pk)
    found.deal = deal
    if found.state not in ALLOWED[step]:
        raise ValidationError(
            _("The case is “%(state)s” by now; look at it again.")
            % {"state": found.get_state_display()}
        )
    return found


def decided(user: User, case: Interruption, step: Step, **said: Any) -> Decision:
    """Write a person's decision on a case that was :func:`taken`, with its audit entry."""
    said["text"] = said.get("text", "").strip()[:MOST_TEXT]
    before = {"state": case.state, "grade": case.grade}
    decision = folding.decide(case, step, by=user, **said)
    audit.record(
        user,
        f"interruption_{step}",
        case,
        before=before,
        after={
            "state": case.state,
            "grade": case.grade,
            "value": decision.value,
            "causes": decision.causes,
        },
    )
    return decision


def _news(case: Interruption, grade: int | None) -> int | None:
    """The grade where it says something new."""
    if grade is None or grade == case.grade:
        return None
    if grade not in Grade.values:
        raise ValidationError(_("How serious it looks is a grade from 1 to 5."))
    if not case.is_living:
        raise ValidationError(_("The case is over; how serious it looked stays as it was said."))
    return grade


def _causes(main: str, others: Iterable[str]) -> list[str]:
    """The main cause first, then the others once each."""
    wanted = [*([main] if main else []), *(o for o in others if o != main)]
    if not all(cause in Cause.values for cause in wanted):
        raise ValidationError(_("This is not a cause."))
    if wanted and not main:
        raise ValidationError(_("Choose which cause is the main one."))
    return list(dict.fromkeys(wanted))


def _note_causes(user: User, case: Interruption, causes: list[str]) -> None:
    case.cause_notes.filter(set_by__isnull=False).delete()
    CauseNote.objects.bulk_create(
        CauseNote(case=case, cause=cause, main=place == 0, set_by=user)
        for place, cause in enumerate(causes)
    )
