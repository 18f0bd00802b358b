"""Schemathesis tries the whole schema: whatever is sent, we do not fail, and answer as described.

A few examples for each operation, from a fixed seed, over rows that exist; each example leaves the
database as it found it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import CHECKS, load_all_checks
from tests.app import test_walk as pages
from tests.app.api.calling import Program
from tests.app.factories import BEGAN, Organisation, make_contact, make_import
from tests.app.scores import make_score
from tests.app.test_walk import afterwards_nothing

from tsunagu.app.config.wsgi import application
from tsunagu.app.deals.models import Event
from tsunagu.app.exchange.api import describing, urls
from tsunagu.app.followup.actions import write as write_mail
from tsunagu.app.interruptions import diagnosing, folding
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge import actions as reviews
from tsunagu.app.rooms import actions as rooms
from tsunagu.app.rooms.models import Size

EXAMPLES = 3
NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Calls come through the real door; they must not close the test's own connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def filled(organisation: Organisation) -> None:
    """A row of each noun, most about the north's unshared deal."""
    case = pages.a_run(organisation).case
    rooms.write(organisation.colleague, case, "社内で相談済み")
    own = folding.begin(organisation.own)
    talked_about(organisation, case)
    at = {"at": BEGAN + timedelta(hours=1), "amount": 1}
    Event.objects.create(deal=organisation.unshared, kind="checkpoint", value="予算", **at)
    pages.a_message(organisation)
    make_contact(organisation.unshared.customer)
    make_score(organisation.unshared, 0.4)
    make_import(organisation.operations)
    reviews.say_what_worked(organisation.manager, case, "早めの電話")
    assert own.pk


def talked_about(organisation: Organisation, case: Interruption) -> None:
    """A question form, a letter, a file and advice."""
    asked = diagnosing.ask_customer(organisation.manager, case, "ja")
    diagnosing.take_reply(asked, text="予算の見直し")
    said = {"form": "letter", "contact": None, "language": "ja", "subject": "件名", "body": "本文"}
    write_mail(organisation.manager, case, once="x", **said)
    memo = SimpleUploadedFile("memo.txt", "覚書".encode())
    rooms.write(organisation.colleague, case, "", uploads=[memo])
    question = case.advice.create(by=organisation.colleague, text="x", size=Size.SMALL)
    question.advisers.create(user=organisation.operations)


def checks() -> list[Any]:
    load_all_checks()
    return CHECKS.get_by_names(NAMES)


def operations() -> list[Any]:
    described = describing.describe(urls.api)
    schema = schemathesis.openapi.from_dict(described)
    schema.app = application
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("who", ["operations", "stranger"])
def test_whatever_is_sent(organisation: Organisation, who: str, settings: Any) -> None:
    settings.API_CALLS_A_MINUTE = 1_000_000
    settings.DEALS_CHANGED = settings.DEAL_CHANGED = []
    filled(organisation)
    program = Program(getattr(organisation, who))
    hidden = [organisation.unshared.title, organisation.own.title] if who == "stranger" else []
    for operation in operations():
        _try(operation, program, hidden)


def _try(operation: Any, program: Program, hidden: list[str]) -> None:
    wanted = checks()

    @seed(7)
    @hypothesis_settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def attempt(case: Any) -> None:
        if "pk" in case.path_parameters:  # rows that there are; no guess would find them
            case.path_parameters["pk"] = 1 + case.path_parameters["pk"] % 3
        headers = {"Authorization": f"Bearer {program.text}", "If-Match": "*"}
        with afterwards_nothing():
            response = case.call(headers=headers)
        case.validate_response(response, checks=wanted)
        assert not [title for title in hidden if title in response.text]

    attempt()
