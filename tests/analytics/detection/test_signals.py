"""What each detector says, in a salesperson's terms."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from logs import at, deal, event, log_of
from looking import seen, weekly_calls

from tsunagu.analytics.contracts import SignalKind, score_schema
from tsunagu.analytics.detection import NAMES, Thresholds, detect, signals

OF_TEXT = {
    "competitor_named",
    "budget_named",
    "reorganisation_named",
    "timing_named",
    "contact_left",
    "tone_turning",
}
WEEKLY = ("2024-01-15", "2024-01-22", "2024-01-29", "2024-02-05", "2024-02-13")


def test_a_customer_who_spoke_weekly_is_silent_after_weeks_and_not_after_days() -> None:
    calls = weekly_calls(*WEEKLY)
    assert "silence" not in seen("2024-02-21 09:00", *calls)
    silence = seen("2024-03-25 09:00", *calls)["silence"]
    assert silence.at == at("2024-02-13 10:00")
    assert silence.evidence["silent_business_days"] == 27  # 23 February and 20 March are holidays
    assert silence.evidence["usual_gap_business_days"] == pytest.approx(5.4, abs=0.6)
    assert "27営業日" in silence.ja
    assert "2月13日(火)" in silence.ja
    assert "27 business days" in silence.en


def test_the_same_pause_is_no_silence_for_a_customer_who_speaks_once_in_two_months() -> None:
    rare = weekly_calls("2024-01-15", "2024-03-15", "2024-05-20", "2024-07-22")
    assert "silence" not in seen("2024-08-29", *rare)
    often = weekly_calls("2024-07-01", "2024-07-08", "2024-07-16", "2024-07-22")
    assert "silence" in seen("2024-08-29", *often)


def test_many_mails_on_one_day_are_one_word_of_the_customer() -> None:
    thread = [event(f"2024-01-15 10:{m:02}", "email", direction="in") for m in range(30)]
    assert "silence" not in seen("2024-01-24", *thread)


def test_days_off_do_not_count_as_silence() -> None:
    calls = weekly_calls("2024-04-08", "2024-04-15", "2024-04-22", "2024-04-26")
    golden_week = seen("2024-05-07", *calls, thresholds=_cut(SignalKind.SILENCE, 0.01))["silence"]
    assert golden_week.evidence["silent_business_days"] == 4
    # 26 April, 30 April, 1 and 2 May


def test_a_customer_who_never_spoke_is_measured_from_our_first_word() -> None:
    ours = event("2024-02-01 10:00", "email", direction="out")
    found = seen("2024-06-03", ours)["silence"]
    assert found.at == at("2024-02-01 10:00")
    assert "まだありません" in found.ja
    assert "last_heard_on" not in found.evidence


def test_no_next_step_counts_from_the_last_contact_and_a_plan_ends_it() -> None:
    call = event("2024-02-01 10:00", "call", direction="both")
    assert "no_next_step" not in seen("2024-02-05", call)
    assert seen("2024-02-12", call)["no_next_step"].evidence["business_days"] == 7
    plan = event("2024-02-09", "planned", value="2024-02-20")
    assert "no_next_step" not in seen("2024-02-12", call, plan)
    withdrawn = event("2024-02-10", "planned")
    assert "no_next_step" in seen("2024-02-26", call, plan, withdrawn)


def test_a_next_step_is_overdue_until_the_customer_is_met() -> None:
    plan = event("2024-02-01", "planned", value="2024-02-07")
    assert "next_step_overdue" not in seen("2024-02-08 12:00", plan)
    overdue = seen("2024-02-14", plan)["next_step_overdue"]
    assert overdue.evidence == {"business_days": 3.0, "due_on": "2024-02-07"}
    late = event("2024-02-09", "visit", direction="both")
    assert "next_step_overdue" not in seen("2024-02-14", plan, late)


def test_a_stage_is_overdue_against_won_deals_and_stages_moved_back_are_told() -> None:
    into = event("2024-02-01", "stage", value="提案")
    assert "stage_overdue" not in seen("2024-02-20", into)
    assert seen("2024-03-15", into)["stage_overdue"].evidence["days"] == 43
    moved = event("2024-03-10", "stage", value="見積")
    back = event("2024-03-12", "stage", value="提案")
    found = seen("2024-03-15", into, moved, back)
    assert "stage_overdue" not in found
    assert found["stage_back"].evidence == {"on": "2024-03-12", "move": "見積 → 提案"}
    assert "stage_back" not in seen("2024-04-15", into, moved, back)  # old news


def test_pushes_of_the_close_date_count_and_a_long_one_counts_twice() -> None:
    first = event("2024-02-01", "close_date", value="2024-03-31")
    push = event("2024-03-01", "close_date", value="2024-04-10")
    assert "close_date_pushed" not in seen("2024-03-05", first, push)
    again = event("2024-03-20", "close_date", value="2024-04-25")
    found = seen("2024-03-25", first, push, again)["close_date_pushed"]
    assert (found.evidence["pushes"], found.evidence["days_in_all"]) == (2, 25)
    long = event("2024-03-01", "close_date", value="2024-06-30")
    assert "close_date_pushed" in seen("2024-03-05", first, long)
    assert "close_date_pushed" not in seen(
        "2024-03-05", first, event("2024-03-02", "close_date", value="2024-02-20")
    )


def test_an_amount_that_was_cut_is_told_and_one_that_grew_is_not() -> None:
    first = event("2024-02-01", "amount", amount=1_000_000.0)
    cut = event("2024-02-20", "amount", amount=700_000.0)
    found = seen("2024-02-25", first, cut)["amount_cut"]
    assert found.evidence["share_cut"] == pytest.approx(0.3)
    assert "30%減" in found.ja
    assert "amount_cut" not in seen(
        "2024-02-25", first, event("2024-02-20", "amount", amount=1_200_000.0)
    )


def test_a_new_owner_has_a_week_to_meet_the_customer() -> None:
    change = event("2024-02-01 09:00", "owner", value="suzuki")
    assert "owner_unmet" not in seen("2024-02-05", change)
    assert seen("2024-02-14", change)["owner_unmet"].evidence["owner"] == "suzuki"
    met = event("2024-02-06", "meeting", direction="both")
    assert "owner_unmet" not in seen("2024-02-14", change, met)
    assert "owner_unmet" not in seen("2024-02-14", event("2024-02-01", "owner", value="sato"))


def test_a_contact_who_left_is_known_from_a_record_a_bounced_mail_or_a_note() -> None:
    record = event("2024-02-01", "contact_left", value="p1", text="left")
    bounced = event("2024-02-02", "email", value="bounced")
    note = event("2024-02-03", "note", text="窓口の方が異動になり、後任は未定。")
    assert seen("2024-02-05", record, bounced, note)["contact_left"].at == at("2024-02-01")
    assert "宛先不明" in seen("2024-02-05", bounced, note)["contact_left"].ja
    assert "窓口の方が異動になり" in seen("2024-02-05", note)["contact_left"].ja
    successor = event("2024-02-04", "contact", value="p2")
    assert "contact_left" not in seen("2024-02-05", record, bounced, note, successor)


def test_a_recorded_departure_opens_a_case_alone_and_a_mere_hint_does_not() -> None:
    record = event("2024-02-01", "contact_left", value="p1", text="left")
    bounced = event("2024-02-02", "email", value="bounced")
    note = event("2024-02-03", "note", text="窓口の方が異動になり、後任は未定。")
    strengths = [seen("2024-02-05", e)["contact_left"].strength for e in (record, bounced, note)]
    assert strengths[0] >= 0.8 > strengths[1] > strengths[2]  # 0.8 opens a case


def test_one_contact_alone_is_a_risk_after_a_month() -> None:
    one = event("2024-01-16", "contact", value="p1")
    assert "single_contact" not in seen("2024-01-31", one)
    assert seen("2024-03-01", one)["single_contact"].evidence["contacts"] == 1
    two = event("2024-02-16", "contact", value="p2")
    assert "single_contact" not in seen("2024-03-01", one, two)
    same = event("2024-02-16", "contact", value="p1")
    assert "single_contact" in seen("2024-03-01", one, same)


def test_a_tone_that_turns_from_friendly_to_reserved_is_told_with_the_sentence() -> None:
    friendly = [
        event(
            "2024-02-01", "email", direction="in", text="前向きに検討しています。期待しています。"
        ),
        event("2024-02-09", "note", text="先方は好感触。"),
    ]
    reserved = event(
        "2024-03-20", "email", direction="in", text="状況は厳しいです。優先度が下がりました。"
    )
    turning = seen("2024-03-25", *friendly, reserved)["tone_turning"]
    assert "優先度が下がりました" in turning.ja
    assert "tone_turning" not in seen("2024-03-25", *friendly)
    english = event("2024-03-20", "email", direction="in", text="Unfortunately we lost interest.")
    assert "lost interest" in seen("2024-03-25", *friendly, english)["tone_turning"].en


def test_tone_is_heard_where_no_word_of_sales_is_said_and_never_in_our_own_mails() -> None:
    friendly = event("2024-02-01", "email", direction="in", text="とても助かりました。感謝します。")
    worse = {"text": "売上が落ち込み、社内は元気がない。先行きが不安です。"}
    turning = seen("2024-03-25", friendly, event("2024-03-20", "email", direction="in", **worse))
    assert "先行きが不安です" in turning["tone_turning"].ja
    ours = seen("2024-03-25", friendly, event("2024-03-20", "email", direction="out", **worse))
    assert "tone_turning" not in ours


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("competitor_named", "A社とも話した。他社からも提案を受けているとのこと。"),
        ("competitor_named", "They are comparing us with another vendor."),
        ("budget_named", "来月の予算が削られる見込み"),
        ("budget_named", "The CFO says it is too expensive."),
        ("reorganisation_named", "4月に組織変更があるそうだ。"),
        ("reorganisation_named", "There will be a restructuring in May."),
        ("timing_named", "導入は来期に先送りしたいとのこと。"),
        ("timing_named", "The project was put on hold."),
        ("contact_left", "Ms Sato has left the company."),
    ],
)
def test_what_a_note_names_is_quoted(kind: str, text: str) -> None:
    found = seen("2024-02-05", event("2024-02-01", "note", text=text))
    assert set(found) & OF_TEXT == {kind}
    assert str(found[kind].evidence["quote"]) in text
    assert kind not in seen("2024-03-15", event("2024-02-01", "note", text=text))


@pytest.mark.parametrize(
    "text",
    [
        "競合はなし。",
        "予算は確保済み。",
        "組織変更はありません。",
        "予定通り進めている。",
        "弊社の担当が異動する。",
        "There is no other vendor.",
        "The budget is approved.",
        "There is no restructuring.",
        "The project is on schedule, no delays.",
    ],
)
def test_what_a_note_denies_is_no_signal(text: str) -> None:
    assert not OF_TEXT & set(seen("2024-02-05", event("2024-02-01", "note", text=text)))


def test_a_recorded_competitor_is_named() -> None:
    rival = event("2024-02-01", "competitor", value="X社")
    assert (
        seen("2024-02-05", rival)["competitor_named"].ja == "競合X社が挙がっています（2月1日(木)）"
    )


def test_a_skipped_checkpoint_is_told_until_it_is_made_good() -> None:
    skipped = event("2024-02-01", "checkpoint", value="決裁者の確認", amount=0.0)
    assert "決裁者の確認" in seen("2024-02-05", skipped)["checkpoint_skipped"].ja
    made_good = event("2024-02-03", "checkpoint", value="決裁者の確認", amount=1.0)
    assert "checkpoint_skipped" not in seen("2024-02-05", skipped, made_good)


def test_a_low_survey_score_and_a_missing_answer_are_told() -> None:
    asked = event("2024-02-01", "survey", direction="out")
    assert "survey_missing" not in seen("2024-02-06", asked)
    assert seen("2024-02-20", asked)["survey_missing"].evidence["business_days"] == 12
    low = event("2024-02-05", "survey", direction="in", amount=3.0)
    found = seen("2024-02-20", asked, low)
    assert "survey_missing" not in found
    assert found["survey_low"].evidence == {"score": 3.0, "top": 10.0, "on": "2024-02-05"}
    high = event("2024-02-05", "survey", direction="in", amount=9.0)
    assert "survey_low" not in seen("2024-02-20", asked, high)


def test_a_high_and_a_fast_rising_risk_are_told_from_scores_known_by_then() -> None:
    def scores(*points: tuple[str, float]) -> pa.Table:
        rows = [
            dict.fromkeys(score_schema().names, 0.0)
            | {"deal_id": "A", "at": at(when), "broken_off_30": risk}
            for when, risk in points
        ]
        return pa.Table.from_pylist(rows, schema=score_schema())

    rising = scores(("2024-02-01", 0.1), ("2024-02-08", 0.4), ("2024-02-15", 0.05))
    found = seen("2024-02-09", scores=rising)
    assert found["risk_high"].evidence["risk_30_days"] == 0.4
    assert "10%から40%" in found["risk_rising"].ja
    assert "risk_high" not in seen("2024-02-16", scores=rising)
    assert "risk_rising" not in seen("2024-02-07", scores=rising)


def test_a_process_can_have_its_own_cut() -> None:
    calls = weekly_calls(*WEEKLY)
    strict = Thresholds.shipped().adjusted(SignalKind.SILENCE, 0.3, process="短期")
    assert "silence" in seen("2024-02-21", *calls, thresholds=strict, process="短期")
    assert "silence" not in seen("2024-02-21", *calls, thresholds=strict, process="長期")
    with pytest.raises(ValueError, match="above 0"):
        strict.adjusted(SignalKind.SILENCE, 0)


def test_a_signal_stays_the_same_while_it_grows() -> None:
    calls = weekly_calls(*WEEKLY)
    early, late = (seen(day, *calls)["silence"] for day in ("2024-03-25", "2024-04-25"))
    assert early.at == late.at
    assert early.strength < late.strength < 1


def test_signals_go_to_json_and_speak_both_languages() -> None:
    found = seen("2024-06-01", *weekly_calls(*WEEKLY))
    for signal in found.values():
        json.dumps(dict(signal.evidence))
        assert signal.words("ja") == signal.ja
        assert signal.words("en") == signal.en
        assert "{" not in signal.ja + signal.en
    assert set(NAMES) == set(SignalKind)


def test_ids_are_said_by_the_names_that_people_know() -> None:
    events = [
        event("2024-02-01", "stage", value="s2"),
        event("2024-02-02", "stage", value="s1"),
        event("2024-02-01 12:00", "contact_left", value="p1"),
    ]
    log = log_of(events, [deal()], until="2024-02-05", stages=("s1", "s2"))
    called = {"s1": "初回", "s2": "提案", "p1": "田中様"}
    found = {s.kind.value: s for s in signals(detect(log), called)}
    assert "提案 → 初回" in found["stage_back"].ja
    assert "田中様" in found["contact_left"].en


def test_a_deal_that_has_ended_or_not_begun_gives_no_signal() -> None:
    won = event("2024-03-01", "outcome", value="won")
    assert seen("2024-06-01", *weekly_calls(*WEEKLY), won) == {}
    assert seen("2024-01-01") == {}


def _cut(kind: SignalKind, cut: float) -> Thresholds:
    return Thresholds.shipped().adjusted(kind, cut)


def test_nothing_is_missing_that_is_never_recorded() -> None:
    from dataclasses import replace

    shipped = Thresholds.shipped()
    usual = replace(shipped.usual, records=frozenset({"call", "stage"}))
    poor = replace(shipped, usual=usual)
    call = event("2024-02-01 10:00", "call", direction="both")
    assert set(seen("2024-06-01", call, thresholds=poor)) == {"silence"}
