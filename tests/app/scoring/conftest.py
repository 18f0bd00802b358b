"""A small simulated organisation in the database, and beside it the same on disk."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tsunagu.analytics.simulation import simulate
from tsunagu.app.demo.loading import load

DEALS = 150
AT = datetime(2026, 10, 1, tzinfo=UTC)
"""After the simulated organisation's last fact."""


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scoring") / "log"
    simulate(folder, deals=DEALS, seed=5, end=date(2026, 9, 30))
    return folder


def people(numbers: list[int]) -> list[str]:
    return [f"営業{number}" for number in numbers]


@pytest.fixture(scope="module")
def loaded(simulated: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Any:
    """The organisation in the database for a whole module, taken back at its end."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        load(simulated, people, AT)
        yield simulated
        transaction.set_rollback(True)


NOBODY_WORKS = {
    "default": {
        "BACKEND": "django_tasks.backends.dummy.DummyBackend",
        "QUEUES": ["default", "scores", "outward"],
    }
}


@pytest.fixture(autouse=True)
def nobody_works(settings: Any) -> None:
    settings.TASKS = NOBODY_WORKS


@pytest.fixture(scope="module")
def scored(loaded: Path, django_db_blocker: Any) -> Path:
    """Every open deal has a score."""
    from tsunagu.app.scoring import actions, registry

    with django_db_blocker.unblock(), override_settings(TASKS=NOBODY_WORKS):
        registry.first()
        actions.rescore_all()
    return loaded
