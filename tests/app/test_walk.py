"""Every address is opened as every role, and with another team's rows: no leak, no crash.

A new named address must be added to :data:`PLACES`, or the first test fails. Those of the API are
walked in :mod:`tests.app.api.test_walk`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from oauth2_provider.models import AccessToken
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact, make_import

from tsunagu.app.exchange.api import oauth
from tsunagu.app.exchange.api.tokens import create_token
from tsunagu.app.exports import actions as exports
from tsunagu.app.followup.actions import write as write_mail
from tsunagu.app.interruptions import folding, inquiries
from tsunagu.app.interruptions.actions import confirm, open_case
from tsunagu.app.interruptions.diagnosing import ask_customer
from tsunagu.app.knowledge import actions as review_actions
from tsunagu.app.knowledge.models import Review
from tsunagu.app.playbooks.actions import start_run
from tsunagu.app.playbooks.models import Playbook, PlaybookVersion, Run
from tsunagu.app.rooms import actions as room_actions
from tsunagu.app.rooms.models import Advice, Notice, Size
from tsunagu.app.scoring.models import (
    DriftFinding,
    DriftKind,
    RiskModelVersion,
    RunKind,
    State,
)
from tsunagu.app.scoring.runs import open_run
from tsunagu.app.webhooks import actions as webhook_actions
from tsunagu.app.webhooks.models import Delivery

ROLES = ("representative", "manager", "head", "operations", "administrator", "stranger")
SEES_ALL = ("operations", "administrator")
LOG_IN = "/accounts/login/"


def nothing(organisation: Organisation) -> dict[str, Any]:
    return {}


def an_export(organisation: Organisation) -> dict[str, Any]:
    """The manager's, of the north's deals."""
    return {"pk": exports.export_list(organisation.manager, "deals", "csv", "").pk}


def waiting_fit(organisation: Organisation) -> dict[str, Any]:
    return {"pk": open_run(RunKind.FIT).pk}


def a_model(organisation: Organisation) -> dict[str, Any]:
    """That was in use earlier."""
    made = RiskModelVersion.objects.create(content=b"", weight=0.5, state=State.RETIRED)
    return {"pk": made.pk}


def a_finding(organisation: Organisation) -> dict[str, Any]:
    """Something drifts."""
    made = DriftFinding.objects.create(
        kind=DriftKind.VOLUME, subject="deals", since=timezone.now(), reading={"value": 0.2}
    )
    return {"pk": made.pk}


@dataclass(frozen=True)
class Place:
    """What an address answers.

    ``arguments`` make its address from rows of the north that are not shared: those who do not
    see them get 404. ``status`` is for those who do.
    """

    status: int = 200
    arguments: Callable[[Organisation], dict[str, Any]] = nothing
    see: tuple[str, ...] = ROLES
    anonymous: int | str = LOG_IN
    method: str = "get"
    unseen: int = 404
    data: dict[str, str] = field(default_factory=dict)


def an_import(organisation: Organisation) -> dict[str, Any]:
    return {"pk": make_import(organisation.operations).pk}


def an_endpoint(organisation: Organisation) -> dict[str, Any]:
    """A program that is told of deals' ends."""
    made = webhook_actions.add(
        organisation.operations, name="A", url="https://a.example.com/", topics=["deal.ended"]
    )
    return {"pk": made.pk}


def a_message(organisation: Organisation) -> dict[str, Any]:
    """A message for it that was given up."""
    endpoint = an_endpoint(organisation)["pk"]
    made = Delivery.objects.create(
        endpoint_id=endpoint, stream="ping", row=1, topic="ping", body={}, dead_at=timezone.now()
    )
    return {"pk": endpoint, "message": made.pk}


def of_webhooks(
    status: int = 200, *, arguments: Callable[..., Any] = an_endpoint, method: str = "get"
) -> Place:
    """For who sees all."""
    return Place(status, arguments=arguments, see=SEES_ALL, unseen=403, method=method)


def a_case(organisation: Organisation) -> dict[str, Any]:
    """A suspicion about the north's unshared deal."""
    return {"pk": folding.begin(organisation.unshared).pk}


