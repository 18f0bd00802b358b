"""The door from the application to the model of causes: texts and kinds of signals go in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tsunagu.app.scoring import files

if TYPE_CHECKING:
    from tsunagu.analytics.causes import CauseModel
    from tsunagu.analytics.contracts import CauseEvidence

MOST = 5
"""Causes that are suggested."""


@dataclass(frozen=True)
class Guess:
    """A cause, its probability, and what speaks for it in both languages."""

    cause: str
    probability: float
    evidence: list[dict[str, str]]


@dataclass(frozen=True)
class Told:
    """What a case says: its texts joined by line breaks, its signals, and the cause confirmed."""

    text: str
    signals: frozenset[str]
    cause: str


def shipped() -> CauseModel:
    """The lexicon, before anything was learned."""
    from tsunagu.analytics.causes import CauseModel

    return CauseModel.shipped()


def fit(cases: Sequence[Told]) -> str:
    """What is learned from confirmed causes, as text that can be kept."""
    from tsunagu.analytics.causes import CauseModel

    texts, causes, signals = (
        [c.text for c in cases],
        [c.cause for c in cases],
        [c.signals for c in cases],
    )
    model = CauseModel.fit(texts, causes, signals)
    return files.written(model.save).decode("utf-8")


def load(content: str) -> CauseModel:
    """The model that :func:`fit` gave."""
    from tsunagu.analytics.causes import CauseModel

    return files.read(content.encode("utf-8"), CauseModel.load)


def suggest(model: CauseModel, texts: Sequence[str], signals: Collection[str]) -> list[Guess]:
    """The likeliest causes of one case; one that nothing speaks for is no suggestion."""
    return [
        Guess(found.cause.value, found.probability, [_worded(e) for e in found.evidence])
        for found in model.suggest(texts, signals, MOST)
        if found.evidence
    ]


def words(texts: Sequence[str]) -> list[list[tuple[str, str]]]:
    """The content words of each text, each with how it is written there but for width and case.

    Japanese words in their normal forms, others in lower case.
    """
    from tsunagu.analytics.causes.words import read

    return [
        [pair for s in sentences for pair in zip(s.words, s.surfaces, strict=True)]
        for sentences in read(texts)
    ]


def _worded(evidence: CauseEvidence) -> dict[str, str]:
    from tsunagu.analytics.contracts import SignalKind
    from tsunagu.analytics.detection import NAMES

    if evidence.source is not None:
        return dict.fromkeys(("ja", "en"), f"“{evidence.quote}”")
    ja, en = NAMES[SignalKind(evidence.quote)]
    return {"ja": ja, "en": en}
