"""What people do with playbooks, runs and tasks: permission, one transaction, a note, an audit row.

Every action takes the acting ``user`` first and may raise ``PermissionDenied``, or
``ValidationError`` with words for the person; nothing is written then. What facts do by themselves
is in :mod:`tsunagu.app.playbooks.watching`.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tsunagu.app.acting import MOST_TEXT, written
from tsunagu.app.deals.locking import locked_deals
from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import LIVING, State
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.playbooks import approving, people
from tsunagu.app.playbooks.business_days import business_day
from tsunagu.app.playbooks.conditions import Known
from tsunagu.app.playbooks.models import (
    Act,
    ApprovalState,
    Ending,
    Playbook,
    PlaybookVersion,
    Run,
    Task,
    TaskNote,
)
from tsunagu.app.playbooks.shipping import next_number, put_in_use
from tsunagu.app.playbooks.steps import Approval, Content, Step, as_json
from tsunagu.app.playbooks.watching import end, follow, locked_runs

CONFIGURE = "playbooks.configure"
APPROVE = "playbooks.approve"
WORK = "deals.log"
DECIDE = "interruptions.decide"


def publish(
    user: User, playbook: Playbook, content: Content, *, base: int, note: str = ""
) -> PlaybookVersion:
    """A new version, which new runs take; runs that go on keep theirs.

    Args:
        base: number of the version that was edited; refused if there is a newer one by now.
    """
    require(user, CONFIGURE)
    with transaction.atomic():
        found = Playbook.objects.select_for_update().get(pk=playbook.pk)
        number = next_number(found)
        if number != base + 1:
            raise ValidationError(
                _("Version %(n)d was made meanwhile. Look at it, then edit again.")
                % {"n": number - 1}
            )
        version = PlaybookVersion.objects.create(
            playbook=found,
            number=number,
            content={**as_json(content), "key": found.key, "version": 0},
            made_by=user,
            note=note.strip()[:200],
        )
        put_in_use(found, version)
        audit.record(user, "publish_playbook", found, after={"number": number})
    return version


def restore(user: User, version: PlaybookVersion) -> PlaybookVersion:
    """Take an earlier version, or the newer shipped one, up again as the newest."""
    require(user, CONFIGURE)
    with transaction.atomic():
        found = Playbook.objects.select_for_update().get(pk=version.playbook_id)
        note = _("As version %(n)d") % {"n": version.number}
        return publish(user, found, version.parsed, base=next_number(found) - 1, note=note)


def add_playbook(user: User, content: Content) -> Playbook:
    """A playbook of one's own, with its first version."""
    require(user, CONFIGURE)
    with transaction.atomic():
        playbook, made = Playbook.objects.get_or_create(key=content.key)
        if not made:
            raise ValidationError(_("There is a playbook with this name already."))
        publish(user, playbook, content, base=0)
    return playbook


def set_archived(user: User, playbook: Playbook, archived: bool) -> None:
    """Offer it no more, or again; runs go on."""
    require(user, CONFIGURE)
    with transaction.atomic():
        Playbook.objects.filter(pk=playbook.pk).update(archived=archived)
        audit.record(user, "archive_playbook", playbook, after={"archived": archived})


def start_run(user: User, case: Interruption, playbook: Playbook) -> Run:
    """Carry the playbook out for the case: dated tasks for the right people; the response begins.

    A run whose tasks are all closed makes room for the new one.
    """
    with transaction.atomic():
        found = _case(user, case)
        version = Playbook.objects.select_related("in_use").get(pk=playbook.pk).in_use
        if version is None or playbook.archived:
            raise ValidationError(_("This playbook is not in use. Choose another."))
        _make_room(found)
        if found.state == State.CONFIRMED:
            case_actions.begin_response(user, found)
        run = Run.objects.create(case=found, playbook=playbook, version=version, started_by=user)
        _make_tasks(run, found)
        after = {"playbook": playbook.key, "version": version.number}
        audit.record(user, "start_run", found, after=after)
    return run


def _case(user: User, case: Interruption) -> Interruption:
    deal = locked_deals().select_related("owner", "team").get(pk=case.deal_id)
    require(user, DECIDE, deal)
    found = Interruption.objects.select_for_update().get(pk=case.pk)
    found.deal = deal
    if found.state == State.SUSPECTED:
        raise ValidationError(_("Confirm the interruption first."))
    if found.state not in LIVING:
        raise ValidationError(_("The case is closed."))
    return found


def _make_room(case: Interruption) -> None:
    for run in locked_runs().filter(case=case, ended_at__isnull=True):
        if run.tasks.filter(closed_at__isnull=True, applies=True).exists():
            raise ValidationError(_("A playbook is running already. Stop it first."))
        end(run)


def _make_tasks(run: Run, case: Interruption) -> None:
    known = Known.about(case, run.started_at)
    steps = enumerate(run.version.parsed.steps)
    Task.objects.bulk_create(_task(run, case.deal, known, n, step) for n, step in steps)


def _task(run: Run, deal: Deal, known: Known, position: int, step: Step) -> Task:
    needed = step.approval == Approval.MANAGER
    return Task(
        run=run,
        step_key=step.key,
        position=position,
        role=step.role,
        assignee=people.assignee(step.role, deal),
        due_on=business_day(timezone.localdate(run.started_at), step.day),
        applies=known.needs(step),
        counts_from=run.started_at,
        approval=ApprovalState.NEEDED if needed else ApprovalState.NONE,
    )


