"""What the true life of each deal of a branch consists of, before anybody records anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.contracts import Outcome
from tsunagu.analytics.simulation.workdays import Floats, Ints

Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

OUTCOMES: tuple[str, ...] = (Outcome.WON, Outcome.BROKEN_OFF, Outcome.LOST)
WON, BROKEN_OFF, LOST = range(3)


@dataclass(frozen=True)
class Starts:
    """What is so at a deal's creation, and how able its people are.  All of shape (deals,).

    Times here and below are working days (see :class:`Workdays`); infinite: never.
    """

    created: Floats
    customer: Ints
    seat: Ints
    owner: Ints
    product: Ints
    source: Ints
    amount: Floats
    skill: Floats
    load: Floats
    frailty: Floats

    @property
    def count(self) -> int:
        """Number of deals."""
        return len(self.created)


@dataclass(frozen=True)
class Shocks:
    """Visible events that may or may not lead to a break.  All of shape (deals,)."""

    owner_changed: Floats
    new_owner: Ints
    handover: Bools
    reorganised: Floats
    contact_left: Floats
    competitor_at: Floats
    competitor: Ints
    budget_review: Floats


@dataclass(frozen=True)
class Plan:
    """What would happen if nothing broke.  All of shape (deals,).

    Attributes:
        pace: working days through all stages.
        decision: working days from creation to the decision.
        wins: whether the customer would decide for us.
    """

    pace: Floats
    decision: Floats
    wins: Bools


@dataclass(frozen=True)
class Breaks:
    """When and why a deal would be interrupted.  All of shape (deals,).

    Attributes:
        at: the true break; infinite: never, also where the decision came first.
        cause: index into ``causes.CAUSES``; -1: not interrupted.
        cooling_from: when contact begins to cool.
        depth: 0 to 1, how far it cools just before the break.
        severity: standard normal and more; how hard the case is to mend.
    """

    at: Floats
    cause: Ints
    cooling_from: Floats
    depth: Floats
    severity: Floats

    @property
    def happened(self) -> Bools:
        """Which deals are interrupted."""
        return np.isfinite(self.at)


@dataclass(frozen=True)
class Responses:
    """What was done about interruptions, and what came of it.

    Attributes:
        confirmed: when a person confirmed the interruption; infinite: never.
        recorded_cause: the cause as confirmed; -1 where not.
        play: index into ``causes.PLAYS``.
        chances: probability of resuming under each play.  Shape (deals, plays); nan where whole.
        resumed: when the customer came back; infinite: never.
    """

    confirmed: Floats
    recorded_cause: Ints
    play: Ints
    chances: Floats
    resumed: Floats


@dataclass(frozen=True)
class Course:
    """What the ends follow from."""

    starts: Starts
    breaks: Breaks
    responses: Responses
    plan: Plan

    @property
    def resumed(self) -> Bools:
        """Interrupted deals whose customer came back."""
        return np.isfinite(self.responses.resumed)

    @property
    def cut(self) -> Bools:
        """Interrupted deals whose customer never came back."""
        return self.breaks.happened & ~self.resumed

    @property
    def pause(self) -> Floats:
        """Working days between the break and the return; else 0."""
        back, broke = self.responses.resumed, self.breaks.at
        still = np.zeros(len(back))
        return np.subtract(back, broke, out=still, where=self.resumed)


@dataclass(frozen=True)
class Ends:
    """The true end, the record of it, and the stages on the way.

    Attributes:
        outcome: index into ``OUTCOMES``, true.
        at: true end.
        recorded: outcome as somebody will record it.
        recorded_at: when; infinite: never.
        stages: time of entering each stage; infinite: not reached.  Shape (deals, stages).
    """

    outcome: Ints
    at: Floats
    recorded: Ints
    recorded_at: Floats
    stages: Floats


@dataclass(frozen=True)
class Lives:
    """Everything true about a branch's deals.

    Attributes:
        quiet_from, quiet_until: the harmless quiet spell.  Shape (deals,).
        joins: when each of the customer's people joins; infinite: never.  Shape (deals, people).
    """

    starts: Starts
    shocks: Shocks
    breaks: Breaks
    responses: Responses
    ends: Ends
    quiet_from: Floats
    quiet_until: Floats
    joins: Floats

    def cooling(self, time: Floats, deal: Ints) -> Floats:
        """How cold contact is, 0 to 1, at ``time`` in each of ``deal`` (same shapes)."""
        breaks, start = self.breaks, self.breaks.cooling_from[deal]
        at, back = breaks.at[deal], self.responses.resumed[deal]
        with np.errstate(invalid="ignore"):
            ramp = np.clip((time - start) / np.maximum(at - start, 0.5), 0, 1)
        before = np.where(time >= start, np.sqrt(np.nan_to_num(ramp)) * breaks.depth[deal], 0)
        polite = 0.75 + 0.22 * breaks.depth[deal]  # some still answer, and mean nothing by it
        broken = np.where((time >= at) & (time < back), polite, before * (time < at))
        quiet = (time >= self.quiet_from[deal]) & (time < self.quiet_until[deal])
        cold: Floats = np.maximum(broken, 0.88 * quiet)
        return cold