def a_mail(organisation: Organisation) -> dict[str, Any]:
    """A mail about it, not sent yet."""
    contact = make_contact(organisation.unshared.customer, email="p@example.jp")
    mail = write_mail(
        organisation.manager,
        folding.begin(organisation.unshared),
        form="email",
        contact=contact,
        language="ja",
        subject="件名",
        body="本文",
        once="walk",
    )
    return {"pk": mail.pk}


def a_comment(organisation: Organisation) -> dict[str, Any]:
    case = folding.begin(organisation.unshared)
    room_actions.write(organisation.colleague, case, "社内で相談済み")
    return {"pk": case.comments.get().pk}


def a_file(organisation: Organisation) -> dict[str, Any]:
    case = folding.begin(organisation.unshared)
    upload = SimpleUploadedFile("memo.txt", "覚書".encode())
    room_actions.write(organisation.colleague, case, "", uploads=[upload])
    return {"pk": case.attachments.get().pk}


def a_notice(organisation: Organisation) -> dict[str, Any]:
    """To the manager of the north, who watches."""
    a_comment(organisation)
    return {"pk": Notice.objects.get(user=organisation.manager).pk}


def some_advice(organisation: Organisation) -> dict[str, Any]:
    """That the manager of the north is asked for."""
    case = folding.begin(organisation.unshared)
    asked = Advice.objects.create(
        case=case, by=organisation.colleague, text="どう進めますか", size=Size.SMALL
    )
    return {"pk": asked.advisers.create(user=organisation.manager).pk}


THE_NORTH = ("manager", "head", *SEES_ALL)
LEADERS = ("manager", "head", *SEES_ALL)


def unshared(organisation: Organisation) -> dict[str, Any]:
    return {"pk": organisation.unshared.pk}


def their_customer(organisation: Organisation) -> dict[str, Any]:
    return {"pk": organisation.unshared.customer_id}


def their_contact(organisation: Organisation) -> dict[str, Any]:
    return {"pk": make_contact(organisation.unshared.customer).pk}


def of_the_north(**options: Any) -> Place:
    """A page or form about the north's unshared deal."""
    return Place(arguments=unshared, see=THE_NORTH, **options)


def of_a_case(**options: Any) -> Place:
    """A page or form about a case of that deal."""
    return Place(**{"arguments": a_case, **options}, see=THE_NORTH)


def a_form(organisation: Organisation) -> dict[str, Any]:
    case = folding.begin(organisation.unshared)
    return {"token": inquiries.token(ask_customer(organisation.manager, case, "ja"))}


def a_link(organisation: Organisation) -> dict[str, Any]:
    case = folding.begin(organisation.unshared)
    return {"pk": case.pk, "inquiry": ask_customer(organisation.manager, case, "ja").pk}


def a_review(organisation: Organisation) -> Review:
    """A finished review of the north's unshared deal; its texts name nobody."""
    manager = organisation.manager
    case = open_case(manager, organisation.unshared, main="customer.budget_reviewed")
    review_actions.set_causes(manager, case, "customer.budget_reviewed", {case.main_cause: "no"})
    review_actions.add_lesson(manager, case, "x")
    review_actions.add_why(manager, case, "x")
    task = {"remedy": "training", "owner": manager, "due_on": timezone.localdate()}
    review_actions.add_improvement(manager, case, "x", **task)
    return review_actions.finish(manager, case)


def a_lesson(organisation: Organisation) -> dict[str, Any]:
    return {"pk": a_review(organisation).lessons.get().pk}


def an_improvement(organisation: Organisation) -> dict[str, Any]:
    return {"pk": a_review(organisation).improvements.get().pk}


def a_why(organisation: Organisation) -> dict[str, Any]:
    review = a_review(organisation)
    review_actions.correct(organisation.manager, review.case)
    return {"pk": review.case_id, "name": "why", "item": review.whys.get().pk}


def a_token(organisation: Organisation) -> dict[str, Any]:
    """Of the manager of the north."""
    until = timezone.now() + timedelta(days=1)
    token, _text = create_token(
        organisation.manager, name="walk", scopes=["deals:read"], expires_at=until
    )
    return {"pk": token.pk}


