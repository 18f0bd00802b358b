"""On-commit work runs at once, as it does outside of tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.app.factories import make_user

from tsunagu.app.people.models import Role, User


@pytest.fixture(autouse=True)
def _at_once(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    settings.DEALS_CHANGED = settings.DEAL_CHANGED = []  # scores are another test's matter
    monkeypatch.setattr("tsunagu.app.exchange.actions.transaction.on_commit", lambda call: call())
    return


@pytest.fixture
def user() -> User:
    return make_user(Role.OPERATIONS, name="業務 太郎")
