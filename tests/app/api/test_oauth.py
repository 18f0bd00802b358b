"""Apps act for people who let them: the code with PKCE, the renewal, the end."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from oauth2_provider.models import AccessToken, Application, RefreshToken
from tests.app.api.calling import ROOT
from tests.app.conftest import browser
from tests.app.factories import Organisation

from tsunagu.app.people.models import AuditEntry, User

BACK = "https://app.example.jp/back"
VERIFIER = "v" * 64
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def app(organisation: Organisation) -> dict[str, str]:
    """As an administrator registers it."""
    said = {"name": "名刺アプリ", "redirect_uris": BACK, "confidential": "1"}
    made = browser(organisation.administrator).post("/settings/apps/", said)
    return {"client_id": made.context["app"].client_id, "client_secret": made.context["secret"]}


def ask(user: User, app: dict[str, str], **changed: str) -> Any:
    query = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": BACK,
        "scope": "deals:read",
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changed
    return browser(user).get("/oauth/authorize/", query)


def allow(user: User, asked: Any, **said: str) -> dict[str, list[str]]:
    """Answer the consent page; what the app is sent back with."""
    form = {k: v for k, v in asked.context["form"].initial.items() if v is not None}
    answer = browser(user).post("/oauth/authorize/", {**form, **said})
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def tokens_for(app: dict[str, str], code: str, verifier: str = VERIFIER) -> Any:
    said = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    return Client().post("/oauth/token/", {**said, **app, "code_verifier": verifier})


def call(token: str) -> Any:
    return Client().get(f"{ROOT}/deals", headers={"authorization": f"Bearer {token}"})


def test_an_app_sees_what_the_person_sees_within_its_scope(
    organisation: Organisation, app: dict[str, str]
) -> None:
    user = organisation.representative
    asked = ask(user, app)
    assert "名刺アプリ" in asked.content.decode()
    assert "form-action 'self' https://app.example.jp" in asked.headers["Content-Security-Policy"]

    code = allow(user, asked, allow="1")["code"][0]
    got = tokens_for(app, code).json()

    titles = {deal["title"] for deal in call(got["access_token"]).json()["items"]}
    assert titles == {organisation.own.title, organisation.shared.title}
    refused = Client().post(
        f"{ROOT}/deals/{organisation.own.pk}/close",
        {"outcome": "won"},
        content_type="application/json",
        headers={"authorization": f"Bearer {got['access_token']}"},
    )
    assert refused.status_code == 403


def test_an_apps_tokens_are_kept_as_digests(
    organisation: Organisation, app: dict[str, str]
) -> None:
    user = organisation.representative
    got = tokens_for(app, allow(user, ask(user, app), allow="1")["code"][0]).json()

    kept = str([*AccessToken.objects.values(), *RefreshToken.objects.values()])
    assert got["access_token"] not in kept
    assert got["refresh_token"] not in kept
    assert app["client_secret"] not in str(list(Application.objects.values()))


def test_tokens_are_renewed_once(organisation: Organisation, app: dict[str, str]) -> None:
    user = organisation.representative
    got = tokens_for(app, allow(user, ask(user, app), allow="1")["code"][0]).json()
    renewal = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"], **app}

    fresh = Client().post("/oauth/token/", renewal).json()
    again = Client().post("/oauth/token/", renewal)

    assert again.status_code == 400
    assert fresh["access_token"] != got["access_token"]


def test_a_stolen_code_is_worth_nothing_without_its_verifier(
    organisation: Organisation, app: dict[str, str]
) -> None:
    user = organisation.representative
    code = allow(user, ask(user, app), allow="1")["code"][0]

    assert tokens_for(app, code, "w" * 64).status_code == 400


@pytest.mark.parametrize(
    "changed", [{"code_challenge": ""}, {"code_challenge_method": "plain"}, {"scope": "all"}]
)
def test_an_app_that_asks_wrongly_gets_no_code(
    organisation: Organisation, app: dict[str, str], changed: dict[str, str]
) -> None:
    user = organisation.representative
    asked = ask(user, app, **changed)

    if asked.status_code == 200:  # the rest is only seen when the person allows it
        assert allow(user, asked, allow="1").keys() & {"error", "code"} == {"error"}
    else:
        assert "error=" in asked.headers["Location"]


def test_nobody_is_sent_to_an_address_that_is_not_registered(
    organisation: Organisation, app: dict[str, str]
) -> None:
    answer = ask(organisation.representative, app, redirect_uri="https://evil.example/")

    assert answer.status_code == 400
    assert "evil" not in answer.headers["Content-Security-Policy"]


def test_who_does_not_allow_gives_no_code(organisation: Organisation, app: dict[str, str]) -> None:
    user = organisation.representative

    assert allow(user, ask(user, app))["error"] == ["access_denied"]


def test_a_person_disconnects_an_app(organisation: Organisation, app: dict[str, str]) -> None:
    user = organisation.representative
    got = tokens_for(app, allow(user, ask(user, app), allow="1")["code"][0]).json()
    row = Application.objects.get()
    assert "名刺アプリ" in browser(user).get("/settings/tokens/").content.decode()

    browser(user).post(f"/settings/apps/{row.pk}/disconnect/")

    assert call(got["access_token"]).status_code == 401
    assert "名刺アプリ" not in browser(user).get("/settings/tokens/").content.decode()


def test_an_app_that_is_removed_opens_nothing(
    organisation: Organisation, app: dict[str, str]
) -> None:
    user = organisation.representative
    got = tokens_for(app, allow(user, ask(user, app), allow="1")["code"][0]).json()
    row = Application.objects.get()

    browser(organisation.administrator).post(f"/settings/apps/{row.pk}/remove/")

    assert call(got["access_token"]).status_code == 401
    assert AuditEntry.objects.filter(action="remove_app").exists()


@pytest.mark.parametrize("address", ["http://app.example.jp/", "javascript:alert(1)", "https://"])
def test_people_are_sent_to_safe_addresses_only(organisation: Organisation, address: str) -> None:
    said = {"name": "x", "redirect_uris": address, "confidential": "1"}

    answer = browser(organisation.administrator).post("/settings/apps/", said)

    assert answer.status_code == 422
    assert not Application.objects.exists()
