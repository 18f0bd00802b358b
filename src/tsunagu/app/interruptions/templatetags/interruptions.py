"""How pages write the strength of evidence, and what else they ask of a deal's case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tsunagu.app.days import day
from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions import aftercare, queries
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption, Signal

register = template.Library()

LEVELS = (
    (0.95, "very-high", _("very strong")),
    (0.85, "high", _("strong")),
    (0.5, "raised", _("moderate")),
    (0.0, "low", _("weak")),
)
"""From which joint strength on: the look, and the word."""

SHOWN = 3


@register.filter
def strength_look(strength: float) -> str:
    """The name of the strength's look."""
    return next(look for least, look, _word in LEVELS if strength >= least)


@register.filter
def strength_word(strength: float) -> str | Promise:
    """The word for the strength."""
    return next(word for least, _look, word in LEVELS if strength >= least)


@register.filter
def hundredths(strength: float) -> int:
    """As a number of 100 that is never reached: evidence is no proof."""
    return min(99, round(100 * strength))


@register.filter
def strongest(case: Interruption) -> list[Signal]:
    """The signals that a line shows, from those that were fetched with the case."""
    return list(case.signals.all())[:SHOWN]


@register.filter
def further(case: Interruption) -> int:
    """How many signals a line leaves out."""
    return max(0, len(case.signals.all()) - SHOWN)


@register.filter
def cause_word(value: str) -> str | Promise:
    """What a fact names as the cause, in words; imported facts may have words of their own."""
    return Cause(value).label if value in Cause.values else value


@register.simple_tag
def living_case(deal: Deal) -> Interruption | None:
    """The deal's case that is not over, with the signals that stand."""
    return queries.living_cases([deal.pk], evidence=True).get(deal.pk)


class Row(Protocol):
    """A deal, or what stands for it in a list."""

    @property
    def pk(self) -> int:
        """Its key."""


@register.simple_tag
def living_cases(deals: Iterable[Row]) -> dict[int, Interruption]:
    """The cases that are not over, by deal: one query for a whole list."""
    return queries.living_cases(deal.pk for deal in deals)


@register.filter
def of_deal(cases: Mapping[int, Interruption], deal: int) -> Interruption | None:
    """The deal's case among ``cases``."""
    return cases.get(deal)


@register.filter
def case_words(case: Interruption) -> str:
    """How the case stands, and since when."""
    words = gettext("Interruption: %(state)s since %(on)s")
    return words % {"state": case.get_state_display(), "on": day(case.state_since)}


@register.simple_tag
def days_watched(deal: Deal) -> int:
    """How many days the deal is still watched more closely, having resumed lately."""
    resumed = aftercare.watched([deal.pk]) if deal.is_open else {}
    return aftercare.days_left(resumed[deal.pk]) if resumed else 0
