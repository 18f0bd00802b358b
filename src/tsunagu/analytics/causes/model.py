"""Causes of interruptions from texts and signals."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from tsunagu.analytics.causes import storage, wording
from tsunagu.analytics.causes.classifier import Classifier, Documents, Settings
from tsunagu.analytics.causes.evidence import Gains, evidence
from tsunagu.analytics.causes.linear import Floats
from tsunagu.analytics.causes.shipped import CAUSES, CauseBeliefs, cause_beliefs
from tsunagu.analytics.causes.words import Sentence, read
from tsunagu.analytics.contracts import Cause, CauseSuggestion, cause_schema

FORMAT = "tsunagu-cause-model"

Texts: TypeAlias = Sequence[str] | pa.Array | pa.ChunkedArray
Signals: TypeAlias = Sequence[Collection[str]] | pa.Array | pa.ChunkedArray


class CauseModel:
    """Probabilities of the causes of an interruption.

    With no history it speaks from the shipped lexicon; :meth:`fit` learns from a team's confirmed
    causes on top of it.  ``docs/reference/causes.md`` gives the method and its numbers.

    Example::

        >>> from tsunagu.analytics.causes import CauseModel
        >>> model = CauseModel.shipped()
        >>> model.suggest(["来期予算が削られたとのこと。"])[0].cause.value
        'customer.budget_reviewed'
    """

    def __init__(self, beliefs: CauseBeliefs, classifier: Classifier, cases: int) -> None:
        self._beliefs = beliefs
        self._classifier = classifier
        self.cases = cases

    @classmethod
    def shipped(cls) -> CauseModel:
        """The lexicon alone."""
        beliefs = cause_beliefs()
        return cls(beliefs, Classifier(beliefs.before, Settings()), 0)

    @classmethod
    def fit(
        cls,
        texts: Texts,
        causes: Sequence[str],
        signals: Signals | None = None,
        settings: Settings | None = None,
        beliefs: CauseBeliefs | None = None,
    ) -> CauseModel:
        """Learn from confirmed cases; one text and one main cause a case, in any order.

        Args:
            texts: of each case, its notes and mails joined by line breaks.
            causes: the main cause that a person confirmed.
            signals: kinds of the signals of each case; None: none known.
            settings: choices for learning.
            beliefs: what is believed beforehand; None: the shipped lexicon.

        Raises:
            ValueError: if a cause is not of the taxonomy, or the lengths differ.
        """
        beliefs = beliefs or cause_beliefs()
        model = cls(beliefs, Classifier(beliefs.before, settings or Settings()), len(causes))
        label = np.array([CAUSES.index(Cause(cause)) for cause in causes], dtype=np.int64)
        documents = model._documents(texts, signals)
        if len(documents) != len(label):
            raise ValueError(f"{len(documents)} texts but {len(label)} causes")
        if len(label):
            model._classifier.fit(documents, label)
        return model

    def probabilities(self, texts: Texts, signals: Signals | None = None) -> Floats:
        """Of each cause in the order of :class:`~tsunagu.analytics.contracts.Cause`.

        Returns:
            Shape (cases, causes), rows summing to 1.  A missing text counts as an empty one.
        """
        return np.exp(self._classifier.log_probabilities(self._documents(texts, signals)))

    def score(self, cases: pa.Table) -> pa.Table:
        """Probabilities as :func:`~tsunagu.analytics.contracts.cause_schema`, in the rows' order.

        Args:
            cases: ``deal_id``, ``text`` (string) and, where known, ``signals`` (list of string).
        """
        signals = cases["signals"] if "signals" in cases.column_names else None
        columns = self.probabilities(cases["text"], signals).T
        return pa.table([cases["deal_id"], *map(pa.array, columns)], schema=cause_schema())

    def suggest(
        self, texts: Sequence[str], signals: Collection[str] = (), most: int = 3
    ) -> tuple[CauseSuggestion, ...]:
        """The most probable causes of one case, with what speaks for each.

        Args:
            texts: its notes and mails.
            signals: kinds of its signals.
            most: how many causes.
        """
        sources = read(texts)
        joined = [sentence for sentences in sources for sentence in sentences]
        documents = self._read([joined], [frozenset(signals)])
        (chance,) = np.exp(self._classifier.log_probabilities(documents))
        labels = np.argsort(-chance, kind="stable")[:most].tolist()
        found = evidence(sources, set(signals), labels, self._gains(documents))
        return tuple(
            wording.suggestion(CAUSES[label], float(chance[label]), told)
            for label, told in zip(labels, found, strict=True)
        )

    def save(self, path: Path) -> None:
        """Write the model to one JSON file."""
        storage.write(
            path,
            FORMAT,
            {
                "cases": self.cases,
                "beliefs": self._beliefs.to_dict(),
                "classifier": self._classifier.to_dict(),
            },
        )

    @classmethod
    def load(cls, path: Path) -> CauseModel:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: if the file cannot be used.
        """
        data = storage.read(path, FORMAT)
        return storage.decoded(path, lambda: cls._from_dict(data))

    @classmethod
    def _from_dict(cls, data: dict[str, Any]) -> CauseModel:
        beliefs = CauseBeliefs.from_dict(data["beliefs"])
        return cls(beliefs, Classifier.from_dict(data["classifier"]), int(data["cases"]))

    def _documents(self, texts: Texts, signals: Signals | None) -> Documents:
        found = read(text or "" for text in _listed(texts))
        kinds = [frozenset[str]()] * len(found) if signals is None else _listed(signals)
        return self._read(found, [frozenset(kind or ()) for kind in kinds])

    def _read(self, found: Sequence[list[Sentence]], signals: list[frozenset[str]]) -> Documents:
        told = self._beliefs.lexicon.scores(found)
        for place, kinds in enumerate(signals):
            for kind in sorted(kinds & self._beliefs.signals.keys()):
                told[place] += self._beliefs.signals[kind]
        return Documents(found, signals, told)

    def _gains(self, documents: Documents) -> Gains:
        (terms,) = self._classifier.contributions(documents)
        return Gains(
            self._beliefs.lexicon,
            self._beliefs.lexicon.weights(documents.sentences[0]),
            self._classifier.strength,
            self._beliefs.signals,
            terms,
            self._classifier.settings.longest,
        )


def _listed(column: Iterable[Any]) -> list[Any]:
    if isinstance(column, pa.Array | pa.ChunkedArray):
        listed: list[Any] = column.to_pylist()
        return listed
    return list(column)
