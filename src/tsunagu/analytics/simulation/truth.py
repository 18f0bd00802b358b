"""The known truth, kept beside the event log and never in it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tsunagu.analytics.simulation import causes
from tsunagu.analytics.simulation.branch import Branch
from tsunagu.analytics.simulation.lives import OUTCOMES, Lives
from tsunagu.analytics.simulation.trail import numbered
from tsunagu.analytics.simulation.workdays import Floats, Ints, Workdays

_INSTANT = pa.timestamp("us", tz="UTC")

TRUTH_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("true_outcome", pa.string(), nullable=False),
        pa.field("true_end_at", _INSTANT, nullable=False),
        pa.field("recorded_outcome", pa.string(), nullable=False),
        pa.field("recorded_at", _INSTANT),
        pa.field("interrupted", pa.bool_(), nullable=False),
        pa.field("broke_at", _INSTANT),
        pa.field("cooling_from", _INSTANT),
        pa.field("cause_category", pa.string()),
        pa.field("cause_detail", pa.string()),
        pa.field("severity", pa.float64()),
        pa.field("frailty", pa.float64(), nullable=False),
        pa.field("confirmed_at", _INSTANT),
        pa.field("play", pa.string()),
        pa.field("resumed", pa.bool_()),
        pa.field("resumed_at", _INSTANT),
        pa.field("play_effect", pa.float64()),
        *(pa.field(f"chance_{play}", pa.float64()) for play in causes.PLAYS),
    ]
)
"""One row a deal: its whole life, also what lies after the end of the records.

``broke_at`` is when the customer was truly gone, before anybody recorded it.  ``chance_<play>`` is
the probability that the deal would resume under each play, ``play_effect`` the difference that the
play really used makes against ``none``.  ``recorded_at`` is null where nobody ever closes the deal.
"""


def truth_table(branch: Branch, lives: Lives) -> pa.Table:
    """The truth about a branch's deals."""
    days, breaks, responses, ends = branch.days, lives.breaks, lives.responses, lives.ends
    whole = ~breaks.happened
    used = responses.chances[np.arange(branch.deals), responses.play]
    columns = {
        "deal_id": numbered("D", branch.first_deal + np.arange(branch.deals) + 1),
        "true_outcome": _names(OUTCOMES, ends.outcome),
        "true_end_at": _instants(days, ends.at),
        "recorded_outcome": _names(OUTCOMES, ends.recorded),
        "recorded_at": _instants(days, ends.recorded_at),
        "interrupted": pa.array(breaks.happened),
        "broke_at": _instants(days, breaks.at),
        "cooling_from": _instants(days, breaks.cooling_from),
        "cause_category": _names([c.category for c in causes.CAUSES], breaks.cause),
        "cause_detail": _names([c.detail for c in causes.CAUSES], breaks.cause),
        "severity": pa.array(breaks.severity, mask=whole),
        "frailty": pa.array(lives.starts.frailty),
        "confirmed_at": _instants(days, responses.confirmed),
        "play": _names(causes.PLAYS, np.where(whole, -1, responses.play)),
        "resumed": pa.array(np.isfinite(responses.resumed), mask=whole),
        "resumed_at": _instants(days, responses.resumed),
        "play_effect": pa.array(used - responses.chances[:, 0], mask=whole),
    }
    for code, play in enumerate(causes.PLAYS):
        columns[f"chance_{play}"] = pa.array(responses.chances[:, code], mask=whole)
    return pa.Table.from_pydict(columns, schema=TRUTH_SCHEMA)


def effects_table() -> pa.Table:
    """True effects of plays: one row per cause category and play, on the log-odds of resuming."""
    category, play = np.indices(causes.EFFECTS.shape).reshape(2, -1)
    return pa.table(
        {
            "cause_category": _names(causes.CATEGORIES, category),
            "play": _names(causes.PLAYS, play),
            "log_odds_effect": causes.EFFECTS.ravel(),
            "log_odds_without_play": causes.BASE_RESUMING[category],
        }
    )


def _names(names: tuple[str, ...] | list[str], codes: Ints) -> pa.StringArray:
    strings = pa.array([str(name) for name in names])
    return strings.take(pa.array(codes, mask=codes < 0))


def _instants(days: Workdays, time: Floats) -> pa.TimestampArray:
    never = ~np.isfinite(time)
    at = days.instants(np.where(never, 0.0, time))
    return pa.array(at, mask=never).cast(_INSTANT)
