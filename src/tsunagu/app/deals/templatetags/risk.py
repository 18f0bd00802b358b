"""How pages write a risk and its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import get_language

from tsunagu.app.deals import risk as risks

register = template.Library()

REASONS_SHOWN = 3


@register.filter
def percent(risk: float) -> str:
    """``36%``."""
    return f"{risks.percent(risk)}%"


@register.filter
def risk_level(risk: float, case: object = None) -> str:
    """The name of the risk's look; no calm one while a ``case`` of interruption is open.

    The risk is that of a break-off being recorded. A deal that fell silent long ago may have a low
    one, and is no less interrupted.
    """
    return "case" if is_calm(risk, case) else risks.level(risk).value


@register.filter
def risk_word(risk: float, case: object = None) -> str | Promise:
    """The word for the risk; none where it would calm while a ``case`` is open."""
    return "" if is_calm(risk, case) else risks.level(risk).label


@register.filter
def is_calm(risk: float, case: object) -> bool:
    """Whether the risk is called low although a case of interruption is open."""
    return case is not None and risks.level(risk) == risks.Level.LOW


@register.filter
def bar(risk: float) -> int:
    """The length of the risk's bar, of 100."""
    return round(100 * risk)


@register.filter
def raising(reasons: list[Mapping[str, Any]]) -> list[str]:
    """The strongest reasons for the risk, in the person's language; those against it if none is."""
    chosen = [r for r in reasons if r["contribution"] > 0] or reasons
    return _said(chosen)


@register.filter
def only_raising(reasons: list[Mapping[str, Any]]) -> list[str]:
    """The strongest reasons for the risk, where any speaks for it."""
    return _said([r for r in reasons if r["contribution"] > 0])


@register.filter
def lowering(reasons: list[Mapping[str, Any]]) -> list[str]:
    """The strongest reasons against the risk."""
    return _said([r for r in reasons if r["contribution"] < 0])


@register.filter
def verdict(verdicts: list[str]) -> risks.Verdict | None:
    """What can be said of the next 30 days; None: the score's model says nothing of the kind."""
    return risks.Verdict(verdicts[risks.VERDICT_PLACE]) if verdicts else None


@register.filter
def in_words(step: Mapping[str, Any]) -> str:
    """A step in the person's language."""
    return str(step["ja" if get_language() == "ja" else "en"])


def _said(reasons: list[Mapping[str, Any]]) -> list[str]:
    language = "ja" if get_language() == "ja" else "en"
    return [str(reason[language]) for reason in reasons[:REASONS_SHOWN]]