def an_app(organisation: Organisation) -> dict[str, Any]:
    app, _secret = oauth.register_app(
        organisation.administrator, name="walk", redirect_uris="https://x.jp/", confidential=True
    )
    return {"pk": app.pk}


def a_connected_app(organisation: Organisation) -> dict[str, Any]:
    """That acts for the manager of the north."""
    arguments = an_app(organisation)
    until = timezone.now() + timedelta(hours=1)
    AccessToken.objects.create(
        user=organisation.manager,
        application_id=arguments["pk"],
        token="x",  # noqa: S106
        expires=until,
    )
    return arguments


def a_colleague(organisation: Organisation) -> dict[str, Any]:
    return {"pk": organisation.colleague.pk}


def the_process(organisation: Organisation) -> dict[str, Any]:
    return {"pk": organisation.own.process_id}


def a_subject(organisation: Organisation) -> dict[str, Any]:
    return {"kind": "user", "pk": organisation.colleague.pk}


def the_north(organisation: Organisation) -> dict[str, Any]:
    return {"pk": organisation.north.pk}


def a_playbook(organisation: Organisation) -> dict[str, Any]:
    return {"pk": Playbook.objects.order_by("key")[0].pk}


def a_version(organisation: Organisation) -> dict[str, Any]:
    return {"pk": PlaybookVersion.objects.order_by("pk")[0].pk}


def a_run(organisation: Organisation) -> Run:
    """Of a playbook on the north's unshared deal."""
    case = folding.begin(organisation.unshared)
    confirm(organisation.manager, case)
    return start_run(organisation.manager, case, Playbook.objects.order_by("key")[0])


def a_task(organisation: Organisation) -> dict[str, Any]:
    return {"pk": a_run(organisation).tasks.all()[0].pk}


def of_playbooks(status: int = 302, **options: Any) -> Place:
    """A page or form for who configures playbooks."""
    return Place(status, **{"arguments": a_playbook, **options}, see=SEES_ALL, unseen=403)


def for_administrators(status: int = 200, **options: Any) -> Place:
    """A page of the settings that others are refused."""
    return Place(status, see=("administrator",), unseen=403, **options)


