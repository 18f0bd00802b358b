"""The simulated log keeps the event log's contract."""

from __future__ import annotations

import jpholiday
import pandas as pd
import pyarrow.parquet as pq

from tsunagu.analytics.contracts import (
    BOUNCED,
    DEAL_SCHEMA,
    DIRECTIONS,
    EVENT_SCHEMA,
    Kind,
    Outcome,
)

HUMAN = {"call", "email", "meeting", "visit"}


def test_columns_are_those_of_the_contract(simulated):
    events = pq.read_schema(simulated.folder / "events.parquet")
    deals = pq.read_schema(simulated.folder / "deals.parquet")
    assert events.equals(EVENT_SCHEMA)
    assert deals.names[: len(DEAL_SCHEMA)] == DEAL_SCHEMA.names
    assert all(deals.field(name).equals(DEAL_SCHEMA.field(name)) for name in DEAL_SCHEMA.names)


def test_every_deal_has_one_row_and_its_events(simulated):
    assert simulated.deals.deal_id.is_unique
    assert len(simulated.deals) == simulated.report.deals == 6000
    assert set(simulated.events.deal_id) == set(simulated.deals.deal_id)
    assert len(simulated.events) == simulated.report.events


def test_nothing_happens_before_a_deal_or_after_the_end_of_the_records(simulated):
    events = simulated.events.merge(simulated.deals, on="deal_id")
    assert (events["at"] >= events.created_at).all()
    assert (events["at"] <= simulated.report.observed_until).all()
    assert (simulated.deals.created_at <= simulated.report.observed_until).all()


def test_no_two_events_of_a_deal_share_an_instant(simulated):
    assert not simulated.events.duplicated(["deal_id", "at"]).any()


def test_an_outcome_comes_at_most_once_and_last(simulated):
    ends = simulated.events[simulated.events.kind == Kind.OUTCOME].set_index("deal_id")["at"]
    assert ends.index.is_unique
    last = simulated.events.groupby("deal_id")["at"].max()
    assert (last[ends.index] == ends).all()


def test_kinds_outcomes_and_directions_are_known_words(simulated):
    events = simulated.events
    assert set(events.kind) == {kind.value for kind in Kind}
    outcomes = events[events.kind == "outcome"].value
    assert set(outcomes) == {outcome.value for outcome in Outcome}
    assert set(events.direction.dropna()) == set(DIRECTIONS)
    contacts = events.kind.isin(HUMAN | {"quote", "survey"})
    reached = contacts & (events.value != BOUNCED)
    assert (events.direction.notna() == reached).all()


def test_each_kind_carries_the_columns_that_give_it_meaning(simulated):
    events = simulated.events
    named = ["stage", "outcome", "planned", "close_date", "owner", "contact", "competitor"]
    named += ["contact_left", "checkpoint", "interruption", "activity"]
    assert events[events.kind.isin(named)].value.notna().all()
    asked = (events.kind == "survey") & (events.direction == "out")
    assert (events[events.kind.isin(["amount", "quote", "survey"]) & ~asked].amount >= 0).all()
    assert events[asked].amount.isna().all()
    assert set(events[events.kind == "checkpoint"].amount) == {0.0, 1.0}
    assert events[events.kind.isin(["note", "outcome"])].text.str.len().gt(0).all()
    dates = events[events.kind.isin(["planned", "close_date"])].value
    assert pd.to_datetime(dates, format="%Y-%m-%d", errors="coerce").notna().all()
    assert events.actor.notna().all()


def test_stages_are_the_logs_own_and_the_first_comes_at_creation(simulated):
    stages = simulated.events[simulated.events.kind == "stage"]
    assert set(stages.value) == set(simulated.log.stages)
    first = stages.sort_values("at").groupby("deal_id").first()
    created = simulated.deals.set_index("deal_id").created_at
    assert (first.value == simulated.log.stages[0]).all()
    assert (first["at"].dt.floor("s") == created[first.index]).all()


def test_people_keep_office_hours_but_for_a_few_late_mails(simulated):
    human = simulated.events[simulated.events.kind.isin(HUMAN)]
    local = human["at"].dt.tz_convert("Asia/Tokyo")
    night = (local.dt.hour < 9) | (local.dt.hour >= 18)
    free = local.dt.date.map({day: _is_free(day) for day in local.dt.date.unique()}).astype(bool)
    assert 0 < (night | free).mean() < 0.02
    assert set(human[night].direction) == {"in"}


def _is_free(day) -> bool:
    return day.weekday() >= 5 or bool(jpholiday.is_holiday(day))


def test_a_new_owner_acts_from_the_change_on(simulated):
    events = simulated.events
    changes = events[events.kind == "owner"].set_index("deal_id")
    deals = simulated.deals.set_index("deal_id")
    assert len(changes) > 200
    assert (changes.value != deals.owner_id[changes.index]).all()
    ours = events[(events.kind == "stage") & events.deal_id.isin(changes.index)]
    after = ours["at"].to_numpy() >= changes["at"][ours.deal_id].to_numpy()
    expected = changes.value[ours.deal_id].where(after, deals.owner_id[ours.deal_id].to_numpy())
    assert (ours.actor.to_numpy() == expected.to_numpy()).all()


def test_the_customers_people_speak_once_they_have_joined(simulated):
    events = simulated.events
    joined = events[events.kind == "contact"].groupby(["deal_id", "value"])["at"].min()
    spoken = events[events.actor.str.startswith("C-") & events.kind.isin(HUMAN)]
    known = spoken.join(joined.rename("joined"), on=["deal_id", "actor"])
    assert (known["at"] >= known.joined).mean() > 0.95  # a successor may write before being noted
    assert spoken.groupby("deal_id").actor.nunique().max() > 2


def test_events_are_as_many_as_in_a_real_crm(simulated):
    each = simulated.events.groupby("deal_id").size()
    assert each.quantile(0.2) >= 15
    assert 25 <= each.mean() <= 40
    cycle = _cycle_days(simulated)
    assert cycle.quantile(0.1) >= 30
    assert cycle.quantile(0.9) <= 180


def _cycle_days(simulated) -> pd.Series:
    ends = simulated.events[simulated.events.kind == "outcome"].set_index("deal_id")["at"]
    created = simulated.deals.set_index("deal_id").created_at
    return (ends - created[ends.index]).dt.total_seconds() / 86_400
