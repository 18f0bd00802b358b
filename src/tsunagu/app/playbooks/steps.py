"""What a playbook says: its schema, parsed and validated alike for shipped files and the editor.

A playbook is a mapping as TOML or JSON give it (docs: ``docs/how-to/playbooks.md``)::

    key, version, causes, name {ja, en}, purpose {ja, en}, steps [
        key, day, role, channel, condition, amount, approval, gate, done_by,
        name, text, done, subject, script {ja, en} ]

:func:`parse` makes frozen dataclasses of it or raises :class:`SchemaError` with every problem at
once, each with its step and field; :func:`as_json` is its inverse.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.passing import Gate
from tsunagu.app.playbooks.words import LANGUAGES, Words

ANY = "any"
"""The cause of a playbook that fits every case."""

MOST_STEPS = 40
MOST_DAYS = 250
"""Business days; about a year."""


class Doer(TextChoices):
    """Whose task a step is."""

    OWNER = "owner", gettext_lazy("Owner of the deal")
    MANAGER = "manager", gettext_lazy("Manager of the team")
    OPERATIONS = "operations", gettext_lazy("Sales operations")


class Channel(TextChoices):
    """By which way a step is done."""

    TELEPHONE = "telephone", gettext_lazy("By telephone")
    EMAIL = "email", gettext_lazy("E-mail")
    LETTER = "letter", gettext_lazy("Letter")
    VISIT = "visit", gettext_lazy("Visit")
    MEETING = "meeting", gettext_lazy("Meeting")
    INTERNAL = "internal", gettext_lazy("In our house")


WRITTEN = frozenset({Channel.EMAIL, Channel.LETTER})
"""Channels with a subject and a body."""

SCRIPTED = WRITTEN | {Channel.TELEPHONE}
"""Channels that need a script: the talk, or the body."""


class Condition(TextChoices):
    """When a step is needed; looked at again with every new fact."""

    ALWAYS = "always", gettext_lazy("Always")
    NOT_ANSWERED = "not_answered", gettext_lazy("While the customer has not answered")
    ANSWERED = "answered", gettext_lazy("Once the customer answered")
    CONTACT_KNOWN = "contact_known", gettext_lazy("If a contact person is known")
    NO_CONTACT_KNOWN = "no_contact_known", gettext_lazy("If no contact person is known")
    VALUE_AT_LEAST = "value_at_least", gettext_lazy("If the deal's amount is at least")


class Approval(TextChoices):
    """Whose approval a step needs before it may be done."""

    NONE = "none", gettext_lazy("None needed")
    MANAGER = "manager", gettext_lazy("By the manager")


GATES = [("", gettext_lazy("None")), *Gate.choices]
"""Which gate of the restart plan a step may serve, as a form offers it."""


class DoneBy(TextChoices):
    """The fact that closes a step by itself."""

    CLICK = "", gettext_lazy("None: a person ticks it")
    CALL_TWO_WAY = "call_two_way", gettext_lazy("A call in which both talked")
    CONTACT_IN = "contact_in", gettext_lazy("Any word from the customer")
    EMAIL_OUT = "email_out", gettext_lazy("An e-mail or letter to the customer")
    EMAIL_IN = "email_in", gettext_lazy("An e-mail from the customer")
    MEETING = "meeting", gettext_lazy("A meeting")
    VISIT = "visit", gettext_lazy("A visit")
    QUOTE = "quote", gettext_lazy("A quote")
    FINDING = "finding", gettext_lazy("An answered question of the diagnosis")
    REPLY = "reply", gettext_lazy("The customer's answer to the question form")
    COMMENT = "comment", gettext_lazy("A note or comment")


VARIABLES: dict[str, str | Promise] = {
    "customer": gettext_lazy("the customer's name"),
    "contact": gettext_lazy("the contact person's name"),
    "sender": gettext_lazy("the name of the person who does the step"),
    "sender_team": gettext_lazy("that person's team"),
    "deal": gettext_lazy("the deal's title"),
    "cause": gettext_lazy("the main cause"),
    "since": gettext_lazy("the day since which the sale is interrupted"),
    "form_link": gettext_lazy("the link to the customer's question form"),
    "today": gettext_lazy("today's date"),
}
"""What may stand in braces in a subject and a script."""

VARIABLE = re.compile(r"\{([a-z_]+)\}")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MOST_LETTERS = {"name": 100, "purpose": 500, "text": 3_000, "done": 500, "subject": 200}
MOST_SCRIPT = 8_000


NONE = Words()


@dataclass(frozen=True)
class Step:
    """One step; ``day`` counts business days from the start, ``gate`` is the one that it serves.

    See the enumerations for the rest.
    """

    key: str
    day: int
    role: Doer
    channel: Channel
    name: Words
    text: Words
    done: Words = NONE
    subject: Words = NONE
    script: Words = NONE
    condition: Condition = Condition.ALWAYS
    amount: int | None = None
    approval: Approval = Approval.NONE
    gate: Gate | None = None
    done_by: DoneBy = DoneBy.CLICK


@dataclass(frozen=True)
class Content:
    """A playbook of one version; ``version`` is the shipped file's, 0 for what people wrote."""

    key: str
    version: int
    causes: tuple[str, ...]
    name: Words
    purpose: Words
    steps: tuple[Step, ...]

    def step(self, key: str) -> Step | None:
        """The step with that key."""
        return next((step for step in self.steps if step.key == key), None)

    def copied(self, key: str, mark: str) -> Content:
        """The same under another key, with ``mark`` behind its names."""
        names = {language: getattr(self.name, language) for language in LANGUAGES}
        name = Words(**{language: said and said[:80] + mark for language, said in names.items()})
        return replace(self, key=key, version=0, name=name)


