"""Each family of features on a deal small enough to work out by hand."""

from __future__ import annotations

import json

import pytest
from logs import deal, event, log_of, row_at

from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.features import GROUPS, FittedFeatures, fit_features
from tsunagu.analytics.features.learned import learn
from tsunagu.analytics.features.recipe import candidates


def everything(log) -> FittedFeatures:
    """All candidate features, so that tiny logs lose none for being constant."""
    learned = learn(log)
    return FittedFeatures(learned, tuple(f.spec.name for f in candidates(learned)))


def features_at(log, when: str, deal_id: str = "A"):
    return row_at(log, when, deal_id, everything(log))


def test_two_mails_without_an_answer_after_a_talk_ten_days_ago() -> None:
    log = log_of(
        [
            event("2024-01-05", "call", direction="in"),
            event("2024-01-11", "meeting", direction="both"),
            event("2024-01-15", "email", direction="out"),
            event("2024-01-18", "email", direction="out"),
            event("2024-01-30", "email", direction="in"),
        ],
        [deal()],
    )
    row = features_at(log, "2024-01-21")
    assert row["days_since_inbound"] == 10
    assert row["days_since_outbound"] == 3
    assert row["days_since_any"] == 3
    assert row["unanswered_outbound"] == 2
    assert row["inbound_gap_mean_days"] == 6
    assert row["silence_vs_rhythm"] == pytest.approx(10 / 6)
    assert (row["inbound_7"], row["inbound_30"], row["inbound_ever"]) == (0, 2, 2)
    assert (row["outbound_7"], row["outbound_30"], row["outbound_ever"]) == (2, 3, 3)
    assert (row["email_30"], row["email_ever"], row["days_since_call"]) == (2, 2, 16)


def test_a_count_of_the_last_week_ends_exactly_a_week_back() -> None:
    log = log_of(
        [
            event("2024-01-08 00:00", "call", direction="in"),
            event("2024-01-08 00:01", "call", direction="in"),
            event("2024-01-15 00:00", "call", direction="in"),
        ],
        [deal()],
    )
    assert features_at(log, "2024-01-15 00:00")["inbound_7"] == 2


def test_a_deal_on_which_nothing_happened_yet() -> None:
    log = log_of([event("2024-02-01", "call", direction="both")], [deal()])
    row = features_at(log, "2024-01-11")
    assert row["days_since_created"] == 10
    assert row["days_since_inbound"] is None
    assert row["any_ever"] == row["unanswered_outbound"] == 0


def test_longer_in_the_stage_than_most_deals() -> None:
    stays = [2, 4, 6, 8, 10]
    events, deals = [], [deal(created="2024-01-01")]
    for i, days in enumerate(stays):
        events += [
            event("2024-01-01", "stage", deal=f"W{i}", value="提案"),
            event(f"2024-01-{1 + days:02d}", "outcome", deal=f"W{i}", value="won"),
        ]
        deals.append(deal(f"W{i}"))
    events += [
        event("2024-01-02", "stage", value="初回"),
        event("2024-01-03", "stage", value="提案"),
        event("2024-01-04", "stage", value="提案"),
    ]
    log = log_of(events, deals, stages=("初回", "提案", "交渉"))
    row = features_at(log, "2024-01-12")
    assert row["stage"] == row["stage_position"] == 1
    assert everything(log).levels["stage"][1] == "提案"
    assert row["days_in_stage"] == 9  # the second naming of the same stage moves nothing
    assert row["stage_days_ratio"] == 1.5  # the won deals' median is 6 days
    assert row["stage_days_rank"] == pytest.approx(0.875)
    assert (row["stage_moves"], row["stage_regressions"]) == (1, 0)


def test_back_to_an_earlier_stage() -> None:
    log = log_of(
        [
            event("2024-01-02", "stage", value="初回"),
            event("2024-01-03", "stage", value="交渉"),
            event("2024-01-04", "stage", value="初回"),
        ],
        [deal()],
        stages=("初回", "交渉"),
    )
    row = features_at(log, "2024-01-05")
    assert (row["stage_moves"], row["stage_regressions"], row["days_in_stage"]) == (2, 1, 1)


