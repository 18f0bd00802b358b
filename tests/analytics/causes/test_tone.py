"""The tone of what customers write, in five steps."""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import f1_score
from tests.real_data import real_data

from tsunagu.analytics import testing
from tsunagu.analytics.causes import Settings, ToneModel, tone

STEPS = {"×": -2, "▲": -1, "□": 0, "○": 1, "◎": 2}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("対応が早く、とても満足しています。", "対応が遅く、とても不満です。"),
        ("We are very happy with the trial.", "We are not happy with the trial."),
        ("ぜひ進めたいです。楽しみにしています。", "今回は見送ります。残念です。"),
        ("Thank you, looking forward to the demo.", "This delay is unacceptable."),
    ],
)
def test_a_pleased_customer_sounds_better_than_a_displeased_one(better: str, worse: str) -> None:
    high, low = tone([better, worse])
    assert high > 0 > low or (high > low and low <= 0)


def test_matter_of_fact_and_empty_texts_are_neutral() -> None:
    assert tone(["火曜の10時に伺います。", "", "See the attached file."]).tolist() == [0, 0, 0]


def test_a_team_teaches_its_own_words() -> None:
    texts = ["ウニのような対応でした", "タコのような対応でした"] * 20
    model = ToneModel.fit(texts, [2, -2] * 20)
    assert model.steps(["今日もウニのようだ", "今日もタコのようだ"]).tolist() == [2, -2]


def test_the_contract_of_models_of_texts_holds(tmp_path: Path) -> None:
    texts = ["とても良い", "悪い", "普通です", "良いが高い", "good", "bad news", "ok", "大変不満"]
    steps = [2, -1, 0, 1, 1, -1, 0, -2]
    testing.check_text_model(ToneModel.fit, ToneModel.load, texts, steps, tmp_path)


MANY = Settings(cost=1.0, characters=3)


def test_a_team_with_thousands_of_texts_teaches_by_margins() -> None:
    texts = [f"{n}番の{word}のような対応" for n in range(60) for word in ("ウニ", "タコ")]
    model = ToneModel.fit(texts, [2, -2] * 60, MANY)
    assert model.steps(["今日もウニのようだ", "今日もタコのようだ"]).tolist() == [2, -2]


def test_margins_become_probabilities_that_admit_what_is_uncertain() -> None:
    """Of the texts with this word two of three were pleased."""
    texts = [f"{n}番のウニ" for n in range(300)]
    steps = np.random.default_rng(0).choice([2, 2, -2], 300).tolist()
    model = ToneModel.fit(texts, steps, MANY)
    (chance,) = model.probabilities(["今日のウニ"])
    assert chance[4] == pytest.approx(2 / 3, abs=0.1)
    assert chance[0] == pytest.approx(1 / 3, abs=0.1)


def test_the_contract_holds_for_margins_too(tmp_path: Path) -> None:
    texts = ["とても良い", "悪い", "普通です", "良いが高い", "good", "bad news", "ok", "大変不満"]
    steps = [2, -1, 0, 1, 1, -1, 0, -2]
    fit = partial(ToneModel.fit, settings=MANY)
    testing.check_text_model(fit, ToneModel.load, texts, steps, tmp_path)


def test_uneven_columns_and_a_sixth_step_are_refused() -> None:
    with pytest.raises(ValueError, match="2 texts but 1 steps"):
        ToneModel.fit(["良い", "悪い"], [1])
    with pytest.raises(ValueError, match="not in"):
        ToneModel.fit(["良い"], [3])


@pytest.mark.real
def test_judged_comments_make_it_better_than_the_lexicon_on_later_ones() -> None:
    path = real_data("economy_watchers/current_2015_2023.parquet")
    rows = pq.read_table(path).sort_by([("year-month", "ascending"), ("id", "ascending")])
    texts = rows["説明"].to_pylist()
    steps = [STEPS[mark] for mark in rows["景気の現状判断"].to_pylist()]
    early, late = slice(28_000, 30_000), slice(39_000, 40_000)
    learnt = ToneModel.fit(texts[early], steps[early]).steps(texts[late])
    shipped = tone(texts[late])
    scores = [f1_score(steps[late], told, average="macro") for told in (shipped, learnt)]
    assert 0.2 < scores[0] < scores[1]