@dataclass(frozen=True)
class Problem:
    """What is wrong where: ``step`` counts from 0, None for the playbook itself.

    ``field`` is as in the schema, with the language where it has two: ``script.ja``.
    """

    step: int | None
    field: str
    words: str

    def __str__(self) -> str:
        place = _("step %(n)d, ") % {"n": self.step + 1} if self.step is not None else ""
        return f"{place}{self.field}: {self.words}"


class SchemaError(ValueError):
    """A playbook that breaks the schema, with all its problems."""

    def __init__(self, problems: Sequence[Problem], source: str = "") -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"- {problem}" for problem in problems)
        super().__init__(f"{source or 'playbook'}:\n{lines}")


def load(path: Path) -> Content:
    """The playbook of a shipped file; both languages must be complete.

    Raises:
        SchemaError: with the file's name and every problem.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        content = parse(raw, complete=True)
    except SchemaError as refused:
        raise SchemaError(refused.problems, path.name) from None
    if content.key != path.stem:
        raise SchemaError(
            [Problem(None, "key", f"must be the file's name, {path.stem}")], path.name
        )
    return content


def parse(raw: Mapping[str, Any], *, complete: bool = False) -> Content:
    """The playbook that ``raw`` says.

    Args:
        complete: both languages must be there; else one is enough.

    Raises:
        SchemaError: with every problem.
    """
    reader = _Reader(raw, None, complete, [])
    reader.refuse_unknown({"key", "version", "causes", "name", "purpose", "steps"})
    content = Content(
        key=reader.key(),
        version=reader.whole("version", 0, 1_000_000, default=0),
        causes=_causes(reader),
        name=reader.said("name"),
        purpose=reader.said("purpose"),
        steps=_steps(reader),
    )
    if reader.problems:
        raise SchemaError(reader.problems)
    return content


def as_json(content: Content) -> dict[str, Any]:
    """As it is stored; :func:`parse` reads it back."""
    return {**asdict(content), "causes": list(content.causes), "steps": _plain(content.steps)}


def _plain(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [{k: v for k, v in asdict(step).items() if v is not None} for step in steps]


def stray(text: str) -> Iterator[str]:
    """Pieces in braces that are no variables, and lone braces."""
    for match in re.finditer(r"\{[^{}]*\}|[{}]", text):
        if match.group().strip("{}") not in VARIABLES or len(match.group()) == 1:
            yield match.group()


@dataclass
class _Reader:
    """Reads one mapping; what is wrong goes to ``problems`` and a harmless value comes back."""

    raw: Mapping[str, Any]
    step: int | None
    complete: bool
    problems: list[Problem]

    def refuse(self, field: str, words: str) -> None:
        self.problems.append(Problem(self.step, field, words))

    def refuse_unknown(self, known: set[str]) -> None:
        for field in sorted(self.raw.keys() - known):
            self.refuse(str(field), _("There is no such field."))

    def key(self) -> str:
        key = self.raw.get("key")
        if isinstance(key, str) and SLUG.fullmatch(key) and len(key) <= 60:
            return key
        self.refuse("key", _("Use a-z, 0-9 and hyphens, at most 60."))
        return ""

    def whole(self, field: str, least: int, most: int, default: int | None = None) -> int:
        value = self.raw.get(field, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        words = _("A whole number from %(least)d to %(most)d.") % {"least": least, "most": most}
        self.refuse(field, words)
        return least

    def one_of(self, field: str, choices: Any, default: str | None = None) -> Any:
        value = self.raw.get(field, default)
        if value in choices.values:
            return choices(value)
        words = _("One of: %(values)s.") % {"values": ", ".join(v or '""' for v in choices.values)}
        self.refuse(field, words)
        return next(iter(choices))

    def said(self, field: str, *, needed: bool = True, filled: bool = False) -> Words:
        """A text in both languages; ``filled``: variables may stand in it."""
        raw = self.raw.get(field) or {}
        if not isinstance(raw, Mapping) or not all(isinstance(v, str) for v in raw.values()):
            self.refuse(field, _("Give the words under ja and en."))
            return Words()
        words = Words(**{language: raw.get(language, "").strip() for language in LANGUAGES})
        for language in sorted(raw.keys() - set(LANGUAGES)):
            self.refuse(f"{field}.{language}", _("There is no such language."))
        self._missing(field, words, needed)
        for language in LANGUAGES:
            self._check(field, language, getattr(words, language), filled)
        return words

    def _missing(self, field: str, words: Words, needed: bool) -> None:
        if not words and needed and not self.complete:
            self.refuse(f"{field}.ja", _("Write this in one language at least."))
        if self.complete and (needed or words):
            for language in LANGUAGES:
                if not getattr(words, language):
                    self.refuse(f"{field}.{language}", _("This is missing."))

    def _check(self, field: str, language: str, text: str, filled: bool) -> None:
        place = f"{field}.{language}"
        most = MOST_LETTERS.get(field, MOST_SCRIPT)
        if len(text) > most:
            self.refuse(place, _("At most %(most)d letters.") % {"most": most})
        for piece in stray(text) if filled else ():
            words = _("“%(piece)s” is no variable. Known: %(known)s")
            known = " ".join(f"{{{name}}}" for name in VARIABLES)
            self.refuse(place, words % {"piece": piece, "known": known})


def _causes(reader: _Reader) -> tuple[str, ...]:
    causes = reader.raw.get("causes")
    known = {ANY, *Cause.values}
    if isinstance(causes, list | tuple) and causes and all(c in known for c in causes):
        return tuple(dict.fromkeys(causes))
    reader.refuse("causes", _("Name the causes that it answers, or “any”."))
    return ()


def _steps(reader: _Reader) -> tuple[Step, ...]:
    rows = reader.raw.get("steps")
    if not isinstance(rows, list | tuple) or not 0 < len(rows) <= MOST_STEPS:
        reader.refuse("steps", _("From 1 to %(most)d steps.") % {"most": MOST_STEPS})
        return ()
    found = []
    for number, row in enumerate(rows):
        raw = row if isinstance(row, Mapping) else {}
        found.append(_step(_Reader(raw, number, reader.complete, reader.problems)))
    for number, step in enumerate(found):
        if step.key and step.key in {other.key for other in found[:number]}:
            words = _("Another step has this key.")
            reader.problems.append(Problem(number, "key", words))
    return tuple(found)


def _step(reader: _Reader) -> Step:
    reader.refuse_unknown(set(Step.__dataclass_fields__))
    channel = reader.one_of("channel", Channel)
    condition = reader.one_of("condition", Condition, Condition.ALWAYS)
    if channel not in WRITTEN and any((reader.raw.get("subject") or {}).values()):
        reader.refuse("subject", _("Only e-mails and letters have a subject."))
    return Step(
        key=reader.key(),
        day=reader.whole("day", 0, MOST_DAYS),
        role=reader.one_of("role", Doer),
        channel=channel,
        name=reader.said("name"),
        text=reader.said("text"),
        done=reader.said("done", needed=reader.complete),
        subject=reader.said("subject", needed=channel in WRITTEN, filled=True),
        script=reader.said("script", needed=channel in SCRIPTED, filled=True),
        condition=condition,
        amount=reader.whole("amount", 1, 10**15) if condition == Condition.VALUE_AT_LEAST else None,
        approval=reader.one_of("approval", Approval, Approval.NONE),
        gate=reader.one_of("gate", Gate) if reader.raw.get("gate") else None,
        done_by=reader.one_of("done_by", DoneBy, DoneBy.CLICK),
    )
