"""What the database says about a deal is what the same records on disk say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest
from django.db.models import Q
from tests.app.scoring.conftest import AT

from tsunagu.analytics import attributes, contracts
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.features import current, fit_features
from tsunagu.analytics.risk import RiskModel
from tsunagu.app.deals.models import Deal
from tsunagu.app.scoring import bridge, lifecycle, runs

pytestmark = pytest.mark.django_db


def on_disk(folder: Path) -> contracts.EventLog:
    """The log with the database's keys instead of its own, as of the same instant."""
    log = open_log(folder)
    keys = dict(Deal.objects.values_list("external_id", "pk"))
    names = ibis.memtable({"deal_id": list(keys), "key": [f"{key:012}" for key in keys.values()]})
    renamed = [
        t.join(names, "deal_id").drop("deal_id").rename(deal_id="key")
        for t in (log.events, log.deals)
    ]
    deals = renamed[1].select(*contracts.DEAL_SCHEMA.names, *sorted(log.attributes))
    return contracts.EventLog(renamed[0], deals, AT, log.time_zone, log.stages)


def rows(table: Any) -> list[dict[str, Any]]:
    return table.order_by("deal_id").to_pyarrow().to_pylist()


def test_horizons_are_those_of_the_analytics() -> None:
    assert bridge.HORIZONS == contracts.HORIZONS_DAYS


def test_features_from_the_database_are_those_from_disk(loaded: Path) -> None:
    disk, database = on_disk(loaded), bridge.whole_log(AT)
    recipe = fit_features(disk)

    assert fit_features(database).to_dict() == recipe.to_dict()
    from_disk = rows(recipe.transform(disk, current(disk)))
    assert rows(recipe.transform(database, current(database))) == from_disk
    assert len(from_disk) > 20


def test_one_deals_log_gives_the_same_features_as_the_whole(loaded: Path) -> None:
    whole = bridge.whole_log(AT)
    recipe = fit_features(whole)
    model = RiskModel(recipe, None, None)  # type: ignore[arg-type]  # only its words are asked
    everything = {r["deal_id"]: r for r in rows(recipe.transform(whole, current(whole)))}

    for deal in Deal.objects.filter(outcome__isnull=True).order_by("pk")[:4]:
        log = bridge.records_of(Q(pk=deal.pk), AT, model).log(AT)
        mine = current(log).filter(ibis._.deal_id == f"{deal.pk:012}")
        assert rows(recipe.transform(log, mine)) == [everything[f"{deal.pk:012}"]]
        assert log.events.count().to_pyarrow().as_py() < whole.events.count().to_pyarrow().as_py()


def test_a_few_deals_are_foreseen_as_all_are(loaded: Path) -> None:
    model = bridge.load(lifecycle.Challenger.fit(AT, runs.silent).fitted().content)
    everything = {f.deal_id: f for f in bridge.foresee(model, Q(), AT)}
    some = list(Deal.objects.filter(outcome__isnull=True).order_by("pk")[:3])
    prepared = bridge.prepare(model, AT - timedelta(days=3))

    found = list(bridge.foresee_few(model, prepared, Q(pk__in=[d.pk for d in some]), AT))

    assert found == [everything[deal.pk] for deal in some]
    assert list(bridge.foresee_few(model, prepared, Q(pk=0), AT)) == []


def test_facts_after_the_instant_are_not_known(loaded: Path) -> None:
    early = AT - timedelta(days=60)
    log = bridge.whole_log(early)
    assert log.events.at.max().to_pyarrow().as_py() <= early
    assert log.deals.created_at.max().to_pyarrow().as_py() <= early


def test_instants_keep_their_zone_and_their_microseconds(organisation: Any) -> None:
    from tsunagu.app.deals.models import Event

    at = datetime(2026, 5, 1, 0, 30, 0, 1, tzinfo=UTC)
    Event.objects.create(deal=organisation.own, at=at, kind="note")
    events = bridge.whole_log(AT).events.to_pyarrow()

    assert events.schema.names == contracts.EVENT_SCHEMA.names
    assert events.schema.types == contracts.EVENT_SCHEMA.types
    assert at in events["at"].to_pylist()
    found = list(zip(events["deal_id"].to_pylist(), events["at"].to_pylist(), strict=True))
    assert len(set(found)) == len(found)


def test_attributes_become_numbers_or_texts_and_the_deals_own_go_first() -> None:
    deals = pa.table(
        {
            "deal_id": ["1", "2"],
            "attributes": ['{"a/b~\\"c": 3, "new": true, "size": "大"}', '{"a/b~\\"c": "三"}'],
            "industry": ["", ""],
            "size": ["小", "小"],
            "region": ["東", ""],
        }
    )
    found = attributes.split(deals)
    assert found.to_pylist() == [
        {"deal_id": "1", 'a/b~"c': "3", "region": "東", "size": "大", "new": 1.0},
        {"deal_id": "2", 'a/b~"c': "三", "region": None, "size": "小", "new": None},
    ]
    assert attributes.Known(("unknown",), ()).split(deals)["unknown"].null_count == 2
