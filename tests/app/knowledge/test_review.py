"""A review from the first cause to the finish, its corrections, and what is followed after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact, make_deal, make_process
from tests.app.interruptions.signs import went_on

from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import CauseNote, Interruption
from tsunagu.app.knowledge import actions, effect, queries
from tsunagu.app.knowledge.models import Improvement, Lesson, Review, ReviewVersion, Why
from tsunagu.app.knowledge.sheets import ADDING
from tsunagu.app.knowledge.timeline import course
from tsunagu.app.organisation.erasure import erase
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people.models import AuditEntry, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(organisation: Organisation) -> User:
    return organisation.representative


@pytest.fixture
def case(organisation: Organisation, user: User) -> Interruption:
    return case_actions.open_case(user, organisation.own, main=Cause.BUDGET, text="先方より電話")


def ready(user: User, case: Interruption) -> Review:
    """Ready to be finished."""
    actions.add_lesson(user, case, "予算は早く聞く")
    said = {Cause.BUDGET: "no", Cause.SLOW: "yes"}
    return actions.set_causes(user, case, Cause.SLOW, said)


def improve(user: User, case: Interruption, **fields: Any) -> Improvement:
    task = {"remedy": "training", "owner": user, "due_on": timezone.localdate()}
    return actions.add_improvement(user, case, "研修を行う", **{**task, **fields})


def later(case: Interruption, days: int) -> None:
    then = timezone.now() - timedelta(days=days)
    Interruption.objects.filter(pk=case.pk).update(confirmed_at=then)


def test_a_review_is_due_when_the_case_ends(user: User, case: Interruption) -> None:
    assert not queries.due(user)

    went_on(user, case)

    assert list(queries.due(user)) == [case]


def test_after_the_end_the_page_of_the_case_leads_to_the_review_until_it_is_finished(
    user: User, case: Interruption
) -> None:
    page = f"/interruptions/{case.pk}/"
    assert "振り返りを書く" not in browser(user).get(page).text
    went_on(user, case)
    assert "振り返りを書く" in browser(user).get(page).text

    ready(user, case)
    actions.finish(user, case)

    assert "振り返りを書く" not in browser(user).get(page).text


def test_a_review_is_due_two_weeks_after_the_confirmation(user: User, case: Interruption) -> None:
    later(case, 13)
    assert not queries.due(user)

    later(case, 14)

    assert list(queries.due(user)) == [case]


def test_nobody_is_asked_for_false_alarms_finished_reviews_and_others_cases(
    organisation: Organisation, user: User, case: Interruption
) -> None:
    later(case, 20)
    assert not queries.due(organisation.stranger)
    ready(user, case)
    actions.finish(user, case)
    assert not queries.due(user)

    other = case_actions.open_case(user, make_deal(user))
    later(other, 20)
    case_actions.dismiss(user, other, "data")
    assert not queries.due(user)


def test_the_finish_tells_the_case_its_causes(user: User, case: Interruption) -> None:
    ready(user, case)
    assert set(case.cause_notes.values_list("cause", flat=True)) == {Cause.BUDGET}

    actions.finish(user, case)

    case.refresh_from_db()
    assert case.main_cause == Cause.SLOW
    assert set(CauseNote.objects.values_list("cause", flat=True)) == {Cause.BUDGET, Cause.SLOW}
    assert Lesson.objects.get().cause == Cause.SLOW
    assert AuditEntry.objects.filter(action="finish_review").exists()


def test_an_unfinished_thought_cannot_be_finished(user: User, case: Interruption) -> None:
    actions.add_lesson(user, case, "予算は早く聞く")

    with pytest.raises(ValidationError):
        actions.finish(user, case)

    assert not queries.published()


def test_after_the_finish_only_a_correction_changes_it_and_both_versions_are_kept(
    user: User, case: Interruption
) -> None:
    ready(user, case)
    review = actions.finish(user, case)
    lesson = Lesson.objects.get()
    with pytest.raises(ValidationError):
        actions.edit(user, lesson, "予算は初回に聞く")

    actions.correct(user, case)
    actions.edit(user, lesson, "予算は初回に聞く")
    actions.finish(user, case)

    said = [[p["text"] for p in v.content["parts"]] for v in review.versions.all()]
    assert said == [["予算は初回に聞く"], ["予算は早く聞く"]]
    with pytest.raises(TypeError):
        review.versions.update(number=9)


def test_whys_hang_below_each_other_and_go_together(user: User, case: Interruption) -> None:
    first = actions.add_why(user, case, "返事が遅れた")
    second = actions.add_why(user, case, "担当が二人いた", first)
    actions.add_why(user, case, "引き継ぎが決まっていない", second)
    page = browser(user).get(f"/knowledge/cases/{case.pk}/").content.decode()
    assert (
        page.index("返事が遅れた") < page.index("担当が二人いた") < page.index("引き継ぎが決まって")
    )
    assert "なぜ3" in page

    actions.remove(user, first)

    assert not Why.objects.exists()


@pytest.mark.parametrize(
    "text", ["青葉商事の予算", "株式会社青葉商事では", "佐藤　花子様に聞く", "佐藤花子"]
)
def test_a_lesson_that_names_the_customer_is_refused(
    user: User, organisation: Organisation, case: Interruption, text: str
) -> None:
    customer = organisation.own.customer
    customer.name = "株式会社青葉商事"
    customer.save()
    make_contact(customer, name="佐藤 花子")

    with pytest.raises(ValidationError):
        actions.add_lesson(user, Interruption.objects.get(pk=case.pk), text)

    assert not Lesson.objects.exists()


def test_others_read_the_lesson_but_not_where_it_came_from(
    organisation: Organisation, user: User, case: Interruption
) -> None:
    ready(user, case)
    actions.finish(user, case)
    address = f"/knowledge/lessons/{Lesson.objects.get().pk}/"

    theirs = browser(organisation.stranger).get(address).content.decode()
    own = browser(user).get(address).content.decode()

    assert "予算は早く聞く" in theirs
    assert case.deal.title not in theirs
    assert case.deal.title in own


def test_only_who_answers_for_the_deal_writes_its_review(
    organisation: Organisation, case: Interruption
) -> None:
    for other in (organisation.colleague, organisation.stranger):
        with pytest.raises(PermissionDenied):
            actions.add_lesson(other, case, "x")

    assert actions.add_lesson(organisation.manager, case, "予算は早く聞く")


def test_a_lesson_shows_on_a_case_of_the_same_cause_and_a_deal_at_the_stage(
    organisation: Organisation, user: User, case: Interruption
) -> None:
    ready(user, case)
    actions.finish(user, case)
    stranger = organisation.stranger
    other = case_actions.open_case(stranger, organisation.foreign, main=Cause.SLOW)
    client = browser(stranger)

    assert "予算は早く聞く" in client.get(f"/interruptions/{other.pk}/").content.decode()
    assert "予算は早く聞く" in client.get(f"/deals/{organisation.foreign.pk}/").content.decode()

    later_stage = organisation.foreign.process.stages.last()
    assert later_stage is not None
    deal_actions.move_stage(stranger, organisation.foreign, later_stage)
    page = client.get(f"/deals/{organisation.foreign.pk}/").content.decode()
    assert "予算は早く聞く" not in page


def test_the_course_is_put_together_in_the_order_of_time(user: User, case: Interruption) -> None:
    deal_actions.log_activity(user, case.deal, "call", direction="both", text="事情を聞いた")
    case_actions.begin_response(user, case, text="部長に相談")

    moments = course(Interruption.objects.get(pk=case.pk)).moments

    said = [moment.text for moment in moments]
    assert [moment.at for moment in moments] == sorted(moment.at for moment in moments)
    assert said.index("先方より電話") < said.index("事情を聞いた") < said.index("部長に相談")


def test_an_improvement_is_followed_until_its_effect_is_seen(
    organisation: Organisation, user: User, case: Interruption
) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    made = improve(user, case, owner=organisation.colleague, due_on=yesterday)
    client = browser(organisation.colleague)
    assert "期限切れ" in client.get("/knowledge/improvements/?state=overdue").content.decode()
    with pytest.raises(ValidationError):
        actions.mark_seen(organisation.colleague, made, "減った")

    address = f"/knowledge/improvements/{made.pk}/"
    assert client.post(address).status_code == 302
    assert client.post(address, {"effect": ""}).status_code == 422
    assert client.post(address, {"effect": "問い合わせが減った"}).status_code == 302

    made.refresh_from_db()
    assert made.state.value == "seen"
    assert browser(organisation.stranger).get(address).status_code == 404


def test_the_effect_is_counted_for_each_hundred_deals_and_not_too_early(
    user: User, case: Interruption
) -> None:
    made = improve(user, case)
    made.cause, made.done_at = Cause.BUDGET, timezone.now() - timedelta(days=20)
    assert effect.effect(made) is None

    made.done_at = timezone.now() - timedelta(days=100)
    assert effect.effect(made) is None  # too few deals
    for _n in range(40):
        make_deal(user, customer=case.deal.customer)
    found = effect.effect(made)

    assert found is not None
    assert found.days == 86
    assert found.verdict == "chance"


def test_the_effect_is_counted_where_the_improvement_can_have_changed_something(
    organisation: Organisation, user: User, case: Interruption, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effect, "LEAST_DEALS", 1)
    south = make_deal(organisation.stranger)
    broken = case_actions.open_case(organisation.stranger, south, main=Cause.BUDGET)
    then = timezone.now() - timedelta(days=50)
    Interruption.objects.filter(pk=broken.pk).update(opened_at=then)
    made = improve(user, case, team=organisation.north)
    made.cause, made.done_at = Cause.BUDGET, timezone.now() - timedelta(days=100)

    own = effect.effect(made)
    made.team = None
    everybodys = effect.effect(made)

    assert own is not None
    assert everybodys is not None
    assert (own.after.count, everybodys.after.count) == (0, 1)
    assert south in effect.concerned(made)
    assert own.after.deals < everybodys.after.deals == effect.concerned(made).count()


def test_a_checkpoint_concerns_the_deals_of_its_process(
    organisation: Organisation, user: User, case: Interruption
) -> None:
    other = make_deal(user, process=make_process("別の工程"))
    made = improve(user, case, remedy="checkpoint", team=organisation.north)
    made.stage = case.deal.process.stages.first()

    assert set(effect.concerned(made)) & {other, case.deal} == {case.deal}
    made.remedy = "training"
    assert set(effect.concerned(made)) & {other, case.deal} == {other, case.deal}


def test_an_improvement_concerns_the_deals_team_or_one_above_it(
    organisation: Organisation, user: User, case: Interruption
) -> None:
    sheet = browser(user).get(f"/knowledge/cases/{case.pk}/improvement/").text
    assert f'<option value="{organisation.north.pk}" selected' in sheet
    assert organisation.south.name not in sheet

    with pytest.raises(ValidationError):
        improve(user, case, team=organisation.south)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [((30, 200), (8, 200), "fewer"), ((8, 200), (30, 200), "more"), ((9, 100), (6, 100), "chance")],
)
def test_a_difference_is_called_one_only_beyond_chance(
    before: tuple[int, int], after: tuple[int, int], verdict: str
) -> None:
    assert effect.verdict(effect.rate(*before), effect.rate(*after)) == verdict


def test_wilsons_interval_is_the_published_one() -> None:
    found = effect.rate(81, 263)  # Newcombe 1998, table I

    assert (round(found.low, 2), round(found.high, 2)) == (25.53, 36.62)


@pytest.mark.parametrize("name", ADDING)
def test_every_sheet_opens(user: User, case: Interruption, name: str) -> None:
    assert browser(user).get(f"/knowledge/cases/{case.pk}/{name}/").status_code == 200


def test_the_sheets_work_without_a_script(user: User, case: Interruption) -> None:
    client = browser(user)
    base = f"/knowledge/cases/{case.pk}"
    causes = {"cause_0": Cause.BUDGET, "influence_0": "no", "cause_1": Cause.SLOW}

    assert client.post(f"{base}/causes/", {}).status_code == 422
    assert client.post(f"{base}/causes/", causes).status_code == 302
    assert client.post(f"{base}/lesson/", {"text": "予算は早く聞く"}).status_code == 302
    assert client.post(f"{base}/why/", {"text": "遅れた"}).status_code == 302
    why = Why.objects.get()
    assert client.post(f"{base}/under/{why.pk}/", {"text": "忙しい"}).status_code == 302
    assert client.post(f"{base}/why/{why.pk}/", {"remove": "1"}).status_code == 302
    assert client.post(f"{base}/worked/", {"text": "訪問"}).status_code == 302
    assert client.post(f"{base}/finish/").status_code == 302

    review = Review.objects.get()
    assert review.is_finished
    assert list(review.causes.values_list("cause", "influence")) == [
        (Cause.BUDGET, "no"),
        (Cause.SLOW, "partly"),
    ]
    assert client.get(f"{base}/nothing/").status_code == 404


def test_what_a_person_wrote_goes_with_the_erasure(
    organisation: Organisation, user: User, case: Interruption
) -> None:
    ready(user, case)
    actions.say_what_worked(user, case, "山田が謝罪した")
    actions.finish(user, case)
    user.is_active = False
    user.save()

    erase(organisation.administrator, Subject.of(user))

    lesson, review = Lesson.objects.get(), Review.objects.get()
    assert "予算" not in lesson.text + lesson.tokens
    assert "山田" not in review.text
    assert "予算" not in str(ReviewVersion.objects.get().content)
