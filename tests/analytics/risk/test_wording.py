"""Reasons in words: natural, with the value and what is usual, never nonsense."""

from __future__ import annotations

import math
import re

import pytest

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.features import FeatureSpec
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.recipe import candidates
from tsunagu.analytics.risk import phrases, wording

LEARNED = Learned(
    kinds=tuple(kind.value for kind in Kind if kind is not Kind.OUTCOME),
    directions=("both", "in", "out"),
    stages=("発掘", "提案"),
    steps=("資料{送付}", "Call back"),
    levels={"業種": ("製造", "小売"), "source{x}": ("web",)},
    numbers=("従業員数",),
    stays={"発掘": tuple(float(i) for i in range(11))},
    won_stays={"発掘": 5.0},
    time_zone="Asia/Tokyo",
)
SPECS = {feature.spec.name: feature.spec for feature in candidates(LEARNED)}
VALUES = [math.nan, -12.0, 0.0, 0.3, 1.0, 2.0, 23.4, 1_234_567.0]
ONE_OF_MANY = re.compile(
    r"\b1 (days|times|people|events|activities|contacts)\b"
    r"|\b1 (calls|e-mails|meetings|visits|quotes|notes)\b"
)
USUAL = [math.nan, 0.0, 6.0, 23.0]


def _said(name: str, value: float, usual: float = math.nan, raises: bool = True) -> tuple[str, str]:
    words = ("提案", "見積") if SPECS[name].categorical else ()
    return wording.sentences(wording.Fact(SPECS[name], value, usual, words, True, raises))


@pytest.mark.parametrize("name", sorted(SPECS))
def test_every_feature_of_the_catalogue_has_sentences_in_both_languages(name: str) -> None:
    for value in VALUES:
        for usual in USUAL:
            for raises in (True, False):
                ja, en = _said(name, value, usual, raises)
                for text in (ja, en):
                    assert text
                    assert not re.search(r"\bnan\b|None|[{](?!送付|x)|\binf\b|[^0-9.]-0\b", text), (
                        text
                    )
                assert not re.search(r"\b0日間|0日前|0日おき|0日を過ぎ", ja.replace("30日", "")), ja
                assert not re.search(
                    r"(^|\s|\()0 days", en.replace("usual at this stage: 0", "")
                ), en
                assert not ONE_OF_MANY.search(en), en


@pytest.mark.parametrize("name", sorted(set(SPECS) - set(phrases.SINGLE)))
def test_no_feature_of_the_catalogue_falls_back_to_its_bare_label(name: str) -> None:
    assert "：" not in _said(name, 3.0)[0]


def test_silence_tells_its_days_and_what_is_usual() -> None:
    assert _said("days_since_inbound", 23.2, 6.1) == (
        "お客様からの返信が23日間ありません（この段階の通常は6日）",
        "No reply from the customer for 23 days (usual at this stage: 6)",
    )


def test_a_customer_who_never_spoke_gets_a_sentence_of_its_own() -> None:
    assert _said("days_since_inbound", math.nan)[0] == "お客様からの連絡はまだ一度もありません"


def test_a_short_silence_reads_as_contact() -> None:
    ja, en = _said("days_since_inbound", 2.0, 6.0, raises=False)
    assert ja == "お客様から2日前に連絡がありました（この段階の通常は6日）"
    assert en == "The customer was in touch 2 days ago (usual at this stage: 6)"


def test_bad_news_that_lowers_the_risk_says_so() -> None:
    ja, en = _said("days_since_inbound", 685.0, 10.0, raises=False)
    assert "685日間ありません" in ja
    assert "リスクを下げる傾向" in ja
    assert "tends to lower the risk" in en


def test_what_is_usual_is_left_out_where_it_is_the_same() -> None:
    assert "usual" not in _said("days_since_inbound", 6.2, 5.9)[1]


def test_an_overdue_close_date_tells_by_how_much() -> None:
    assert _said("days_to_close_date", -12.0) == (
        "完了予定日を12日過ぎています",
        "12 days past the expected close date",
    )


def test_steps_and_attributes_are_called_by_their_names() -> None:
    assert _said("step:資料{送付}", 2.0)[0].startswith("「資料{送付}」がこれまでに2回ありました")
    assert _said("attr:業種", 1.0)[0].startswith("業種が「見積」です")
    assert _said("attr:従業員数", 250.0)[0].startswith("従業員数が250です")


def test_a_feature_of_a_later_version_is_worded_by_its_label() -> None:
    spec = FeatureSpec("brand_new", "activity", False, "新しい指標", "new measure")
    ja, en = wording.sentences(wording.Fact(spec, 3.0, math.nan, (), False, True))
    assert ja == "新しい指標：3（リスクを高める傾向）"
    assert en == "New measure: 3 (tends to raise the risk)"


@pytest.mark.parametrize(
    ("name", "value", "usual", "raises", "absurd"),
    [
        ("days_since_inbound", 40.0, 6.0, False, True),
        ("days_since_inbound", math.nan, 6.0, False, True),
        ("days_since_inbound", 2.0, 6.0, False, False),
        ("days_since_inbound", 40.0, 6.0, True, False),
        ("silence_vs_rhythm", 5.0, math.nan, False, True),
        ("days_since_note", 768.0, 18.0, False, True),
        ("days_in_stage", 90.0, 6.0, False, False),
        ("any_90", 1.0, 30.0, False, True),
        ("any_90", 30.0, 12.0, False, False),
        ("any_90", 1.0, 30.0, True, False),
    ],
)
def test_a_long_silence_is_never_said_to_lower_the_risk(
    name: str, value: float, usual: float, raises: bool, absurd: bool
) -> None:
    fact = wording.Fact(SPECS[name], value, usual, (), staged=True, raises=raises)
    assert wording.is_absurd(fact) == absurd
