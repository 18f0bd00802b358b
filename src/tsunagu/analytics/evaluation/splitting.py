"""Where the log is cut, and what lies on each side."""

from __future__ import annotations

from datetime import UTC, datetime

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import EventLog, Outcome
from tsunagu.analytics.errors import NotEnoughHistoryError
from tsunagu.analytics.evaluation.labels import Landmarks, microseconds
from tsunagu.analytics.evaluation.results import Part
from tsunagu.analytics.features.snapshots import weekly


def default_cut(log: EventLog, train_share: float) -> datetime:
    """The instant of the outcome with which ``train_share`` of all outcomes had come in.

    Raises:
        NotEnoughHistoryError: if the log has no outcome.
        ValueError: if the share is not between 0 and 1.
    """
    if not 0 < train_share < 1:
        raise ValueError(f"train_share is {train_share}; give a share above 0 and below 1")
    ended = np.sort(microseconds(log.outcomes().select("ended_at").to_pyarrow()["ended_at"]))
    if not len(ended):
        message = "The log has no finished deal, so there is nothing to evaluate against."
        raise NotEnoughHistoryError(message, remedy="Map the activities that end a deal.")
    last = int(np.ceil(train_share * len(ended))) - 1
    moment: datetime = pa.scalar(int(ended[last]), pa.timestamp("us", tz="UTC")).as_py()
    return moment.astimezone(UTC)


def training_part(log: EventLog, cut: datetime | None, train_share: float) -> EventLog:
    """The log as it stood at the cut that an evaluation would take.

    Evaluated in its turn, it is where choices may be made: what comes after the cut stays unseen.

    Raises:
        NotEnoughHistoryError: if the log has no outcome, or none is observed after the cut.
        ValueError: if the share or the cut is out of its range.
    """
    return log.until(checked_cut(log, default_cut(log, train_share) if cut is None else cut))


def checked_cut(log: EventLog, cut: datetime) -> datetime:
    """The cut in UTC.

    Raises:
        NotEnoughHistoryError: if nothing was observed after it.
        ValueError: if it is naive.
    """
    if cut.tzinfo is None:
        raise ValueError(f"the cut {cut!r} has no time zone; give an aware datetime")
    if cut >= log.observed_until:
        raise nothing_to_test(cut)
    return cut.astimezone(UTC)


def nothing_to_test(cut: datetime) -> NotEnoughHistoryError:
    """The error for a cut after which no deal can be judged."""
    message = f"No deal is open at a weekly landmark after the cut of {cut:%Y-%m-%d %H:%M %Z}."
    remedy = "Choose an earlier cut or a smaller training share, or read a longer history."
    return NotEnoughHistoryError(message, remedy=remedy)


def snapshots_after(log: EventLog, cut: datetime) -> ir.Table:
    """Deals open at weekly landmarks strictly after the cut; computed once for all predictors."""
    snapshots = weekly(log, start=cut, end=log.observed_until)
    later: ir.Table = snapshots.filter(snapshots.at > cut).select("deal_id", "at").cache()
    return later


def parts(log: EventLog, cut: datetime, landmarks: Landmarks) -> tuple[Part, Part]:
    """Sizes of the training part and of the test part."""
    training = log.until(cut)
    rows = weekly(training, start=None, end=cut)
    counts = rows.aggregate(n=rows.count(), d=rows.deal_id.nunique()).to_pyarrow().to_pylist()[0]
    before, total = _outcomes(training), _outcomes(log)
    after = {name: total[name] - before[name] for name in total}
    train = Part(None, cut, counts["d"], counts["n"], before)
    return train, Part(cut, log.observed_until, len(landmarks.deal_ids), len(landmarks), after)


def _outcomes(log: EventLog) -> dict[str, int]:
    counts = log.outcomes().outcome.value_counts(name="n").to_pyarrow().to_pylist()
    found = {row["outcome"]: int(row["n"]) for row in counts}
    return {outcome.value: found.get(outcome.value, 0) for outcome in Outcome}
