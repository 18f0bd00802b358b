"""Every operation of the API is called as every role, and with another team's rows: no leak.

A new operation must be added to :data:`PLACES`, or the first test fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from tests.app import test_walk as pages
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact, make_deal
from tests.app.scores import make_score
from tests.app.test_walk import LEADERS, ROLES, SEES_ALL, THE_NORTH, afterwards_nothing

from tsunagu.app.exchange.api import examples
from tsunagu.app.followup.models import Mail
from tsunagu.app.interruptions.actions import open_case
from tsunagu.app.knowledge import actions as review_actions

Making = Callable[[Organisation], dict[str, Any]]
NOW = "2026-05-01T09:00:00+09:00"


@dataclass(frozen=True)
class Place:
    """What an operation answers to those who ``see``, and to the others."""

    method: str = "get"
    status: int = 200
    arguments: Making = pages.nothing
    see: tuple[str, ...] = ROLES
    unseen: int | tuple[int, ...] = 404
    said: Making | None = None
    anonymous: int = 401


def north(status: int = 200, arguments: Making = pages.unshared, **options: Any) -> Place:
    """About rows of the north that are not shared."""
    return Place(status=status, arguments=arguments, see=THE_NORTH, **options)


def act(
    status: int = 200, arguments: Making = pages.a_case, unseen: int = 404, **said: Any
) -> Place:
    """An action on a case of the north's."""
    options = {"method": "post", "unseen": unseen}
    return north(status, arguments, said=lambda _organisation: said, **options)


def scored(organisation: Organisation) -> dict[str, Any]:
    make_score(organisation.unshared, 0.4)
    return pages.unshared(organisation)


def a_run(organisation: Organisation) -> dict[str, Any]:
    return {"pk": pages.a_run(organisation).pk}


def a_review(organisation: Organisation) -> dict[str, Any]:
    return {"pk": pages.a_review(organisation).case_id}


def a_confirmed_case(organisation: Organisation) -> dict[str, Any]:
    return {"pk": open_case(organisation.manager, organisation.unshared).pk}


def a_new_playbook(organisation: Organisation) -> dict[str, Any]:
    return {"content": {**examples.known()["PlaybookIn"]["content"], "key": "own"}}


def a_part(organisation: Organisation) -> dict[str, Any]:
    """An answer of a review that is not finished."""
    review = pages.a_review(organisation)
    review_actions.correct(organisation.manager, review.case)
    return {"pk": review.case_id, "kind": "whys", "part": review.whys.get().pk}


def an_inquiry(organisation: Organisation) -> dict[str, Any]:
    return {"pk": pages.a_link(organisation)["inquiry"]}


def a_reply(organisation: Organisation) -> dict[str, Any]:
    mail = Mail.objects.get(pk=pages.a_mail(organisation)["pk"])
    sender = "p@aoba.example"
    return {"message_id": "<1@a.example>", "sender": sender, "in_reply_to": mail.message_id}


def a_delivery(organisation: Organisation) -> dict[str, Any]:
    return {"pk": pages.a_message(organisation)["message"]}


def a_new_endpoint(organisation: Organisation) -> dict[str, Any]:
    return {"name": "x", "url": "https://a.example.com/", "topics": ["deal.ended"]}


def a_bulk(organisation: Organisation) -> dict[str, Any]:
    return {"kind": "customers"}


def of_imports(status: int = 200, **options: Any) -> Place:
    """For who imports."""
    arguments = {"arguments": pages.an_import, **options}
    return Place(status=status, see=SEES_ALL, unseen=403, **arguments)


def for_the_manager(**options: Any) -> Place:
    """The manager's own."""
    return Place(see=("manager",), **options)


def of_an_endpoint(status: int = 200, **options: Any) -> Place:
    """For who connects programs."""
    arguments = {"arguments": pages.an_endpoint, **options}
    return Place(status=status, see=SEES_ALL, unseen=403, **arguments)


def configures(status: int, method: str = "post", **options: Any) -> Place:
    """For who sets the processes."""
    return Place(method=method, status=status, see=SEES_ALL, unseen=403, **options)


def new_deal(organisation: Organisation) -> dict[str, Any]:
    return {"title": "x", "customer": organisation.unshared.customer_id}


def new_contact(organisation: Organisation) -> dict[str, Any]:
    return {"name": "x", "customer": organisation.unshared.customer_id}


def a_lonely_contact(organisation: Organisation) -> dict[str, Any]:
    return {"pk": make_contact(organisation.unshared.customer).pk}


