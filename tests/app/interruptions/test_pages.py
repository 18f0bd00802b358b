"""The inbox is triaged in two taps; board, lists and quality say what stands in the database."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_deal
from tests.app.interruptions.signs import resumed, sign, suspected

from tsunagu.app.deals.actions import close_deal
from tsunagu.app.interruptions import actions, folding, limits, quality, watching
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption, OwnThreshold, Watch
from tsunagu.app.interruptions.states import DismissReason, State, Step
from tsunagu.app.people.actions import change_language

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def nobody_works(settings: Any) -> None:
    backend = "django_tasks.backends.dummy.DummyBackend"
    settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": ["default", "scores", "outward"]}}


def page(user: Any, name: str, query: str = "", **arguments: Any) -> str:
    answer = browser(user).get(reverse(f"interruptions:{name}", kwargs=arguments) + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_inbox_shows_the_evidence_in_the_readers_language(organisation: Organisation) -> None:
    suspected(organisation.own)
    assert "20営業日ありません" in page(organisation.representative, "list")

    change_language(organisation.representative, "en")
    assert "No word from the customer for 20" in page(organisation.representative, "list")


def test_the_newest_evidence_comes_first_and_other_orders_can_be_had(
    organisation: Organisation,
) -> None:
    first = suspected(organisation.own, sign(organisation.own, strength=0.99))
    second = suspected(organisation.shared)

    text = page(organisation.manager, "list")
    assert text.index(f"case-{second.pk}") < text.index(f"case-{first.pk}")
    text = page(organisation.manager, "list", "?sort=-strength")
    assert text.index(f"case-{first.pk}") < text.index(f"case-{second.pk}")


def test_the_inbox_holds_what_is_ones_own_to_decide(organisation: Organisation) -> None:
    suspected(organisation.own)
    shared = suspected(organisation.shared)

    assert f"case-{shared.pk}" not in page(organisation.representative, "list")
    assert f"case-{shared.pk}" in page(organisation.manager, "list")
    assert ">2<" in page(organisation.manager, "count")
    assert ">1<" in page(organisation.representative, "count")


@pytest.mark.parametrize(
    ("query", "found"),
    [("?kind=silence", True), ("?kind=survey_low", False), ("?q=案件", True), ("?q=無い", False)],
)
def test_the_inbox_is_filtered_and_searched(
    organisation: Organisation, query: str, found: bool
) -> None:
    case = suspected(organisation.own)
    assert (f"case-{case.pk}" in page(organisation.representative, "list", query)) == found


def test_an_empty_inbox_says_why(organisation: Organisation) -> None:
    Watch.objects.all().delete()
    assert "まだ始まっていません" in page(organisation.representative, "list")

    watching.due_now([organisation.own.pk])
    Watch.objects.update(looked_at=timezone.now())
    assert "中途の疑いはありません" in page(organisation.representative, "list")

    assert "条件に合う疑い" in page(organisation.representative, "list", "?q=x")

    for deal in (organisation.own, organisation.shared):
        close_deal(deal.owner, deal, "won")
    assert "対象がまだありません" in page(organisation.representative, "list")


def test_many_cases_cost_no_more_queries_than_few(
    organisation: Organisation, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        suspected(make_deal(organisation.representative))
    client = browser(organisation.representative)
    for name, most in (("list", 10), ("all", 8), ("board", 12), ("quality", 14)):
        with django_assert_max_num_queries(most):
            client.get(reverse(f"interruptions:{name}"))


def test_two_taps_confirm_with_a_cause_and_the_list_hears_of_it(organisation: Organisation) -> None:
    case = suspected(organisation.own)
    client = browser(organisation.representative)
    url = reverse("interruptions:confirm", args=[case.pk])
    assert "予算の見直し" in client.get(url, headers=HTMX).content.decode()

    answer = client.post(url, {"main": Cause.BUDGET}, headers=HTMX)

    assert answer.status_code == 204
    assert "case-changed" in answer.headers["HX-Trigger"]
    case.refresh_from_db()
    assert (case.state, case.main_cause) == (State.CONFIRMED, Cause.BUDGET)


def test_how_serious_it_looks_is_a_row_with_nothing_said_chosen(organisation: Organisation) -> None:
    case = suspected(organisation.own)
    client = browser(organisation.representative)
    sheet = client.get(reverse("interruptions:confirm", args=[case.pk]), headers=HTMX).text
    rows = re.findall(r'<input type="radio" name="grade"[^>]*>', sheet)
    assert len(rows) == 6
    assert ["checked" in row for row in rows] == [True] + 5 * [False]
    assert "とても重い" in sheet


def test_the_grade_is_kept_shown_and_changed_with_the_causes(organisation: Organisation) -> None:
    case = suspected(organisation.own)
    client = browser(organisation.representative)
    url = reverse("interruptions:confirm", args=[case.pk])
    assert client.post(url, {"main": "", "grade": "9"}, headers=HTMX).status_code == 422
    assert client.post(url, {"main": "", "grade": "4"}, headers=HTMX).status_code == 204
    case_page = reverse("interruptions:detail", args=[case.pk])
    assert "<dt>深刻さ</dt><dd>重い</dd>" in client.get(case_page).text

    causes = reverse("interruptions:causes", args=[case.pk])
    sheet = client.get(causes, headers=HTMX).text
    assert re.findall(r'name="grade" value="(\d?)"[^>]* checked', sheet) == ["4"]
    assert 'name="grade" value=""' not in sheet  # it may be changed, not unsaid
    client.post(causes, {"main": Cause.BUDGET, "grade": "2"}, headers=HTMX)
    assert "深刻さ：軽い" in client.get(reverse("rooms:timeline", args=[case.pk])).text

    case.refresh_from_db()
    folding.decide(case, Step.ENDED, value="lost")
    assert 'name="grade"' not in client.get(causes, headers=HTMX).text
    client.post(causes, {"main": Cause.MARKET, "grade": "5"}, headers=HTMX)
    case.refresh_from_db()
    assert (case.main_cause, case.grade) == (Cause.MARKET, 2)


def test_a_case_opened_by_hand_is_graded_too(organisation: Organisation) -> None:
    url = reverse("interruptions:open", args=[organisation.own.pk])
    browser(organisation.representative).post(url, {"main": Cause.MARKET, "grade": "5"})
    assert Interruption.objects.get().grade == 5


def test_two_taps_dismiss_with_a_reason_and_other_wants_words(organisation: Organisation) -> None:
    case = suspected(organisation.own)
    client = browser(organisation.representative)
    url = reverse("interruptions:dismiss", args=[case.pk])

    refused = client.post(url, {"reason": "other"}, headers=HTMX)
    assert refused.status_code == 422
    assert "一言入力" in refused.content.decode()

    assert client.post(url, {"reason": "agreed"}, headers=HTMX).status_code == 204
    case.refresh_from_db()
    assert case.state == State.DISMISSED

    client.post(reverse("interruptions:reopen", args=[case.pk]))
    case.refresh_from_db()
    assert case.state == State.SUSPECTED


def test_a_decision_that_came_first_is_told_in_words(organisation: Organisation) -> None:
    case = suspected(organisation.own)
    actions.dismiss(organisation.representative, case, DismissReason.DATA)

    answer = browser(organisation.manager).post(
        reverse("interruptions:confirm", args=[case.pk]), {"main": ""}, headers=HTMX
    )

    assert answer.status_code == 422
    assert "却下" in answer.content.decode()


def test_a_case_is_opened_by_hand_from_the_deals_page(organisation: Organisation) -> None:
    client = browser(organisation.representative)
    url = reverse("interruptions:open", args=[organisation.own.pk])
    deal_page = reverse("deals:detail", args=[organisation.own.pk])
    assert url in client.get(deal_page).content.decode()

    client.post(url, {"main": Cause.LOST_INTEREST})

    case = Interruption.objects.get()
    assert (case.state, case.opened_by) == (State.CONFIRMED, organisation.representative)
    text = client.get(deal_page).content.decode()
    assert url not in text
    assert reverse("interruptions:detail", args=[case.pk]) in text


def test_a_colleague_who_may_only_see_the_deal_cannot_decide(organisation: Organisation) -> None:
    case = suspected(organisation.shared)
    client = browser(organisation.representative)
    for name in ("confirm", "dismiss"):
        url = reverse(f"interruptions:{name}", args=[case.pk])
        assert client.get(url, headers=HTMX).status_code == 403
        assert client.post(url, {"main": "", "reason": "data"}).status_code == 403
    case.refresh_from_db()
    assert case.state == State.SUSPECTED


def test_board_and_list_show_states_and_filter_them(organisation: Organisation) -> None:
    case = suspected(organisation.own)
    actions.confirm(organisation.representative, case, main=Cause.MARKET)

    assert organisation.own.title in page(organisation.representative, "board")
    assert organisation.own.title in page(organisation.representative, "all", "?cause=environment")
    assert organisation.own.title in page(organisation.representative, "all", "?state=living")
    for query in ("?cause=customer", "?state=suspected", "?q=x"):
        assert organisation.own.title not in page(organisation.representative, "all", query)


def test_quality_counts_what_people_decided(organisation: Organisation) -> None:
    deals = [make_deal(organisation.representative) for _ in range(4)]
    cases = [suspected(deal) for deal in deals]
    actions.dismiss(organisation.representative, cases[0], DismissReason.AGREED)
    for case in cases[1:]:
        actions.confirm(organisation.representative, case)
    actions.open_case(organisation.representative, organisation.own)

    found = quality.quality(organisation.representative, "ja")

    assert (found.counts.confirmed, found.counts.dismissed, found.counts.by_hand) == (4, 1, 1)
    row = found.kinds[0]
    assert (row.name, row.signals) == ("沈黙", 4)
    assert row.share is not None
    assert (row.share.decisions, row.share.confirmed) == (4, 3)
    week = found.weeks[0]
    assert (week.opened, week.confirmed, week.dismissed) == (4, 3, 1)
    assert found.false_alarms == 1
    assert found.to_confirmation is not None
    assert found.to_confirmation.count == 3
    assert found.to_end is None
    assert quality.quality(organisation.stranger, "ja").counts.confirmed == 0


def test_false_alarms_a_week_are_counted_since_detection_began(organisation: Organisation) -> None:
    assert quality.quality(organisation.representative, "ja").false_alarms is None
    old = suspected(organisation.own)
    Interruption.objects.filter(pk=old.pk).update(opened_at=timezone.now() - timedelta(weeks=3))
    actions.dismiss(organisation.representative, old, DismissReason.AGREED)

    assert quality.quality(organisation.representative, "ja").false_alarms == 1 / 4
    assert "週平均 <b>0.3</b> 件" in page(organisation.representative, "quality")


def test_dismissals_raise_a_learned_threshold_of_their_process(organisation: Organisation) -> None:
    for _ in range(12):
        case = suspected(make_deal(organisation.representative))
        actions.dismiss(organisation.representative, case, DismissReason.AGREED)

    learned = limits.learn()

    assert learned.decisions == 12
    by_kind = {limit.kind: limit for limit in limits.of_process(organisation.own.process, "ja")}
    assert by_kind["silence"].learned > by_kind["silence"].shipped
    again = limits.learn()
    assert again.taught["processes"] == learned.taught["processes"]
    assert again.fitted_at == learned.fitted_at


def test_what_nobody_decided_teaches_nothing(organisation: Organisation) -> None:
    case = suspected(organisation.own)
    close_deal(organisation.representative, organisation.own, "won")
    watching.due_now([organisation.own.pk])
    from tsunagu.app.interruptions import gathering

    gathering.look_at_waiting()
    case.refresh_from_db()
    assert case.state == State.DISMISSED
    assert limits.verdicts() == []


def test_thresholds_are_set_for_a_process_and_taken_back(organisation: Organisation) -> None:
    client = browser(organisation.operations)
    url = reverse("interruptions:thresholds")
    assert "沈黙" in client.get(url).content.decode()

    assert client.post(url, {"silence": "2.5", limits.TOGETHER: "0.6"}).status_code == 302
    assert set(OwnThreshold.objects.values_list("kind", "cut")) == {
        ("silence", 2.5),
        (limits.TOGETHER, 0.6),
    }
    assert client.post(url, {"silence": "-1"}).status_code == 422
    assert client.post(url, {"silence": "nan"}).status_code == 422
    client.post(url, {"reset": "1", "silence": "2.5"})
    assert not OwnThreshold.objects.exists()


def test_only_sales_operations_set_thresholds(organisation: Organisation) -> None:
    process = organisation.own.process
    with pytest.raises(PermissionDenied):
        actions.set_thresholds(organisation.manager, process, {"silence": 2.0})
    with pytest.raises(ValidationError):
        actions.set_thresholds(organisation.operations, process, {"nonsense": 2.0})


def test_old_cases_leave_the_board(organisation: Organisation) -> None:
    resumed(organisation.own)
    assert organisation.own.title in page(organisation.representative, "board")
    Interruption.objects.update(closed_at=timezone.now() - timedelta(days=40))
    assert organisation.own.title not in page(organisation.representative, "board")
