"""Texts and signals to labels: a lexicon's word first, and what was learnt on top of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import log, sqrt
from typing import Any

import numpy as np

from tsunagu.analytics.causes import linear, margins
from tsunagu.analytics.causes.linear import Floats, Ints, Weights
from tsunagu.analytics.causes.words import Sentence

_SIGNAL = "signal:"
_CHARACTERS = "characters:"
_WORDS = "words"
_SIGNAL_SIZE = 0.5  # of a feature beside the text's, which have length 1 together


@dataclass(frozen=True)
class Settings:
    """Choices for learning; the defaults suit the tens to hundreds of cases that a team has.

    Attributes:
        ridge: precision of the weights' normal prior; larger: slower away from the lexicon.
            0.1 lies between what 50 and 200 comments of earlier years liked best
            (``docs/reference/causes.md``).
        longest: a term is up to this many neighbouring content words.
        characters: terms are also runs of up to this many characters; 0: none.
        rarest: terms in fewer texts than this are left out.
        most_terms: of more terms, the most frequent are kept.
        cost: learn by :mod:`tsunagu.analytics.causes.margins` at this cost instead, which suits
            thousands of cases; 0: by regression around the lexicon.
    """

    ridge: float = 0.1
    longest: int = 2
    characters: int = 0
    rarest: int = 1
    most_terms: int = 100_000
    cost: float = 0.0


@dataclass(frozen=True)
class Documents:
    """What is known of each case, and what the lexicon says of it.

    Attributes:
        sentences: of each case.
        signals: kinds of signals of each case.
        lexicon: change of the log-odds by the lexicon and its signals, shape (cases, labels).
    """

    sentences: Sequence[Sequence[Sentence]]
    signals: Sequence[frozenset[str]]
    lexicon: Floats

    def __len__(self) -> int:
        return len(self.sentences)


class Classifier:
    """Probabilities of labels; before :meth:`fit` those of the lexicon.

    Attributes:
        before: log-odds before a word is read, shape (labels,).
        settings: choices for learning.
        terms: the terms learnt, in order.
        weights: of the terms; None: nothing learnt.
    """

    def __init__(self, before: Floats, settings: Settings) -> None:
        self.before = before
        self.settings = settings
        self.terms: tuple[str, ...] = ()
        self.weights: Weights | None = None
        self._rarity: tuple[float, ...] = ()
        self._parts: tuple[str, ...] = ()
        self._places: dict[str, int] = {}

    def fit(self, documents: Documents, label: Ints) -> None:
        """Learn, always from the shipped state; the order of cases has no bearing."""
        found = self._terms(documents)
        told = documents.lexicon.tolist()
        order = sorted(range(len(found)), key=lambda i: (found[i], told[i], int(label[i])))
        found = [found[i] for i in order]
        self._choose(found)
        learn, choice = (
            (margins.fit, self.settings.cost)
            if self.settings.cost
            else (linear.fit, self.settings.ridge)
        )
        lexicon = documents.lexicon[order]
        self.weights = learn(self._matrix(found), label[order], self.before, lexicon, choice)

    def log_probabilities(self, documents: Documents) -> Floats:
        """Shape (cases, labels)."""
        if self.weights is None:
            return linear.log_softmax(self.before + documents.lexicon)
        matrix = self._matrix(self._terms(documents))
        odds = linear.log_odds(matrix, self.before, documents.lexicon, self.weights)
        return linear.log_softmax(odds)

    @property
    def strength(self) -> float:
        """What the lexicon's word is multiplied with: 1 before anything is learnt."""
        return 1.0 if self.weights is None else self.weights.strength

    def contributions(self, documents: Documents) -> list[dict[str, Floats]]:
        """What each learnt term of each case adds to the log-odds, shape (labels,) a term."""
        if self.weights is None:
            return [{} for _ in range(len(documents))]
        learnt = self.weights.terms
        return [
            {self.terms[place]: value * learnt[place] for place, value in self._row(terms).items()}
            for terms in self._terms(documents)
        ]

    def _terms(self, documents: Documents) -> list[list[str]]:
        cases = zip(documents.sentences, documents.signals, strict=True)
        return [
            [*text_terms(sentences, self.settings), *map(signal_term, sorted(signals))]
            for sentences, signals in cases
        ]

    def _choose(self, found: Sequence[Sequence[str]]) -> None:
        """Terms frequent enough, and how rare each is (smoothed inverse document frequency)."""
        counts = Counter(term for terms in found for term in set(terms))
        kept = [term for term, count in counts.items() if count >= self.settings.rarest]
        kept = sorted(kept, key=lambda term: (-counts[term], term))[: self.settings.most_terms]
        often = {term: counts[term] for term in sorted(kept)}
        rarity = {term: log((1 + len(found)) / (1 + n)) + 1 for term, n in often.items()}
        self._know(rarity)

    def _know(self, rarity: dict[str, float]) -> None:
        self.terms = tuple(rarity)
        self._rarity = tuple(rarity.values())
        self._parts = tuple(map(self._part, self.terms))
        self._places = {term: place for place, term in enumerate(self.terms)}

    def _matrix(self, found: Sequence[Sequence[str]]) -> Any:
        """Sparse, shape (cases, terms)."""
        from scipy.sparse import csr_matrix

        ends: list[int] = [0]
        columns: list[int] = []
        values: list[float] = []
        for terms in found:
            row = self._row(terms)
            columns += row.keys()
            values += row.values()
            ends.append(len(columns))
        parts = (np.array(values, dtype=np.float64), np.array(columns, dtype=np.int64), ends)
        return csr_matrix(parts, (len(found), len(self.terms)))

    def _row(self, terms: Iterable[str]) -> dict[int, float]:
        """TF-IDF with logarithmic counts, of length 1; each signal on its own."""
        counts = Counter(self._places[term] for term in terms if term in self._places)
        raw = {place: (1 + log(n)) * self._rarity[place] for place, n in sorted(counts.items())}
        squares: dict[str, float] = defaultdict(float)
        for place, value in raw.items():
            squares[self._parts[place]] += value * value
        share = sqrt(len(squares.keys() - {_SIGNAL}))
        sizes = {part: 1 / (share * sqrt(square)) for part, square in squares.items() if share}
        return {
            place: _SIGNAL_SIZE if (part := self._parts[place]) == _SIGNAL else value * sizes[part]
            for place, value in raw.items()
        }

    def _part(self, term: str) -> str:
        """For margins words and characters count the same, though characters are many more."""
        if term.startswith(_SIGNAL):
            return _SIGNAL
        return _CHARACTERS if self.settings.cost and term.startswith(_CHARACTERS) else _WORDS

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        learnt = self.weights
        return {
            "before": self.before.tolist(),
            "settings": asdict(self.settings),
            "rarity": dict(zip(self.terms, self._rarity, strict=True)),
            "weights": None
            if learnt is None
            else {
                "terms": learnt.terms.tolist(),
                "base": learnt.base.tolist(),
                "strength": learnt.strength,
            },
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Classifier:
        """Back from JSON."""
        made = cls(np.array(data["before"], dtype=np.float64), Settings(**data["settings"]))
        made._know(dict(sorted(data["rarity"].items())))
        if (learnt := data["weights"]) is not None:
            terms = np.array(learnt["terms"], dtype=np.float64)
            terms = terms.reshape(len(made.terms), len(made.before))
            base = np.array(learnt["base"], dtype=np.float64)
            made.weights = Weights(terms, base, float(learnt["strength"]))
        return made


def text_terms(sentences: Iterable[Sentence], settings: Settings) -> list[str]:
    """Runs of content words, and of characters, within a sentence."""
    terms: list[str] = []
    for sentence in sentences:
        words, quote = sentence.words, sentence.quote
        terms += (" ".join(run) for run in _runs(words, settings.longest))
        terms += (_CHARACTERS + "".join(run) for run in _runs(quote, settings.characters))
    return terms


def _runs(parts: Sequence[str], longest: int) -> Iterator[Sequence[str]]:
    for length in range(1, longest + 1):
        for start in range(len(parts) - length + 1):
            yield parts[start : start + length]


def signal_term(kind: str) -> str:
    """A signal among the terms; no word begins like this."""
    return _SIGNAL + kind
