"""How often those whom nobody knows may call, by their address; and pages of other sites."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from tests.app.api.calling import ROOT, Program
from tests.app.conftest import browser
from tests.app.factories import Organisation

SITE = "https://reports.example.jp"
RENEWAL = {"grant_type": "refresh_token", "refresh_token": "guessed", "client_id": "x"}


@pytest.fixture(autouse=True)
def two_a_minute(settings: Any) -> None:
    cache.clear()
    settings.API_ANONYMOUS_CALLS_A_MINUTE = 2


def anonymous(address: str = "192.0.2.1", language: str = "ja", **headers: str) -> Client:
    return Client(REMOTE_ADDR=address, headers={"accept-language": language, **headers})


@pytest.mark.parametrize("path", ["/deals", "/openapi.json", "/nowhere"])
def test_an_address_calls_without_a_token_so_often_only(
    organisation: Organisation, path: str
) -> None:
    caller = anonymous()

    answers = [caller.get(ROOT + path) for _ in range(3)]

    assert [a.headers["RateLimit-Remaining"] for a in answers] == ["1", "0", "0"]
    assert answers[1].status_code != 429
    assert answers[2].status_code == 429
    assert answers[2].headers["Content-Type"] == "application/problem+json"
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60
    assert anonymous("192.0.2.2").get(ROOT + path).status_code != 429


def test_guesses_of_tokens_are_counted(organisation: Organisation) -> None:
    guesses = [
        anonymous(authorization=f"Bearer tsu_{number}").get(f"{ROOT}/deals").status_code
        for number in range(3)
    ]

    assert guesses == [401, 401, 429]


def test_a_wrong_method_is_counted(organisation: Organisation) -> None:
    caller = anonymous()

    assert [caller.delete(f"{ROOT}/me").status_code for _ in range(3)] == [405, 405, 429]


def test_who_has_a_token_does_not_suffer_for_a_neighbour(organisation: Organisation) -> None:
    for _ in range(3):
        Client().get(f"{ROOT}/deals")

    assert Client().get(f"{ROOT}/deals").status_code == 429
    assert Program(organisation.manager).get("/deals").status_code == 200
    assert browser(organisation.manager).get(f"{ROOT}/deals").status_code == 200


@pytest.mark.parametrize("path", ["/oauth/token/", "/oauth/revoke_token/"])
def test_apps_ask_for_tokens_so_often_only(organisation: Organisation, path: str) -> None:
    answers = [anonymous(language="en").post(path, RENEWAL) for _ in range(3)]

    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert answers[2].headers["Content-Type"] == "application/problem+json"
    assert answers[2].json()["title"] == "Too many calls"
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("language", "title"), [("ja", "呼び出しが多すぎます"), ("en", "Too many calls")]
)
def test_the_limit_is_told_in_the_callers_language(
    organisation: Organisation, language: str, title: str
) -> None:
    caller = anonymous(language=language)

    refused = [caller.get(f"{ROOT}/deals") for _ in range(3)][-1]

    assert refused.json()["title"] == title
    assert refused.headers["Content-Language"] == language


def test_a_network_of_ipv6_is_one_address(organisation: Organisation) -> None:
    """Whoever has one such address has as many as they like."""
    calls = [anonymous(f"2001:db8::{number}").get(f"{ROOT}/deals") for number in range(3)]

    assert calls[-1].status_code == 429


def test_an_address_is_that_behind_the_proxy(organisation: Organisation, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    path = f"{ROOT}/deals"

    seen = [
        anonymous(**{"x-forwarded-for": f"198.51.100.{number}"}).get(path).status_code
        for number in range(3)
    ]
    forged = [
        anonymous(**{"x-forwarded-for": f"203.0.113.{number}, 198.51.100.9"}).get(path).status_code
        for number in range(3)
    ]

    assert seen == [401, 401, 401]
    assert forged == [401, 401, 429]


def preflight(origin: str, path: str = f"{ROOT}/deals") -> Any:
    asked = {
        "origin": origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization,if-match",
    }
    return Client().options(path, headers=asked)


def test_no_other_site_may_call_by_itself(organisation: Organisation) -> None:
    program = Program(organisation.manager)

    for answer in (preflight(SITE), program.get("/deals", origin=SITE)):
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_allowed_site_may_call_with_a_token(organisation: Organisation, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [SITE]

    asked = preflight(SITE)
    answer = Program(organisation.manager).get("/deals", origin=SITE)

    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == SITE
    assert "PATCH" in asked.headers["Access-Control-Allow-Methods"]
    assert {"authorization", "if-match", "idempotency-key"} <= set(
        asked.headers["Access-Control-Allow-Headers"].split(", ")
    )
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"].title()


def test_a_refusal_can_be_read_by_an_allowed_site(
    organisation: Organisation, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [SITE]

    refused = [Client().get(f"{ROOT}/deals", headers={"origin": SITE}) for _ in range(3)][-1]

    assert refused.status_code == 429
    assert refused.headers["Access-Control-Allow-Origin"] == SITE


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://reports.example.jp",
        "https://reports.example.jp:8443",
        "https://reports.example.jp.evil.example",
        "null",
    ],
)
def test_sites_that_are_not_named_may_not(
    organisation: Organisation, settings: Any, origin: str
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [SITE]

    assert "Access-Control-Allow-Origin" not in preflight(origin).headers


@pytest.mark.parametrize("path", ["/", "/deals/", "/oauth/token/", "/exports/"])
def test_no_page_but_the_api_is_open_to_other_sites(
    organisation: Organisation, settings: Any, path: str
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [SITE]

    assert "Access-Control-Allow-Origin" not in preflight(SITE, path).headers


def test_an_allowed_site_never_acts_by_the_readers_cookies(
    organisation: Organisation, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [SITE]
    client = browser(organisation.manager)

    read = client.get(f"{ROOT}/deals", headers={"origin": SITE})
    written = Client(enforce_csrf_checks=True, headers={"origin": SITE})
    written.cookies = client.cookies
    refused = written.patch(
        f"{ROOT}/deals/{organisation.unshared.pk}", "{}", content_type="application/json"
    )

    for answer in (preflight(SITE), read):
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert refused.status_code == 403
