"""Why a sale may be interrupted, as far as the application knows: the one place that suggests.

What the model of causes wrote (:mod:`tsunagu.app.interruptions.explaining`) gives its probabilities
to causes. Until it did, signals speak by a shipped table: each gives its strength in shares. The
customer's own answers come on top of either. A cause's probability is its part of all that was
given, with what nobody named beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tsunagu.app.interruptions import shipped
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import CauseNote, Interruption, Reply, Signal

UNKNOWN = 0.5
"""Weight of causes that nothing speaks for, where no model says."""

LEAST = 0.05
MOST_SHOWN = 5
EVIDENCE_SHOWN = 3

Said = tuple[str, float, list[str]]
"""A cause, how much is given to it, and in which words."""


@dataclass(frozen=True)
class Suggestion:
    """A cause that may be the main one; ``evidence`` are sentences, the strongest first."""

    cause: Cause
    probability: float
    evidence: list[str]
    learned: bool = False


def suggested(
    notes: Iterable[CauseNote], signals: Iterable[Signal], replies: Iterable[Reply]
) -> list[Suggestion]:
    """The likeliest causes first.

    Args:
        notes: the case's; those that a person set are passed over.
        signals: those that stand.
    """
    written = [note for note in notes if note.set_by_id is None]
    told = _of_notes(written) if written else _of_signals(signals)
    rest = max(0.0, 1 - sum(n.probability or 0.0 for n in written)) if written else UNKNOWN
    found = _together([*told, *_of_replies(replies)], rest, learned=bool(written))
    likely = [s for s in found if s.probability >= LEAST]
    return sorted(likely, key=lambda s: -s.probability)[:MOST_SHOWN]


def of_case(case: Interruption) -> list[Suggestion]:
    """The likeliest causes of one case, as it stands in the database."""
    replies = Reply.objects.filter(inquiry__case=case)
    return suggested(case.cause_notes.all(), case.signals.filter(gone_at__isnull=True), replies)


def _together(told: Iterable[Said], rest: float, *, learned: bool) -> Iterator[Suggestion]:
    given: dict[str, list[tuple[float, list[str]]]] = defaultdict(list)
    for cause, weight, words in told:
        given[cause].append((weight, words))
    whole = rest + sum(weight for said in given.values() for weight, _words in said)
    for cause, said in given.items():
        said.sort(key=lambda piece: -piece[0])
        sentences = [sentence for _weight, words in said for sentence in words]
        share = sum(weight for weight, _words in said) / whole
        yield Suggestion(Cause(cause), share, sentences[:EVIDENCE_SHOWN], learned)


def _of_notes(notes: Iterable[CauseNote]) -> Iterator[Said]:
    for note in notes:
        yield note.cause, note.probability or 0.0, [_worded(piece) for piece in note.evidence]


def _worded(piece: Any) -> str:
    """A sentence, or a pair of sentences by language."""
    if isinstance(piece, dict):
        return str(piece.get("ja" if get_language() == "ja" else "en", ""))
    return str(piece)


def _of_signals(signals: Iterable[Signal]) -> Iterator[Said]:
    for signal in signals:
        for cause, share in shipped.signal_causes().get(signal.kind, {}).items():
            yield cause, share * signal.strength, [signal.words]


def _of_replies(replies: Iterable[Reply]) -> Iterator[Said]:
    for reply in replies:
        for choice in (shipped.choices()[key] for key in reply.choices if key in shipped.choices()):
            said = _("The customer answered: “%(choice)s”") % {"choice": choice.words}
            yield from ((cause, share, [said]) for cause, share in choice.causes.items())
