"""The tone of a text in five steps, −2 (much worse) to +2 (much better)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tsunagu.analytics.causes import storage
from tsunagu.analytics.causes.classifier import Classifier, Documents, Settings
from tsunagu.analytics.causes.lexicon import Lexicon
from tsunagu.analytics.causes.linear import Floats, Ints
from tsunagu.analytics.causes.shipped import STEPS, tone_beliefs
from tsunagu.analytics.causes.words import read

FORMAT = "tsunagu-tone-model"

_HALF = 1.0  # sum of weights at which the tone is one step off neutral: one usual word
_SPREAD = 0.8  # deviation, in steps, of the tone around what the words say


class ToneModel:
    """Probabilities of the five steps: from the shipped lexicon, then as :meth:`fit` learnt.

    The words' weights sum to s, and the tone is believed to lie around ``2 s / (|s| + 1)`` with a
    deviation of 0.8 steps; both are judgement.  Learning goes on from there as for causes.
    """

    def __init__(self, lexicon: Lexicon, classifier: Classifier) -> None:
        self._lexicon = lexicon
        self._classifier = classifier

    @classmethod
    def shipped(cls) -> ToneModel:
        """The lexicon alone."""
        return cls._with(Settings())

    @classmethod
    def fit(
        cls, texts: Sequence[str], steps: Sequence[int], settings: Settings | None = None
    ) -> ToneModel:
        """Learn from texts whose tone people judged, in any order.

        Args:
            texts: one a judgement.
            steps: −2 to 2.
            settings: choices for learning.

        Raises:
            ValueError: if a step is not one of the five, or the lengths differ.
        """
        model = cls._with(settings or Settings())
        label = np.array([STEPS.index(step) for step in steps], dtype=np.int64)
        documents = model._documents(texts)
        if len(documents) != len(label):
            raise ValueError(f"{len(documents)} texts but {len(label)} steps")
        if len(label):
            model._classifier.fit(documents, label)
        return model

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Of the steps −2 to 2, shape (texts, 5), rows summing to 1."""
        return np.exp(self._classifier.log_probabilities(self._documents(texts)))

    def steps(self, texts: Sequence[str]) -> Ints:
        """The most probable step of each text, −2 to 2."""
        best: Ints = np.array(STEPS)[self.probabilities(texts).argmax(axis=1)]
        return best

    def save(self, path: Path) -> None:
        """Write the model to one JSON file."""
        parts = {"lexicon": self._lexicon.to_dict(), "classifier": self._classifier.to_dict()}
        storage.write(path, FORMAT, parts)

    @classmethod
    def load(cls, path: Path) -> ToneModel:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: if the file cannot be used.
        """
        data = storage.read(path, FORMAT)
        return storage.decoded(path, lambda: cls._from_dict(data))

    @classmethod
    def _from_dict(cls, data: dict[str, Any]) -> ToneModel:
        lexicon = Lexicon.from_dict(data["lexicon"])
        return cls(lexicon, Classifier.from_dict(data["classifier"]))

    @classmethod
    def _with(cls, settings: Settings) -> ToneModel:
        before, lexicon = tone_beliefs()
        return cls(lexicon, Classifier(before, settings))

    def _documents(self, texts: Sequence[str]) -> Documents:
        found = read(text or "" for text in texts)
        total = self._lexicon.scores(found)
        mean = 2 * total / (np.abs(total) + _HALF)
        told = -((np.array(STEPS) - mean) ** 2) / (2 * _SPREAD**2)
        return Documents(found, [frozenset[str]()] * len(found), told)


def tone(texts: Sequence[str]) -> Ints:
    """The tone of texts by the shipped lexicon: −2 (much worse) to +2 (much better)."""
    return ToneModel.shipped().steps(texts)
