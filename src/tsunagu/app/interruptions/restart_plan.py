"""The restart plan as the case's page draws it: what is passed, to do now, and later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tsunagu.app.interruptions import gates
from tsunagu.app.interruptions.gates import GateStatus
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.passing import (
    Facts,
    Gate,
    answer_to_proposal,
    explanations,
    passages,
)
from tsunagu.app.interruptions.states import RESTARTABLE


@dataclass(frozen=True)
class Rung:
    """A gate of the plan; ``place``: passed, now, later, or left (the case ended before it)."""

    gate: GateStatus
    place: str
    acts: tuple[str, ...] = ()


class RestartPlan:
    """The plan of a case whose deal was fetched with it."""

    def __init__(self, case: Interruption) -> None:
        self.case = case
        self.facts: Facts = gates.facts_of([case])[case.pk]

    @property
    def runs(self) -> bool:
        """Whether the way back can be gone."""
        return self.case.state in RESTARTABLE

    @cached_property
    def rungs(self) -> list[Rung]:
        """The five gates in their order, the first not passed is to do now."""
        rungs: list[Rung] = []
        for gate in gates.statuses(self.facts):
            if gate.passed_at is not None:
                rungs.append(Rung(gate, "passed"))
            elif not self.runs:
                rungs.append(Rung(gate, "left"))
            elif any(rung.place == "now" for rung in rungs):
                rungs.append(Rung(gate, "later"))
            else:
                rungs.append(Rung(gate, "now", _acts(gate.key, self.facts)))
        return rungs

    @property
    def now(self) -> Rung | None:
        """The gate at which the plan stands; None: all are passed, or it does not run."""
        return next((rung for rung in self.rungs if rung.place == "now"), None)

    @property
    def is_ready(self) -> bool:
        """Whether every gate is passed and the sale can be said to go on."""
        return self.runs and self.now is None

    @property
    def passed(self) -> int:
        """How many gates are passed."""
        return sum(rung.place == "passed" for rung in self.rungs)


def _acts(gate: Gate, facts: Facts) -> tuple[str, ...]:
    """What to do at a gate that is not passed, the main thing first."""
    match gate:
        case Gate.EXPLAIN if explanations(facts):
            return ("log",)
        case Gate.EXPLAIN if any(c.can_explain for c in facts.contacts):
            return ("explain", "log")
        case Gate.NEEDS:
            return ("needs",)
        case Gate.PROPOSAL:
            return ("log", "stands")
        case Gate.RESUMED:
            proposal = passages(facts)[-1]
            return ("plan",) if answer_to_proposal(facts, proposal) else ("log",)
    return ("log",)