PLACES: dict[str, Place] = {
    "home": Place(302),
    "health": Place(anonymous=200),
    "playbooks:list": Place(),
    "playbooks:add": of_playbooks(404, arguments=nothing, method="post"),
    "playbooks:effects": of_playbooks(302, arguments=nothing, method="post"),
    "playbooks:book": Place(arguments=a_playbook),
    "playbooks:edit": of_playbooks(200),
    "playbooks:preview": of_playbooks(200, method="post"),
    "playbooks:change": of_playbooks(method="post"),
    "playbooks:restore": of_playbooks(arguments=a_version, method="post"),
    "playbooks:tasks": Place(),
    "playbooks:start": of_a_case(
        arguments=lambda o: {**a_case(o), "playbook": a_playbook(o)["pk"]}
    ),
    "playbooks:stop": of_a_case(arguments=lambda o: {"pk": a_run(o).pk}),
    "playbooks:task_complete": of_a_case(arguments=a_task),
    "playbooks:task_skip": of_a_case(arguments=a_task),
    "playbooks:task_reopen": of_a_case(arguments=a_task),
    "playbooks:task_reassign": of_a_case(arguments=a_task),
    "playbooks:task_ask": of_a_case(arguments=a_task),
    "playbooks:task_approve": of_a_case(arguments=a_task),
    "playbooks:task_refuse": of_a_case(arguments=a_task),
    "deals:list": Place(),
    "deals:detail": of_the_north(),
    "deals:board": Place(),
    "deals:new": Place(),
    "deals:new_customers": Place(),
    "deals:column": Place(arguments=lambda o: {"pk": o.own.stage_id}),
    "deals:chart": of_the_north(),
    "deals:drop": of_the_north(method="post", status=422),
    "deals:log": of_the_north(),
    "deals:plan": of_the_north(),
    "deals:move": of_the_north(),
    "deals:amount": of_the_north(),
    "deals:close_date": of_the_north(),
    "deals:owner": of_the_north(),
    "deals:edit": of_the_north(),
    "deals:end": of_the_north(),
    "interruptions:list": Place(),
    "interruptions:count": Place(),
    "interruptions:all": Place(),
    "interruptions:board": Place(),
    "interruptions:quality": Place(),
    "interruptions:thresholds": Place(see=SEES_ALL, unseen=403),
    "interruptions:open": of_the_north(),
    "interruptions:detail": Place(arguments=a_case, see=THE_NORTH),
    "interruptions:confirm": Place(arguments=a_case, see=THE_NORTH),
    "interruptions:dismiss": Place(arguments=a_case, see=THE_NORTH),
    "interruptions:reopen": Place(302, arguments=a_case, see=THE_NORTH, method="post"),
    "today:list": Place(),
    "today:card": of_the_north(),
    "team:show": Place(see=LEADERS, unseen=403),
    "customers:list": Place(),
    "customers:add": Place(),
    "customers:detail": Place(arguments=their_customer, see=THE_NORTH),
    "customers:edit": Place(arguments=their_customer, see=THE_NORTH),
    "customers:contact_add": Place(arguments=their_customer, see=THE_NORTH),
    "customers:contact": Place(arguments=their_contact, see=THE_NORTH),
    "customers:contact_left": Place(302, their_contact, THE_NORTH, method="post"),
    "customers:contact_remove": Place(302, their_contact, THE_NORTH, method="post"),
    "interruptions:chart": of_a_case(),
    "interruptions:finding": of_a_case(arguments=lambda o: {**a_case(o), "question": "changed"}),
    "interruptions:withdraw": of_a_case(arguments=a_link),
    "interruptions:causes": of_a_case(),
    "interruptions:ask": of_a_case(),
    "interruptions:respond": of_a_case(),
    "interruptions:explain": of_a_case(),
    "interruptions:needs": of_a_case(),
    "interruptions:stands": of_a_case(),
    "interruptions:resume": of_a_case(),
    "followup:email": of_a_case(),
    "followup:letter": of_a_case(),
    "followup:call": of_a_case(),
    "followup:panel": of_a_case(status=302),
    "followup:show": of_a_case(arguments=a_mail),
    "followup:print": of_a_case(arguments=a_mail),
    "followup:send": of_a_case(arguments=a_mail, status=422, method="post"),
    "followup:sent": of_a_case(arguments=a_mail, status=302, method="post"),
    "followup:discard": of_a_case(arguments=a_mail, status=302, method="post"),
    "rooms:timeline": of_a_case(),
    "rooms:comment": of_a_case(method="post", status=302, data={"text": "確認します"}),
    "rooms:people": of_a_case(),
    "rooms:watch": of_a_case(method="post", status=302, data={"wanted": "1"}),
    "rooms:ask": of_a_case(),
    "rooms:decision": of_a_case(arguments=a_comment, method="post", status=302),
    "rooms:correct": of_a_case(arguments=a_comment, status=403),
    "rooms:file": of_a_case(arguments=a_file),
    "rooms:file_remove": of_a_case(arguments=a_file, method="post", status=302),
    "rooms:notices": Place(),
    "rooms:count": Place(),
    "rooms:read_all": Place(302, method="post"),
    "rooms:notice": Place(302, a_notice, ("manager",), method="post"),
    "rooms:advice": Place(arguments=some_advice, see=("manager",)),
    "knowledge:list": Place(),
    "knowledge:lesson": Place(arguments=a_lesson),
    "knowledge:improvements": Place(),
    "knowledge:improvement": Place(arguments=an_improvement, see=THE_NORTH),
    "knowledge:due": Place(),
    "knowledge:count": Place(),
    "knowledge:review": of_a_case(),
    "knowledge:sheet": of_a_case(arguments=lambda o: {**a_case(o), "name": "lesson"}),
    "knowledge:item": Place(arguments=a_why, see=THE_NORTH),
    "customer:form": Place(arguments=a_form, anonymous=200),
    "imports:list": Place(see=SEES_ALL, unseen=403),
    "imports:show": Place(arguments=an_import, see=SEES_ALL, unseen=403),
    "imports:columns": Place(arguments=an_import, see=SEES_ALL, unseen=403),
    "imports:sheet": Place(302, an_import, SEES_ALL, unseen=403, method="post"),
    "imports:status": Place(arguments=an_import, see=SEES_ALL, unseen=403),
    "imports:problems": Place(arguments=an_import, see=SEES_ALL, unseen=403),
    "imports:rejects": Place(arguments=an_import, see=SEES_ALL, unseen=403),
    "imports:start": Place(302, arguments=an_import, see=SEES_ALL, unseen=403, method="post"),
    "imports:cancel": Place(302, arguments=an_import, see=SEES_ALL, unseen=403, method="post"),
    "imports:undo": Place(302, arguments=an_import, see=SEES_ALL, unseen=403, method="post"),
    "exports:list": Place(),
    "exports:new": Place(arguments=lambda _: {"name": "deals"}),
    "exports:log": Place(302, method="post"),
    "exports:archive": for_administrators(302, method="post"),
    "exports:show": Place(arguments=an_export, see=("manager",)),
    "exports:status": Place(arguments=an_export, see=("manager",)),
    "exports:file": Place(arguments=an_export, see=("manager",)),
    "scoring:model": Place(see=SEES_ALL, unseen=403),
    "scoring:run": Place(see=SEES_ALL, unseen=403),
    "scoring:fit": Place(302, see=SEES_ALL, unseen=403, method="post"),
    "scoring:stop": Place(302, see=SEES_ALL, unseen=403, method="post", arguments=waiting_fit),
    "scoring:chart": Place(see=SEES_ALL, unseen=403),
    "scoring:version": Place(see=SEES_ALL, unseen=403, arguments=a_model),
    "scoring:use": Place(302, see=SEES_ALL, unseen=403, method="post", arguments=a_model),
    "scoring:note": Place(302, see=SEES_ALL, unseen=403, method="post", arguments=a_finding),
    "webhooks:list": of_webhooks(arguments=nothing),
    "webhooks:add": of_webhooks(arguments=nothing),
    "webhooks:show": of_webhooks(),
    "webhooks:message": of_webhooks(arguments=a_message),
    "webhooks:message_again": of_webhooks(302, arguments=a_message, method="post"),
    "webhooks:secret": of_webhooks(method="post"),
    **{
        f"webhooks:{name}": of_webhooks(302, method="post")
        for name in ("pause", "resume", "rotate", "ping", "again", "remove")
    },
    "settings:show": Place(),
    "settings:profile": Place(),
    "settings:people": for_administrators(),
    "settings:person_add": for_administrators(),
    "settings:person": for_administrators(arguments=a_colleague),
    "settings:person_link": for_administrators(302, arguments=a_colleague, method="post"),
    "settings:person_leave": for_administrators(arguments=a_colleague),
    "settings:person_return": for_administrators(302, arguments=a_colleague, method="post"),
    "settings:teams": for_administrators(),
    "settings:team": for_administrators(arguments=the_north),
    "settings:team_remove": for_administrators(302, arguments=the_north, method="post"),
    "settings:targets": Place(see=LEADERS, unseen=403),
    "settings:privacy": for_administrators(),
    "settings:privacy_held": for_administrators(arguments=a_subject),
    "settings:privacy_counts": for_administrators(arguments=a_subject),
    "settings:privacy_export": for_administrators(arguments=a_subject, method="post"),
    "settings:processes": Place(see=SEES_ALL, unseen=403),
    "settings:process": Place(arguments=the_process, see=SEES_ALL, unseen=403),
    "settings:process_change": Place(
        302, arguments=the_process, see=SEES_ALL, unseen=403, method="post"
    ),
    "settings:stage_order": Place(
        422, arguments=the_process, see=SEES_ALL, unseen=403, method="post"
    ),
    "settings:stage": Place(
        302, arguments=lambda o: {"pk": o.own.stage_id}, see=SEES_ALL, unseen=403, method="post"
    ),
    "settings:tokens": Place(),
    "settings:token_add": Place(),
    "settings:token_revoke": Place(302, a_token, ("manager",), method="post"),
    "settings:apps": for_administrators(),
    "settings:app_remove": for_administrators(302, arguments=an_app, method="post"),
    "settings:app_disconnect": Place(302, a_connected_app, ("manager",), method="post"),
    "oauth2_provider:authorize": Place(400),
    "oauth2_provider:token": Place(400, method="post", anonymous=400),
    "oauth2_provider:revoke-token": Place(400, method="post", anonymous=400),
    "oauth2_provider:oauth-server-metadata": Place(anonymous=200),
    "settings:ranks": Place(see=SEES_ALL, unseen=403),
    "settings:ranks_restore": Place(302, see=SEES_ALL, unseen=403, method="post"),
    "people:language": Place(302, method="post", data={"language": "en"}, anonymous="/"),
    "account_login": Place(302, anonymous=200),
    "account_logout": Place(anonymous="/"),
    "account_inactive": Place(anonymous=200),
    "account_signup": Place(302, anonymous=200),
    "account_reauthenticate": Place(),
    "account_change_password": Place(),
    "account_set_password": Place(302),
    "account_reset_password": Place(anonymous=200),
    "account_reset_password_done": Place(anonymous=200),
    "account_reset_password_from_key": Place(
        arguments=lambda _: {"uidb36": "1", "key": "bad-key"}, anonymous=200
    ),
    "account_reset_password_from_key_done": Place(anonymous=200),
}


