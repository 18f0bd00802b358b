"""A lexicon of phrases with weights, and how much a text says for each of its labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tsunagu.analytics.causes.words import NOT, REMEMBERED, Sentence, read

Floats = npt.NDArray[np.float64]

_GAP = 3  # content words that may stand between two pieces of a phrase
_REACH = 3  # content words over which a negation reaches
_NEXT = 0.5  # of a further phrase for the same label
_NEGATED = -0.5  # that a cause is denied says less than that it is named


@dataclass(frozen=True)
class Entry:
    """A phrase as written in the lexicon's file, the label it speaks for, and how strongly."""

    label: int
    phrase: str
    weight: float


@dataclass(frozen=True)
class Hit:
    """An entry found in a sentence.

    Attributes:
        places: positions of its words.
        weight: the entry's, turned where negated.
    """

    entry: Entry
    places: tuple[int, ...]
    weight: float


@dataclass(frozen=True)
class _Phrase:
    entry: Entry
    words: tuple[str, ...]
    gaps: tuple[int, ...]  # allowed before each word


@dataclass
class Lexicon:
    """Phrases, ready to be found.

    Args:
        entries: in the order of the file.
        labels: how many labels there are.
    """

    entries: Sequence[Entry]
    labels: int
    hits: Callable[[Sentence], tuple[Hit, ...]] = field(init=False, repr=False, compare=False)
    """Every phrase found in a sentence, with negations applied."""
    _begin: dict[str, list[_Phrase]] = field(init=False, repr=False)
    _prefixes: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        begin: dict[str, list[_Phrase]] = defaultdict(list)
        for entry in self.entries:
            phrase = _parsed(entry)
            begin[phrase.words[0]].append(phrase)
        self.hits = lru_cache(maxsize=REMEMBERED)(self._hits)
        self._begin = dict(begin)
        self._prefixes = tuple(word[:-1] for word in begin if word.endswith("*"))

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        entries = [[entry.label, entry.phrase, entry.weight] for entry in self.entries]
        return {"labels": self.labels, "entries": entries}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Lexicon:
        """Back from JSON."""
        return cls([Entry(*entry) for entry in data["entries"]], int(data["labels"]))

    def scores(self, texts: Iterable[Sequence[Sentence]]) -> Floats:
        """Sum of :meth:`weights`, shape (texts, labels); a phrase counts once in a text."""
        rows = [self._score(sentences) for sentences in texts]
        return np.array(rows).reshape(len(rows), self.labels)

    def _score(self, sentences: Sequence[Sentence]) -> Floats:
        score = np.zeros(self.labels)
        for entry, weight in self.weights(sentences).items():
            score[entry.label] += weight
        return score

    def weights(self, sentences: Sequence[Sentence]) -> dict[Entry, float]:
        """What each phrase found counts.

        Phrases for one label say much the same, so the strongest counts whole, the next half,
        the next a quarter; likewise those against it.
        """
        strongest: dict[Entry, float] = {}
        for sentence in sentences:
            for hit in self.hits(sentence):
                if abs(hit.weight) > abs(strongest.get(hit.entry, 0.0)):
                    strongest[hit.entry] = hit.weight
        order = sorted(strongest.items(), key=lambda item: (-abs(item[1]), item[0].phrase))
        rank: Counter[tuple[int, bool]] = Counter()
        counted = {}
        for entry, weight in order:
            side = (entry.label, weight > 0)
            counted[entry] = weight * _NEXT ** rank[side]
            rank[side] += 1
        return counted

    def _hits(self, sentence: Sentence) -> tuple[Hit, ...]:
        found = [
            (phrase, span)
            for start, word in enumerate(sentence.words)
            for phrase in self._beginning(word)
            if (span := _span(phrase, sentence.words, start)) is not None
        ]
        own = {place for _, span in found for place in span if sentence.words[place] == NOT}
        return tuple(_hit(phrase.entry, span, sentence, own) for phrase, span in found)

    def _beginning(self, word: str) -> list[_Phrase]:
        """Phrases whose first piece is this word."""
        found = list(self._begin.get(word, ()))
        if word.startswith(self._prefixes):
            starred = (f"{p}*" for p in self._prefixes if word.startswith(p))
            found += (phrase for key in starred for phrase in self._begin[key])
        return found


def _parsed(entry: Entry) -> _Phrase:
    words: list[str] = []
    gaps: list[int] = []
    for piece in entry.phrase.split():
        star = "*" if piece.endswith("*") else ""
        (found,) = read([piece.removesuffix("*")])
        inside = [word for sentence in found for word in sentence.words]
        words += [*inside[:-1], *(word + star for word in inside[-1:])]
        gaps += [_gap(place, word) for place, word in enumerate(inside)]
    if not words:
        raise ValueError(f"the lexicon's phrase {entry.phrase!r} has no content word")
    return _Phrase(entry, tuple(words), tuple(gaps))


def _gap(place: int, word: str) -> int:
    """Words allowed before a word of a piece.  A negation stands close: 予算は問題ない has 予算."""
    return _GAP if place == 0 and word != NOT else 0


def _span(phrase: _Phrase, words: Sequence[str], start: int) -> list[int] | None:
    """Positions of the phrase's words from ``start`` on, or None."""
    span = [start]
    for wanted, gap in zip(phrase.words[1:], phrase.gaps[1:], strict=True):
        first = span[-1] + 1
        places = range(first, min(first + gap + 1, len(words)))
        place = next((p for p in places if _same(wanted, words[p])), None)
        if place is None:
            return None
        span.append(place)
    return span


def _same(wanted: str, word: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


def _hit(entry: Entry, span: Sequence[int], sentence: Sentence, own: set[int]) -> Hit:
    negated = any(
        sentence.words[place] == NOT and sentence.clauses[place] == sentence.clauses[span[-1]]
        for place in _reach(span, sentence)
        if place not in own
    )
    return Hit(entry, tuple(span), entry.weight * (_NEGATED if negated else 1.0))


def _reach(span: Sequence[int], sentence: Sentence) -> Iterator[int]:
    """Where a negation would stand: behind the phrase; in English before it too."""
    after = span[-1] + 1
    yield from range(after, min(after + _REACH, len(sentence.words)))
    if not sentence.japanese[span[-1]]:
        yield from range(max(span[0] - _REACH, 0), span[0])
