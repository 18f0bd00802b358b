"""The page for operations: what is in use and why, what drifts, and the way back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation

from tsunagu.app.scoring.active import active_version
from tsunagu.app.scoring.models import DriftFinding, DriftKind, RiskModelVersion, State

pytestmark = pytest.mark.django_db

SUMMARY = {
    "deals": 10,
    "outcomes": {},
    "statement": "History.",
    "statement_ja": "履歴。",
    "seed": 7,
    "observed_until": "2026-11-01T00:00:00+00:00",
}
WORSE = {
    "promoted": False,
    "reason": "worse",
    "difference": {"value": 0.123, "low": 0.1, "high": 0.2},
    "break_offs": 44,
}


def make(state: str, **more: Any) -> RiskModelVersion:
    return RiskModelVersion.objects.create(
        content=b"", weight=0.5, state=state, summary=SUMMARY, **more
    )


def opened(organisation: Organisation, name: str, *arguments: Any) -> str:
    answer = browser(organisation.operations).get(reverse(name, args=arguments))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_without_a_model_the_page_says_so(organisation: Organisation) -> None:
    assert reverse("scoring:fit") in opened(organisation, "scoring:model")
    answer = browser(organisation.operations).get(reverse("scoring:chart"))
    assert set(answer.json().values()) == {None}


def test_every_version_stands_with_its_state_and_reason(organisation: Organisation) -> None:
    make(State.CHAMPION)
    rejected = make(State.REJECTED, verdict=WORSE, fingerprint="abc123")
    page = opened(organisation, "scoring:model")
    assert "12.3%" in page
    assert reverse("scoring:version", args=[rejected.pk]) in page
    alone = opened(organisation, "scoring:version", rejected.pk)
    assert "abc123" in alone
    assert reverse("scoring:use", args=[rejected.pk]) not in alone


def test_an_earlier_version_is_taken_back_and_a_rejected_one_is_not(
    organisation: Organisation, settings: Any
) -> None:
    backend = "django_tasks.backends.dummy.DummyBackend"
    settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": ["default", "scores"]}}
    make(State.CHAMPION)
    earlier, rejected = make(State.RETIRED), make(State.REJECTED)
    assert reverse("scoring:use", args=[earlier.pk]) in opened(
        organisation, "scoring:version", earlier.pk
    )
    operations = browser(organisation.operations)
    operations.post(reverse("scoring:use", args=[rejected.pk]))
    assert active_version() not in (earlier, rejected)
    operations.post(reverse("scoring:use", args=[earlier.pk]))
    assert active_version() == earlier


def test_a_version_whose_file_was_removed_says_so_and_offers_no_way_back(
    organisation: Organisation, settings: Any
) -> None:
    make(State.CHAMPION)
    gone = make(State.RETIRED, verdict=WORSE, pruned_at=timezone.now())
    page = opened(organisation, "scoring:version", gone.pk)
    assert "再び使うことも" in page
    assert reverse("scoring:use", args=[gone.pk]) not in page
    assert "12.3%" in page
    browser(organisation.operations).post(reverse("scoring:use", args=[gone.pk]))
    assert active_version() != gone


def test_what_drifts_calls_until_somebody_takes_note(organisation: Organisation) -> None:
    make(State.CHAMPION)
    finding = DriftFinding.objects.create(
        kind=DriftKind.VOLUME, subject="events", since=timezone.now(), reading={"value": 0.25}
    )
    page = opened(organisation, "scoring:model")
    assert "0.25" in page
    assert "drift alert" in page
    browser(organisation.operations).post(reverse("scoring:note", args=[finding.pk]))
    page = opened(organisation, "scoring:model")
    assert "drift alert" not in page
    assert "0.25" in page


def test_a_long_life_is_paged_with_as_many_queries_as_a_short_one(
    organisation: Organisation,
) -> None:
    make(State.CHAMPION)
    client, address = browser(organisation.operations), reverse("scoring:model")
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for night in range(60):
        made = make(State.REJECTED, verdict=WORSE)
        RiskModelVersion.objects.filter(pk=made.pk).update(
            created_at=timezone.now() - timedelta(days=night)
        )
    with CaptureQueriesContext(connection) as many:
        page = client.get(address).content.decode()
    assert len(many) <= len(few)
    assert page.count("data-row") == 20
    assert all('"content"' not in query["sql"] for query in many.captured_queries)
