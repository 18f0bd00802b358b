"""A suggested cause in words."""

from __future__ import annotations

from tsunagu.analytics.contracts import (
    CATEGORY_WORDS,
    CAUSE_WORDS,
    Cause,
    CauseEvidence,
    CauseSuggestion,
)

_LONGEST_QUOTE = 80


def suggestion(
    cause: Cause, probability: float, evidence: tuple[CauseEvidence, ...]
) -> CauseSuggestion:
    """With its sentences in both languages, naming the strongest quote if there is one."""
    share = f"{probability:.0%}"
    (category_ja, category_en), (ja, en) = CATEGORY_WORDS[cause.category], CAUSE_WORDS[cause]
    said = next((_shortened(e.quote) for e in evidence if e.source is not None), None)
    told_ja = f"「{said}」と記録されています。" if said else ""
    told_en = f" The records say “{said}”" if said else ""
    return CauseSuggestion(
        cause,
        probability,
        evidence,
        f"{ja}（{category_ja}）が原因の確率は{share}です。{told_ja}",
        f"{en[0].upper()}{en[1:]} ({category_en.lower()}): {share} probable.{told_en}",
    )


def _shortened(quote: str) -> str:
    return quote if len(quote) <= _LONGEST_QUOTE else quote[: _LONGEST_QUOTE - 1] + "…"
