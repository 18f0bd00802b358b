"""Tokens: shown once, kept as digests, for a time, within scopes, at a pace; and the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from tests.app.api.calling import ROOT, Program
from tests.app.conftest import browser
from tests.app.factories import Organisation

from tsunagu.app.exchange.api import tokens
from tsunagu.app.exchange.api.models import ApiToken
from tsunagu.app.people.models import AuditEntry


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def test_a_token_opens_what_its_person_may_see(organisation: Organisation) -> None:
    program = Program(organisation.representative)

    titles = {deal["title"] for deal in program.get("/deals").json()["items"]}

    assert titles == {organisation.own.title, organisation.shared.title}


def test_only_a_digest_of_a_token_is_kept(organisation: Organisation) -> None:
    program = Program(organisation.representative)

    row = ApiToken.objects.values().get(pk=program.token.pk)

    assert program.text.startswith("tsu_")
    assert program.text not in str(row)
    assert program.text not in str(list(AuditEntry.objects.values_list("after", flat=True)))


@pytest.mark.parametrize("text", ["", "tsu_", "tsu_wrong", "wrong"])
def test_a_wrong_token_is_refused_in_the_callers_language(
    organisation: Organisation, text: str
) -> None:
    answer = Client().get(
        f"{ROOT}/deals", headers={"authorization": f"Bearer {text}", "accept-language": "en"}
    )

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["title"] == "Who calls is not known"


def test_an_expired_token_opens_nothing(organisation: Organisation) -> None:
    program = Program(organisation.representative)
    ApiToken.objects.update(expires_at=timezone.now())

    assert program.get("/deals").status_code == 401


def test_a_revoked_token_opens_nothing(organisation: Organisation) -> None:
    program = Program(organisation.representative)

    tokens.revoke_token(organisation.representative, program.token)

    assert program.get("/deals").status_code == 401
    assert AuditEntry.objects.filter(action="revoke_token").count() == 1


def test_the_token_of_somebody_who_left_opens_nothing(organisation: Organisation) -> None:
    program = Program(organisation.representative)
    organisation.representative.is_active = False
    organisation.representative.save()

    assert program.get("/deals").status_code == 401


def test_use_is_noted(organisation: Organisation) -> None:
    program = Program(organisation.representative)

    program.get("/deals")

    program.token.refresh_from_db()
    assert program.token.last_used_at is not None


@pytest.mark.parametrize(
    ("scopes", "read", "write"),
    [
        (["deals:read"], 200, 403),
        (["deals:write"], 200, 200),
        (["customers:write", "cases:write"], 403, 403),
    ],
)
def test_scopes_say_what_a_token_may_do(
    organisation: Organisation, scopes: list[str], read: int, write: int
) -> None:
    program = Program(organisation.representative, only=scopes)
    deal = f"/deals/{organisation.own.pk}"

    assert program.get(deal).status_code == read
    answer = program.patch(deal, {"title": "別名"}, **{"if-match": "*"})
    assert answer.status_code == write
    if write == 403:
        assert 'scope="deals:write"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("scopes", "days"), [([], 30), (["deals:all"], 30), (["deals:read"], 400), (["deals:read"], -1)]
)
def test_a_token_that_cannot_be_is_refused(
    organisation: Organisation, scopes: list[str], days: int
) -> None:
    until = timezone.now() + timedelta(days=days)

    with pytest.raises(ValidationError):
        tokens.create_token(organisation.own.owner, name="x", scopes=scopes, expires_at=until)


def test_calls_are_counted_for_each_token(organisation: Organisation, settings: Any) -> None:
    settings.API_CALLS_A_MINUTE = 2
    program, other = Program(organisation.manager), Program(organisation.manager)

    left = [program.get("/me").headers["RateLimit-Remaining"] for _ in range(2)]
    refused = program.get("/me")

    assert left == ["1", "0"]
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert other.get("/me").status_code == 200


def test_a_change_is_audited_with_its_token(organisation: Organisation) -> None:
    program = Program(organisation.manager)

    program.patch(f"/deals/{organisation.unshared.pk}", {"title": "別名"}, **{"if-match": "*"})

    entries = AuditEntry.objects.filter(actor=organisation.manager)
    edit, call = entries.get(action="edit_deal"), entries.get(action="api_call")
    assert edit.through == call.through == f"api.apitoken {program.token.pk}: 試験"
    assert call.after["path"] == f"{ROOT}/deals/{organisation.unshared.pk}"


def test_a_change_on_a_page_is_audited_without_a_token(organisation: Organisation) -> None:
    Program(organisation.manager).get("/me")
    browser(organisation.manager).post(
        f"/deals/{organisation.unshared.pk}/edit/", {"title": "別名", "shared": ""}
    )

    assert AuditEntry.objects.get(action="edit_deal").through is None


def test_a_browser_needs_the_token_against_forgery(organisation: Organisation) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(organisation.manager, "allauth.account.auth_backends.AuthenticationBackend")
    url = f"{ROOT}/deals/{organisation.unshared.pk}/close"
    said = {"outcome": "won"}

    assert client.get(f"{ROOT}/deals").status_code == 200
    assert client.post(url, said, content_type="application/json").status_code == 403

    client.get("/settings/tokens/add/")
    csrf = client.cookies["csrftoken"].value
    answer = client.post(url, said, content_type="application/json", headers={"x-csrftoken": csrf})
    assert answer.status_code == 200


def test_a_token_is_made_on_its_page_and_shown_once(organisation: Organisation) -> None:
    client = browser(organisation.representative)
    said = {"name": "夜間の出力", "days": "30", "deals": "write", "customers": "read"}

    made = client.post("/settings/tokens/add/", said)

    token = ApiToken.objects.get()
    assert token.scopes == ["customers:read", "deals:write"]
    assert made.headers["Cache-Control"] == "no-store"
    text = made.context["text"]
    assert text in made.content.decode()
    listed = client.get("/settings/tokens/").content.decode()
    assert "夜間の出力" in listed
    assert text not in listed


def test_a_token_that_may_nothing_is_not_made(organisation: Organisation) -> None:
    answer = browser(organisation.manager).post(
        "/settings/tokens/add/", {"name": "x", "days": "30"}
    )

    assert answer.status_code == 422
    assert "トークンにできることを選んでください。" in answer.content.decode()


def test_nobody_revokes_the_token_of_another(organisation: Organisation) -> None:
    token = Program(organisation.representative).token

    answer = browser(organisation.administrator).post(f"/settings/tokens/{token.pk}/revoke/")

    assert answer.status_code == 404
    token.refresh_from_db()
    assert token.is_valid
