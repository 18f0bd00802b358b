"""What a snapshot says must not depend on anything that happened after it, nor on row order."""

from __future__ import annotations

import random
from datetime import timedelta

import ibis
import pytest
from logs import at, log_of, random_rows, rows_of

from tsunagu.analytics.features import after_each_event, fit_features, weekly

SEEDS = range(2)


@pytest.mark.parametrize("seed", SEEDS)
def test_features_at_a_time_are_the_same_when_the_later_records_do_not_exist(seed: int) -> None:
    log = log_of(*random_rows(seed), until="2024-09-01")
    fitted = fit_features(log)
    compared = 0
    for days in (40, 75):
        moment = at("2024-01-01") + timedelta(days=days, hours=3)
        known = log.until(moment)
        open_then = weekly(known)
        late = open_then.filter(open_then.at >= moment - timedelta(days=15))
        full, cut = rows_of(fitted.transform(log, late)), rows_of(fitted.transform(known, late))
        assert full == cut
        compared += len(full)
    assert compared > 10


@pytest.mark.parametrize("seed", SEEDS)
def test_features_right_at_an_event_are_the_same_when_the_later_records_do_not_exist(
    seed: int,
) -> None:
    log = log_of(*random_rows(seed), until="2024-09-01")
    fitted = fit_features(log)
    moments = after_each_event(log).order_by("at").to_pyarrow()["at"].to_pylist()
    for moment in moments[len(moments) // 2 :: len(moments) // 4][:2]:
        seen = after_each_event(log).filter(ibis._["at"] == moment)
        assert rows_of(fitted.transform(log, seen)) == rows_of(
            fitted.transform(log.until(moment), seen)
        )


def test_learning_at_a_time_sees_nothing_later() -> None:
    events, deals = random_rows(5)
    moment = at("2024-03-15")
    earlier = [e for e in events if e["at"] <= moment]
    born = [d for d in deals if d["created_at"] <= moment]
    known = fit_features(log_of(events, deals, until="2024-09-01").until(moment))
    assert known == fit_features(log_of(earlier, born, until="2024-03-15"))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_rows_plays_no_part(seed: int) -> None:
    events, deals = random_rows(seed)
    log = log_of(events, deals, until="2024-09-01")
    shuffle = random.Random(seed).shuffle  # noqa: S311
    shuffle(events)
    shuffle(deals)
    shuffled = log_of(events, deals, until="2024-09-01")
    fitted = fit_features(log)
    assert fitted == fit_features(shuffled)
    expected = rows_of(fitted.transform(log, weekly(log)))
    assert rows_of(fitted.transform(shuffled, weekly(shuffled))) == expected
