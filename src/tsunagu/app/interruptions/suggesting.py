"""Why a sale may be interrupted, as far as the application knows: the one place that suggests.

What a model of causes wrote (``actions.suggest_causes``) goes first. Until one did, signals and the
customer's own answers speak, by the shipped tables: each gives its strength in shares to causes,
and a cause's probability is its part of all that was given, with :data:`UNKNOWN` for what nobody
named.
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
"""Weight of causes that nothing speaks for."""

LEAST = 0.05
MOST_SHOWN = 5
EVIDENCE_SHOWN = 3

Said = tuple[float, str]
"""How much a piece of evidence gives to a cause, and its words."""


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
    """The likeliest causes first: a model's notes if there are any, else by the tables.

    Args:
        notes: the case's; those that a person set are passed over.
        signals: those that stand.
    """
    written = [note for note in notes if note.set_by_id is None]
    found = map(_noted, written) if written else _from_tables(signals, replies)
    likely = [s for s in found if s.probability >= LEAST]
    return sorted(likely, key=lambda s: -s.probability)[:MOST_SHOWN]


def of_case(case: Interruption) -> list[Suggestion]:
    """The likeliest causes of one case, as it stands in the database."""
    replies = Reply.objects.filter(inquiry__case=case)
    return suggested(case.cause_notes.all(), case.signals.filter(gone_at__isnull=True), replies)


def _noted(note: CauseNote) -> Suggestion:
    evidence = [_worded(piece) for piece in note.evidence][:EVIDENCE_SHOWN]
    return Suggestion(Cause(note.cause), note.probability or 0.0, evidence, learned=True)


def _worded(piece: Any) -> str:
    """A sentence, or a pair of sentences by language."""
    if isinstance(piece, dict):
        return str(piece.get("ja" if get_language() == "ja" else "en", ""))
    return str(piece)


def _from_tables(signals: Iterable[Signal], replies: Iterable[Reply]) -> Iterator[Suggestion]:
    given: dict[str, list[Said]] = defaultdict(list)
    for cause, weight, words in [*_of_signals(signals), *_of_replies(replies)]:
        given[cause].append((weight, words))
    whole = UNKNOWN + sum(weight for said in given.values() for weight, _words in said)
    for cause, said in given.items():
        said.sort(key=lambda piece: -piece[0])
        sentences = [words for _weight, words in said[:EVIDENCE_SHOWN]]
        yield Suggestion(Cause(cause), sum(weight for weight, _words in said) / whole, sentences)


def _of_signals(signals: Iterable[Signal]) -> Iterator[tuple[str, float, str]]:
    for signal in signals:
        for cause, share in shipped.signal_causes().get(signal.kind, {}).items():
            yield cause, share * signal.strength, signal.words


def _of_replies(replies: Iterable[Reply]) -> Iterator[tuple[str, float, str]]:
    for reply in replies:
        for choice in (shipped.choices()[key] for key in reply.choices if key in shipped.choices()):
            said = _("The customer answered: “%(choice)s”") % {"choice": choice.words}
            yield from ((cause, share, said) for cause, share in choice.causes.items())
