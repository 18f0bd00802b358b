"""The whole life of a deal's cases, in any order of actions and facts that people may think of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.app.factories import Organisation, make_deal, make_organisation
from tests.app.interruptions.signs import see, sign

from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Deal, Direction, Event, Kind
from tsunagu.app.interruptions import (
    actions,
    diagnosing,
    explaining,
    folding,
    gates,
    gathering,
    restarting,
    watching,
)
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Decision, Interruption, Reply
from tsunagu.app.interruptions.passing import passages
from tsunagu.app.interruptions.states import ALLOWED, LIVING, DismissReason, State, Step
from tsunagu.app.people.models import AuditEntry

FOLDED = ("state", "state_since", "confirmed_at", "closed_at", "main_cause", "grade")
GRADES = [None, None, 1, 4, 6]
KINDS = [Kind.CALL, Kind.EMAIL, Kind.MEETING, Kind.VISIT]
VALUES = [None, None, "no_answer", "letter"]
Refused = (ValidationError, PermissionDenied)


class Life(RuleBasedStateMachine):
    """One deal; time passes as the rules say, and every rule may come at any time."""

    organisation: Organisation
    clock: datetime

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.clock = timezone.now()
        self.patches = [patch("django.utils.timezone.now", lambda: self.clock)]
        for one in self.patches:
            one.start()
        self.organisation = make_organisation_once()
        self.user = self.organisation.representative
        self.deal = make_deal(self.user, customer=self.organisation.own.customer)
        self.monkey = pytest.MonkeyPatch()
        self.monkey.setattr(explaining, "explain", lambda _deals: None)  # another test's, and slow

    def teardown(self) -> None:
        if not hasattr(self, "patches"):
            return
        self.monkey.undo()
        for one in self.patches:
            one.stop()
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    # Facts

    @rule(minutes=st.integers(1, 60 * 24 * 20))
    def time_passes(self, minutes: int) -> None:
        self.clock += timedelta(minutes=minutes)

    @rule(
        kind=st.sampled_from(KINDS), value=st.sampled_from(VALUES), way=st.sampled_from(Direction)
    )
    def a_contact(self, kind: str, value: str | None, way: str) -> None:
        self.tick()
        deal_actions.log_activity(self.user, self.deal, kind, direction=way, value=value)

    @rule(why=st.sampled_from(["", "依頼"]), way=st.sampled_from(Direction))
    def a_quote(self, why: str, way: str) -> None:
        case = self.newest
        early = way != Direction.IN and case and case.state in LIVING and not self.needs(case)
        with self.legal(not early or bool(why)):
            deal_actions.log_activity(self.user, self.deal, Kind.QUOTE, direction=way, why=why)

    @rule(ahead=st.one_of(st.none(), st.integers(1, 30)))
    def a_plan(self, ahead: int | None) -> None:
        on = None if ahead is None else timezone.localdate() + timedelta(days=ahead)
        with self.legal(self.runs):
            deal_actions.plan_next_step(self.user, self.deal, on)

    @rule(strength=st.sampled_from([0.3, 0.6, 0.9]))
    def a_look(self, strength: float) -> None:
        self.tick()
        see(self.monkey, sign(self.deal, strength=strength, at=self.clock))
        watching.due_now([self.deal.pk])
        gathering.look_at_waiting()
        assert self.runs or self.newest is None or self.newest.state not in LIVING

    @precondition(lambda self: self.newest is not None)
    @rule(needs=st.sampled_from(["", "50台"]))
    def the_customer_writes(self, needs: str) -> None:
        case = self.case()
        with self.legal(case.state in LIVING):
            inquiry = diagnosing.ask_customer(self.user, case, "ja")
            self.tick()
            diagnosing.take_reply(inquiry, text="検討中", needs=needs)

    @rule(outcome=st.sampled_from(["won", "lost", "broken_off"]), sure=st.integers(0, 9))
    def the_deal_ends(self, outcome: str, sure: int) -> None:
        if sure:  # else most lives would be short
            return
        with self.legal(self.runs):
            deal_actions.close_deal(self.user, self.deal, outcome, reason="終了")
        self.a_look(0.3)

    # Decisions

    @rule()
    def open_by_hand(self) -> None:
        case = self.newest
        lives = case is not None and case.state in LIVING
        with self.legal(self.runs and (not lives or self.may(Step.CONFIRM))):
            actions.open_case(self.user, self.deal)

    @precondition(lambda self: self.newest is not None)
    @rule(which=st.sampled_from(["confirm", "respond", "causes"]), grade=st.sampled_from(GRADES))
    def decide(self, which: str, grade: int | None) -> None:
        acts = {
            "confirm": lambda case: actions.confirm(
                self.user, case, main=Cause.BUDGET, grade=grade
            ),
            "respond": lambda case: actions.begin_response(self.user, case),
            "causes": lambda case: actions.set_causes(self.user, case, Cause.MARKET, grade=grade),
        }
        open_too = which == "causes" or self.runs
        graded = which == "respond" or self.may_grade(grade)
        with self.legal(self.may(Step(which)) and open_too and graded):
            acts[which](self.case())

    @precondition(lambda self: self.newest is not None)
    @rule(reason=st.sampled_from(["", *DismissReason.values]))
    def dismiss(self, reason: str) -> None:
        with self.legal(self.may(Step.DISMISS) and reason not in ("", "other")):
            actions.dismiss(self.user, self.case(), reason)

    @precondition(lambda self: self.newest is not None)
    @rule()
    def reopen_the_first(self) -> None:
        case = Interruption.objects.filter(deal=self.deal).earliest("number")
        lives = Interruption.objects.filter(deal=self.deal, state__in=LIVING).exists()
        with self.legal(case.state == State.DISMISSED and self.runs and not lives):
            actions.reopen(self.user, case)

    @precondition(lambda self: self.newest is not None)
    @rule(what=st.sampled_from(["explain", "needs", "stands"]), back=st.integers(0, 2))
    def record(self, what: str, back: int) -> None:
        events = list(Event.objects.filter(deal=self.deal).order_by("-at")[:3])
        act = {
            "explain": restarting.record_explanation,
            "needs": restarting.record_needs,
            "stands": restarting.record_standing_proposal,
        }[what]
        self.tick()
        with self.atomic_if_refused():
            act(self.user, self.case(), events[min(back, len(events) - 1)].at, "記録")

    @precondition(lambda self: self.newest is not None)
    @rule()
    def resume(self) -> None:
        case = self.case()
        with self.legal(self.may(Step.RESUME) and self.all_passed(case) and self.runs):
            actions.resume(self.user, case)

    @precondition(lambda self: self.newest is not None)
    @rule(manager=st.booleans(), reason=st.sampled_from(["", "合意"]), sure=st.integers(0, 3))
    def resume_anyway(self, manager: bool, reason: str, sure: int) -> None:
        if sure:
            return
        user = self.organisation.manager if manager else self.user
        with self.legal(self.may(Step.RESUME) and manager and bool(reason) and self.runs):
            actions.resume_anyway(user, self.case(), reason)

    @precondition(lambda self: self.newest is not None)
    @rule()
    def a_stranger_tries(self) -> None:
        with self.legal(False):
            actions.begin_response(self.organisation.stranger, self.case())

    @precondition(lambda self: self.newest is not None)
    @rule(gates_more=st.integers(1, 6))
    def work_it(self, gates_more: int) -> None:
        """The straight way, or a part of it: chance alone seldom finds it."""
        case = self.case()
        if case.state == State.SUSPECTED and self.runs:
            actions.confirm(self.user, case)
        if not self.may(Step.RESUME) or not self.runs:
            return
        for go in (self.explain, self.hear_needs, self.quote, self.hear, self.plan)[:gates_more]:
            self.tick()
            go(case)
        self.tick()
        if gates_more > 5:
            actions.resume(self.user, case)

    def explain(self, case: Interruption) -> None:
        talk = self.log(Kind.CALL, Direction.BOTH)
        restarting.record_explanation(self.user, case, talk.at, "説明")

    def hear_needs(self, case: Interruption) -> None:
        restarting.record_needs(self.user, case, self.log(Kind.CALL, Direction.IN).at, "50台")

    def quote(self, _case: Interruption) -> None:
        self.log(Kind.QUOTE, Direction.OUT)

    def hear(self, _case: Interruption) -> None:
        self.log(Kind.VISIT, Direction.IN)

    def plan(self, _case: Interruption) -> None:
        on = timezone.localdate() + timedelta(days=7)
        deal_actions.plan_next_step(self.user, self.deal, on)

    def log(self, kind: str, way: str) -> Event:
        event = deal_actions.log_activity(self.user, self.deal, kind, direction=way)
        self.tick()
        return event

    # What always holds

    @invariant()
    def all_of_it_holds(self) -> None:
        cases = self.cases()
        assert sum(case.state in LIVING for case in cases) <= 1
        assert [case.number for case in cases] == list(range(1, len(cases) + 1))
        for before, after in zip([None, *cases], cases, strict=False):
            assert after.previous == before
            self.is_what_its_decisions_add_up_to(after)
            self.has_instants_that_agree_with_its_state(after)
            self.has_gates_passed_in_their_order(after)

    def is_what_its_decisions_add_up_to(self, case: Interruption) -> None:
        before = [getattr(case, name) for name in FOLDED]
        folding.fold(case)
        assert [getattr(case, name) for name in FOLDED] == before

    def has_instants_that_agree_with_its_state(self, case: Interruption) -> None:
        assert (case.closed_at is None) == (case.state in LIVING)
        if case.state in (*ALLOWED[Step.EXPLAIN], State.RESUMED):
            assert case.confirmed_at is not None
            assert case.closed_at is None or case.closed_at >= case.confirmed_at
        if case.state == State.SUSPECTED:
            assert case.confirmed_at is None

    def has_gates_passed_in_their_order(self, case: Interruption) -> None:
        found = [gate.passed_at for gate in gates.progress(case)]
        passed = [at for at in found if at is not None]
        assert passed == sorted(passed)
        assert found[: len(passed)] == passed
        if case.state == State.RESTARTING:
            assert passed, "the restart begins with the first gate"
        if case.state == State.RESUMED and len(passed) < 5:
            ends = case.decisions.filter(step__in=(Step.RESUME, Step.ENDED))
            last = ends.latest("at", "pk")
            assert last.is_override or last.step == Step.ENDED

    # Helpers

    def tick(self) -> None:
        self.clock += timedelta(seconds=1)

    @property
    def newest(self) -> Interruption | None:
        return Interruption.objects.filter(deal=self.deal).order_by("number").last()

    def case(self) -> Interruption:
        return Interruption.objects.select_related("deal").filter(deal=self.deal).latest("number")

    def cases(self) -> list[Interruption]:
        if not hasattr(self, "deal"):
            return []
        rows = Interruption.objects.filter(deal=self.deal).select_related("deal", "previous")
        return list(rows.order_by("number"))

    @property
    def runs(self) -> bool:
        return Deal.objects.get(pk=self.deal.pk).is_open

    def may(self, step: Step) -> bool:
        return self.case().state in ALLOWED[step]

    def may_grade(self, grade: int | None) -> bool:
        case = self.case()
        return grade in (None, case.grade) or (grade != 6 and case.is_living)

    def needs(self, case: Interruption) -> bool:
        found = passages(gates.facts_of([self.case()])[case.pk])
        return len(found) >= 3

    def all_passed(self, case: Interruption) -> bool:
        return all(gate.passed_at for gate in gates.progress(case))

    @contextmanager
    def legal(self, expected: bool) -> Iterator[None]:
        """What is expected to be refused is, and writes nothing."""
        self.tick()
        if expected:
            yield
            return
        before = written()
        with pytest.raises(Refused), transaction.atomic():
            yield
        assert written() == before

    @contextmanager
    def atomic_if_refused(self) -> Iterator[None]:
        before = written()
        try:
            with transaction.atomic():
                yield
        except Refused:
            assert written() == before


def written() -> list[int]:
    return [model.objects.count() for model in (Decision, Event, AuditEntry, Interruption, Reply)]


_made: dict[str, Any] = {}


def make_organisation_once() -> Organisation:
    return _made["organisation"]  # type: ignore[no-any-return]


@pytest.mark.django_db
def test_the_whole_life_of_interruptions() -> None:
    _made["organisation"] = make_organisation()
    life = settings(
        max_examples=20,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # to shrink a failing life takes minutes
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=life)
