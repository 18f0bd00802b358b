"""The sheets about runs and tasks; each ends in one action."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.sheets import CaseForm, words_field
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import people_who_see
from tsunagu.app.playbooks import actions, people
from tsunagu.app.playbooks.business_days import business_day
from tsunagu.app.playbooks.conditions import Known
from tsunagu.app.playbooks.models import Playbook, Run, Task
from tsunagu.app.playbooks.steps import Doer


def _why() -> forms.CharField:
    words = gettext_lazy("Say in a few words why.")
    return words_field(gettext_lazy("Why"), error_messages={"required": words})


def _note() -> forms.CharField:
    return words_field(gettext_lazy("Note (if you like)"), required=False)


class StartForm(CaseForm):
    """Carry a playbook out."""

    heading = gettext_lazy("Start the playbook")
    label = gettext_lazy("Start")
    template = "playbooks/sheets/start.html"

    def __init__(self, user: User, case: Interruption, data: Any, playbook: Playbook) -> None:
        self.playbook = playbook
        super().__init__(user, case, data)

    @property
    def plan(self) -> list[dict[str, Any]]:
        """What the tasks would be: step, day, person, and whether it is needed now."""
        version = self.playbook.in_use
        now = timezone.now()
        known = Known.about(self.case, now)
        doers = {role: people.assignee(role, self.deal) for role in Doer.values}
        today = timezone.localdate()
        return [
            {
                "step": step,
                "due_on": business_day(today, step.day),
                "assignee": doers[step.role],
                "needed": known.needs(step),
            }
            for step in (version.parsed.steps if version else ())
        ]

    def perform(self) -> str:
        actions.start_run(self.user, self.case, self.playbook)
        return _("The tasks are made. The response has begun.")


class StopForm(CaseForm):
    """End a run before all is done."""

    heading = label = gettext_lazy("Stop the playbook")
    reason = _why()

    def __init__(self, user: User, run: Run, data: Any) -> None:
        self.run = run
        super().__init__(user, run.case, data)

    def perform(self) -> str:
        actions.stop_run(self.user, self.run, self.cleaned_data["reason"])
        return _("The playbook is stopped.")


class TaskForm(CaseForm):
    """A sheet about one task."""

    permission: ClassVar[str] = actions.WORK
    template = "playbooks/sheets/task.html"
    said: ClassVar[str | Promise] = gettext_lazy("Saved.")

    def __init__(self, user: User, task: Task, data: Any) -> None:
        self.task = task
        super().__init__(user, task.run.case, data)

    def do(self) -> None:
        """Act."""
        raise NotImplementedError

    def perform(self) -> str:
        self.do()
        return str(self.said)


class CompleteForm(TaskForm):
    """Done."""

    heading = gettext_lazy("Is this step done?")
    label = gettext_lazy("Yes, done")
    said = gettext_lazy("The step is done.")
    text = _note()

    def do(self) -> None:
        actions.complete(self.user, self.task, self.cleaned_data["text"])


class SkipForm(TaskForm):
    """Left out."""

    heading = label = gettext_lazy("Skip this step")
    said = gettext_lazy("The step is skipped.")
    text = _why()

    def do(self) -> None:
        actions.skip(self.user, self.task, self.cleaned_data["text"])


class ReopenForm(TaskForm):
    """Taken up again."""

    heading = label = gettext_lazy("Take this step up again")
    said = gettext_lazy("The step is open again.")

    def do(self) -> None:
        actions.reopen(self.user, self.task)


class ReassignForm(TaskForm):
    """Given to somebody else."""

    heading = gettext_lazy("Give this step to somebody else")
    label = gettext_lazy("Give to somebody")
    said = gettext_lazy("The step is handed over.")
    to = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("Who does it from now on"))

    def prepare(self) -> None:
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # tells the type checker
        field.queryset = people_who_see(self.deal)

    def before(self, case: Interruption) -> dict[str, Any]:
        return {"to": self.task.assignee_id}

    def do(self) -> None:
        actions.reassign(self.user, self.task, self.cleaned_data["to"])


class AskForm(TaskForm):
    """Approval asked for."""

    heading = gettext_lazy("Ask the manager for approval")
    label = gettext_lazy("Ask for approval")
    said = gettext_lazy("The manager is asked.")
    text = words_field(gettext_lazy("What for, and why"), required=False)

    def do(self) -> None:
        actions.ask_approval(self.user, self.task, self.cleaned_data["text"])


class ApproveForm(TaskForm):
    """Approval given."""

    heading = label = gettext_lazy("Approve this step")
    permission = actions.APPROVE
    said = gettext_lazy("The step is approved.")
    text = _note()

    def do(self) -> None:
        actions.approve(self.user, self.task, self.cleaned_data["text"])


class RefuseForm(TaskForm):
    """Approval refused."""

    heading = label = gettext_lazy("Refuse this step")
    permission = actions.APPROVE
    said = gettext_lazy("The step is refused.")
    text = _why()

    def do(self) -> None:
        actions.refuse(self.user, self.task, self.cleaned_data["text"])


TASK_SHEETS: dict[str, type[TaskForm]] = {
    "complete": CompleteForm,
    "skip": SkipForm,
    "reopen": ReopenForm,
    "reassign": ReassignForm,
    "ask": AskForm,
    "approve": ApproveForm,
    "refuse": RefuseForm,
}
"""Every sheet of a task by the name of its address."""
