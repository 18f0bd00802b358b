"""Playbooks and cases for tests."""

from __future__ import annotations

from typing import Any

from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions import folding
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import User
from tsunagu.app.playbooks.actions import add_playbook
from tsunagu.app.playbooks.models import Playbook, Run, Task
from tsunagu.app.playbooks.steps import Content, parse


def said(text: str) -> dict[str, str]:
    return {"ja": text, "en": f"{text} (en)"}


def a_step(name: str, /, **fields: Any) -> dict[str, Any]:
    first = {"key": name, "day": 0, "role": "owner", "channel": "internal"}
    return {**first, "name": said(f"手順 {name}"), "text": said("こうする"), **fields}


def content(*steps: dict[str, Any], key: str = "for-tests", **fields: Any) -> Content:
    first = {"key": key, "causes": ["any"], "name": said("試験の手順"), "purpose": said("目的")}
    return parse({**first, "steps": list(steps) or [a_step("first")], **fields})


def a_playbook(administrator: User, *steps: dict[str, Any], **fields: Any) -> Playbook:
    return add_playbook(administrator, content(*steps, **fields))


def a_case(user: User, deal: Deal, *, main: str = "") -> Interruption:
    """A confirmed one."""
    return case_actions.confirm(user, folding.begin(deal), main=main)


def task_of(run: Run, key: str) -> Task:
    rows = Task.objects.select_related("run__version", "run__case__deal")
    return rows.get(run=run, step_key=key)
