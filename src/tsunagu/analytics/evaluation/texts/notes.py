"""Our own two-level causes, on notes that say which cause each is about.

A note is a line of JSON:
``{"language": "ja", "cause": "customer.budget_reviewed", "text": "..."}``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tsunagu.analytics.causes import CauseModel
from tsunagu.analytics.causes.lexicon import Lexicon
from tsunagu.analytics.causes.shipped import CAUSES, CauseBeliefs, cause_beliefs
from tsunagu.analytics.causes.words import read
from tsunagu.analytics.contracts import Cause
from tsunagu.analytics.errors import InputError, Problem
from tsunagu.analytics.evaluation.arrays import Integers
from tsunagu.analytics.evaluation.texts.learning import Split, characters, usual
from tsunagu.analytics.evaluation.texts.measuring import Judge, Resampling
from tsunagu.analytics.evaluation.texts.results import TextRow, TextTable
from tsunagu.analytics.simulation import vocabulary
from tsunagu.analytics.simulation.causes import CAUSES as SIMULATED

FEWEST = 30
_SIZES = (0, 50, 100, 200)
_LEARNT = 2 / 3  # of fewer than 300 notes
_REMEDY = "Give each line “text”, “cause” (category.detail) and “language”, as JSON."


@dataclass(frozen=True)
class Notes:
    """Notes in the order of the file."""

    texts: list[str]
    causes: list[str]
    languages: list[str]

    @property
    def truth(self) -> Integers:
        """(n,) places of the causes."""
        return np.array([CAUSES.index(Cause(cause)) for cause in self.causes], dtype=np.int64)


def notes(path: Path) -> Notes:
    """Read a file of notes.

    Raises:
        InputError: if a line is no note, or there are fewer than :data:`FEWEST`.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot be read ({error})."
        raise InputError(Problem(str(path), None, None, None, message, _REMEDY)) from error
    rows = [_note(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if len(rows) < FEWEST:
        message = f"holds {len(rows)} notes; {FEWEST} or more are needed."
        raise InputError(Problem(str(path), None, None, None, message, "Add notes."))
    texts, causes, languages = map(list, zip(*rows, strict=True))
    return Notes(texts, causes, languages)


def _note(path: Path, number: int, line: str) -> tuple[str, str, str]:
    try:
        found = json.loads(line)
        return str(found["text"]), Cause(found["cause"]).value, str(found["language"])
    except (KeyError, TypeError, ValueError) as error:
        message = f"is no note ({error})."
        raise InputError(Problem(str(path), number, None, None, message, _REMEDY)) from error


def judge_notes(path: Path, resampling: Resampling) -> tuple[TextTable, ...]:
    """Learn from the first notes, nested, and judge on the rest; and without learning on all.

    Raises:
        InputError: as :func:`notes`.
    """
    found = notes(path)
    return (
        TextTable("causes_learnt", path.name, tuple(_learnt(found, resampling))),
        TextTable("causes_shipped", path.name, tuple(_shipped(found, resampling))),
    )


def _learnt(found: Notes, resampling: Resampling) -> list[TextRow]:
    first = min(_SIZES[-1], int(_LEARNT * len(found.texts)))
    texts, truth = found.texts, found.truth
    judge = Judge(truth[first:], resampling)
    sizes = [size for size in _SIZES if size <= first]
    last = sizes[-1] or first
    rows = [judge.row("prior", last, usual(truth[:last], len(truth) - first))]
    for size in sizes[1:]:
        split = Split(texts[:size], truth[:size], texts[first:], truth[first:])
        rows.append(judge.row("characters", size, characters(split, {})))
    for name, beliefs in _lexicons(texts):
        for size in sizes:
            model = CauseModel.fit(texts[:size], found.causes[:size], beliefs=beliefs)
            told = model.probabilities(texts[first:])
            losses = {"log_loss": judge.losses(told)}
            rows.append(judge.row(name, size, told.argmax(axis=1), losses))
    return rows


def _shipped(found: Notes, resampling: Resampling) -> list[TextRow]:
    """Nothing learnt, so that every note can be judged: all, and by language."""
    told = CauseModel.shipped().probabilities(found.texts).argmax(axis=1)
    language = np.array(found.languages)
    parts = {"ours": np.ones(len(told), dtype=bool)}
    parts |= {f"ours_{name}": language == name for name in sorted(set(found.languages))}
    return [
        Judge(found.truth[part], resampling).row(name, 0, told[part])
        for name, part in parts.items()
    ]


def _lexicons(texts: Sequence[str]) -> list[tuple[str, CauseBeliefs]]:
    """As shipped; without phrases that only one note has, maybe remembered; and empty.

    The shipped phrases and the repository's notes have one author (``docs/reference/causes.md``).
    """
    beliefs = cause_beliefs()
    found = [beliefs.lexicon.weights(sentences) for sentences in read(texts)]
    once = {entry for entry in beliefs.lexicon.entries if sum(entry in f for f in found) == 1}
    fewer = [entry for entry in beliefs.lexicon.entries if entry not in once]
    width = len(CAUSES)
    return [
        ("no_lexicon", replace(beliefs, lexicon=Lexicon([], width))),
        ("fewer_phrases", replace(beliefs, lexicon=Lexicon(fewer, width))),
        ("ours", beliefs),
    ]


def judge_simulated(resampling: Resampling) -> TextTable:
    """The simulator's sentences, by another writer: is a cause of a sentence's topic told?"""
    topics = sorted({cause.topic for cause in SIMULATED})
    of_cause = {cause.name: topics.index(cause.topic) for cause in SIMULATED}
    pairs = [
        (topics.index(topic), template.replace("{}", slots[0] if slots else ""))
        for topic in topics
        for templates, slots in [vocabulary.CORES[topic]]
        for template in templates
    ]
    truth = np.array([topic for topic, _ in pairs], dtype=np.int64)
    told = CauseModel.shipped().probabilities([text for _, text in pairs]).argmax(axis=1)
    guess = np.array([of_cause.get(CAUSES[i].value, -1) for i in told], dtype=np.int64)
    judge = Judge(truth, resampling)
    rows = (
        judge.row("prior", len(truth), usual(truth, len(truth))),
        judge.row("ours", 0, guess),
    )
    return TextTable("simulated_topics", "tsunagu.analytics.simulation", rows)
