"""A case's state: a function of what was decided and of what became of its deal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """Where an interruption stands, in the order of its life."""

    SUSPECTED = "suspected", _("Suspected")
    CONFIRMED = "confirmed", _("Confirmed")
    RESPONDING = "responding", _("Responding")
    RESTARTING = "restarting", _("Restarting")
    RESUMED = "resumed", _("Resumed")
    LOST = "lost", _("Lost for good")
    DISMISSED = "dismissed", _("Dismissed")


LIVING = (State.SUSPECTED, State.CONFIRMED, State.RESPONDING, State.RESTARTING)
"""States of which a deal has one case at most."""

RESTARTABLE = (State.CONFIRMED, State.RESPONDING, State.RESTARTING)
"""States in which the plan to restart the sale runs."""

OVERRIDE = "override"
"""The value of a decision to resume that a manager took without the gates' evidence."""


class Step(TextChoices):
    """What a decision says.

    Two are no person's: ``RESTART`` follows from the facts (the first gate of the restart plan),
    ``ENDED`` from the deal's end, with its outcome in ``value``. ``EXPLAIN``, ``NEEDS`` and
    ``STANDS`` say what a contact with the customer shows, ``OFFER`` why one did not wait for it.
    """

    OPEN = "open", _("Opened")
    CONFIRM = "confirm", _("Confirmed as an interruption")
    DISMISS = "dismiss", _("Dismissed as a false alarm")
    REOPEN = "reopen", _("Taken up again")
    CAUSES = "causes", _("Causes set")
    RESPOND = "respond", _("Response begun")
    EXPLAIN = "explain", _("Explained to the customer")
    RESTART = "restart", _("Restart begun")
    NEEDS = "needs", _("Needs re-confirmed")
    STANDS = "stands", _("Former proposal stands")
    OFFER = "offer", _("Offer before the needs were re-confirmed")
    RESUME = "resume", _("Sale resumed")
    ENDED = "ended", _("Deal ended")


class DismissReason(TextChoices):
    """Why an alarm was false; the value of a decision to dismiss."""

    AGREED = "agreed", _("The customer agreed to wait")
    OUTSIDE = "outside", _("There was contact outside the records")
    SEASONAL = "seasonal", _("A usual pause of the season")
    DATA = "data", _("An error in the data")
    OTHER = "other", _("Another reason")


ALLOWED: dict[Step, tuple[State, ...]] = {
    Step.CONFIRM: (State.SUSPECTED,),
    Step.DISMISS: (State.SUSPECTED, State.CONFIRMED, State.RESPONDING),
    Step.REOPEN: (State.DISMISSED,),
    Step.CAUSES: (*LIVING, State.RESUMED, State.LOST),
    Step.RESPOND: (State.CONFIRMED,),
    Step.EXPLAIN: RESTARTABLE,
    Step.RESTART: (State.CONFIRMED, State.RESPONDING),
    Step.NEEDS: RESTARTABLE,
    Step.STANDS: RESTARTABLE,
    Step.OFFER: LIVING,
    Step.RESUME: RESTARTABLE,
    Step.ENDED: LIVING,
}
"""In which states a step may be taken."""

_LEADS_TO = {
    Step.OPEN: State.SUSPECTED,
    Step.CONFIRM: State.CONFIRMED,
    Step.DISMISS: State.DISMISSED,
    Step.REOPEN: State.SUSPECTED,
    Step.RESPOND: State.RESPONDING,
    Step.RESTART: State.RESTARTING,
    Step.RESUME: State.RESUMED,
}


class Decided(Protocol):
    """What of a decision counts."""

    at: datetime
    step: str
    value: str


@dataclass(frozen=True)
class Standing:
    """Where a case stands, since when, and when it was confirmed and closed, if it was."""

    state: State
    since: datetime
    confirmed_at: datetime | None = None
    closed_at: datetime | None = None


def standing(decisions: Iterable[Decided]) -> Standing | None:
    """Where ``decisions``, oldest first, lead; None for none.

    A won deal makes a confirmed case resumed, and a mere suspicion a false alarm; any other end of
    the deal is a loss.
    """
    found: Standing | None = None
    for decided in decisions:
        found = _after(found, decided)
    return found


def _after(before: Standing | None, decided: Decided) -> Standing | None:
    state = _next(before.state if before else None, decided)
    if state is None or (before and state == before.state):
        return before
    confirmed = before.confirmed_at if before else None
    if state == State.CONFIRMED:
        confirmed = decided.at
    elif state == State.SUSPECTED:
        confirmed = None
    return Standing(state, decided.at, confirmed, None if state in LIVING else decided.at)


def _next(state: State | None, decided: Decided) -> State | None:
    if decided.step == Step.ENDED:
        if decided.value != "won":
            return State.LOST
        return State.DISMISSED if state == State.SUSPECTED else State.RESUMED
    return _LEADS_TO.get(Step(decided.step), state)
