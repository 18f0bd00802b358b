"""Which sentences, words and signals speak for a cause."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
    sources: Sequence[Sequence[Sentence]],
    signals: Collection[str],
    labels: Sequence[int],
    gains: Gains,
) -> list[tuple[CauseEvidence, ...]]:
    """For each of the labels what speaks for it, the strongest first.

    A phrase or term said in several sentences stands with its whole contribution in each.
    """
    said = [
        (place, sentence, weight)
        for place, sentences in enumerate(sources)
        for sentence in sentences
        if (weight := _word_weights(sentence, gains)) is not None
    ]
    return [_strongest(said, signals, label, gains) for label in labels]


_Said = tuple[int, Sentence, Floats]
"""The number of a source, a sentence in it, what its words add: shape (words, labels)."""


def _strongest(
    said: Iterable[_Said], signals: Iterable[str], label: int, gains: Gains
) -> tuple[CauseEvidence, ...]:
    found = [
        _of_sentence(place, sentence, weight[:, label])
        for place, sentence, weight in said
        if weight[:, label].sum() >= _LEAST
    ]
    told = (_of_signal(kind, label, gains) for kind in sorted(signals))
    found += [piece for piece in told if piece.contribution >= _LEAST]
    order = sorted(found, key=lambda e: (-e.contribution, e.source is None, e.source, e.quote))
    return tuple(order[:_SHOWN])


def _of_sentence(source: int, sentence: Sentence, weight: Floats) -> CauseEvidence:
    level = max(_TELLING * weight.max(initial=0.0), _LEAST / 10)
    words = [s for s, w in zip(sentence.surfaces, weight, strict=True) if w >= level]
    return CauseEvidence(source, sentence.quote, tuple(words), float(weight.sum()))


def _word_weights(sentence: Sentence, gains: Gains) -> Floats | None:
    """What each word adds, (words, labels), a phrase's parted evenly among its words.

    None where no word says anything: most sentences of a sale tell no cause.
    """
    told = [*_of_phrases(sentence, gains), *_of_terms(sentence, gains)]
    if not told:
        return None
    weight = np.zeros((len(sentence.words), gains.lexicon.labels))
    for places, gain in told:
        weight[places] += gain / len(places)
    return _against_others(weight)


_Told = Iterator[tuple[list[int], Floats]]
"""Places of words, and what they add together, shape (labels,)."""


def _of_phrases(sentence: Sentence, gains: Gains) -> _Told:
    for hit in gains.lexicon.hits(sentence):
        gain = np.zeros(gains.lexicon.labels)
        gain[hit.entry.label] = gains.strength * gains.phrases[hit.entry]
        yield list(hit.places), gain


def _of_terms(sentence: Sentence, gains: Gains) -> _Told:
    words = sentence.words
    for length in range(1, gains.longest + 1) if gains.terms else ():
        for start in range(len(words) - length + 1):
            gain = gains.terms.get(" ".join(words[start : start + length]))
            if gain is not None:
                yield [*range(start, start + length)], gain


def _of_signal(kind: str, label: int, gains: Gains) -> CauseEvidence:
    known, learnt = gains.signals.get(kind), gains.terms.get(signal_term(kind))
    total = 0.0
    if known is not None:
        total += gains.strength * _against_others(known)[label]
    if learnt is not None:
        total += _against_others(learnt)[label]
    return CauseEvidence(None, kind, (), float(total))


def _against_others(gain: Floats) -> Floats:
    """Each label's part (..., labels) against the mean of the others."""
    others = (gain.sum(axis=-1, keepdims=True) - gain) / (gain.shape[-1] - 1)
    found: Floats = gain - others
    return found