def test_a_close_date_pushed_twice_and_now_overdue() -> None:
    log = log_of(
        [
            event("2024-01-02", "close_date", value="2024-01-31"),
            event("2024-01-10", "close_date", value="2024-02-10"),
            event("2024-01-12", "close_date", value="2024-02-05"),
            event("2024-01-20", "close_date", value="2024-02-15"),
        ],
        [deal()],
    )
    row = features_at(log, "2024-02-20 08:00")
    assert (row["close_date_pushes"], row["close_date_pushed_days"]) == (2, 20)
    assert row["days_to_close_date"] == -5


def test_the_next_step_was_due_and_nobody_met_the_customer() -> None:
    plan = event("2024-01-02", "planned", value="2024-01-10")
    missed = log_of([plan], [deal()])
    assert features_at(missed, "2024-01-10 23:00")["has_next_step"] == 1
    assert features_at(missed, "2024-01-10 23:00")["next_step_overdue_days"] == 0
    assert features_at(missed, "2024-01-14")["has_next_step"] == 0
    assert features_at(missed, "2024-01-14")["next_step_overdue_days"] == 4
    kept = log_of([plan, event("2024-01-10 15:00", "visit", direction="both")], [deal()])
    assert features_at(kept, "2024-01-14")["next_step_overdue_days"] == 0


def test_the_amount_was_cut_to_half() -> None:
    amounts = [(2, 200.0), (5, 300.0), (9, 100.0)]
    log = log_of([event(f"2024-01-0{d}", "amount", amount=a) for d, a in amounts], [deal()])
    row = features_at(log, "2024-01-20")
    assert (row["amount_now"], row["amount_change_ratio"], row["amount_cuts"]) == (100, 0.5, 1)


def test_a_new_owner_who_has_not_met_the_customer_and_carries_another_deal() -> None:
    log = log_of(
        [
            event("2024-01-05", "call", direction="both"),
            event("2024-01-10", "owner", value="suzuki"),
            event("2024-01-12", "email", direction="out"),
            event("2024-01-11", "note", deal="B"),
            event("2024-01-20", "outcome", deal="C", value="won"),
        ],
        [deal("A"), deal("B", owner_id="suzuki"), deal("C", owner_id="suzuki")],
    )
    row = features_at(log, "2024-01-15")
    assert (row["owner_changes"], row["days_since_owner_change"]) == (1, 5)
    assert row["owner_met_customer"] == 0
    assert row["owner_open_deals"] == 3
    assert row["owner_events_30"] == 2  # the mail and the note; the handing over is no work
    assert features_at(log, "2024-01-25")["owner_open_deals"] == 2
    assert features_at(log, "2024-01-09")["owner_open_deals"] == 1


def test_people_competitors_survey_and_earlier_trouble() -> None:
    log = log_of(
        [
            event("2024-01-02", "contact", value="p1"),
            event("2024-01-03", "contact", value="p2"),
            event("2024-01-04", "contact", value="p1"),
            event("2024-01-05", "competitor", value="X社"),
            event("2024-01-06", "survey", amount=3.0, direction="in"),
            event("2024-01-08", "survey", direction="out"),  # only asked
            event("2024-01-07", "interruption", value="budget"),
        ],
        [deal()],
    )
    row = features_at(log, "2024-01-10")
    assert (row["contacts_known"], row["competitors_named"]) == (2, 1)
    assert (row["last_survey_score"], row["interruptions_before"]) == (3, 1)


