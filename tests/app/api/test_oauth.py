"""Apps act for people who let them: the code with PKCE, the renewal, the end."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken
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


def let_in(user: User, app: dict[str, str], **asked: str) -> dict[str, Any]:
    """All the way, to the app's tokens."""
    code = allow(user, ask(user, app, **asked), allow="1")["code"][0]
    got: dict[str, Any] = tokens_for(app, code).json()
    return got


def renewed(app: dict[str, str], token: str, **changed: str) -> Any:
    said = {"grant_type": "refresh_token", "refresh_token": token, **app, **changed}
    return Client().post("/oauth/token/", said)


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


def test_an_access_token_ends_after_its_hour(
    organisation: Organisation, app: dict[str, str]
) -> None:
    got = let_in(organisation.representative, app)
    assert got["expires_in"] == 3_600
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))

    assert call(got["access_token"]).status_code == 401
    assert call(renewed(app, got["refresh_token"]).json()["access_token"]).status_code == 200


def test_a_refresh_token_ends_90_days_after_its_access_token(
    organisation: Organisation, app: dict[str, str]
) -> None:
    got = let_in(organisation.representative, app)
    AccessToken.objects.update(expires=timezone.now() - timedelta(days=90, seconds=1))

    assert renewed(app, got["refresh_token"]).json() == {"error": "invalid_grant"}


def test_a_code_ends_after_a_minute(organisation: Organisation, app: dict[str, str]) -> None:
    user = organisation.representative
    code = allow(user, ask(user, app), allow="1")["code"][0]
    Grant.objects.update(expires=timezone.now() - timedelta(seconds=1))

    assert tokens_for(app, code).status_code == 400


def test_a_code_is_worth_something_once(organisation: Organisation, app: dict[str, str]) -> None:
    user = organisation.representative
    code = allow(user, ask(user, app), allow="1")["code"][0]
    tokens_for(app, code)

    assert tokens_for(app, code).status_code == 400


@pytest.mark.parametrize("given_back", ["access_token", "refresh_token"])
def test_an_app_gives_its_tokens_back(
    organisation: Organisation, app: dict[str, str], given_back: str
) -> None:
    got = let_in(organisation.representative, app)

    Client().post("/oauth/revoke_token/", {"token": got[given_back], **app})

    assert call(got["access_token"]).status_code == 401
    assert renewed(app, got["refresh_token"]).status_code == 400


def test_no_app_gives_back_the_tokens_of_another(
    organisation: Organisation, app: dict[str, str]
) -> None:
    got = let_in(organisation.representative, app)
    said = {"name": "別のアプリ", "redirect_uris": BACK, "confidential": "1"}
    made = browser(organisation.administrator).post("/settings/apps/", said)
    other = {"client_id": made.context["app"].client_id, "client_secret": made.context["secret"]}

    Client().post("/oauth/revoke_token/", {"token": got["access_token"], **other})

    assert call(got["access_token"]).status_code == 200
    assert renewed(other, got["refresh_token"]).status_code == 400


def test_a_refresh_token_that_is_used_again_ends_all_that_came_of_it(
    organisation: Organisation, app: dict[str, str]
) -> None:
    """Somebody else has it too."""
    got = let_in(organisation.representative, app)
    fresh = renewed(app, got["refresh_token"]).json()

    renewed(app, got["refresh_token"])

    assert call(fresh["access_token"]).status_code == 401
    assert renewed(app, fresh["refresh_token"]).status_code == 400


def test_an_app_reads_only_what_its_person_allowed(
    organisation: Organisation, app: dict[str, str]
) -> None:
    got = let_in(organisation.representative, app)

    refused = Client().get(
        f"{ROOT}/customers", headers={"authorization": f"Bearer {got['access_token']}"}
    )

    assert refused.status_code == 403
    assert 'scope="customers:read"' in refused.headers["WWW-Authenticate"]


def test_an_app_does_not_renew_itself_into_more(
    organisation: Organisation, app: dict[str, str]
) -> None:
    got = let_in(organisation.representative, app)

    more = renewed(app, got["refresh_token"], scope="deals:read customers:write")

    assert more.json()["error"] == "invalid_scope"


def test_an_app_of_somebody_who_left_opens_nothing(
    organisation: Organisation, app: dict[str, str]
) -> None:
    got = let_in(organisation.representative, app)
    User.objects.filter(pk=organisation.representative.pk).update(is_active=False)

    assert call(got["access_token"]).status_code == 401
    fresh = renewed(app, got["refresh_token"])
    assert fresh.status_code == 400 or call(fresh.json()["access_token"]).status_code == 401


def test_an_app_that_was_disconnected_does_not_renew_itself(
    organisation: Organisation, app: dict[str, str]
) -> None:
    user = organisation.representative
    got = let_in(user, app)

    browser(user).post(f"/settings/apps/{Application.objects.get().pk}/disconnect/")

    assert renewed(app, got["refresh_token"]).status_code == 400


@pytest.mark.parametrize("address", ["http://app.example.jp/", "javascript:alert(1)", "https://"])
def test_people_are_sent_to_safe_addresses_only(organisation: Organisation, address: str) -> None:
    said = {"name": "x", "redirect_uris": address, "confidential": "1"}

    answer = browser(organisation.administrator).post("/settings/apps/", said)

    assert answer.status_code == 422
    assert not Application.objects.exists()
