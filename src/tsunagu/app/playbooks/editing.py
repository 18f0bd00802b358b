"""The editor's forms: a playbook as fields, and back.

All steps travel with every request, so that adding, moving and removing keep what was typed, with
and without script; nothing is kept before it is published.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.interruptions.causes import grouped
from tsunagu.app.playbooks import steps
from tsunagu.app.playbooks.changes import NAMES
from tsunagu.app.playbooks.steps import ANY, Content, Problem, SchemaError, parse
from tsunagu.app.playbooks.words import LANGUAGES

SPOKEN = {"ja": _("Japanese"), "en": _("English")}
TEXTS = ("name", "text", "done", "subject", "script")
CHOICES = ("role", "channel", "condition", "approval", "gate", "done_by")

Raw = dict[str, Any]
"""A playbook or a step as :func:`steps.parse` takes it, right or not yet."""


def _text(name: str, language: str, rows: int = 0) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    widget.attrs["lang"] = language
    label = f"{NAMES[name]} ({SPOKEN[language]})"
    return forms.CharField(label=label, required=False, widget=widget)


class TypedForm(forms.Form):
    """A form that shows what was typed, and beside each field what is wrong with it."""

    def find(self, problems: Iterable[Problem]) -> None:
        """Take the problems up."""
        self.found = ErrorDict()
        for problem in problems:
            name = problem.field.replace(".", "_")
            place = name if name in self.fields else NON_FIELD_ERRORS
            self.found.setdefault(place, self.error_class()).append(problem.words)

    @property
    def errors(self) -> ErrorDict:
        """Those that were found; the form itself finds none."""
        return self.found


def spoken(problem: Problem) -> str:
    """A problem with its place in the reader's words."""
    field, _dot, language = problem.field.partition(".")
    place = str(NAMES.get(field, field)) + (f" ({SPOKEN[language]})" if language in SPOKEN else "")
    return str(replace(problem, field=place))


