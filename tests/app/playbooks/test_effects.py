"""What plays achieved: collected from cases, learned, shown, and what may be explored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone, translation
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_deal
from tests.app.interruptions.signs import went_on
from tests.app.playbooks.making import a_case, a_playbook

from tsunagu.analytics.plays.settings import GRADE, NO_PLAY
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Event, Kind
from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import State
from tsunagu.app.people.models import AuditEntry
from tsunagu.app.playbooks import effects
from tsunagu.app.playbooks.actions import start_run
from tsunagu.app.playbooks.models import LearnedEffects, Playbook, Run
from tsunagu.app.scoring import plays

CAUSE = "customer.lost_interest"


def long_ago(case: Interruption, days: int = 100, pause: int = 10) -> None:
    """Move the case, its run and its end into the past."""
    began = timezone.now() - timedelta(days=days)
    Run.objects.filter(case=case).update(started_at=began)
    closed = Interruption.objects.filter(pk=case.pk, closed_at__isnull=False)
    closed.update(closed_at=began + timedelta(days=pause))
    Interruption.objects.filter(pk=case.pk).update(confirmed_at=began)


def answered(
    organisation: Organisation, playbook: Playbook | None, *, resumed: bool, days: int = 100
) -> Interruption:
    user = organisation.administrator
    case = a_case(user, make_deal(organisation.representative), main=CAUSE)
    if playbook is not None:
        start_run(user, case, playbook)
    if resumed:
        went_on(user, case)
    long_ago(case, days)
    return case


@pytest.fixture
def visit(organisation: Organisation) -> Playbook:
    return a_playbook(organisation.administrator, key="visit")


def many(organisation: Organisation, playbook: Playbook | None, tried: int, resumed: int) -> None:
    for n in range(tried):
        answered(organisation, playbook, resumed=n < resumed)


def test_the_names_that_cross_to_the_analytics_are_its_own() -> None:
    assert (plays.NO_PLAY, plays.GRADE) == (NO_PLAY, GRADE)


def test_a_case_counts_with_its_first_playbook(organisation: Organisation, visit: Playbook) -> None:
    user = organisation.administrator
    case = answered(organisation, visit, resumed=False)
    Run.objects.filter(case=case).update(ended_at=timezone.now())
    start_run(user, case, a_playbook(user, key="letter"))
    (found,) = effects.answered()
    assert (found.play, found.cause, found.resumed_at) == ("visit", CAUSE, None)


def test_a_confirmed_case_without_a_playbook_was_answered_without_one(
    organisation: Organisation,
) -> None:
    case = answered(organisation, None, resumed=True)
    (found,) = effects.answered()
    case.refresh_from_db()
    assert found.play == NO_PLAY
    assert found.began_at == case.confirmed_at
    assert found.resumed_at == case.closed_at


def test_a_false_alarm_and_a_lost_case_are_no_success(
    organisation: Organisation, visit: Playbook
) -> None:
    user = organisation.administrator
    dismissed = answered(organisation, visit, resumed=False)
    case_actions.dismiss(user, dismissed, "agreed")
    lost = answered(organisation, visit, resumed=False)
    deal_actions.close_deal(user, lost.deal, "lost", reason="他社")
    assert [(a.case_id, a.resumed_at) for a in effects.answered()] == [(lost.pk, None)]


def test_nothing_is_learned_before_a_case_is_over_long_enough(
    organisation: Organisation, visit: Playbook
) -> None:
    answered(organisation, visit, resumed=True, days=59)
    assert effects.learn().cases == 0
    assert effects.known().of(visit) is None


def test_with_few_cases_the_page_says_that_it_is_too_early(
    organisation: Organisation, visit: Playbook
) -> None:
    many(organisation, visit, 5, 3)
    many(organisation, None, 5, 2)
    effects.learn()
    found = effects.known(CAUSE).of(visit)
    assert found is not None
    with translation.override("en"):
        said = effects.words(found)
    assert said.startswith("resumed 3 of 5 cases; chance ")
    assert said.endswith("too early to say")
    assert "95%" in said
    assert effects.known(CAUSE).advice([visit], a_living_case(organisation)) is None


def a_living_case(organisation: Organisation) -> Interruption:
    deal = make_deal(organisation.representative)
    return a_case(organisation.administrator, deal, main=CAUSE)


def many_graded(
    organisation: Organisation, playbook: Playbook | None, tried: int, resumed: int
) -> None:
    for n in range(tried):
        case = graded(organisation, playbook, {0: 1 + n % 5})
        if n < resumed:
            went_on_in_time(case)


@pytest.fixture
def learned(organisation: Organisation, visit: Playbook) -> Playbook:
    """Enough cases for the visit to be known, and a playbook that nobody tried."""
    many_graded(organisation, visit, 40, 32)
    many_graded(organisation, None, 20, 4)
    effects.learn()
    return a_playbook(organisation.administrator, key="untried")


def test_the_best_known_playbook_is_recommended_and_the_page_says_so(
    organisation: Organisation, visit: Playbook, learned: Playbook
) -> None:
    case = a_living_case(organisation)
    advice = effects.known(CAUSE).advice([learned, visit], case)
    assert advice is not None
    assert (advice.playbook, advice.explores) == (visit, False)
    page = browser(organisation.administrator).get(f"/interruptions/{case.pk}/").text
    assert "32" in page
    assert "95%" in page


def test_exploring_is_off_until_it_is_switched_on_and_is_said_openly(
    organisation: Organisation, visit: Playbook, learned: Playbook
) -> None:
    cases = [a_living_case(organisation) for _ in range(40)]
    known = effects.known(CAUSE)

    def advised() -> list[effects.Advice | None]:
        return [known.advice([learned, visit], case) for case in cases]

    assert all(a and a.playbook == visit and not a.explores for a in advised())
    effects.set_exploring(organisation.administrator, True)
    tried = [a for a in advised() if a and a.playbook == learned]
    assert tried
    assert all(a.explores and a.best == visit for a in tried)
    assert advised() == advised()  # a reload gives the same
    effects.set_exploring(organisation.administrator, False)
    assert not any(a and a.explores for a in advised())


def test_only_who_configures_switches_exploring_and_it_is_written_down(
    organisation: Organisation,
) -> None:
    for user in (organisation.representative, organisation.manager):
        with pytest.raises(PermissionDenied):
            effects.set_exploring(user, True)
    assert not effects.explores()
    response = browser(organisation.operations).post("/playbooks/effects/", {"do": "explore"})
    assert response.status_code == 302
    assert effects.explores()
    assert AuditEntry.objects.filter(action="explore_plays").count() == 1


def test_learning_again_keeps_one_row_and_shows_the_newest(
    organisation: Organisation, visit: Playbook
) -> None:
    many(organisation, visit, 3, 3)
    effects.learn()
    many(organisation, visit, 2, 0)
    effects.learn()
    found = effects.known().of(visit)
    assert found is not None
    assert (found.cases, found.resumed) == (5, 3)
    assert LearnedEffects.objects.count() == 1


def test_the_list_of_playbooks_asks_once_however_many_there_are(
    organisation: Organisation, visit: Playbook, learned: Playbook
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = browser(organisation.administrator)
    client.get("/playbooks/")
    with CaptureQueriesContext(connection) as before:
        client.get("/playbooks/")
    for n in range(5):
        a_playbook(organisation.administrator, key=f"more-{n}")
    with CaptureQueriesContext(connection) as after:
        client.get("/playbooks/")
    assert len(after) == len(before)


def test_what_happened_after_the_response_began_is_no_hardness(
    organisation: Organisation, visit: Playbook
) -> None:
    many(organisation, visit, 12, 6)
    many(organisation, None, 12, 6)
    first = effects.learn().content
    for case in Interruption.objects.all():
        if case.deal.is_open:
            Event.objects.create(
                deal=case.deal, at=timezone.now(), kind=Kind.AMOUNT, amount=Decimal(99_000_000)
            )
    assert effects.learn().content["effects"] == first["effects"]


@contextmanager
def it_is(then: datetime) -> Iterator[None]:
    with patch("django.utils.timezone.now", lambda: then):
        yield


def graded(
    organisation: Organisation, playbook: Playbook | None, said: dict[int, int | None]
) -> Interruption:
    """A case confirmed 100 days ago; on day 2 the playbook begins. ``said``: grades by day."""
    user, began = organisation.administrator, timezone.now() - timedelta(days=100)
    deal = make_deal(organisation.representative)
    with it_is(began):
        case = case_actions.open_case(user, deal, main=CAUSE, grade=said.get(0))
    if playbook is not None:
        run = start_run(user, case, playbook)
        Run.objects.filter(pk=run.pk).update(started_at=began + timedelta(days=2))
    for day, grade in said.items():
        if day:
            with it_is(began + timedelta(days=day)):
                case_actions.set_causes(user, case, CAUSE, grade=grade)
    return case


@pytest.mark.parametrize(
    ("said", "with_playbook", "without"),
    [
        ({}, None, None),
        ({0: 4}, 4, 4),
        ({0: 4, 1: 2}, 2, 4),
        ({0: 4, 1: 2, 30: 5}, 2, 4),
        ({1: 3}, 3, None),
        ({30: 5}, None, None),
    ],
)
def test_a_grade_counts_as_it_was_said_when_the_response_began(
    organisation: Organisation,
    visit: Playbook,
    said: dict[int, int | None],
    with_playbook: int | None,
    without: int | None,
) -> None:
    graded(organisation, visit, said)
    graded(organisation, None, said)
    assert [found.grade for found in effects.answered()] == [with_playbook, without]


def test_a_later_grade_changes_nothing_that_is_learned(
    organisation: Organisation, visit: Playbook
) -> None:
    cases = [
        graded(organisation, playbook, {0: 1 + n % 5})
        for n in range(12)
        for playbook in (visit, None)
    ]
    for case in cases[::3]:
        went_on_in_time(case)
    now = timezone.now()
    first = effects.learn(now).content
    assert "grade" in first["adjusted_for"]
    assert first["known"]["grade"] == len(cases)
    for case in cases:
        if case.grade and Interruption.objects.get(pk=case.pk).is_living:
            case_actions.set_causes(organisation.administrator, case, CAUSE, grade=6 - case.grade)
    assert effects.learn(now).content["effects"] == first["effects"]


def went_on_in_time(case: Interruption) -> None:
    back = timezone.now() - timedelta(days=80)
    Interruption.objects.filter(pk=case.pk).update(state=State.RESUMED, closed_at=back)


def test_the_advice_says_when_few_cases_carry_a_grade(
    organisation: Organisation,
) -> None:
    call = a_playbook(organisation.administrator, key="a-call", causes=[CAUSE])
    many_graded(organisation, call, 40, 32)
    many_graded(organisation, None, 20, 4)
    effects.learn()
    case = a_living_case(organisation)
    client = browser(organisation.administrator)
    assert "60件だけ" not in client.get(f"/interruptions/{case.pk}/").text
    page = client.get("/playbooks/").text
    assert "60件です（全60件）" in page
    assert "幅が広く" not in page

    content = LearnedEffects.objects.get().content
    LearnedEffects.objects.all().delete()
    content["known"]["grade"] = 20
    LearnedEffects.objects.create(learned_at=timezone.now(), content=content, cases=60)
    assert "60件中20件だけ" in client.get(f"/interruptions/{case.pk}/").text
    page = client.get("/playbooks/").text
    assert "20件です（全60件）" in page
    assert "幅が広く" in page