TODAY = timezone.localdate().isoformat()

POSTED: dict[str, dict[str, str]] = {
    "deals:log": {"what": "call:talked", "once": "walk"},
    "deals:plan": {"on": TODAY},
    "deals:amount": {"amount": "5"},
    "deals:close_date": {"on": TODAY},
    "deals:end": {"outcome": "lost", "reason": "x"},
}
"""What the sheets among the places take; whoever sees the row is sent on, others get 404."""


@pytest.fixture(autouse=True)
def nobody_works(settings: Any) -> None:
    """Tasks wait: a walk is about who may begin them."""
    backend = "django_tasks.backends.dummy.DummyBackend"
    settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": ["default", "scores", "outward"]}}


def names(patterns: list[Any], namespace: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}"


def ask(organisation: Organisation, name: str, who: str | None) -> Any:
    place = PLACES[name]
    client = browser(getattr(organisation, who) if who else None)
    url = reverse(name, kwargs=place.arguments(organisation))
    return getattr(client, place.method)(url, place.data)


def test_every_address_is_walked() -> None:
    found = names(get_resolver().url_patterns)
    assert sorted(name for name in found if not name.startswith("api:")) == sorted(PLACES)


@contextmanager
def afterwards_nothing() -> Iterator[None]:
    """What happens within is undone, so that the next role finds what this one found."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_each_role_sees_its_own_and_nothing_else(organisation: Organisation, name: str) -> None:
    for who in ROLES:
        with afterwards_nothing():
            sees_its_own(organisation, name, who)


def sees_its_own(organisation: Organisation, name: str, who: str) -> None:
    place = PLACES[name]

    answer = ask(organisation, name, who)

    assert answer.status_code == (place.status if who in place.see else place.unseen), who
    hidden = {organisation.unshared.title: "representative", organisation.own.title: "stranger"}
    for title, blind in hidden.items():
        if who == blind:
            assert title not in answer.getvalue().decode()


@pytest.mark.parametrize("who", ROLES)
@pytest.mark.parametrize("name", sorted(POSTED))
def test_each_role_changes_its_own_and_nothing_else(
    organisation: Organisation, name: str, who: str
) -> None:
    url = reverse(name, kwargs=unshared(organisation))
    before = organisation.unshared.events.count()

    answer = browser(getattr(organisation, who)).post(url, POSTED[name])

    assert answer.status_code == (302 if who in PLACES[name].see else 404)
    assert organisation.unshared.events.count() - before == (who in PLACES[name].see)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_nobody_is_let_in_without_a_log_in(organisation: Organisation, name: str) -> None:
    wanted = PLACES[name].anonymous

    answer = ask(organisation, name, None)

    if isinstance(wanted, int):
        assert answer.status_code == wanted
    else:
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(wanted)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_answer_forbids_foreign_and_inline_scripts(
    organisation: Organisation, name: str
) -> None:
    answer = ask(organisation, name, "administrator")

    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    page = answer.getvalue().decode(errors="replace")  # an archive is no text
    assert page.count("<script") == page.count("<script src=")
    assert " style=" not in page
    assert "<style" not in page