class HeadForm(TypedForm):
    """Name, purpose and causes."""

    causes = forms.MultipleChoiceField(
        label=_("Causes"),
        choices=lambda: [(ANY, _("Every case")), *grouped()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, raw: Raw, problems: list[Problem]) -> None:
        super().__init__(initial=_flat(raw, ("name", "purpose")) | {"causes": raw.get("causes")})
        for name, rows in (("name", 0), ("purpose", 2)):
            for language in LANGUAGES:
                self.fields[f"{name}_{language}"] = _text(name, language, rows)
        self.find(p for p in problems if p.step is None)


class StepForm(TypedForm):
    """One step."""

    key = forms.CharField(widget=forms.HiddenInput)
    day = forms.IntegerField(label=NAMES["day"], min_value=0, max_value=steps.MOST_DAYS)
    role = forms.ChoiceField(label=NAMES["role"], choices=steps.Doer.choices)
    channel = forms.ChoiceField(label=NAMES["channel"], choices=steps.Channel.choices)
    condition = forms.ChoiceField(label=NAMES["condition"], choices=steps.Condition.choices)
    amount = forms.IntegerField(
        label=NAMES["amount"], help_text=_("Only for the condition on the amount.")
    )
    approval = forms.ChoiceField(label=NAMES["approval"], choices=steps.Approval.choices)
    gate = forms.ChoiceField(label=NAMES["gate"], choices=steps.GATES)
    done_by = forms.ChoiceField(label=NAMES["done_by"], choices=steps.DoneBy.choices)

    def __init__(self, raw: Raw, number: int, problems: list[Problem]) -> None:
        first = {k: raw.get(k) for k in ("key", "day", "amount", *CHOICES)}
        super().__init__(initial=_flat(raw, TEXTS) | first, prefix=f"step-{number}")
        self.number, self.raw = number, raw
        self.problems = [p for p in problems if p.step == number]
        for name in TEXTS:
            for language in LANGUAGES:
                rows = {"text": 3, "script": 8}.get(name, 0)
                self.fields[f"{name}_{language}"] = _text(name, language, rows)
        self.find(self.problems)

    @property
    def title(self) -> str:
        """The step's name, in either language."""
        name = self.raw.get("name") or {}
        return name.get("ja") or name.get("en") or ""

    @property
    def settings(self) -> list[forms.BoundField]:
        """Who, when and how."""
        return [self[name] for name in ("day", "role", "channel", "condition", "amount")]

    @property
    def rules(self) -> list[forms.BoundField]:
        """What it needs and what closes it."""
        return [self[name] for name in ("approval", "gate", "done_by")]

    @property
    def texts(self) -> list[list[forms.BoundField]]:
        """Each text in both languages; subject and script where the channel has them."""
        channel = self.raw.get("channel")
        hidden = set() if channel in steps.WRITTEN else {"subject"}
        if channel not in steps.SCRIPTED:
            hidden |= {"script"}
        return [[self[f"{n}_{lang}"] for lang in LANGUAGES] for n in TEXTS if n not in hidden]


def _flat(raw: Raw, names: tuple[str, ...]) -> Raw:
    return {
        f"{name}_{language}": (raw.get(name) or {}).get(language, "")
        for name in names
        for language in LANGUAGES
    }


class Draft:
    """A playbook while it is edited."""

    def __init__(self, raw: Raw, base: int, *, checked: bool = False) -> None:
        self.raw, self.base, self.checked = raw, base, checked

    @classmethod
    def sent(cls, playbook_key: str, data: QueryDict) -> Draft:
        """What was typed."""
        head = {name: _both(data, name) for name in ("name", "purpose")}
        count = _number(data.get("count"))
        count = count if isinstance(count, int) and 0 <= count <= steps.MOST_STEPS else 0
        raw = {
            **head,
            "key": playbook_key,
            "causes": data.getlist("causes"),
            "steps": [_sent_step(data, f"step-{n}-") for n in range(count)],
        }
        base = _number(data.get("base"))
        return cls(raw, base if isinstance(base, int) else 0)

    @cached_property
    def content(self) -> Content | None:
        """As dataclasses; None where something is wrong."""
        return self._parsed if isinstance(self._parsed, Content) else None

    @cached_property
    def _parsed(self) -> Content | list[Problem]:
        try:
            return parse(self.raw)
        except SchemaError as refused:
            return list(refused.problems)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong, once it was checked."""
        wrong = self._parsed if isinstance(self._parsed, list) else []
        return wrong if self.checked else []

    @property
    def all_problems(self) -> list[str]:
        """What is wrong now, in words."""
        return [spoken(p) for p in self._parsed] if isinstance(self._parsed, list) else []

    @cached_property
    def head(self) -> HeadForm:
        """The fields of the playbook itself."""
        return HeadForm(self.raw, self.problems)

    @cached_property
    def forms(self) -> list[StepForm]:
        """The fields of each step."""
        return [StepForm(raw, n, self.problems) for n, raw in enumerate(self.raw["steps"])]

    def change(self, do: str) -> None:
        """Add, move or remove a step: ``add``, ``up:3``, ``down:3``, ``remove:3``."""
        what, _colon, place = do.partition(":")
        rows, at = self.raw["steps"], _number(place)
        if what == "add" and len(rows) < steps.MOST_STEPS:
            rows.append(self._new_step())
        elif isinstance(at, int) and 0 <= at < len(rows):
            self._move(what, at)

    def _move(self, what: str, at: int) -> None:
        rows = self.raw["steps"]
        row = rows.pop(at)
        if what == "remove":
            return
        rows.insert(max(0, at + {"up": -1, "down": 1}.get(what, 0)), row)

    def _new_step(self) -> Raw:
        taken = {row["key"] for row in self.raw["steps"]}
        key = next(f"step-{n}" for n in range(1, 100) if f"step-{n}" not in taken)
        last = self.raw["steps"][-1]["day"] if self.raw["steps"] else 0
        first = {"gate": "", "done_by": ""}
        kept = {"condition": "always", "approval": "none", "role": "owner", "channel": "telephone"}
        return {"key": key, "day": last, **first, **kept}


def _sent_step(data: QueryDict, prefix: str) -> Raw:
    said = {name: data.get(f"{prefix}{name}", "") for name in ("key", *CHOICES)}
    raw: Raw = {**said, "day": _number(data.get(f"{prefix}day"))}
    if said["condition"] == steps.Condition.VALUE_AT_LEAST:
        raw["amount"] = _number(data.get(f"{prefix}amount"))
    unused = set() if said["channel"] in steps.WRITTEN else {"subject"}
    unused |= set() if said["channel"] in steps.SCRIPTED else {"script"}
    return raw | {name: _both(data, prefix + name) for name in TEXTS if name not in unused}


def _both(data: QueryDict, name: str) -> dict[str, str]:
    # A browser sends lines with CRLF; NUL is nothing that PostgreSQL can keep.
    return {
        language: data.get(f"{name}_{language}", "").replace("\r\n", "\n").replace("\x00", "")
        for language in LANGUAGES
    }


def _number(text: str | None) -> int | str:
    plain = (text or "").strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 16 else plain
