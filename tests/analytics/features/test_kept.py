"""Standing facts and recent events say what the whole history says, to the bit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import ibis
import pyarrow as pa
import pytest
from logs import log_of, random_rows

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features import KeptFacts, current, fit_features
from tsunagu.analytics.features.kept import RECENT

DAY = timedelta(days=1)


def recent(log: EventLog) -> EventLog:
    """What a daily run reads of all deals: few days, and whose they were."""
    events = log.events
    lasting = events.kind.isin(["owner", "outcome"])
    return replace(
        log, events=events.filter(lasting | (events["at"] > log.observed_until - RECENT))
    )


def of_deals(log: EventLog, ids: list[str]) -> EventLog:
    kept = [table.filter(table.deal_id.isin(ids)) for table in (log.events, log.deals)]
    return replace(log, events=kept[0], deals=kept[1])


def in_order(table: ibis.Table) -> pa.Table:
    return table.order_by("deal_id").to_pyarrow()


def changed_between(log: EventLog, first: EventLog, then: EventLog) -> list[str]:
    fresh = log.events.filter(log.events["at"] > first.observed_until)
    fresh = fresh.filter(fresh["at"] <= then.observed_until)
    known = set(first.deals.to_pyarrow()["deal_id"].to_pylist())
    new = set(then.deals.to_pyarrow()["deal_id"].to_pylist()) - known
    return sorted(new | set(fresh.to_pyarrow()["deal_id"].to_pylist()))


@pytest.mark.parametrize("days", [1, 40])
def test_a_later_day_follows_from_what_was_kept_and_what_changed(days: int) -> None:
    log = log_of(*random_rows(11, deals=24), until="2024-05-20")
    first, then = log.until(log.observed_until - days * DAY), log
    recipe = fit_features(log)
    kept = KeptFacts.of(recipe, first, current(first))
    changed = changed_between(log, first, then)
    assert len(changed) > 0
    theirs = of_deals(then, changed)
    kept = kept.replaced(KeptFacts.of(recipe, theirs, current(theirs)))

    found = in_order(kept.transform(recent(then), current(then)))

    assert found.num_rows > len(set(found["deal_id"].to_pylist()) & set(changed)) > 0
    assert found.equals(in_order(recipe.transform(then, current(then))))


def test_features_that_never_move_need_no_events_at_all() -> None:
    log = log_of(*random_rows(4), until="2024-06-01")
    log = log.until(log.observed_until)
    recipe = fit_features(log).select(["days_since_any", "stage", "days_since_created"])
    kept = KeptFacts.of(recipe, log, current(log))
    later = replace(log, observed_until=log.observed_until + 9 * DAY)
    nothing = replace(later, events=log.events.limit(0))

    found = in_order(kept.transform(nothing, current(later).cache()))

    assert found.equals(in_order(recipe.transform(later, current(later))))