def to_the_manager(organisation: Organisation) -> dict[str, Any]:
    return {"owner": organisation.manager.pk}


def a_playbook_to_run(organisation: Organisation) -> dict[str, Any]:
    return {"playbook": pages.a_playbook(organisation)["pk"]}


def a_target(organisation: Organisation) -> dict[str, Any]:
    amounts = [{"person": organisation.colleague.pk, "amount": "5"}]
    return {"month": "2026-05-01", "targets": amounts}


def an_empty_team(organisation: Organisation) -> dict[str, Any]:
    return {"pk": organisation.south.pk}


PLACES: dict[str, Place] = {
    "openapi": Place(anonymous=200),
    "docs": Place(anonymous=302),
    "list_deals": Place(),
    "get_deal": north(),
    "create_deal": Place("post", 201, said=new_deal, see=THE_NORTH, unseen=422),
    "change_deal": north(method="patch", said=lambda _o: {"title": "x"}),
    "move_deal": north(
        method="post", said=lambda o: {"stage": o.unshared.process.stages.last().pk}
    ),
    "hand_over_deal": north(method="post", said=to_the_manager),
    "close_deal": act(200, pages.unshared, outcome="won"),
    "plan_deal": act(200, pages.unshared, on=pages.TODAY),
    "list_events": north(),
    "list_activities": north(),
    "list_all_events": Place(),
    "list_all_activities": Place(),
    "list_checkpoints": north(),
    "log_activity": act(201, pages.unshared, kind="call", direction="both"),
    "list_risks": Place(),
    "get_risk": north(arguments=scored),
    "list_risk_days": north(arguments=scored),
    "list_processes": Place(),
    "get_process": Place(arguments=pages.the_process),
    "create_process": configures(201, said=lambda _o: {"name": "x"}),
    "change_process": configures(
        200, "patch", arguments=pages.the_process, said=lambda _o: {"name": "x"}
    ),
    "create_stage": configures(201, arguments=pages.the_process, said=lambda _o: {"name": "x"}),
    "change_stage": configures(
        200, "patch", arguments=lambda o: {"pk": o.own.stage_id}, said=lambda _o: {"name": "x"}
    ),
    "list_customers": Place(),
    "get_customer": north(arguments=pages.their_customer),
    "create_customer": Place("post", 201, said=lambda _o: {"name": "x"}),
    "change_customer": north(
        arguments=pages.their_customer, method="patch", said=lambda _o: {"name": "x"}
    ),
    "list_contacts": Place(),
    "get_contact": north(arguments=pages.their_contact),
    "create_contact": Place("post", 201, said=new_contact, see=THE_NORTH, unseen=422),
    "change_contact": north(
        arguments=pages.their_contact, method="patch", said=lambda _o: {"name": "x"}
    ),
    "remove_contact": north(204, a_lonely_contact, method="delete"),
    "contact_left": act(422, pages.their_contact),
    "list_interruptions": Place(),
    "get_interruption": north(arguments=pages.a_case),
    "list_signals": north(arguments=pages.a_case),
    "list_decisions": north(arguments=pages.a_case),
    "list_gates": north(arguments=pages.a_case),
    "get_causes": north(arguments=pages.a_case),
    "open_case": act(201, pages.unshared),
    "confirm_case": act(main="customer.budget_reviewed"),
    "dismiss_case": act(reason="agreed"),
    "reopen_case": act(422),
    "set_causes": act(main="customer.budget_reviewed"),
    "respond_to_case": act(422),
    "record_explanation": act(422, at=NOW, text="x"),
    "record_needs": act(422, at=NOW, text="x"),
    "record_standing_proposal": act(422, at=NOW, text="x"),
    "resume_case": act(422),
    "resume_case_anyway": act(422, reason="x"),
    "list_findings": north(arguments=pages.a_case),
    "record_finding": act(question="changed", text="x"),
    "list_inquiries": Place(),
    "get_inquiry": north(arguments=an_inquiry),
    "ask_customer": act(201, language="en"),
    "show_inquiry_link": act(200, an_inquiry),
    "withdraw_inquiry": act(200, an_inquiry),
    "list_mails": Place(),
    "get_mail": north(arguments=pages.a_mail),
    "write_mail": act(201, form="letter", subject="x", body="x"),
    "send_mail": act(422, pages.a_mail),
    "take_reply": Place("post", said=a_reply, see=THE_NORTH),
    "mark_mail_sent": act(200, pages.a_mail),
    "discard_mail": north(204, pages.a_mail, method="delete"),
    "list_playbooks": Place(),
    "get_playbook": Place(arguments=pages.a_playbook),
    "publish_playbook": Place(
        "post", 422, pages.a_playbook, said=lambda _o: {"content": {}, "base": 1}
    ),
    "create_playbook": configures(201, said=a_new_playbook),
    "change_playbook": configures(
        200, "patch", arguments=pages.a_playbook, said=lambda _o: {"archived": True}
    ),
    "list_playbook_versions": Place(arguments=pages.a_playbook),
    "restore_playbook_version": configures(200, arguments=pages.a_version),
    "list_runs": north(arguments=pages.a_case),
    "start_run": north(422, pages.a_case, method="post", said=a_playbook_to_run),
    "stop_run": act(200, a_run, reason="x"),
    "list_run_tasks": north(arguments=a_run),
    "list_tasks": Place(),
    "get_task": north(arguments=pages.a_task),
    "list_task_notes": north(arguments=pages.a_task),
    "complete_task": act(200, pages.a_task),
    "skip_task": act(200, pages.a_task, reason="x"),
    "reopen_task": act(422, pages.a_task),
    "reassign_task": north(
        arguments=pages.a_task, method="post", said=lambda o: {"to": o.manager.pk}
    ),
    "ask_for_approval": act(422, pages.a_task),
    "approve_task": act(422, pages.a_task),
    "refuse_task": act(422, pages.a_task, reason="x"),
    "list_comments": north(arguments=pages.a_case),
    "create_comment": act(201, text="x"),
    "correct_comment": act(403, pages.a_comment, text="y"),
    "mark_comment": act(200, pages.a_comment, marked=True),
    "list_attachments": Place(),
    "get_attachment": north(arguments=pages.a_file),
    "download_attachment": north(arguments=pages.a_file),
    "upload_attachment": act(422, unseen=422),
    "remove_attachment": north(204, pages.a_file, method="delete"),
    "list_advice": north(arguments=pages.a_case),
    "ask_for_advice": act(422, text="x"),
    "list_questions": Place(),
    "get_question": for_the_manager(arguments=pages.some_advice),
    "give_advice": for_the_manager(
        arguments=pages.some_advice, method="post", said=lambda _o: {"text": "x"}
    ),
    "list_notices": Place(),
    "get_notice": for_the_manager(arguments=pages.a_notice),
    "read_notice": for_the_manager(arguments=pages.a_notice, method="post"),
    "read_all_notices": Place("post", 204),
    "watch_case": act(wanted=True),
    "get_review": north(arguments=a_review),
    "review_causes": act(
        200,
        a_confirmed_case,
        main="customer.budget_reviewed",
        influences={"customer.budget_reviewed": "no"},
    ),
    "review_what_worked": act(200, a_confirmed_case, text="x"),
    "review_why": act(200, a_confirmed_case, text="x"),
    "review_lesson": act(200, a_confirmed_case, text="x"),
    "review_improvement": north(
        arguments=a_confirmed_case,
        method="post",
        said=lambda o: {
            "text": "x",
            "remedy": "training",
            "owner": o.colleague.pk,
            "due_on": "2027-01-01",
        },
    ),
    "change_review_part": north(arguments=a_part, method="patch", said=lambda _o: {"text": "y"}),
    "remove_review_part": north(204, a_part, method="delete"),
    "finish_review": act(422),
    "correct_review": act(200, a_review),
    "list_lessons": Place(),
    "list_improvements": Place(),
    "get_improvement": north(arguments=pages.an_improvement),
    "improvement_done": act(200, pages.an_improvement),
    "improvement_seen": act(422, pages.an_improvement, effect="x"),
    "get_thresholds": configures(200, "get", arguments=pages.the_process),
    "set_thresholds": configures(
        200, "patch", arguments=pages.the_process, said=lambda _o: {"own": {"silence": 2.0}}
    ),
    "get_me": Place(),
    "list_people": Place(),
    "get_person": Place(
        arguments=pages.a_colleague, see=("representative", *THE_NORTH), unseen=404
    ),
    "list_teams": Place(),
    "get_team": Place(arguments=pages.the_north, see=("representative", *THE_NORTH), unseen=404),
    "create_team": Place(
        "post", 201, said=lambda _o: {"name": "x"}, see=("administrator",), unseen=403
    ),
    "change_team": Place(
        "patch",
        200,
        an_empty_team,
        said=lambda _o: {"name": "x"},
        see=("administrator",),
        unseen=(403, 404),
    ),
    "remove_team": Place("delete", 422, an_empty_team, see=("administrator",), unseen=(403, 404)),
    "list_targets": Place(see=LEADERS, unseen=403),
    "set_targets": Place("post", said=a_target, see=LEADERS, unseen=403),
    "get_outlook": north(),
    "list_webhooks": configures(200, "get"),
    "get_webhook": of_an_endpoint(),
    "create_webhook": configures(201, said=a_new_endpoint),
    "change_webhook": of_an_endpoint(method="patch", said=lambda _o: {"name": "x"}),
    "remove_webhook": of_an_endpoint(204, method="delete"),
    "pause_webhook": of_an_endpoint(method="post"),
    "resume_webhook": of_an_endpoint(method="post"),
    "rotate_webhook": of_an_endpoint(method="post"),
    "show_webhook_secret": of_an_endpoint(method="post"),
    "ping_webhook": of_an_endpoint(201, method="post"),
    "send_webhooks_again": of_an_endpoint(method="post"),
    "list_deliveries": of_an_endpoint(),
    "get_delivery": of_an_endpoint(arguments=a_delivery),
    "list_attempts": of_an_endpoint(arguments=a_delivery),
    "send_delivery_again": of_an_endpoint(arguments=a_delivery, method="post"),
    "list_imports": of_imports(arguments=pages.nothing),
    "get_import": of_imports(),
    "list_import_problems": of_imports(),
    "upload_import": Place("post", 422),
    "map_import": of_imports(422, method="post", said=lambda _o: {"columns": {}}),
    "start_import": of_imports(method="post"),
    "cancel_import": of_imports(422, method="post"),
    "undo_import": of_imports(422, method="post"),
    "bring_rows": of_imports(
        arguments=a_bulk, method="post", said=lambda _o: [{"id": "x", "name": "x"}]
    ),
    "missing": Place(status=404, anonymous=404),
}