def stop_run(user: User, run: Run, reason: str) -> Run:
    """End a run before all is done; ``reason`` says why."""
    said = written(reason, _("Say in a few words why."))
    with transaction.atomic():
        require(user, DECIDE, locked_deals().get(pk=run.case.deal_id))
        found = locked_runs().get(pk=run.pk)
        if found.ended_at is not None:
            raise ValidationError(_("The run has ended already."))
        found.stopped_by, found.reason = user, said
        end(found)
        audit.record(user, "stop_run", found.case, after={"run": found.pk})
    return found


def complete(user: User, task: Task, text: str = "") -> Task:
    """Say that it is done."""
    with transaction.atomic():
        found = _open(user, task)
        if not found.may_complete:
            raise ValidationError(_("This step needs the manager's approval first."))
        approving.check_doer(user, found)
        _close(found, Ending.DONE, user)
        _note(found, Act.COMPLETE, user, text)
    return found


def skip(user: User, task: Task, reason: str) -> Task:
    """Leave it out, and say why."""
    said = written(reason, _("Say in a few words why."))
    with transaction.atomic():
        found = _open(user, task)
        found.skipped_reason = said
        _close(found, Ending.SKIPPED, user)
        _note(found, Act.SKIP, user, said)
    return found


def reopen(user: User, task: Task) -> Task:
    """Take a closed task up again; only facts from now on close it by themselves."""
    with transaction.atomic():
        found = _taken(user, task, WORK)
        if found.is_open:
            raise ValidationError(_("This step is open already."))
        found.closed_at, found.closed_by, found.ending = None, None, ""
        found.fact, found.skipped_reason, found.counts_from = "", "", timezone.now()
        found.escalated_at = None
        found.save()
        _note(found, Act.REOPEN, user)
        follow(found.run_id)
    return found


def reassign(user: User, task: Task, to: User) -> Task:
    """Give it to somebody who may work on the deal."""
    with transaction.atomic():
        found = _open(user, task)
        if not people.may_do(to, found.run.case.deal):
            raise ValidationError(
                _("%(name)s may not work on this deal. Choose somebody else.") % {"name": to.name}
            )
        found.assignee, found.by_hand = to, True
        found.save(update_fields=["assignee", "by_hand"])
        _note(found, Act.REASSIGN, user, to=to)
    return found


def ask_approval(user: User, task: Task, text: str = "") -> Task:
    """Ask the manager; the reasons stand in ``text``."""
    wanted = (ApprovalState.NEEDED, ApprovalState.REFUSED)
    return _approval(user, task, WORK, wanted, ApprovalState.ASKED, Act.ASK, text)


def approve(user: User, task: Task, text: str = "") -> Task:
    """Let it be done; not one's own step, unless nobody else may."""
    wanted = (ApprovalState.NEEDED, ApprovalState.ASKED, ApprovalState.REFUSED)
    with transaction.atomic():
        act = approving.act_of(user, _open(user, task, APPROVE))
        return _approval(user, task, APPROVE, wanted, ApprovalState.APPROVED, act, text)


def refuse(user: User, task: Task, text: str) -> Task:
    """Do not let it be done, and say why."""
    said = written(text, _("Say in a few words why."))
    wanted = (ApprovalState.NEEDED, ApprovalState.ASKED)
    return _approval(user, task, APPROVE, wanted, ApprovalState.REFUSED, Act.REFUSE, said)


def _approval(  # noqa: PLR0913, PLR0917
    user: User,
    task: Task,
    permission: str,
    wanted: tuple[ApprovalState, ...],
    state: ApprovalState,
    act: Act,
    text: str,
) -> Task:
    with transaction.atomic():
        found = _open(user, task, permission)
        if found.approval not in wanted:
            raise ValidationError(_("The approval changed meanwhile. Look at it again."))
        found.approval = state
        # What was done before it was allowed does not count as done.
        found.counts_from = timezone.now()
        found.save(update_fields=["approval", "counts_from"])
        _note(found, act, user, text)
        audit.record(user, f"task_{act}", found.run.case, after={"task": found.pk})
    return found


def _open(user: User, task: Task, permission: str = WORK) -> Task:
    found = _taken(user, task, permission)
    if not found.is_open:
        raise ValidationError(_("This step is closed by now; look at it again."))
    return found


def _taken(user: User, task: Task, permission: str) -> Task:
    """The task, locked after its deal and run, if ``user`` may and the run goes on."""
    deal = locked_deals().get(pk=task.run.case.deal_id)
    require(user, permission, deal)
    run = locked_runs().get(pk=task.run_id)
    if run.ended_at is not None or not run.case.is_living:
        raise ValidationError(_("The run has ended already."))
    found = Task.objects.get(pk=task.pk)
    found.run = run
    return found


def _close(task: Task, ending: Ending, user: User) -> None:
    task.closed_at, task.ending, task.closed_by = timezone.now(), ending, user
    task.save(update_fields=["closed_at", "ending", "closed_by", "skipped_reason"])


def _note(task: Task, act: Act, by: User, text: str = "", **more: Any) -> None:
    TaskNote.objects.create(task=task, act=act, by=by, text=text.strip()[:MOST_TEXT], **more)
