"""People confirm, dismiss and take up cases; the state follows from what they decided."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from tests.app.factories import Organisation, make_deal
from tests.app.interruptions.signs import ready

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.actions import close_deal
from tsunagu.app.deals.models import Kind
from tsunagu.app.interruptions import actions, folding
from tsunagu.app.interruptions.causes import Category, Cause
from tsunagu.app.interruptions.grades import Grade
from tsunagu.app.interruptions.models import Decision, Interruption
from tsunagu.app.interruptions.states import DismissReason, State, Step
from tsunagu.app.organisation.erasure import erase
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people.models import AuditEntry


@pytest.fixture
def suspicion(organisation: Organisation) -> Interruption:
    return folding.begin(organisation.own)


def test_confirming_makes_a_case_with_its_cause_and_tells_the_deal(
    organisation: Organisation, suspicion: Interruption
) -> None:
    actions.confirm(
        organisation.representative, suspicion, main=Cause.BUDGET, others=[Cause.SLOW, Cause.BUDGET]
    )

    suspicion.refresh_from_db()
    assert suspicion.state == State.CONFIRMED
    assert suspicion.main_cause == Cause.BUDGET
    assert suspicion.confirmed_at is not None
    notes = suspicion.cause_notes.values_list("cause", "main")
    assert list(notes) == [(Cause.BUDGET, True), (Cause.SLOW, False)]
    fact = organisation.own.events.get(kind=Kind.INTERRUPTION)
    assert (fact.value, fact.actor) == (Cause.BUDGET, organisation.representative.external_id)
    assert AuditEntry.objects.filter(action="interruption_confirm").count() == 1


def test_the_cause_can_be_left_out_and_set_later(
    organisation: Organisation, suspicion: Interruption
) -> None:
    actions.confirm(organisation.representative, suspicion)
    assert organisation.own.events.get(kind=Kind.INTERRUPTION).value is None

    actions.set_causes(organisation.representative, suspicion, Cause.MARKET)

    suspicion.refresh_from_db()
    assert suspicion.main_cause == Cause.MARKET
    assert suspicion.state == State.CONFIRMED


def test_dismissing_wants_a_reason_and_other_wants_words(
    organisation: Organisation, suspicion: Interruption
) -> None:
    with pytest.raises(ValidationError):
        actions.dismiss(organisation.representative, suspicion, "")
    with pytest.raises(ValidationError):
        actions.dismiss(organisation.representative, suspicion, DismissReason.OTHER)

    actions.dismiss(organisation.representative, suspicion, DismissReason.AGREED)

    suspicion.refresh_from_db()
    assert suspicion.state == State.DISMISSED
    assert suspicion.closed_at is not None
    assert not organisation.own.events.filter(kind=Kind.INTERRUPTION).exists()


def test_a_dismissal_can_be_taken_back_unless_a_newer_case_lives(
    organisation: Organisation, suspicion: Interruption
) -> None:
    actions.dismiss(organisation.representative, suspicion, DismissReason.DATA)
    actions.reopen(organisation.representative, suspicion)
    suspicion.refresh_from_db()
    assert suspicion.state == State.SUSPECTED
    assert suspicion.closed_at is None

    actions.dismiss(organisation.representative, suspicion, DismissReason.DATA)
    newer = folding.begin(organisation.own)
    assert (newer.number, newer.previous) == (2, suspicion)
    with pytest.raises(ValidationError):
        actions.reopen(organisation.representative, suspicion)


def test_a_case_goes_its_way_to_the_resumed_sale_and_may_break_again(
    organisation: Organisation, suspicion: Interruption
) -> None:
    user = organisation.representative
    actions.confirm(user, suspicion)
    actions.begin_response(user, suspicion)
    ready(suspicion)
    actions.resume(user, suspicion)

    suspicion.refresh_from_db()
    assert suspicion.state == State.RESUMED
    assert organisation.own.events.filter(kind=Kind.RESUMED).count() == 1
    again = actions.open_case(user, organisation.own, main=Cause.LOST_INTEREST)
    assert (again.state, again.number, again.previous) == (State.CONFIRMED, 2, suspicion)
    assert again.opened_by == user


def test_opening_by_hand_confirms_the_suspicion_that_stands(
    organisation: Organisation, suspicion: Interruption
) -> None:
    opened = actions.open_case(organisation.representative, organisation.own)

    assert (opened.pk, opened.state) == (suspicion.pk, State.CONFIRMED)


def test_an_ended_deal_cannot_be_interrupted(organisation: Organisation) -> None:
    close_deal(organisation.representative, organisation.own, "won")

    with pytest.raises(ValidationError):
        actions.open_case(organisation.representative, organisation.own)


def test_a_step_out_of_turn_is_refused(organisation: Organisation, suspicion: Interruption) -> None:
    with pytest.raises(ValidationError):
        actions.begin_response(organisation.representative, suspicion)
    actions.confirm(organisation.representative, suspicion)
    with pytest.raises(ValidationError):
        actions.confirm(organisation.representative, suspicion)
    with pytest.raises(ValidationError):
        actions.set_causes(organisation.representative, suspicion, "aliens.landed")


@pytest.mark.parametrize("who", ["colleague", "stranger"])
def test_only_who_may_change_the_deal_decides(
    organisation: Organisation, suspicion: Interruption, who: str
) -> None:
    user = getattr(organisation, who)
    for refused in (
        lambda: actions.confirm(user, suspicion),
        lambda: actions.dismiss(user, suspicion, DismissReason.AGREED),
        lambda: actions.open_case(user, organisation.own),
    ):
        with pytest.raises(PermissionDenied):
            refused()
    assert Decision.objects.count() == 1


def test_the_database_allows_one_living_case_a_deal(
    organisation: Organisation, suspicion: Interruption
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        folding.begin(organisation.own)


def test_decisions_are_never_changed(suspicion: Interruption) -> None:
    decision = suspicion.decisions.get()
    with pytest.raises(TypeError):
        decision.save()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE interruptions_decision SET step = 'dismiss'")


@pytest.mark.parametrize(
    ("outcome", "suspected", "confirmed"),
    [("won", State.DISMISSED, State.RESUMED), ("lost", State.LOST, State.LOST)],
)
def test_the_deals_end_ends_its_case(
    organisation: Organisation, outcome: str, suspected: State, confirmed: State
) -> None:
    for deal, act, state in (
        (organisation.own, None, suspected),
        (organisation.shared, actions.confirm, confirmed),
    ):
        case = folding.begin(deal)
        if act:
            act(deal.owner, case)
        folding.decide(case, Step.ENDED, value=outcome)
        case.refresh_from_db()
        assert case.state == state


def test_every_cause_has_a_category() -> None:
    assert {cause.category for cause in Cause} == set(Category)


def test_erasing_a_person_reaches_what_was_said_with_a_decision(
    organisation: Organisation, suspicion: Interruption
) -> None:
    contact = Contact.objects.create(
        customer=organisation.own.customer, external_id="K-1", name="黒田 官兵衛"
    )
    said = "黒田 官兵衛様と待つことで合意"
    actions.dismiss(organisation.representative, suspicion, DismissReason.AGREED, text=said)

    erase(organisation.administrator, Subject.of(contact))

    assert "黒田" not in suspicion.decisions.last().text
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE interruptions_decision SET step = 'dismiss'")


def test_how_serious_it_looks_is_said_at_the_confirmation_and_may_be_changed(
    organisation: Organisation, suspicion: Interruption
) -> None:
    user = organisation.representative
    actions.confirm(user, suspicion, grade=Grade.HEAVY)
    suspicion.refresh_from_db()
    assert suspicion.grade == 4

    actions.set_causes(user, suspicion, Cause.BUDGET)  # says nothing of it
    actions.set_causes(user, suspicion, Cause.BUDGET, grade=4)  # nor does this say anything new
    actions.set_causes(user, suspicion, Cause.BUDGET, grade=Grade.LIGHT)

    suspicion.refresh_from_db()
    assert suspicion.grade == 2
    assert list(suspicion.decisions.values_list("grade", flat=True)) == [None, 4, None, None, 2]
    entry = AuditEntry.objects.filter(action="interruption_causes").latest("pk")
    assert (entry.before["grade"], entry.after["grade"]) == (4, 2)


def test_a_case_need_not_be_graded_and_one_opened_by_hand_may_be(
    organisation: Organisation, suspicion: Interruption
) -> None:
    actions.confirm(organisation.representative, suspicion)
    suspicion.refresh_from_db()
    assert suspicion.grade is None
    deal = make_deal(organisation.representative)
    assert actions.open_case(organisation.representative, deal, grade=Grade.VERY_HEAVY).grade == 5


def test_a_grade_is_one_of_five_and_its_time_ends_with_the_case(
    organisation: Organisation, suspicion: Interruption
) -> None:
    user = organisation.representative
    for wrong in (0, 6):
        with pytest.raises(ValidationError):
            actions.confirm(user, suspicion, grade=wrong)
    actions.confirm(user, suspicion, grade=3)
    folding.decide(suspicion, Step.ENDED, value="lost")
    with pytest.raises(ValidationError):
        actions.set_causes(user, suspicion, Cause.BUDGET, grade=5)
    actions.set_causes(user, suspicion, Cause.BUDGET)
    suspicion.refresh_from_db()
    assert (suspicion.main_cause, suspicion.grade) == (Cause.BUDGET, 3)