@pytest.fixture(autouse=True)
def nobody_works(settings: Any) -> None:
    """Tasks wait, and nobody is slowed down: a walk is about who may."""
    backend = "django_tasks.backends.dummy.DummyBackend"
    settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": ["default", "scores", "outward"]}}
    settings.API_CALLS_A_MINUTE = 1_000_000


def ask(organisation: Organisation, name: str, who: str | None) -> Any:
    place = PLACES[name]
    address = "/api/v1/nowhere"
    if name != "missing":
        address = reverse(f"api:{name}", kwargs=place.arguments(organisation))
    client = browser(getattr(organisation, who) if who else None)
    send = getattr(client, place.method)
    if place.method == "get":
        return send(address)
    said = place.said(organisation) if place.said else {}
    headers = {"if-match": "*"}
    return send(address, said, content_type="application/json", headers=headers)


def test_every_operation_is_walked() -> None:
    found = pages.names(get_resolver().url_patterns)
    assert sorted({n.removeprefix("api:") for n in found if n.startswith("api:")}) == sorted(PLACES)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_each_role_sees_its_own_and_nothing_else(organisation: Organisation, name: str) -> None:
    place = PLACES[name]
    for who in ROLES:
        with afterwards_nothing():
            answer = ask(organisation, name, who)

            wanted = place.status if who in place.see else place.unseen
            assert answer.status_code in (wanted if isinstance(wanted, tuple) else (wanted,)), who
            hidden = {organisation.unshared: "representative", organisation.own: "stranger"}
            for deal, blind in hidden.items():
                if who == blind:
                    assert deal.title not in answer.getvalue().decode()


def test_nobody_is_let_in_without_a_token(organisation: Organisation) -> None:
    for name, place in PLACES.items():
        with afterwards_nothing():
            assert ask(organisation, name, None).status_code == place.anonymous, name


@pytest.mark.parametrize(
    "path", ["/deals", "/customers", "/interruptions", "/people", "/risks", "/processes", "/teams"]
)
def test_a_longer_list_asks_no_more_queries(organisation: Organisation, path: str) -> None:
    client = browser(organisation.manager)
    make_score(organisation.unshared, 0.4)
    pages.a_case(organisation)
    asked = _queries(client, path)

    for _ in range(3):
        deal = make_deal(organisation.colleague)
        make_score(deal, 0.3)

    assert _queries(client, path) == asked


def _queries(client: Any, path: str) -> int:
    client.get(f"/api/v1{path}")
    with CaptureQueriesContext(connection) as seen:
        client.get(f"/api/v1{path}")
    return len(seen)
