"""Ask predictors about the landmarks, and check that they answer about exactly them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import (
    HORIZONS_DAYS,
    EventLog,
    Outcome,
    Progress,
    incidence_column,
)
from tsunagu.analytics.errors import NotEnoughHistoryError
from tsunagu.analytics.evaluation.arrays import Flags, Floats
from tsunagu.analytics.evaluation.labels import Landmarks, in_order, microseconds
from tsunagu.analytics.evaluation.predictor import Baseline, FittedPredictor, ProbabilityPredictor
from tsunagu.analytics.evaluation.results import Skipped


@dataclass(frozen=True)
class Judgement:
    """What one predictor said about the n landmarks.

    Attributes:
        name: of the predictor.
        score: (n,) higher is more at risk.
        fires: (n,) a rule's own yes or no, or None.
        probability: (n,) of breaking off, by horizon; empty for predictors without.
    """

    name: str
    score: Floats
    fires: Flags | None
    probability: Mapping[int, Floats]


@dataclass(frozen=True)
class Questions:
    """What every predictor is asked: the same log, snapshots and landmarks."""

    log: EventLog
    training: EventLog
    snapshots: ir.Table
    landmarks: Landmarks
    seed: int


def ask_all(
    predictors: Sequence[Baseline], questions: Questions, tell: Progress
) -> tuple[list[Judgement], list[Skipped]]:
    """Fit and ask each predictor.  A rival that lacks history is skipped with its reason.

    Raises:
        NotEnoughHistoryError: if the first predictor, the model, lacks history.
        ValueError: if an answer is not one finite score a landmark, or two share a name.
    """
    names = [predictor.name for predictor in predictors]
    if len(set(names)) < len(names):
        raise ValueError(f"two predictors share a name: {', '.join(sorted(names))}")
    judgements, skipped = [], []
    for number, predictor in enumerate(predictors):
        tell(f"predictor {predictor.name}", number / len(predictors))
        try:
            fitted = predictor.fit(questions.training, seed=questions.seed)
        except NotEnoughHistoryError as error:
            if number == 0:
                raise
            skipped.append(Skipped(predictor.name, str(error)))
            continue
        judgements.append(ask(predictor.name, fitted, questions))
    return judgements, skipped


def ask(name: str, fitted: FittedPredictor, questions: Questions) -> Judgement:
    """Ask a fitted predictor about every landmark.

    Raises:
        ValueError: if its answer is not one finite score a landmark.
    """
    answer = fitted.rank(questions.log, questions.snapshots)
    ranked = aligned(answer, questions.landmarks, name)
    fires = ranked["fires"].to_numpy().astype(bool) if "fires" in ranked.column_names else None
    probability = _probabilities(name, fitted, questions)
    return Judgement(name, _finite(ranked, "score", name), fires, probability)


def _probabilities(
    name: str, fitted: FittedPredictor, questions: Questions
) -> Mapping[int, Floats]:
    if not isinstance(fitted, ProbabilityPredictor):
        return {}
    scores = aligned(fitted.score(questions.log, questions.snapshots), questions.landmarks, name)
    columns = {h: incidence_column(Outcome.BROKEN_OFF, h) for h in HORIZONS_DAYS}
    return {h: _finite(scores, column, name) for h, column in columns.items()}


def _finite(answer: pa.Table, column: str, name: str) -> Floats:
    values: Floats = answer[column].to_numpy().astype(np.float64)
    if not np.all(np.isfinite(values)):
        raise ValueError(f"predictor {name} gave a {column} that is not a finite number")
    return values


def aligned(answer: pa.Table, landmarks: Landmarks, name: str) -> pa.Table:
    """The answer in the landmarks' order.

    Raises:
        ValueError: if it does not have exactly one row a landmark.
    """
    ordered = in_order(answer)
    place = pc.index_in(ordered["deal_id"], value_set=landmarks.deal_ids).fill_null(-1)
    if not (
        np.array_equal(place.to_numpy(), landmarks.deal)
        and np.array_equal(microseconds(ordered["at"]), landmarks.at)
    ):
        raise ValueError(f"predictor {name} did not answer with one row a landmark")
    return ordered
