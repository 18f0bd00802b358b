"""The texts to begin with: of the case's playbook, and those that ship with following up."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils import timezone, translation
from django.utils.formats import date_format

from tsunagu.app.customers.models import Contact
from tsunagu.app.followup.models import Form
from tsunagu.app.interruptions.causes import Category
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import User
from tsunagu.app.playbooks import filling
from tsunagu.app.playbooks.filling import Filled
from tsunagu.app.playbooks.queries import fitting
from tsunagu.app.playbooks.steps import Channel, Content, Step
from tsunagu.app.playbooks.words import Words

OURS, THEIRS = "letter-ours", "letter-theirs"


@dataclass(frozen=True)
class Template:
    """A text with variables; ``key`` names it in addresses."""

    key: str
    form: str
    name: Words
    subject: Words
    body: Words


@cache
def shipped() -> dict[str, Template]:
    """The texts that need no playbook, by key."""
    file = Path(__file__).with_name("templates.toml")
    rows = tomllib.loads(file.read_text(encoding="utf-8")).items()
    return {
        key: Template(
            key, row["form"], Words(**row["name"]), Words(**row["subject"]), Words(**row["body"])
        )
        for key, row in rows
    }


def playbook_of(case: Interruption) -> Content | None:
    """What runs on the case; else the playbook for its main cause, else the general one."""
    run = case.runs.select_related("version").filter(ended_at__isnull=True).first()
    if run is not None:
        return run.version.parsed
    found = next(iter(fitting([case.main_cause])), None)
    return found.in_use.parsed if found and found.in_use else None


def templates(case: Interruption, form: str) -> list[Template]:
    """What an e-mail or letter can begin with, the likeliest first."""
    own = [t for t in shipped().values() if t.form == form]
    if form == Form.LETTER and is_ours(case):
        own.sort(key=lambda template: template.key != OURS)
    elif form == Form.LETTER:
        own.sort(key=lambda template: template.key != THEIRS)
    steps = list(_of_playbook(case, form))
    return [*steps, *own] if form == Form.EMAIL else [*own, *steps]


def is_ours(case: Interruption) -> bool:
    """Whether the main cause lies on our side."""
    return case.main_cause.startswith(f"{Category.INTERNAL.value}.")


def _of_playbook(case: Interruption, form: str) -> Iterator[Template]:
    content = playbook_of(case)
    channel = Channel.LETTER if form == Form.LETTER else Channel.EMAIL
    for step in content.steps if content else ():
        if step.channel == channel:
            yield Template(f"step:{step.key}", form, step.name, step.subject, step.script)


def talks(case: Interruption) -> list[Step]:
    """The telephone scripts of the case's playbook."""
    content = playbook_of(case)
    return [s for s in content.steps if s.channel == Channel.TELEPHONE] if content else []


def filled(
    text: Words, case: Interruption, sender: User, language: str, contact: Contact | None
) -> Filled:
    """``text`` in ``language`` with the case's words in it, written to ``contact``."""
    values = filling.values(case, sender, language)
    with translation.override(language):
        values["today"] = date_format(timezone.localdate(), "DATE_FORMAT")  # letters say the year
    if contact is not None:
        values["contact"] = contact.name
    return filling.fill(text.in_language(language), values)
