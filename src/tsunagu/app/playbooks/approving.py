"""Four eyes: who does a step, or asked for its approval, does not approve it.

Where nobody else may, the step is approved all the same, and said so on the page and in the audit
trail: a small organisation must not stand still.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.models import Case, When
from django.utils.translation import gettext as _

from tsunagu.app.deals.models import Deal
from tsunagu.app.people.models import Role, User
from tsunagu.app.people.permissions import people_who_approve
from tsunagu.app.playbooks.models import Act, Task, TaskNote

NAMED = 3
"""People named as those who may."""

APPROVALS = (Act.APPROVE, Act.ALONE)


def is_own(user: User, task: Task) -> bool:
    """Whether the step is ``user``'s, or ``user`` asked for its approval last."""
    return task.assignee_id == user.pk or _last_by(task, (Act.ASK,)) == user.pk


def others(user: User, deal: Deal) -> list[User]:
    """Some of those who may approve steps on ``deal`` beside ``user``, managers first."""
    is_higher = Case(When(role=Role.MANAGER, then=0), default=1)
    rows = people_who_approve(deal).exclude(pk=user.pk)
    return list(rows.order_by(is_higher, "name", "pk")[:NAMED])


def act_of(user: User, task: Task) -> Act:
    """As what ``user``'s approval of the step is noted.

    Raises:
        ValidationError: the step is the user's own, and somebody else may approve it.
    """
    if not is_own(user, task):
        return Act.APPROVE
    if found := others(user, task.run.case.deal):
        raise ValidationError(own_words(found))
    return Act.ALONE


def own_words(people: Iterable[User]) -> str:
    """Why one's own step waits, and for whom."""
    names = ", ".join(person.name for person in people)
    return _("This is your own step, so somebody else approves it: %(names)s.") % {"names": names}


def check_doer(user: User, task: Task) -> None:
    """Refuse that who approved a step also says that it is done.

    Raises:
        ValidationError: ``user`` approved it, and not for want of others.
    """
    if task.approval and _last_by(task, APPROVALS, only=Act.APPROVE) == user.pk:
        raise ValidationError(
            _("You approved this step, so somebody else says that it is done. Give it to them.")
        )


def _last_by(task: Task, acts: tuple[Act, ...], only: Act | None = None) -> int | None:
    """Who did the last of these acts, if it was ``only`` that one."""
    notes = [note for note in task.notes.all() if note.act in acts]
    last: TaskNote | None = notes[-1] if notes else None
    return last.by_id if last and (only is None or last.act == only) else None
