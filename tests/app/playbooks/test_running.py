"""A playbook carried out on a case: tasks, people, days, approvals, facts, and the end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact, make_deal, make_user
from tests.app.playbooks.making import a_case, a_playbook, a_step, content, said, task_of

from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Direction, Kind
from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions import diagnosing, folding
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.states import DismissReason, State
from tsunagu.app.people.models import AuditEntry, Role, User
from tsunagu.app.people.permissions import people_who_approve
from tsunagu.app.playbooks import actions, escalating, filling, watching
from tsunagu.app.playbooks.business_days import business_day
from tsunagu.app.playbooks.models import Act, Ending, Playbook, Run, Task
from tsunagu.app.playbooks.queries import TaskFilter, task_list, todays_tasks
from tsunagu.app.playbooks.tasks import look_at_runs


@pytest.fixture
def case(organisation: Organisation) -> Interruption:
    return a_case(organisation.representative, organisation.own)


@pytest.fixture(autouse=True)
def only_playbooks_hear(settings: Any) -> None:
    settings.DEAL_CHANGED = ["tsunagu.app.playbooks.watching.deal_changed"]


def run_of(organisation: Organisation, case: Interruption, *steps: dict[str, Any]) -> Run:
    playbook = a_playbook(organisation.operations, *steps)
    return actions.start_run(organisation.representative, case, playbook)


def test_starting_makes_dated_tasks_for_the_right_people_and_begins_the_response(
    organisation: Organisation, case: Interruption
) -> None:
    run = run_of(
        organisation,
        case,
        a_step("own", day=2),
        a_step("manager", role="manager"),
        a_step("operations", role="operations"),
    )

    case.refresh_from_db()
    assert case.state == State.RESPONDING
    own = task_of(run, "own")
    assert own.assignee == organisation.representative
    assert own.due_on == business_day(timezone.localdate(), 2)
    assert task_of(run, "manager").assignee == organisation.manager
    assert task_of(run, "operations").assignee is None


def test_a_suspicion_must_be_confirmed_first(organisation: Organisation) -> None:
    playbook = a_playbook(organisation.operations)

    with pytest.raises(ValidationError, match="確定"):
        actions.start_run(organisation.representative, folding.begin(organisation.own), playbook)


def test_a_teammate_of_a_shared_deal_works_on_tasks_but_starts_nothing(
    organisation: Organisation,
) -> None:
    case = a_case(organisation.colleague, organisation.shared)
    playbook = a_playbook(organisation.operations)
    with pytest.raises(PermissionDenied):
        actions.start_run(organisation.representative, case, playbook)
    run = actions.start_run(organisation.colleague, case, playbook)

    actions.complete(organisation.representative, task_of(run, "first"))
    with pytest.raises(PermissionDenied):
        actions.skip(organisation.stranger, task_of(run, "first"), "x")

    assert task_of(run, "first").closed_by == organisation.representative


def test_a_second_playbook_waits_for_the_end_of_the_first(
    organisation: Organisation, case: Interruption
) -> None:
    run = run_of(organisation, case)
    other = a_playbook(organisation.operations, key="other")
    with pytest.raises(ValidationError, match="中止"):
        actions.start_run(organisation.representative, case, other)

    actions.complete(organisation.representative, task_of(run, "first"))
    second = actions.start_run(organisation.representative, case, other)

    run.refresh_from_db()
    assert run.ended_at is not None
    assert second.ended_at is None


def test_a_new_version_changes_no_run(organisation: Organisation, case: Interruption) -> None:
    run = run_of(organisation, case)
    playbook = run.playbook

    actions.publish(organisation.operations, playbook, content(a_step("other")), base=1)

    assert task_of(run, "first").step.key == "first"
    playbook.refresh_from_db()
    assert playbook.in_use is not None
    assert playbook.in_use.number == 2


def test_skipping_needs_a_reason_and_reopening_takes_it_back(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    run = run_of(organisation, case)
    with pytest.raises(ValidationError):
        actions.skip(user, task_of(run, "first"), "  ")

    actions.skip(user, task_of(run, "first"), "不要になった")
    assert task_of(run, "first").ending == Ending.SKIPPED
    with pytest.raises(ValidationError, match="終わって"):
        actions.complete(user, task_of(run, "first"))
    actions.reopen(user, task_of(run, "first"))

    found = task_of(run, "first")
    assert found.is_open
    assert found.skipped_reason == ""
    assert [note.act for note in found.notes.all()] == [Act.SKIP, Act.REOPEN]


def test_a_task_goes_only_to_who_may_work_on_the_deal_and_stays_there(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    run = run_of(organisation, case)
    with pytest.raises(ValidationError, match=organisation.stranger.name):
        actions.reassign(user, task_of(run, "first"), organisation.stranger)

    actions.reassign(user, task_of(run, "first"), organisation.manager)
    watching.deal_changed(case.deal_id)

    assert task_of(run, "first").assignee == organisation.manager


def test_open_tasks_follow_the_deal_to_its_new_owner(
    organisation: Organisation,
    case: Interruption,
    django_capture_on_commit_callbacks: Any,
) -> None:
    run = run_of(organisation, case)

    with django_capture_on_commit_callbacks(execute=True):
        deal_actions.change_owner(organisation.manager, case.deal, organisation.colleague)

    assert task_of(run, "first").assignee == organisation.colleague


def test_the_tasks_of_who_left_go_back_to_whose_they_were(
    organisation: Organisation, case: Interruption
) -> None:
    run = run_of(organisation, case, a_step("own"), a_step("led", role="manager"))
    actions.reassign(organisation.representative, task_of(run, "own"), organisation.manager)
    organisation.manager.is_active = False
    organisation.manager.save(update_fields=["is_active"])

    look_at_runs.call()

    assert task_of(run, "own").assignee == organisation.representative
    assert task_of(run, "led").assignee == organisation.head


def test_what_needs_approval_cannot_be_done_before(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    run = run_of(organisation, case, a_step("offer", approval="manager", done_by="quote"))
    with pytest.raises(ValidationError, match="承認"):
        actions.complete(user, task_of(run, "offer"))
    with pytest.raises(PermissionDenied):
        actions.approve(user, task_of(run, "offer"))
    quote(organisation, case)
    watching.deal_changed(case.deal_id)
    assert task_of(run, "offer").is_open  # a quote before the approval is not what was meant

    actions.ask_approval(user, task_of(run, "offer"), "3%の値引き")
    with pytest.raises(ValidationError):
        actions.refuse(organisation.manager, task_of(run, "offer"), "")
    actions.refuse(organisation.manager, task_of(run, "offer"), "2%まで")
    with pytest.raises(ValidationError):
        actions.complete(user, task_of(run, "offer"))
    actions.ask_approval(user, task_of(run, "offer"), "2%")
    actions.approve(organisation.manager, task_of(run, "offer"))
    watching.deal_changed(case.deal_id)
    assert task_of(run, "offer").is_open

    quote(organisation, case)
    watching.deal_changed(case.deal_id)
    assert task_of(run, "offer").ending == Ending.DONE


def test_nobody_approves_an_own_step_while_somebody_else_may(
    organisation: Organisation, case: Interruption
) -> None:
    manager = organisation.manager
    run = run_of(
        organisation,
        case,
        a_step("own", role="manager", approval="manager"),
        a_step("asked", approval="manager"),
    )
    assert task_of(run, "own").assignee == manager
    actions.ask_approval(manager, task_of(run, "asked"), "3%")
    for key in ("own", "asked"):
        with pytest.raises(ValidationError, match=organisation.head.name):
            actions.approve(manager, task_of(run, key))
    page = browser(manager).get(f"/interruptions/{case.pk}/").text
    assert "ご自身の手順" in page
    assert f"/tasks/{task_of(run, 'own').pk}/approve/" not in page

    for key in ("own", "asked"):
        actions.approve(organisation.head, task_of(run, key))
        assert task_of(run, key).may_complete


def test_who_approved_a_step_does_not_say_that_it_is_done(
    organisation: Organisation, case: Interruption
) -> None:
    run = run_of(organisation, case, a_step("offer", approval="manager"))
    actions.approve(organisation.manager, task_of(run, "offer"))
    with pytest.raises(ValidationError, match="別の方"):
        actions.complete(organisation.manager, task_of(run, "offer"))
    actions.complete(organisation.representative, task_of(run, "offer"))


def test_where_nobody_else_may_approve_it_is_said_so(
    organisation: Organisation, case: Interruption
) -> None:
    manager = organisation.manager
    run = run_of(organisation, case, a_step("own", role="manager", approval="manager"))
    approvers = people_who_approve(case.deal)
    User.objects.filter(pk__in=approvers.exclude(pk=manager.pk)).update(is_active=False)
    page = browser(manager).get(f"/interruptions/{case.pk}/").text
    assert "ほかに承認できる人がいない" in page

    actions.approve(manager, task_of(run, "own"))
    actions.complete(manager, task_of(run, "own"))

    assert AuditEntry.objects.filter(action="task_alone", actor=manager).exists()
    assert "単独で承認" in browser(manager).get(f"/interruptions/{case.pk}/").text


def quote(organisation: Organisation, case: Interruption) -> None:
    user = organisation.representative
    deal_actions.log_activity(user, case.deal, Kind.QUOTE, why="お客様から頼まれた")


def call(organisation: Organisation, case: Interruption, direction: Direction) -> None:
    user = organisation.representative
    deal_actions.log_activity(user, case.deal, Kind.CALL, direction=direction)


def test_a_fact_closes_the_step_that_it_fulfils_and_no_other(
    organisation: Organisation,
    case: Interruption,
    django_capture_on_commit_callbacks: Any,
) -> None:
    call(organisation, case, Direction.BOTH)  # before the run
    run = run_of(
        organisation,
        case,
        a_step("first", done_by="call_two_way"),
        a_step("again", day=5, done_by="call_two_way"),
        a_step("heard", done_by="contact_in"),
        a_step("click"),
    )

    with django_capture_on_commit_callbacks(execute=True):
        call(organisation, case, Direction.OUT)
    assert task_of(run, "first").is_open
    with django_capture_on_commit_callbacks(execute=True):
        call(organisation, case, Direction.BOTH)

    closed = set(run.tasks.filter(closed_at__isnull=False).values_list("step_key", flat=True))
    assert closed == {"first", "heard"}
    assert task_of(run, "first").closed_by is None
    assert task_of(run, "first").fact.startswith("event:")
    with django_capture_on_commit_callbacks(execute=True):
        call(organisation, case, Direction.IN)
    assert task_of(run, "again").ending == Ending.DONE


def test_the_timeline_says_that_a_fact_closed_a_step_in_words_and_not_by_its_key(
    organisation: Organisation, case: Interruption
) -> None:
    run_of(organisation, case, a_step("call", done_by="call_two_way"))
    call(organisation, case, Direction.BOTH)
    watching.deal_changed(case.deal_id)

    page = browser(organisation.representative).get(f"/room/{case.pk}/timeline/").text

    assert "手順 call · 記録により完了" in page
    assert "event:" not in page


@pytest.mark.parametrize(
    ("done_by", "kind", "direction"),
    [
        ("email_out", Kind.EMAIL, Direction.OUT),
        ("email_in", Kind.EMAIL, Direction.IN),
        ("meeting", Kind.MEETING, Direction.BOTH),
        ("visit", Kind.VISIT, Direction.BOTH),
        ("quote", Kind.QUOTE, None),
        ("comment", Kind.NOTE, None),
        ("contact_in", Kind.EMAIL, Direction.IN),
    ],
)
def test_each_kind_of_fact_closes_its_steps(
    organisation: Organisation,
    case: Interruption,
    done_by: str,
    kind: Kind,
    direction: Direction | None,
) -> None:
    run = run_of(organisation, case, a_step("it", done_by=done_by))

    options: dict[str, Any] = {"direction": direction} if direction else {}
    user = organisation.representative
    deal_actions.log_activity(user, case.deal, kind, why="お客様から頼まれた", **options)
    watching.deal_changed(case.deal_id)

    assert task_of(run, "it").ending == Ending.DONE


def test_findings_and_the_customers_answer_close_their_steps(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    run = run_of(
        organisation, case, a_step("know", done_by="finding"), a_step("hear", done_by="reply")
    )

    diagnosing.record_finding(user, case, "changed", "予算が減った")
    diagnosing.take_reply(diagnosing.ask_customer(user, case, "ja"), text="検討中です")
    watching.deal_changed(case.deal_id)

    assert task_of(run, "know").fact.startswith("finding:")
    assert task_of(run, "hear").ending == Ending.DONE


def test_a_reopened_step_waits_for_a_new_fact(
    organisation: Organisation, case: Interruption
) -> None:
    run = run_of(organisation, case, a_step("call", done_by="call_two_way"))
    call(organisation, case, Direction.BOTH)
    watching.deal_changed(case.deal_id)

    actions.reopen(organisation.representative, task_of(run, "call"))

    assert task_of(run, "call").is_open


def test_conditions_turn_with_the_facts(organisation: Organisation, case: Interruption) -> None:
    run = run_of(
        organisation,
        case,
        a_step("silent", condition="not_answered"),
        a_step("answered", condition="answered"),
        a_step("nobody", condition="no_contact_known"),
        a_step("somebody", condition="contact_known"),
        a_step("large", condition="value_at_least", amount=5_000_000),
    )
    assert needed(run) == {"silent", "nobody"}

    make_contact(case.deal.customer)
    call(organisation, case, Direction.BOTH)
    user = organisation.representative
    deal_actions.change_amount(user, case.deal, Decimal(6_000_000), why="お客様の増設")
    watching.deal_changed(case.deal_id)

    assert needed(run) == {"answered", "somebody", "large"}


def needed(run: Run) -> set[str]:
    return set(run.tasks.filter(applies=True).values_list("step_key", flat=True))


def test_the_end_of_the_case_ends_the_run(organisation: Organisation, case: Interruption) -> None:
    run = run_of(organisation, case)
    user = organisation.representative

    case_actions.dismiss(user, case, DismissReason.AGREED)
    # Nothing is to be done even before a worker comes by.
    assert not task_list(user, TaskFilter()).exists()
    with pytest.raises(ValidationError):
        actions.complete(user, task_of(run, "first"))
    look_at_runs.call()

    run.refresh_from_db()
    assert run.ended_at is not None
    assert task_of(run, "first").ending == Ending.STOPPED


def test_stopping_needs_a_reason(organisation: Organisation, case: Interruption) -> None:
    run = run_of(organisation, case)
    with pytest.raises(ValidationError):
        actions.stop_run(organisation.representative, run, "")

    actions.stop_run(organisation.representative, run, "別の手順にする")

    assert not Task.objects.filter(run=run, closed_at__isnull=True).exists()


def late(run: Run, days: int = 10) -> None:
    run.tasks.update(due_on=timezone.localdate() - timedelta(days=days))


def test_the_manager_hears_of_an_overdue_task_once(
    organisation: Organisation, case: Interruption, settings: Any
) -> None:
    settings.MAIL_IS_SET_UP = True
    run = run_of(organisation, case, a_step("first"), a_step("second"))
    assert look_at_runs.call() == 0
    late(run)

    assert look_at_runs.call() == 2
    assert look_at_runs.call() == 0

    [sent] = mail.outbox
    assert sent.to == [organisation.manager.email]
    assert "手順 second" in sent.body
    found = todays_tasks(organisation.manager, organisation.manager)
    assert found.escalated_count == 2
    assert todays_tasks(organisation.representative, organisation.representative).due_count == 2


def test_a_managers_own_overdue_step_reaches_the_next_one_up(
    organisation: Organisation, case: Interruption, settings: Any
) -> None:
    settings.MAIL_IS_SET_UP = True
    late(run_of(organisation, case, a_step("own", role="manager")))

    look_at_runs.call()

    assert [sent.to for sent in mail.outbox] == [[organisation.head.email]]
    assert todays_tasks(organisation.head, organisation.head).escalated_count == 1


def test_where_no_other_manager_is_an_administrator_hears_of_it(
    organisation: Organisation, case: Interruption, settings: Any
) -> None:
    settings.MAIL_IS_SET_UP = True
    late(run_of(organisation, case, a_step("own", role="manager")))
    User.objects.filter(pk=organisation.head.pk).update(email=None)  # cannot log in

    look_at_runs.call()

    assert [sent.to for sent in mail.outbox] == [[organisation.administrator.email]]
    assert todays_tasks(organisation.administrator, organisation.administrator).escalated_count


def test_two_workers_escalate_a_task_once(organisation: Organisation, case: Interruption) -> None:
    run = run_of(organisation, case)
    late(run)
    task = task_of(run, "first").pk

    assert [escalating._mark(task), escalating._mark(task)] == [True, False]

    assert task_of(run, "first").notes.filter(act=Act.ESCALATE).count() == 1


def test_a_task_closed_meanwhile_is_closed_by_no_fact(
    organisation: Organisation, case: Interruption
) -> None:
    run = run_of(organisation, case, a_step("call", done_by="call_two_way"))
    before = task_of(run, "call")
    actions.skip(organisation.representative, before, "不要")

    watching._close(before, watching.Fact("event:1", timezone.now(), frozenset()))

    found = task_of(run, "call")
    assert found.ending == Ending.SKIPPED
    assert not found.notes.filter(act=Act.FACT).exists()


def test_a_draft_that_is_outdated_is_not_published(organisation: Organisation) -> None:
    playbook = a_playbook(organisation.operations)
    actions.publish(organisation.operations, playbook, content(), base=1)

    with pytest.raises(ValidationError, match="第2版"):
        actions.publish(organisation.administrator, playbook, content(), base=1)
    with pytest.raises(PermissionDenied):
        actions.publish(organisation.manager, playbook, content(), base=2)


def test_lists_ask_as_often_for_many_tasks_as_for_few(
    organisation: Organisation, case: Interruption
) -> None:
    playbook = a_playbook(organisation.operations, a_step("first"), a_step("second"))
    actions.start_run(organisation.representative, case, playbook)
    few = {path: queries(organisation, path) for path in ("/playbooks/tasks/?of=team", "/today/")}
    for _number in range(12):
        deal = make_deal(organisation.representative)
        other = a_case(organisation.representative, deal)
        actions.start_run(organisation.representative, other, playbook)

    many = {path: queries(organisation, path) for path in few}

    assert many["/playbooks/tasks/?of=team"] == few["/playbooks/tasks/?of=team"]


def queries(organisation: Organisation, path: str) -> int:
    client = browser(organisation.manager)
    client.get(path)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


def test_the_cases_page_asks_as_often_for_many_steps_as_for_few(
    organisation: Organisation, case: Interruption
) -> None:
    run = run_of(organisation, case, a_step("one"))
    few = queries(organisation, f"/interruptions/{case.pk}/")
    actions.stop_run(organisation.representative, run, "x")
    Run.objects.filter(pk=run.pk).delete()
    steps = [a_step(f"s-{n}", channel="telephone", script=said("{customer}様")) for n in range(30)]
    other = a_playbook(organisation.operations, *steps, key="long")
    actions.start_run(organisation.representative, case, other)

    # A script asks for the case's words: customer, contacts, forms; however many there are.
    assert queries(organisation, f"/interruptions/{case.pk}/") <= few + 8


def test_playbooks_for_the_cause_come_first(organisation: Organisation) -> None:
    a_playbook(organisation.operations, key="z-budget", causes=[Cause.BUDGET.value])
    case = a_case(organisation.representative, organisation.own, main=Cause.BUDGET)

    page = browser(organisation.representative).get(f"/interruptions/{case.pk}/").content.decode()

    panel = page.partition('id="response"')[2]
    assert panel.index("試験の手順") < panel.index("原因を問わない基本の対応")


def test_the_case_shows_the_script_with_its_words_and_two_taps_complete_a_step(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    script = said("{customer} {contact}様、{sender}です。")
    run = run_of(organisation, case, a_step("call", channel="telephone", script=script))
    client = browser(user)

    page = client.get(f"/interruptions/{case.pk}/").content.decode()
    assert case.deal.customer.name in page.partition('class="script"')[2]
    assert '<mark class="gap"' in page
    address = f"/playbooks/tasks/{task_of(run, 'call').pk}/complete/"
    assert address in page
    answer = client.post(address, {"text": "話せた"}, headers={"HX-Request": "true"})

    assert answer.status_code == 204
    assert "case-changed" in answer.headers["HX-Trigger"]
    assert "話せた" in client.get(f"/interruptions/{case.pk}/").content.decode()
    assert Playbook.objects.filter(key="for-tests").exists()


def test_a_managers_step_without_a_manager_is_the_owners(organisation: Organisation) -> None:
    loner = make_user(Role.REPRESENTATIVE, None)
    case = a_case(loner, make_deal(loner))
    playbook = a_playbook(organisation.operations, a_step("m", role="manager"))

    run = actions.start_run(loner, case, playbook)

    assert task_of(run, "m").assignee == loner


def test_the_link_of_the_open_question_form_stands_in_the_script(
    organisation: Organisation, case: Interruption
) -> None:
    user = organisation.representative
    assert filling.values(case, user, "ja")["form_link"] == ""
    inquiry = diagnosing.ask_customer(user, case, "ja")
    assert filling.values(case, user, "ja")["form_link"].startswith("http")

    diagnosing.take_reply(inquiry, text="検討中です")

    assert filling.values(case, user, "ja")["form_link"] == ""
