"""Texts to learn from and to judge on, our classifier on any labels, and its plain rivals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsunagu.analytics.causes import Settings
from tsunagu.analytics.causes.classifier import Classifier, Documents
from tsunagu.analytics.causes.words import read as read_texts
from tsunagu.analytics.evaluation.arrays import Floats, Integers


@dataclass(frozen=True)
class Split:
    """Texts and labels before a moment, and after it."""

    texts: Sequence[str]
    label: Integers
    later_texts: Sequence[str]
    later: Integers


def usual(label: Integers, size: int) -> Integers:
    """(size,) the label that was most frequent."""
    return np.full(size, np.bincount(label).argmax())


def counted(texts: Sequence[str], words: Sequence[str]) -> Integers:
    """(texts,) how many of the words each text contains."""
    return np.array([sum(word in text for word in words) for text in texts], dtype=np.int64)


def characters(split: Split, choices: Mapping[str, Any]) -> Integers:
    """TF-IDF of one to three characters and a linear support vector machine."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    model = LinearSVC(**choices).fit(vectors.fit_transform(split.texts), split.label)
    told: Integers = model.predict(vectors.transform(split.later_texts))
    return told


def classifier(documents: Documents, label: Integers, width: int, settings: Settings) -> Classifier:
    """The one that causes use, fitted on other labels."""
    prior = np.log((np.bincount(label, minlength=width) + 1.0) / len(label))
    model = Classifier(prior, settings)
    model.fit(documents, label)
    return model


def read(texts: Sequence[str], width: int) -> Documents:
    """Texts of which no lexicon knows anything."""
    nothing = np.zeros((len(texts), width))
    return Documents(read_texts(texts), [frozenset[str]()] * len(texts), nothing)


def decided(logs: Floats, label: Integers, balance: float) -> Integers:
    """Labels for macro-F1: the rarer ``label`` had them, the more they are preferred.

    Args:
        logs: (n, labels) log-probabilities.
        label: what was learnt from.
        balance: 0 the most probable label; 1 as if all labels were equally frequent.
    """
    shares = (np.bincount(label, minlength=logs.shape[1]) + 1.0) / len(label)
    best: Integers = (logs - balance * np.log(shares)).argmax(axis=1)
    return best
