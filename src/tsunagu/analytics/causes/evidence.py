"""Which sentences, words and signals speak for a cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.causes.classifier import signal_term
from tsunagu.analytics.causes.lexicon import Entry, Lexicon
from tsunagu.analytics.causes.linear import Floats
from tsunagu.analytics.causes.words import Sentence
from tsunagu.analytics.contracts import CauseEvidence

_SHOWN = 3
_TELLING = 0.25  # of a sentence's strongest word
_LEAST = 0.2  # change of the log-odds below which nothing is shown


@dataclass(frozen=True)
class Gains:
    """What each thing found in a case adds to the log-odds, shape (labels,) each.

    Attributes:
        lexicon: the phrases.
        phrases: what each phrase found in the case counts.
        strength: what these are multiplied with.
        signals: what the lexicon says of the case's signals.
        terms: what was learnt of the case's terms.
        longest: words of the longest learnt term.
    """

    lexicon: Lexicon
    phrases: Mapping[Entry, float]
    strength: float
    signals: Mapping[str, Floats]
    terms: Mapping[str, Floats]
    longest: int


def evidence(
    sources: Sequence[Sequence[Sentence]], signals: Iterable[str], label: int, gains: Gains
) -> tuple[CauseEvidence, ...]:
    """The strongest for a label first.

    A phrase or term said in several sentences stands with its whole contribution in each.
    """
    found = [
        _of_sentence(place, sentence, label, gains)
        for place, sentences in enumerate(sources)
        for sentence in sentences
    ]
    found += [_of_signal(kind, label, gains) for kind in sorted(signals)]
    telling = [piece for piece in found if piece.contribution >= _LEAST]
    order = sorted(telling, key=lambda e: (-e.contribution, e.source is None, e.source, e.quote))
    return tuple(order[:_SHOWN])


def _of_sentence(source: int, sentence: Sentence, label: int, gains: Gains) -> CauseEvidence:
    weight = _word_weights(sentence, label, gains)
    level = max(_TELLING * weight.max(initial=0.0), _LEAST / 10)
    words = [s for s, w in zip(sentence.surfaces, weight, strict=True) if w >= level]
    return CauseEvidence(source, sentence.quote, tuple(words), float(weight.sum()))


def _word_weights(sentence: Sentence, label: int, gains: Gains) -> Floats:
    """Contribution of each word: a phrase's is parted evenly among its words."""
    weight = np.zeros(len(sentence.words))
    for hit in gains.lexicon.hits(sentence):
        gain = np.zeros(gains.lexicon.labels)
        gain[hit.entry.label] = gains.strength * gains.phrases[hit.entry]
        weight[list(hit.places)] += _against_others(gain, label) / len(hit.places)
    for start in range(len(sentence.words)):
        for length in range(1, gains.longest + 1):
            gained = gains.terms.get(" ".join(sentence.words[start : start + length]))
            if gained is not None and start + length <= len(weight):
                weight[start : start + length] += _against_others(gained, label) / length
    return weight


def _of_signal(kind: str, label: int, gains: Gains) -> CauseEvidence:
    known, learnt = gains.signals.get(kind), gains.terms.get(signal_term(kind))
    total = 0.0
    if known is not None:
        total += gains.strength * _against_others(known, label)
    if learnt is not None:
        total += _against_others(learnt, label)
    return CauseEvidence(None, kind, (), total)


def _against_others(gain: Floats, label: int) -> float:
    """A label's part against the mean of the others."""
    others = (gain.sum() - gain[label]) / (len(gain) - 1)
    return float(gain[label] - others)
