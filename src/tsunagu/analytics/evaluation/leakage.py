"""Controls that fail when a predictor has seen what it could not have known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import HORIZONS_DAYS, EventLog, Kind
from tsunagu.analytics.evaluation.discrimination import ties, weighted_auc
from tsunagu.analytics.evaluation.judging import Questions, ask
from tsunagu.analytics.evaluation.labels import BROKEN_OFF, CENSORED, in_order, label
from tsunagu.analytics.evaluation.predictor import Baseline, FittedPredictor
from tsunagu.analytics.evaluation.splitting import snapshots_after
from tsunagu.analytics.features.snapshots import current


def largest_look_ahead(fitted: FittedPredictor, log: EventLog, at: datetime) -> float:
    """How much the future changes scores as of ``at``: 0 for a predictor that does not see it.

    Args:
        fitted: the predictor, fitted on anything.
        log: the whole log, with facts after ``at``.
        at: an aware instant; the deals open then are scored with the whole log, and again with
            the log as it stood.

    Returns:
        The largest absolute difference of two scores of one deal; infinite if the two answers
        are not about the same deals.
    """
    snapshots = current(log.until(at)).cache()
    whole, cut = (in_order(fitted.rank(known, snapshots)) for known in (log, log.until(at)))
    if not whole.select(["deal_id", "at"]).equals(cut.select(["deal_id", "at"])):
        return float("inf")
    gaps = pc.abs(pc.subtract(whole["score"], cut["score"]))
    return float(pc.max(gaps).as_py() or 0.0)


def shuffled_causes(log: EventLog, seed: int) -> EventLog:
    """The log with the finished deals' outcomes dealt out anew; all else stays as it was.

    Which end a deal comes to is then pure chance, whatever its history says.
    """
    ends = log.outcomes().order_by("deal_id").to_pyarrow()
    order = np.random.default_rng(seed).permutation(len(ends))
    dealt = ends.set_column(1, "dealt", ends["outcome"].take(pa.array(order)))
    new = ibis.memtable(dealt.select(["deal_id", "dealt"]))
    events = log.events.left_join(new, "deal_id").drop("deal_id_right")
    is_end = (events.kind == Kind.OUTCOME.value) & events.dealt.notnull()
    changed = events.mutate(value=ibis.ifelse(is_end, events.dealt, events.value)).drop("dealt")
    return replace(log, events=changed.cache())


def shuffled_cause_auc(log: EventLog, predictor: Baseline, cut: datetime, seed: int) -> float:
    """AUC between break-offs and other ends within the longest horizon, all outcomes shuffled.

    Shuffling leaves *when* deals end as predictable as before, so that only *how* they end is
    asked: broken-off deals against won and lost ones.  About 0.5, unless the predictor has seen
    the answer.

    Args:
        log: the whole log.
        predictor: fitted here on the shuffled log until the cut.
        cut: as in :func:`tsunagu.analytics.evaluation.evaluate`.
        seed: of the shuffling and of the fit.
    """
    chance = shuffled_causes(log, seed)
    snapshots = snapshots_after(chance, cut)
    landmarks = label(chance, snapshots)
    questions = Questions(chance, chance.until(cut), snapshots, landmarks, seed)
    fitted = predictor.fit(questions.training, seed=seed)
    judgement = ask(predictor.name, fitted, questions)
    event = landmarks.labels.event
    ended = (event != CENSORED) & (landmarks.labels.days <= max(HORIZONS_DAYS))
    broken = ended & (event == BROKEN_OFF)
    other = ended & ~broken
    return weighted_auc(ties(judgement.score), broken.astype(float), other.astype(float))
