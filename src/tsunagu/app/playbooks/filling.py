"""Puts a case's words in the place of a script's variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils import timezone, translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from tsunagu.app.days import day
from tsunagu.app.deals.models import Event, Kind
from tsunagu.app.interruptions import inquiries
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import User
from tsunagu.app.playbooks.steps import VARIABLE, VARIABLES

MISSING = "＿＿"

Values = Mapping[str, str]
"""A text for each variable; an empty one is not known."""


@dataclass(frozen=True)
class Filled:
    """A text as it goes out, and the variables for which nothing is known."""

    text: str
    missing: tuple[str, ...]


def fill(text: str, values: Values) -> Filled:
    """``text`` with each variable's value, as plain text; :data:`MISSING` where there is none."""
    missing = [name for name in VARIABLE.findall(text) if not values.get(name)]
    filled = VARIABLE.sub(lambda found: values.get(found[1]) or MISSING, text)
    return Filled(filled, tuple(dict.fromkeys(missing)))


def fill_html(text: str, values: Values) -> SafeString:
    """The same for a page, escaped; what stands for a variable is marked."""
    parts = []
    for place, part in enumerate(VARIABLE.split(text)):
        parts.append(_mark(part, values.get(part)) if place % 2 else escape(part))
    return mark_safe("".join(parts))  # noqa: S308  # every part is escaped


def _mark(name: str, value: str | None) -> str:
    if value:
        return f'<span class="filled">{escape(value)}</span>'
    title = escape(_("Not known: %(what)s") % {"what": VARIABLES.get(name, name)})
    return f'<mark class="gap" title="{title}">{MISSING}</mark>'


def values(case: Interruption, sender: User, language: str) -> dict[str, str]:
    """What is known of ``case``, in ``language``; ``sender`` does the step."""
    with translation.override(language):
        return {
            "customer": case.deal.customer.name,
            "contact": _contact(case),
            "sender": sender.name,
            "sender_team": sender.team.name if sender.team else "",
            "deal": case.deal.title,
            "cause": str(Cause(case.main_cause).label) if case.main_cause else "",
            "since": day(case.confirmed_at or case.opened_at),
            "form_link": next(_open_forms(case), ""),
            "today": day(timezone.localdate()),
        }


def example() -> dict[str, str]:
    """Values for the editor's preview."""
    return {
        "customer": _("Example Ltd."),
        "contact": _("Hanako Yamada"),
        "sender": _("Taro Sato"),
        "sender_team": _("Sales team 1"),
        "deal": _("Renewal of the core system"),
        "cause": str(Cause.BUDGET.label),
        "since": day(timezone.localdate()),
        "form_link": "https://example.jp/ask/…",
        "today": day(timezone.localdate()),
    }


def _contact(case: Interruption) -> str:
    """The contact person whom the deal's facts named last and who did not leave."""
    named = Event.objects.filter(
        deal=case.deal_id, kind__in=(Kind.CONTACT, Kind.CONTACT_LEFT), value__isnull=False
    )
    last: dict[str, str] = {}
    for kind, value in named.order_by("at").values_list("kind", "value"):
        last.pop(value, None)
        if kind == Kind.CONTACT:
            last[value] = value
    people = {c.external_id: c.name for c in case.deal.customer.contacts.all()}
    ours = [people[key] for key in reversed(last) if key in people]
    left = set(named.filter(kind=Kind.CONTACT_LEFT).values_list("value", flat=True)) - last.keys()
    others = [name for key, name in people.items() if key not in left]
    return next(iter([*ours, *others]), "")


def _open_forms(case: Interruption) -> Iterator[str]:
    for inquiry in case.inquiries.filter(withdrawn_at__isnull=True).select_related("reply"):
        if not inquiry.has_expired and getattr(inquiry, "reply", None) is None:
            yield inquiries.address(inquiry)
