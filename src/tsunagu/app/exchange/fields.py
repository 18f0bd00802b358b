"""What a file's columns can mean, and how they are recognised."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals.models import Direction, Kind, Outcome
from tsunagu.app.exchange import reading
from tsunagu.app.exchange.models import FileKind

ENOUGH_HITS = 4
"""Headers that must fit, the number among them, before a preset is recognised by itself."""


@dataclass(frozen=True)
class Field:
    """A meaning that a column can have. ``instead``: the field that does as well, if required."""

    key: str
    label: Promise
    required: bool = False
    hint: Promise | None = None
    words: str | None = None
    instead: str | None = None


FIELDS: dict[str, tuple[Field, ...]] = {
    FileKind.DEALS: (
        Field(
            "id",
            _("Deal number"),
            required=True,
            hint=_("Tells deals apart: the same number is the same deal."),
        ),
        Field("title", _("Title"), hint=_("Without it the customer's name stands for it.")),
        Field("customer", _("Customer number or name")),
        Field("customer_name", _("Customer name, where the number stands in another column")),
        Field("owner", _("Owner"), hint=_("Where it is empty, you become the owner.")),
        Field("created", _("Began on"), required=True),
        Field("stage", _("Stage"), words="outcome"),
        Field(
            "status", _("Running, won or lost, where it stands beside the stage"), words="outcome"
        ),
        Field("amount", _("Amount")),
        Field("close_date", _("Expected close date")),
        Field(
            "ended",
            _("Ended on"),
            hint=_("Where it is empty, the close date of an ended deal counts."),
        ),
        Field("won_at", _("Won on")),
        Field("lost_at", _("Lost on")),
        Field("stage_changed", _("In this stage since")),
        Field(
            "reason",
            _("Reason for the outcome"),
            hint=_("A customer who fell silent or put it off broke off; others are lost."),
            words="ending",
        ),
        Field("confidence", _("Confidence or rank"), words="confidence"),
        Field("next_step", _("Day of the next step")),
    ),
    FileKind.ACTIVITIES: (
        Field("deal", _("Deal number"), required=True, instead="contact"),
        Field(
            "contact",
            _("Contact or customer: number, e-mail or telephone"),
            hint=_("Where a row has no deal number: its deal is the one that was open then."),
        ),
        Field(
            "at",
            _("When it happened"),
            required=True,
            hint=_("A day in the future becomes the next step."),
        ),
        Field("type", _("Kind of activity"), words="kind"),
        Field("direction", _("From or to the customer"), words="direction"),
        Field("actor", _("Who did it")),
        Field("text", _("What was said or done")),
        Field("id", _("Activity number"), hint=_("Without it, equal rows are the same activity.")),
    ),
    FileKind.STAGES: (
        Field("deal", _("Deal number"), required=True),
        Field("at", _("When it changed"), required=True),
        Field("stage", _("Stage entered"), required=True, words="outcome"),
        Field("actor", _("Who changed it")),
        Field("id", _("Number of the change")),
    ),
    FileKind.CONTACTS: (
        Field(
            "id",
            _("Contact number"),
            hint=_("Without it, the same e-mail, or else company and name, is the same contact."),
        ),
        Field("customer", _("Company: number or name"), required=True),
        Field("customer_name", _("Company name, where the number stands in another column")),
        Field("name", _("Full name")),
        Field("family", _("Family name")),
        Field("given", _("Given name")),
        Field("email", _("E-mail address")),
        Field("phone", _("Telephone")),
        Field("title", _("Job title")),
        Field("department", _("Department")),
        Field("role", _("Role in the purchase, such as key person or decision maker")),
    ),
    FileKind.CUSTOMERS: (
        Field(
            "id", _("Customer number"), hint=_("Without it, the same name is the same customer.")
        ),
        Field("name", _("Name"), required=True),
        Field("industry", _("Industry")),
        Field("size", _("Size")),
        Field("region", _("Region")),
    ),
}


RUNNING = "running"
MEANINGS: dict[str, tuple[tuple[str, Any], ...]] = {
    "outcome": ((RUNNING, _("Running")), *Outcome.choices),
    "ending": (
        ("", _("as it is")),
        (Outcome.BROKEN_OFF.value, Outcome.BROKEN_OFF.label),
    ),
    "kind": tuple(
        (kind.value, kind.label)
        for kind in (
            Kind.CALL, Kind.EMAIL, Kind.MEETING, Kind.VISIT,
            Kind.QUOTE, Kind.NOTE, Kind.SURVEY, Kind.ACTIVITY,
        )
    ),
    "direction": (("", _("nobody outside")), *Direction.choices),
}  # fmt: skip
"""What a cell's word can be said to mean; a confidence is a percentage."""


