"""Every word of the command line exists in both languages, with the same values to fill in."""

import re

import pytest

from tsunagu.cli.words import RISK_LEVELS, WORDS, money, risk_level, step_words, words

PLACEHOLDER = re.compile(r"{(\w+)[:,}]")
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_say_the_same(key: str) -> None:
    ja, en = WORDS[key]
    assert sorted(PLACEHOLDER.findall(ja)) == sorted(PLACEHOLDER.findall(en))
    assert ja.strip()
    assert en.strip()


@pytest.mark.parametrize("key", [k for k in WORDS if k != "other_language"])
def test_english_words_hold_no_japanese(key: str) -> None:
    assert not JAPANESE.search(WORDS[key][1])


@pytest.mark.parametrize(
    ("probability", "word"),
    [(0.0, "low"), (0.0999, "low"), (0.1, "watch"), (0.25, "high"), (0.5, "severe"), (1, "severe")],
)
def test_a_risk_has_a_word(probability: float, word: str) -> None:
    assert words(risk_level(probability), "en") == word


def test_every_risk_level_has_words() -> None:
    assert all(key in WORDS for _, key in RISK_LEVELS)


@pytest.mark.parametrize(
    ("amount", "ja", "en"),
    [
        (12_340_000, "1,234万", "12,340,000"),
        (15_000, "1.5万", "15,000"),
        (9_999, "9,999", "9,999"),
        (None, "—", "—"),
        (-50_000, "-5万", "-50,000"),
    ],
)
def test_money_is_short_in_japanese(amount: float | None, ja: str, en: str) -> None:
    assert (money(amount, "ja"), money(amount, "en")) == (ja, en)


def test_a_step_of_a_long_job_is_named_in_the_users_language() -> None:
    assert step_words("trees", "ja") == "モデルの学習"
    assert step_words("trees", "en") == "trees"
    assert step_words("a step without words", "ja") == "a step without words"