def test_named_activities_of_a_generic_log() -> None:
    log = log_of(
        [
            event("2024-01-02", "activity", value="申込"),
            event("2024-01-03", "activity", value="審査"),
            event("2024-01-04", "activity", value="審査"),
        ],
        [deal()],
    )
    fitted = everything(log)
    row = row_at(log, "2024-01-06", fitted=fitted)
    assert (row["step:審査"], row["step:申込"], row["days_since_step_any"]) == (2, 1, 2)
    assert fitted.levels["last_step"][row["last_step"]] == "審査"


def test_attributes_known_at_creation() -> None:
    deals = [
        deal("A", industry="製造", employees=300.0, existing=True),
        deal("B", industry="小売", employees=None, existing=False),
    ]
    fitted = everything(log_of([], deals))
    stranger = log_of([], [deal("A", industry="宇宙", employees=5.0, existing=True)])
    row = row_at(log_of([], deals), "2024-01-06", fitted=fitted)
    assert fitted.levels["attr:industry"][row["attr:industry"]] == "製造"
    assert (row["attr:employees"], row["attr:existing"]) == (300, 1)
    assert row_at(stranger, "2024-01-06", fitted=fitted)["attr:industry"] == -1


def test_golden_week_in_japan_and_nowhere_else() -> None:
    # The Monday of 29 April 2024 is a holiday; so are 3 May and, for the Sunday 5, the Monday 6.
    japan = features_at(log_of([], [deal()]), "2024-04-29")
    assert (japan["month"], japan["holidays_next_14"], japan["business_days_7"]) == (4, 3, 5)
    assert japan["days_to_quarter_end"] == 62
    after = features_at(log_of([], [deal()]), "2024-05-07")
    assert after["business_days_7"] == 3
    elsewhere = log_of([], [deal()], time_zone="Asia/Seoul")
    assert features_at(elsewhere, "2024-05-07")["business_days_7"] == 5


def test_the_day_is_the_teams_own_not_utcs() -> None:
    log = log_of([], [deal()])
    assert features_at(log, "2024-02-01 00:30")["month"] == 2  # still 31 January in UTC


def test_features_that_never_vary_are_left_out() -> None:
    log = log_of(
        [event("2024-01-05", "call", direction="out"), event("2024-02-05", "note")],
        [deal(), deal("B")],
        until="2024-04-01",
    )
    names = fit_features(log).names
    assert "outbound_ever" in names
    assert not {"inbound_ever", "close_date_pushes", "owner_changes", "meeting_30"} & set(names)


def test_a_subset_keeps_its_order_and_an_unknown_name_is_refused() -> None:
    log = log_of([event("2024-01-05", "call", direction="out")], [deal()])
    chosen = everything(log).select(["call_ever", "days_since_created"])
    assert list(row_at(log, "2024-01-06", fitted=chosen)) == [
        "deal_id",
        "at",
        "call_ever",
        "days_since_created",
    ]
    with pytest.raises(TsunaguError, match="telepathy"):
        chosen.select(["telepathy"])


def test_what_was_fitted_survives_a_trip_through_json() -> None:
    log = log_of(
        [event("2024-01-05", "stage", value="提案"), event("2024-01-09", "outcome", value="won")],
        [deal(industry="製造")],
    )
    fitted = everything(log)
    assert FittedFeatures.from_dict(json.loads(json.dumps(fitted.to_dict()))) == fitted


def test_every_feature_has_a_stable_group_and_words_in_both_languages() -> None:
    log = log_of([event("2024-01-05", "call", direction="both")], [deal(industry="製造")])
    specs = everything(log).specs
    assert all(s.group in GROUPS and s.label_ja and s.label_en for s in specs)


def test_column_types_are_the_promised_ones() -> None:
    log = log_of([event("2024-01-05", "stage", value="提案")], [deal(industry="製造")])
    fitted = everything(log)
    table = fitted.transform(log, _one_look(log)).to_pyarrow()
    for spec in fitted.specs:
        wanted = "int32" if spec.categorical else "double"
        assert str(table.schema.field(spec.name).type) == wanted


def _one_look(log):
    from tsunagu.analytics.features import current

    return current(log)
