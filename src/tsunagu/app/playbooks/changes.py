"""What changed from one version of a playbook to another, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.playbooks.steps import Content, Step

NAMES: dict[str, Any] = {
    "name": gettext_lazy("Name"),
    "purpose": gettext_lazy("Purpose"),
    "causes": gettext_lazy("Causes"),
    "day": gettext_lazy("Business days after the start"),
    "role": gettext_lazy("Who"),
    "channel": gettext_lazy("How"),
    "condition": gettext_lazy("Condition"),
    "amount": gettext_lazy("Amount from"),
    "approval": gettext_lazy("Approval"),
    "gate": gettext_lazy("Gate of the restart plan"),
    "done_by": gettext_lazy("Closed by itself by"),
    "text": gettext_lazy("What to do, what to avoid"),
    "done": gettext_lazy("What counts as done"),
    "subject": gettext_lazy("Subject"),
    "script": gettext_lazy("Script or body"),
}
"""Fields in the reader's words."""


def changes(before: Content, after: Content) -> list[str]:
    """One line for each change; none where nothing changed."""
    head = [
        _("%(field)s changed") % {"field": NAMES[name]}
        for name in ("name", "purpose", "causes")
        if getattr(before, name) != getattr(after, name)
    ]
    return [*head, *_steps(before, after)]


def _steps(before: Content, after: Content) -> Iterator[str]:
    old, new = ({step.key: step for step in c.steps} for c in (before, after))
    for key, step in old.items():
        if key not in new:
            yield _("Step removed: %(step)s") % {"step": step.name}
    for key, step in new.items():
        if key not in old:
            yield _("Step added: %(step)s") % {"step": step.name}
        else:
            yield from _step(old[key], step)
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield _("Steps put into another order")


def _step(before: Step, after: Step) -> Iterator[str]:
    changed = [
        str(NAMES[field.name])
        for field in fields(Step)
        if getattr(before, field.name) != getattr(after, field.name)
    ]
    if changed:
        yield f"{after.name}: {', '.join(changed)}"
