"""The door from the application to the effects of plays: answered cases in, plain values out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from django.db.models import QuerySet

from tsunagu.analytics import attributes
from tsunagu.analytics.rows import named
from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.scoring.bridge import records
from tsunagu.app.scoring.columns import INSTANT

if TYPE_CHECKING:
    from tsunagu.analytics.plays import Estimate, PlayEffect, PlayEffects

NO_PLAY = "none"
"""The play of a case that was answered without one; mirrors the analytics (a test compares)."""

GRADE = "grade"
"""The column of hardness that people's grades are in."""


@dataclass(frozen=True)
class Answered:
    """A case whose response began; ``resumed_at`` None: the sale has not gone on.

    ``grade`` is how serious it looked to a person by then, 1 to 5; None: nobody had said.
    """

    case_id: int
    deal_id: int
    play: str
    cause: str
    began_at: datetime
    resumed_at: datetime | None
    grade: int | None


@dataclass(frozen=True)
class Interval:
    """A share or a difference of shares, with its 95% interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Effect:
    """What is known of a play: counts, the chance, the difference to the usual, a verdict.

    ``verdict`` is too_early, better, worse or alike; ``best`` the probability to be the best.
    """

    play: str
    cases: int
    resumed: int
    chance: Interval
    gain: Interval
    best: float
    verdict: str


@dataclass(frozen=True)
class Advice:
    """A play to take; ``explores``: to learn from it, ``best`` being expected to do most."""

    play: str
    explores: bool
    best: str | None


def fit(cases: Sequence[Answered], deals: QuerySet[Deal], at: datetime) -> dict[str, Any]:
    """What is learned from the cases by ``at``, as JSON can keep it.

    Args:
        deals: the cases' deals; a query, for there may be many.
    """
    from tsunagu.analytics.plays import fit as fit_plays
    from tsunagu.analytics.plays import with_hardness

    # Only what was known when a response began counts; the analytics see to it.
    events = Event.objects.filter(deal__in=deals.order_by().values("pk"))
    log = records(deals, events, at, attributes.split).log(at)
    return fit_plays(with_hardness(log.events, _table(cases)), at).to_dict()


def _table(cases: Sequence[Answered]) -> pa.Table:
    words, whole = pa.string(), pa.int64()
    columns: dict[str, pa.Array] = {
        "case_id": pa.array([str(c.case_id) for c in cases], words),
        "play": pa.array([c.play for c in cases], words),
        "cause": pa.array([c.cause for c in cases], words),
        "began_at": pa.array([c.began_at for c in cases], INSTANT),
        "resumed_at": pa.array([c.resumed_at for c in cases], INSTANT),
        GRADE: pa.array([c.grade for c in cases], pa.float64()),
        "deal_id": pa.array([c.deal_id for c in cases], whole),
    }
    return named(pa.table(columns))


def load(content: dict[str, Any]) -> PlayEffects:
    """The effects that :func:`fit` gave."""
    from tsunagu.analytics.plays import PlayEffects

    return PlayEffects.from_dict(content)


def graded(effects: PlayEffects) -> int:
    """For how many of the cases that were learned from a person had said how serious they look."""
    return effects.known.get(GRADE, 0)


def effect(effects: PlayEffects, play: str, cause: str = "") -> Effect | None:
    """What is known of a play for a cause; over all causes where it was never seen with that."""
    from tsunagu.analytics.plays.recommending import known_effect

    found = known_effect(effects, play, cause)
    return _plain(found) if found is not None and found.cases else None


def _plain(found: PlayEffect) -> Effect:
    return Effect(
        found.play,
        found.cases,
        found.resumed,
        _interval(found.chance),
        _interval(found.against_usual),
        found.best,
        found.verdict.value,
    )


def _interval(estimate: Estimate) -> Interval:
    return Interval(estimate.mean, estimate.low, estimate.high)


def recommend(
    effects: PlayEffects, cause: str, plays: Collection[str], *, explore: bool, case_id: int
) -> Advice | None:
    """The play to take for a case; None while it is too early to say."""
    from tsunagu.analytics.plays import recommend as recommend_play

    found = recommend_play(effects, cause, plays, explore=explore, case_id=str(case_id))
    return None if found is None else Advice(found.play, found.explores, found.expected_best)