@cache
def known() -> dict[str, Any]:
    """The contents of ``columns.toml``."""
    return tomllib.loads(Path(__file__).with_name("columns.toml").read_text(encoding="utf-8"))


def presets() -> list[tuple[str, str]]:
    """Keys and names of the presets."""
    return [(key, preset["name"]) for key, preset in known()["presets"].items()]


def plain(header: str) -> str:
    """A header as it is compared."""
    return reading.folded(header).replace("_", "").replace(" ", "")


def recognise(kind: str, headers: Sequence[str], preset: str = "") -> dict[str, str]:
    """The column of each field that is recognised; a column serves one field."""
    columns = {plain(header): header for header in reversed(headers)}
    found: dict[str, str] = {}
    for words_of in (_preset_words(kind, preset), _own_words(kind)):
        for field in FIELDS[kind]:
            words = [plain(word) for word in words_of.get(field.key, ())]
            free = (columns[word] for word in words if word in columns)
            header = next((h for h in free if h not in found.values()), None)
            if field.key not in found and header is not None:
                found[field.key] = header
    return found


def recognised_preset(kind: str, headers: Sequence[str]) -> str:
    """The system whose headers fit best, if enough of them do."""
    columns = {plain(header) for header in headers}
    hits = {key: len(_fitting(kind, key, columns)) for key, _name in presets()}
    best = max(hits, key=lambda key: hits[key])
    return best if hits[best] >= ENOUGH_HITS else ""


def _fitting(kind: str, preset: str, columns: set[str]) -> list[str]:
    fields = _preset_words(kind, preset)
    found = [field for field, words in fields.items() if columns & {plain(word) for word in words}]
    number = "id" if "id" in fields else "deal"
    return found if number in found else []


def _preset_words(kind: str, preset: str) -> Mapping[str, Iterable[str]]:
    found: Mapping[str, Iterable[str]] = known()["presets"].get(preset, {}).get(kind, {})
    return found


def _own_words(kind: str) -> Mapping[str, Iterable[str]]:
    """Ours and, for deals, those that the analytics' readers know."""
    own: dict[str, list[str]] = known()["headers"][kind]
    if kind != FileKind.DEALS:
        return own
    read = reading.DEAL_HEADERS
    return {key: [*read.get(key, ()), *own.get(key, ())] for key in {*read, *own}}


def guess_meaning(words: str, word: str) -> str:
    """What ``word`` means by itself, as a key of :data:`MEANINGS`."""
    bare = reading.folded(word).strip()
    found = next((m for m, known_words in _vocabulary(words).items() if bare in known_words), "")
    return found or {"outcome": RUNNING, "kind": Kind.ACTIVITY.value}.get(words, "")


def _vocabulary(words: str) -> dict[str, set[str]]:
    own = {meaning: set(listed) for meaning, listed in known()["words"].get(words, {}).items()}
    if words == "outcome":
        for outcome, listed in reading.FINAL_WORDS.items():
            own[outcome] = own.get(outcome, set()) | set(listed)
    if words == "kind":
        own = {kind: {kind, *listed} for kind, listed in own.items()}
    return own
