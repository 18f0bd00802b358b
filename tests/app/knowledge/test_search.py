"""The lessons are found by words in Japanese and English, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation

from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge import actions
from tsunagu.app.knowledge.models import Improvement, Lesson
from tsunagu.app.knowledge.queries import Wanted, improvements, lessons
from tsunagu.app.knowledge.words import marked, sought

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(organisation: Organisation) -> Interruption:
    deal = organisation.own
    return case_actions.open_case(organisation.representative, deal, main=Cause.BUDGET)


def teach(organisation: Organisation, case: Interruption, *texts: str) -> list[Lesson]:
    """Lessons of a finished review."""
    user = organisation.representative
    actions.set_causes(user, case, Cause.BUDGET, {Cause.BUDGET: "partly"})
    made = [actions.add_lesson(user, case, text) for text in texts]
    actions.finish(user, case)
    return made


def found(text: str, **asked: str) -> list[str]:
    wanted = Wanted(text=text, **asked)  # type: ignore[arg-type]
    return [lesson.text for lesson in lessons(wanted, wanted.words)]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("見積り", "見積の送付は三日以内に行う"),
        ("ｻｰﾊﾞｰ", "サーバの更新時期を先に聞く"),
        ("contract", "Contracts are read by legal first"),
        ("contracts", "The contract was read too late"),
        ("見積もり", "見積りの根拠を添える"),
        ("行った", "担当者に会いに行く"),
    ],
)
def test_a_lesson_is_found_however_its_words_are_written(
    organisation: Organisation, case: Interruption, typed: str, text: str
) -> None:
    teach(organisation, case, text, "展示会のあとは礼状を出す")

    assert found(typed) == [text]


def test_what_no_lesson_says_finds_none_and_odd_signs_break_nothing(
    organisation: Organisation, case: Interruption
) -> None:
    teach(organisation, case, "予算の見直しは四半期の前に聞く")

    for typed in ('"', "AND", "予算 OR", "a' & b:*", "(((", "*", "電話", "tokens:x", "𠮷"):
        assert found(typed) == []


def test_changed_words_are_found_and_removed_ones_no_more(
    organisation: Organisation, case: Interruption
) -> None:
    (lesson,) = teach(organisation, case, "予算は早く聞く")
    user = organisation.representative
    actions.correct(user, case)

    actions.edit(user, Lesson.objects.get(pk=lesson.pk), "契約は早く読む")
    assert (found("予算"), found("契約")) == ([], ["契約は早く読む"])

    actions.remove(user, Lesson.objects.get(pk=lesson.pk))
    assert found("契約") == []


def test_a_draft_is_not_found(organisation: Organisation, case: Interruption) -> None:
    actions.add_lesson(organisation.representative, case, "予算は早く聞く")

    assert found("予算") == []


def test_lessons_are_narrowed_by_cause(organisation: Organisation, case: Interruption) -> None:
    teach(organisation, case, "予算は早く聞く")

    assert found("予算", cause="customer") == ["予算は早く聞く"]
    assert found("予算", cause=Cause.MARKET) == []


def test_improvements_are_searched_too(organisation: Organisation, case: Interruption) -> None:
    user = organisation.representative
    later = timezone.localdate() + timedelta(days=3)
    task = {"remedy": "training", "owner": user, "due_on": later}
    actions.add_improvement(user, case, "見積りの研修を行う", **task)  # type: ignore[arg-type]

    wanted = Wanted(text="見積")

    assert [i.text for i in improvements(user, wanted, wanted.words)] == ["見積りの研修を行う"]
    assert not improvements(organisation.stranger, wanted, wanted.words)


def test_what_was_found_is_marked_and_the_rest_escaped() -> None:
    html = marked("<b>見積りの送付</b>", sought("見積"))

    assert html == "&lt;b&gt;<mark>見積り</mark>の送付&lt;/b&gt;"


def test_the_page_costs_as_many_queries_for_one_lesson_as_for_many(
    organisation: Organisation, case: Interruption, django_assert_max_num_queries: object
) -> None:
    teach(organisation, case, *(f"予算の教訓その{n}" for n in range(20)))
    client = browser(organisation.stranger)
    client.get("/knowledge/")

    with django_assert_max_num_queries(9):  # type: ignore[operator]
        answer = client.get("/knowledge/?q=予算")

    assert answer.content.decode().count("<mark>予算</mark>") == 20
    assert Improvement.objects.count() == 0
