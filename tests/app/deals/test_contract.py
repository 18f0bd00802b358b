"""The application mirrors the analytics' words; it may not import them, so a test compares."""

from __future__ import annotations

from tsunagu.analytics import contracts
from tsunagu.app.deals.models import CONTACT_KINDS, Direction, Event, Kind, Outcome


def test_the_words_are_those_of_the_contract() -> None:
    assert set(Kind.values) == {kind.value for kind in contracts.Kind}
    assert set(Outcome.values) == {outcome.value for outcome in contracts.Outcome}
    assert set(Direction.values) == set(contracts.DIRECTIONS)
    assert {k.value for k in CONTACT_KINDS} == {k.value for k in contracts.CONTACT_KINDS}


def test_an_event_has_the_columns_of_the_contract() -> None:
    columns = {f.attname for f in Event._meta.concrete_fields}

    assert set(contracts.EVENT_SCHEMA.names) <= columns
