"""One deal's fresh score costs a few queries, whatever else happens in the organisation."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from tsunagu.app.deals import fold
from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.people.models import User
from tsunagu.app.scoring import actions, bridge
from tsunagu.app.scoring.active import active_version, model_of, prepared_of

pytestmark = pytest.mark.django_db


def model() -> Any:
    version = active_version()
    assert version is not None
    return model_of(version)


def hand_over(deal: Deal, to: User) -> None:
    at = timezone.now() - timedelta(days=2)
    Event.objects.create(deal=deal, at=at, kind="owner", value=to.external_id)
    fold.rebuild([deal])


def test_a_score_takes_four_queries_and_its_writing_a_few_more(
    scored: Path, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    version, at = active_version(), timezone.now()
    assert version is not None
    used, prepared = model_of(version), prepared_of(version, at)
    deal = Deal.objects.filter(outcome__isnull=True).order_by("pk")[0]
    with django_assert_num_queries(4):
        found = list(bridge.foresee_few(used, prepared, Q(pk=deal.pk), at))
    assert [f.deal_id for f in found] == [deal.pk]
    with django_assert_max_num_queries(14):
        actions.rescore_deals([deal.pk])


def test_who_handed_a_deal_over_lately_still_had_its_work(scored: Path) -> None:
    mine, *others = Deal.objects.filter(outcome__isnull=True).order_by("pk")
    theirs = next(deal for deal in others if deal.owner_id == mine.owner_id)
    strangers = next(deal for deal in others if deal.owner_id != mine.owner_id)
    third = User.objects.exclude(pk__in=[mine.owner_id, strangers.owner_id]).exclude(deals=None)[0]
    for deal in (theirs, strangers):
        hand_over(deal, third)

    found = bridge.records_of(Q(pk=mine.pk), timezone.now(), model()).deals["deal_id"].to_pylist()

    assert {f"{mine.pk:012}", f"{theirs.pk:012}"} <= {*found}
    assert f"{strangers.pk:012}" not in found


@pytest.mark.skipif(connection.vendor != "sqlite", reason="asks how SQLite would do it")
def test_takeovers_are_found_without_reading_all_facts(db: None) -> None:
    lately = Event.objects.filter(bridge.TAKEN_OVER, at__gte=timezone.now()).order_by()
    assert "USING INDEX event_owner (at>?)" in lately.explain()
    by_name = Event.objects.filter(bridge.TAKEN_OVER, value__in=["u1"]).order_by().values("deal")
    assert "event_taker (value=?)" in by_name.explain()
