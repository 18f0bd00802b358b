"""The way back to the customer: gates on evidence, no hard selling before, and the days after."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone, translation
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact, make_deal
from tests.app.interruptions.signs import (
    confirmed,
    explained,
    needs_known,
    ready,
    resumed,
    see,
    sign,
    suspected,
)

from tsunagu.app.deals.actions import change_amount, log_activity, plan_next_step
from tsunagu.app.deals.models import Deal, Direction, Event, Kind, Stage
from tsunagu.app.deals.offers import ReasonWantedError
from tsunagu.app.interruptions import (
    actions,
    aftercare,
    diagnosing,
    gates,
    gathering,
    limits,
    restarting,
    returning,
    watching,
)
from tsunagu.app.interruptions.models import Decision, Interruption
from tsunagu.app.interruptions.passing import LETTER
from tsunagu.app.interruptions.states import OVERRIDE, State, Step
from tsunagu.app.organisation.erasure import erase
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people.models import User

HTMX = {"HX-Request": "true"}


@pytest.fixture
def deal(organisation: Organisation) -> Deal:
    return organisation.own


@pytest.fixture
def user(organisation: Organisation) -> User:
    return organisation.representative


@pytest.fixture
def case(deal: Deal) -> Interruption:
    return confirmed(deal)


def passed(case: Interruption) -> list[str]:
    found = gates.progress(Interruption.objects.select_related("deal").get(pk=case.pk))
    return [gate.key.value for gate in found if gate.passed_at]


def log(deal: Deal, kind: str, direction: str, **said: Any) -> Event:
    return log_activity(deal.owner, deal, kind, direction=direction, **said)


def look(deal: Deal) -> None:
    watching.due_now([deal.pk])
    gathering.look_at_waiting()


def test_a_talk_passes_no_gate_until_somebody_says_that_it_explained(
    user: User, deal: Deal, case: Interruption
) -> None:
    talk = log(deal, Kind.CALL, Direction.BOTH)
    assert passed(case) == []

    restarting.record_explanation(user, case, talk.at, "経緯を説明し、お詫びした")

    assert passed(case) == ["explain"]
    case.refresh_from_db()
    assert case.state == State.RESTARTING
    begun = case.decisions.get(step=Step.RESTART)
    assert begun.by is None


def test_a_mail_that_explains_waits_for_the_customers_word(
    user: User, deal: Deal, case: Interruption
) -> None:
    mail = log(deal, Kind.EMAIL, Direction.OUT, value="no_answer")
    restarting.record_explanation(user, case, mail.at, "経緯を書いた")
    assert passed(case) == []

    log(deal, Kind.EMAIL, Direction.IN)

    assert passed(case) == ["explain"]
    look(deal)
    case.refresh_from_db()
    assert case.state == State.RESTARTING


def test_a_letter_explains_by_itself(deal: Deal, case: Interruption) -> None:
    log(deal, Kind.EMAIL, Direction.OUT, value=LETTER)
    log(deal, Kind.CALL, Direction.IN)

    assert passed(case) == ["explain"]
    with translation.override("ja"):
        first = gates.progress(case)[0]
    assert "説明の手紙" in first.evidence
    assert "お客様の反応" in first.evidence


def test_a_call_in_vain_or_one_from_before_explains_nothing(
    user: User, deal: Deal, case: Interruption
) -> None:
    before = log(deal, Kind.CALL, Direction.BOTH, at=timezone.now() - timedelta(days=1))
    in_vain = log(deal, Kind.CALL, Direction.OUT, value="no_answer")
    for event in (before, in_vain):
        with pytest.raises(ValidationError):
            restarting.record_explanation(user, case, event.at, "説明した")
    assert not case.decisions.filter(step=Step.EXPLAIN).exists()


def test_needs_count_only_from_a_contact_after_the_explanation(
    user: User, deal: Deal, case: Interruption
) -> None:
    talk = explained(case)
    with pytest.raises(ValidationError):
        restarting.record_needs(user, case, talk.at, "50台")
    again = log(deal, Kind.CALL, Direction.IN)
    assert passed(case) == ["explain", "contact"]

    restarting.record_needs(user, case, again.at, "50台", who="鈴木様")

    needs = gates.progress(case)[2]
    assert (needs.passed_at, needs.said, needs.who) == (again.at, "50台", "鈴木様")


def test_the_customers_form_confirms_the_needs_once_they_are_back(
    user: User, deal: Deal, case: Interruption
) -> None:
    early = diagnosing.ask_customer(user, case, "ja")
    diagnosing.take_reply(early, needs="もっと安く")
    explained(case)
    assert passed(case) == ["explain"]

    diagnosing.take_reply(diagnosing.ask_customer(user, case, "ja"), needs="納期は10月")

    assert passed(case) == ["explain", "contact", "needs"]
    assert gates.progress(case)[2].said == "納期は10月"


def test_a_quote_before_the_needs_is_no_revised_proposal(
    user: User, deal: Deal, case: Interruption
) -> None:
    log(deal, Kind.QUOTE, Direction.OUT, why="お客様のご依頼")
    needs_known(case)
    assert "proposal" not in passed(case)
    log(deal, Kind.QUOTE, Direction.IN)
    assert "proposal" not in passed(case)

    log(deal, Kind.QUOTE, Direction.OUT)

    assert "proposal" in passed(case)


def test_where_the_former_proposal_stands_the_customers_words_are_the_yes(
    user: User, deal: Deal, case: Interruption
) -> None:
    back = needs_known(case)
    with pytest.raises(ValidationError):
        restarting.record_standing_proposal(user, case, back.at, " ")
    restarting.record_standing_proposal(user, case, back.at, "前の見積でお願いします")
    assert passed(case)[-1] == "proposal"

    plan_next_step(user, deal, timezone.localdate() + timedelta(days=2))

    assert passed(case)[-1] == "resumed"
    actions.resume(user, case)


def test_the_sale_goes_on_only_once_every_gate_is_passed(
    user: User, deal: Deal, case: Interruption
) -> None:
    needs_known(case)
    before = Decision.objects.count()
    with pytest.raises(ValidationError):
        actions.resume(user, case)
    assert Decision.objects.count() == before

    log(deal, Kind.QUOTE, Direction.OUT)
    log(deal, Kind.CALL, Direction.BOTH)
    with pytest.raises(ValidationError):
        actions.resume(user, case)  # nothing is planned
    plan_next_step(user, deal, date(2030, 1, 7))
    actions.resume(user, case)

    case.refresh_from_db()
    assert case.state == State.RESUMED
    assert len(passed(case)) == 5


def test_a_manager_may_decide_without_the_evidence_and_says_why(
    organisation: Organisation, user: User, case: Interruption
) -> None:
    with pytest.raises(PermissionDenied):
        actions.resume_anyway(user, case, "もう大丈夫")
    with pytest.raises(ValidationError):
        actions.resume_anyway(organisation.manager, case, " ")

    actions.resume_anyway(organisation.manager, case, "社長同士で合意済み")

    case.refresh_from_db()
    assert case.state == State.RESUMED
    said = case.decisions.get(step=Step.RESUME)
    assert (said.value, said.text, said.by) == (
        OVERRIDE,
        "社長同士で合意済み",
        organisation.manager,
    )
    page = browser(user).get(f"/interruptions/{case.pk}/").content.decode()
    assert "社長同士で合意済み" in page
    assert "裏付けなしで再開を判断" in page


def test_erasing_a_person_reaches_who_said_what_is_needed(
    organisation: Organisation, deal: Deal, case: Interruption
) -> None:
    contact = make_contact(deal.customer, "鈴木様")
    needs_known(case)

    erase(organisation.administrator, Subject.of(contact))

    assert "鈴木" not in (case.decisions.get(step=Step.NEEDS).who or "")


# Hard selling


def test_a_quote_on_an_interrupted_deal_asks_why_and_keeps_the_reason_on_the_case(
    user: User, deal: Deal, case: Interruption
) -> None:
    client, address = browser(user), f"/deals/{deal.pk}/log/"
    sent = {"what": "quote:sent", "once": "a"}

    asked = client.post(address, sent, headers=HTMX)

    assert asked.status_code == 422
    assert "ニーズをまだ再確認していません" in asked.content.decode()
    assert 'value="quote:sent"' in asked.content.decode()
    assert not deal.events.filter(kind=Kind.QUOTE).exists()
    for _twice in range(2):
        client.post(address, {**sent, "why": "お客様からのご依頼"}, headers=HTMX)
    quote = deal.events.get(kind=Kind.QUOTE)
    offer = case.decisions.get(step=Step.OFFER)
    assert (offer.text, offer.fact_at, offer.by) == ("お客様からのご依頼", quote.at, user)
    assert "お客様からのご依頼" in client.get(f"/interruptions/{case.pk}/").content.decode()


def test_two_taps_stay_two_taps_where_nothing_speaks_against_the_offer(
    user: User, deal: Deal
) -> None:
    sent = {"what": "quote:sent", "once": "a"}
    other = make_deal(user)
    assert browser(user).post(f"/deals/{other.pk}/log/", sent, headers=HTMX).status_code == 200

    needs_known(confirmed(deal))
    assert browser(user).post(f"/deals/{deal.pk}/log/", sent, headers=HTMX).status_code == 200
    assert not Decision.objects.filter(step=Step.OFFER).exists()


def test_a_suspicion_asks_before_a_quote_but_not_before_an_amount(
    user: User, deal: Deal, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = suspected(deal)
    change_amount(user, deal, Decimal(500))
    with pytest.raises(ReasonWantedError):
        log(deal, Kind.QUOTE, Direction.OUT)
    actions.confirm(user, case)
    with pytest.raises(ReasonWantedError):
        change_amount(user, deal, Decimal(400))
    deal.refresh_from_db()
    assert deal.amount == 500

    answer = browser(user).post(f"/deals/{deal.pk}/amount/", {"amount": "400"}, headers=HTMX)
    assert answer.status_code == 422
    assert 'name="why"' in answer.content.decode()
    browser(user).post(
        f"/deals/{deal.pk}/amount/", {"amount": "400", "why": "台数減"}, headers=HTMX
    )
    deal.refresh_from_db()
    assert deal.amount == 400
    assert case.decisions.get(step=Step.OFFER).text == "台数減"


def test_a_quote_from_before_the_case_is_no_hard_selling(deal: Deal, case: Interruption) -> None:
    log(deal, Kind.QUOTE, Direction.OUT, at=timezone.now() - timedelta(days=3))
    assert not case.decisions.filter(step=Step.OFFER).exists()


# Where the deal goes on


def quoted_in(user: User, stage: Stage, times: int = returning.QUOTES_NEEDED) -> None:
    for _quote in range(times):
        log(make_deal(user, stage=stage), Kind.QUOTE, Direction.OUT)


def test_without_a_proposal_the_deal_returns_to_the_stage_before_quoting(
    organisation: Organisation, user: User
) -> None:
    stages = {s.key: s for s in Stage.objects.all()}
    quoted_in(user, stages["交渉"])
    deal = make_deal(user, stage=stages["交渉"])
    case = confirmed(deal)
    assert returning.suggested(case).stage == stages["発掘"]
    needs_known(case)

    found = returning.suggested(case)

    assert found.stage == stages["提案"]
    actions.resume_anyway(organisation.manager, case, "急ぎ", stage=found.stage)
    deal.refresh_from_db()
    assert deal.stage == stages["提案"]
    assert deal.events.filter(kind=Kind.STAGE).count() == 2


def test_with_a_new_quote_it_goes_on_where_quotes_are_made_else_where_it_was(user: User) -> None:
    stages = {s.key: s for s in Stage.objects.all()} or {}
    deal = make_deal(user)
    stages = {s.key: s for s in Stage.objects.all()}
    case = confirmed(deal)
    ready(case)
    assert returning.suggested(case).stage == deal.stage

    quoted_in(user, stages["提案"])

    assert returning.suggested(case).stage == stages["提案"]
    sheet = browser(user).get(f"/interruptions/{case.pk}/resume/").content.decode()
    assert "見積もりを出すことが多い「提案」" in sheet
    sent = {"stage": stages["交渉"].pk}
    assert browser(user).post(f"/interruptions/{case.pk}/resume/", sent).status_code == 302
    deal.refresh_from_db()
    assert deal.stage == stages["交渉"]


# 60 days


def test_a_resumed_deal_is_watched_for_sixty_days_and_says_so(user: User, deal: Deal) -> None:
    case = resumed(deal)
    words = "60日間の見守り中（あと60日）"
    for address in (f"/interruptions/{case.pk}/", f"/deals/{deal.pk}/", "/today/"):
        assert words in browser(user).get(address).content.decode()

    Interruption.objects.update(closed_at=timezone.now() - timedelta(days=60, minutes=1))

    for address in (f"/interruptions/{case.pk}/", f"/deals/{deal.pk}/", "/today/"):
        assert "見守り中" not in browser(user).get(address).content.decode()


def test_in_these_days_less_makes_a_suspicion_which_links_to_the_old_case(
    user: User, deal: Deal, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, other = resumed(deal), make_deal(user)
    see(monkeypatch, sign(deal, strength=0.5), sign(other, strength=0.5))

    look(deal)
    look(other)

    again = Interruption.objects.get(state=State.SUSPECTED)
    assert (again.deal, again.previous) == (deal, old)
    page = browser(user).get(f"/interruptions/{again.pk}/").content.decode()
    assert "再開から60日以内に再び中途" in page


def test_the_return_to_an_earlier_stage_is_no_sign_of_a_new_break(
    deal: Deal, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = resumed(deal)
    assert case.closed_at is not None
    back = case.closed_at - timedelta(seconds=1)
    see(monkeypatch, sign(deal, aftercare.OWN_DOING, at=back))
    look(deal)
    assert not Interruption.objects.filter(state=State.SUSPECTED).exists()

    see(monkeypatch, sign(deal, aftercare.OWN_DOING, at=timezone.now()))
    look(deal)
    assert Interruption.objects.filter(state=State.SUSPECTED).exists()


def test_waiting_is_noticed_sooner_by_the_cut_that_is_in_force(organisation: Organisation) -> None:
    actions.set_thresholds(
        organisation.operations, organisation.own.process, {"silence": 2.0, "amount_cut": 0.3}
    )
    usual, closer = limits.in_force(), limits.closer()
    process = str(organisation.own.process_id)

    assert closer.processes[process]["silence"] == pytest.approx(1.4)
    assert closer.processes[process]["amount_cut"] == usual.processes[process]["amount_cut"]
    assert closer.kinds["no_next_step"].cut == pytest.approx(0.7 * usual.kinds["no_next_step"].cut)
    assert closer.kinds["survey_low"] == usual.kinds["survey_low"]


# On the page


def test_the_page_leads_from_gate_to_gate(user: User, deal: Deal, case: Interruption) -> None:
    client, address = browser(user), f"/interruptions/{case.pk}"
    actions.set_causes(user, case, "customer.budget_reviewed")
    actions.begin_response(user, case)

    def main_act() -> str:
        page = client.get(f"{address}/").content.decode()
        return page.partition('class="btn btn-primary" href="')[2].partition('"')[0]

    assert main_act() == f"/deals/{deal.pk}/log/"
    talk = log(deal, Kind.CALL, Direction.BOTH)
    assert main_act() == f"{address}/explain/"
    sent = {"at": talk.at.isoformat(), "text": "説明した"}
    assert client.post(f"{address}/explain/", sent).status_code == 302
    back = log(deal, Kind.CALL, Direction.IN)
    assert main_act() == f"{address}/needs/"
    sent = {"at": back.at.isoformat(), "text": "50台", "who": "鈴木様"}
    assert client.post(f"{address}/needs/", sent).status_code == 302
    sent = {"at": back.at.isoformat(), "text": "前のままで"}
    assert client.post(f"{address}/stands/", sent).status_code == 302
    assert main_act() == f"/deals/{deal.pk}/plan/"
    plan_next_step(user, deal, date(2030, 1, 7))
    assert main_act() == f"{address}/resume/"
    assert client.post(f"{address}/resume/", {}).status_code == 302
    case.refresh_from_db()
    assert case.state == State.RESUMED


def test_who_may_not_override_reads_what_is_missing(
    organisation: Organisation, user: User, case: Interruption
) -> None:
    sheet = browser(user).get(f"/interruptions/{case.pk}/resume/").content.decode()
    assert "マネージャーは、理由を添えて" in sheet
    assert browser(user).post(f"/interruptions/{case.pk}/resume/", {}).status_code == 422
    manager = browser(organisation.manager)
    assert manager.post(f"/interruptions/{case.pk}/resume/", {}).status_code == 422
    sent = {"text": "社長同士で合意"}
    assert manager.post(f"/interruptions/{case.pk}/resume/", sent).status_code == 302
