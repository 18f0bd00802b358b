"""The outcome model: how will this deal be decided, asked at any moment of its life."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import EVENT_SCHEMA, EventLog
from tsunagu.analytics.errors import InputError, NotEnoughHistoryError, Problem
from tsunagu.analytics.outcomes import decisions as answers_of
from tsunagu.analytics.outcomes import encoding, sequences, stacking, vocabulary
from tsunagu.analytics.outcomes.arrays import Ints
from tsunagu.analytics.outcomes.decisions import Decisions
from tsunagu.analytics.outcomes.encoding import Encoded
from tsunagu.analytics.outcomes.lesson import Lesson
from tsunagu.analytics.outcomes.linear import Linear
from tsunagu.analytics.outcomes.sequences import Moments
from tsunagu.analytics.outcomes.settings import Settings, sized
from tsunagu.analytics.outcomes.stacking import Blend, Stack
from tsunagu.analytics.outcomes.trees import Trees
from tsunagu.analytics.outcomes.view import View
from tsunagu.analytics.outcomes.vocabulary import Vocabulary

FORMAT, VERSION = "tsunagu-outcome-model", 2
_KEYS = ("deal_id", "at")


@dataclass(frozen=True)
class OutcomeModel:
    """Probabilities of each answer, at any moment of any deal.

    Example::

        model = OutcomeModel.fit(log, weekly(log))
        model.score(log, current(log))

    Attributes:
        answers: names of the answers, sorted.
        vocabulary: the words that are features.
        groups: the groups of features.
        stack: the learners.
    """

    answers: tuple[str, ...]
    vocabulary: Vocabulary
    groups: tuple[str, ...]
    stack: Stack

    @classmethod
    def fit(
        cls,
        log: EventLog,
        moments: ir.Table,
        decisions: pa.Table | None = None,
        settings: Settings | None = None,
        seed: int = 0,
    ) -> OutcomeModel:
        """Learn from moments of decided deals.

        Args:
            log: what is known; later events do not exist.
            moments: ``deal_id, at``, any number a deal; those of undecided deals teach nothing.
                Give those at which the question is still open, as it will be when it is asked.
            decisions: :data:`decisions.DECISION_SCHEMA`; None: the log's own outcomes.
            settings: choices; None: :func:`settings.sized` by the decided deals.
            seed: of everything random.

        Raises:
            NotEnoughHistoryError: with too few decided deals, of any answer.
        """
        steps = sequences.read(log)
        told = answers_of.of_log(log) if decisions is None else decisions
        decided = answers_of.place(told, steps.deal_ids, None)
        learned = vocabulary.learn(steps)
        placed = sequences.moments(steps, _keys(moments))
        placed = _where(placed, decided.answer[placed.deal] >= 0)
        chosen = settings or sized(len(np.unique(placed.deal)))
        _check(decided, placed, chosen)
        encoded = encoding.encode(View(steps, placed, learned, decided), chosen.groups)
        lesson = _lesson(encoded, placed, decided, chosen, seed)
        return cls(decided.answers, learned, chosen.groups, stacking.fit(lesson))

    def score(
        self, log: EventLog, moments: ir.Table, decisions: pa.Table | None = None
    ) -> pa.Table:
        """``deal_id, at`` and a probability (float64) for each answer, sorted by deal and time.

        Args:
            log: any event log.
            moments: ``deal_id, at``; nothing that happened later enters a row.
            decisions: of other deals, for how they were decided lately; None: the log's outcomes.

        Raises:
            ValueError: if a moment's deal is not in the log.
        """
        steps = sequences.read(log)
        told = answers_of.of_log(log) if decisions is None else decisions
        decided = answers_of.place(told, steps.deal_ids, self.answers)
        keys = _keys(moments)
        view = View(steps, sequences.moments(steps, keys), self.vocabulary, decided)
        found = self.stack.probabilities(encoding.encode(view, self.groups).matrix)
        for place, answer in enumerate(self.answers):
            keys = keys.append_column(answer, pa.array(found[:, place]))
        return keys

    def save(self, path: Path) -> None:
        """Write the model as one JSON file: no pickle, and the same model gives the same bytes."""
        unfinished = path.with_name(path.name + ".part")
        text = json.dumps(self._to_dict(), ensure_ascii=False, sort_keys=True, allow_nan=False)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)

    def _to_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "answers": list(self.answers),
            "vocabulary": self.vocabulary.to_dict(),
            "groups": list(self.groups),
            "trees": list(self.stack.trees.texts),
            "linear": [line.to_dict() for line in self.stack.linear],
            "blend": asdict(self.stack.blend),
        }

    @classmethod
    def load(cls, path: Path) -> OutcomeModel:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: if the file is missing, damaged or not an outcome model.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return _from_dict(data)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _refusal(path, error) from error


def _from_dict(data: dict[str, Any]) -> OutcomeModel:
    if data["format"] != FORMAT or data["version"] != VERSION:
        raise ValueError(f"it is {data['format']} {data['version']}")
    stack = Stack(
        Trees(tuple(data["trees"])),
        tuple(Linear.from_dict(line) for line in data["linear"]),
        Blend.from_dict(data["blend"]),
    )
    words = Vocabulary.from_dict(data["vocabulary"])
    return OutcomeModel(tuple(data["answers"]), words, tuple(data["groups"]), stack)


def _refusal(path: Path, error: Exception) -> InputError:
    message = f"is not an outcome model of Tsunagu, or is damaged ({error})."
    remedy = "Fit the model again, or give the path of a file that OutcomeModel.save wrote."
    return InputError(Problem(os.fspath(path), None, None, None, message, remedy))


def _keys(moments: ir.Table) -> pa.Table:
    table = moments.select(*_KEYS).to_pyarrow()
    schema = pa.schema([EVENT_SCHEMA.field(key) for key in _KEYS])
    arrays = [table[key].cast(schema.field(key).type) for key in _KEYS]
    return pa.table(arrays, schema=schema).sort_by([(key, "ascending") for key in _KEYS])


def _where(m: Moments, keep: np.ndarray) -> Moments:
    return Moments(m.deal[keep], m.at[keep], m.last[keep], m.first[keep])


def _check(decided: Decisions, placed: Moments, settings: Settings) -> None:
    deals = np.unique(placed.deal)
    seen = np.bincount(decided.answer[deals], minlength=len(decided.answers))
    if len(deals) < settings.least_deals or min(seen) < settings.least_deals / 10:
        counts = ", ".join(f"{n}: {c}" for n, c in zip(decided.answers, seen, strict=True))
        raise NotEnoughHistoryError(
            f"Too few decided deals to learn from ({counts or 'none'}).",
            remedy=f"Wait for {settings.least_deals} decided deals, and a tenth of each answer.",
        )


def _lesson(
    encoded: Encoded, placed: Moments, decided: Decisions, settings: Settings, seed: int
) -> Lesson:
    return Lesson(
        encoded,
        decided.answer[placed.deal],
        _in_order(placed),
        placed.at,
        decided.at[placed.deal],
        len(decided.answers),
        settings,
        seed,
    )


def _in_order(placed: Moments) -> Ints:
    """(n,) number of each moment's deal in the order of first moments."""
    first = np.flatnonzero(np.diff(placed.deal, prepend=-1))
    order = np.lexsort((placed.deal[first], placed.at[first]))
    rank = np.empty(len(first), dtype=np.int64)
    rank[order] = np.arange(len(first))
    return np.repeat(rank, np.diff(np.append(first, len(placed))))
