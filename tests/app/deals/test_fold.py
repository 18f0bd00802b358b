"""A deal's row always says what its facts add up to, in whatever order things were written down."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.app.factories import BEGAN, Organisation, make_deal

from tsunagu.app.deals import actions, fold
from tsunagu.app.deals.models import ACTIVITY_KINDS, Deal, Event, Kind, Outcome

MOMENTS = st.integers(0, 200).map(lambda days: BEGAN + timedelta(days=days))
DAYS = st.dates(date(2026, 4, 1), date(2027, 3, 31))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("log"), st.sampled_from(sorted(actions.LOGGABLE_KINDS)), MOMENTS),
        st.tuples(st.just("stage"), st.integers(0, 2), MOMENTS),
        st.tuples(st.just("plan"), st.one_of(st.none(), DAYS)),
        st.tuples(st.just("amount"), st.decimals(0, 10**9, places=2)),
        st.tuples(st.just("close_date"), DAYS),
        st.tuples(st.just("owner"), st.sampled_from(["colleague", "stranger", "representative"])),
        st.tuples(st.just("end"), st.sampled_from(Outcome.values), MOMENTS),
    ),
    max_size=12,
)


def act(organisation: Organisation, deal: Deal, step: tuple[Any, ...]) -> None:
    user = organisation.administrator
    match step:
        case ("log", kind, at):
            actions.log_activity(user, deal, kind, direction="out", at=at)
        case ("stage", number, at):
            actions.move_stage(user, deal, deal.process.stages.all()[number], at=at)
        case ("plan", on):
            actions.plan_next_step(user, deal, on)
        case ("amount", amount):
            actions.change_amount(user, deal, amount)
        case ("close_date", on):
            actions.change_close_date(user, deal, on)
        case ("owner", who):
            actions.change_owner(user, deal, getattr(organisation, who))
        case ("end", outcome, at):
            actions.close_deal(user, deal, outcome, reason="理由", at=at)


def expected(deal: Deal) -> dict[str, Any]:
    """The state by plain questions to the facts, each on its own: no fold."""
    facts = list(Event.objects.filter(deal=deal).order_by("at"))
    ends = [e for e in facts if e.kind == Kind.OUTCOME]
    end = ends[0] if ends else None
    running = [e for e in facts if end is None or e.at < end.at]

    def last(kind: str) -> Event | None:
        return next((e for e in reversed(running) if e.kind == kind), None)

    stage, amount, close = last(Kind.STAGE), last(Kind.AMOUNT), last(Kind.CLOSE_DATE)
    entered = None
    for event in (e for e in running if e.kind == Kind.STAGE):
        if entered is None or entered.value != event.value:
            entered = event
    owners = [e for e in facts if e.kind == Kind.OWNER]
    contacts = [e for e in facts if e.kind in ACTIVITY_KINDS]
    plan = last(Kind.PLANNED)
    due = date.fromisoformat(plan.value) if plan and plan.value and end is None else None
    if due and plan and any(e.at > plan.at and timezone.localdate(e.at) >= due for e in contacts):
        due = None
    return {
        "owner": owners[-1].value if owners else deal.created_owner.external_id,
        "stage": stage.value if stage else None,
        "stage_since": entered.at if entered else None,
        "amount": amount.amount if amount else None,
        "close_date": date.fromisoformat(close.value) if close and close.value else None,
        "next_step_on": due,
        "last_activity_at": contacts[-1].at if contacts else None,
        "outcome": end.value if end else None,
        "ended_at": end.at if end else None,
    }


def stored(deal: Deal) -> dict[str, Any]:
    row = Deal.objects.select_related("owner", "stage").get(pk=deal.pk)
    names = {"owner": row.owner.external_id, "stage": row.stage.key if row.stage else None}
    return {f.name: names.get(f.name, getattr(row, f.name)) for f in fields(fold.State)}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_after_any_actions_the_row_is_what_the_facts_say(
    organisation: Organisation, steps: list[tuple[Any, ...]]
) -> None:
    deal = make_deal(organisation.representative)
    for step in steps:
        try:
            act(organisation, deal, step)
        except ValidationError:  # refused: it must leave no trace, which is checked below
            continue
    assert stored(deal) == expected(deal)

    before = stored(deal)
    fold.rebuild([deal])
    assert stored(deal) == before


def test_many_deals_are_rebuilt_with_a_handful_of_queries(
    organisation: Organisation, django_assert_max_num_queries: Any
) -> None:
    deals = [make_deal(organisation.representative) for _ in range(20)]
    Deal.objects.update(stage=None, stage_since=None)

    with django_assert_max_num_queries(4 + 20):  # Django counts executemany's rows one by one
        fold.rebuild(Deal.objects.select_related("created_owner"))

    assert not Deal.objects.filter(pk__in=[d.pk for d in deals], stage=None).exists()


def test_words_that_are_no_date_mean_no_date() -> None:
    facts = [fold.Fact(BEGAN, Kind.PLANNED, "来週", None, None)]

    assert fold.fold(facts).next_step_on is None


@pytest.mark.django_db
def test_a_deal_without_facts_has_no_state() -> None:
    assert fold.fold([]) == fold.State()
