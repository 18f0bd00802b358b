"""What models were before they had a life becomes what they are now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [("scoring", "0004_outside_models")]
LIFE = [("scoring", "0005_model_life")]


def migrated(to: list[Any]) -> Any:
    """The models as they are after these migrations."""
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps


@pytest.fixture(autouse=True)
def forwards_again() -> Iterator[None]:
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_the_active_model_is_the_champion_and_the_others_were_used_earlier() -> None:
    old = migrated(BEFORE).get_model("scoring", "RiskModelVersion").objects
    kept = {"content": b"model", "weight": 0.5, "summary": {"deals": 3}}
    one, other = old.create(**kept, active=False), old.create(**kept, active=True)

    new = migrated(LIFE).get_model("scoring", "RiskModelVersion").objects

    earlier, champion = new.get(pk=one.pk), new.get(pk=other.pk)
    assert (earlier.state, earlier.used_since) == ("retired", None)
    assert (champion.state, champion.used_since) == ("champion", champion.created_at)
    assert bytes(champion.content) == b"model"
    assert champion.summary == {"deals": 3}
    assert champion.card == earlier.verdict == {}

    back = migrated(BEFORE).get_model("scoring", "RiskModelVersion").objects
    assert dict(back.values_list("pk", "active")) == {one.pk: False, other.pk: True}


def test_a_model_that_was_being_compared_when_the_update_came_is_gone_and_no_other() -> None:
    old = migrated(LIFE).get_model("scoring", "RiskModelVersion").objects
    states = ("challenger", "champion", "retired", "rejected")
    made = {s: old.create(content=b"", weight=0.5, state=s).pk for s in states}

    now = migrated([("scoring", "0006_levels_and_next_steps")])

    left = now.get_model("scoring", "RiskModelVersion").objects.values_list("pk", flat=True)
    assert set(left) == {made[s] for s in states[1:]}
