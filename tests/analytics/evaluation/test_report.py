"""Tables and plots of an evaluation, in both languages."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tsunagu.analytics.contracts import Language
from tsunagu.analytics.evaluation.backtest import default_predictors
from tsunagu.analytics.evaluation.names import predictor_words
from tsunagu.analytics.evaluation.plots import (
    auc_by_horizon_svg,
    early_warning_svg,
    reliability_svg,
    risk_distribution_svg,
    spread,
)
from tsunagu.analytics.evaluation.report import as_rows, group_rows, native_rows
from tsunagu.analytics.evaluation.results import (
    Distribution,
    Evaluation,
    Figure,
    GroupCalibration,
    NativeVolume,
    Part,
    Performance,
    ReliabilityBin,
)

PLOTS = [reliability_svg, early_warning_svg, risk_distribution_svg, auc_by_horizon_svg]
NAN = math.nan


def _performance(name: str, warned: float, *, probabilities: bool) -> Performance:
    figures = {f"warned_7_at_{v}": Figure(warned * v / 10, 0.1, 0.9) for v in (5, 10, 20)}
    figures |= {"auc_30": Figure(0.5 + warned / 3, 0.5, 0.9), "auc_7": Figure(0.6, NAN, NAN)}
    figures |= {"warned_7_as_rotting": Figure(warned, 0.1, 0.9)}
    if not probabilities:
        return Performance(name, figures, {}, {}, None)
    figures |= {"ibs_scaled": Figure(0.1234, 0.1, 0.2), "ece_30": Figure(0.02, 0.01, 0.03)}
    curve = tuple(ReliabilityBin(x, Figure(x, x / 2, 2 * x), 100) for x in (0.1, 0.2, 0.4))
    histogram = Distribution(30, (0.0, 0.5, 1.0), (0.2, 0.8), (0.9, 0.1))
    return Performance(name, figures, {}, {30: curve}, histogram)


@pytest.fixture
def evaluation() -> Evaluation:
    now = datetime(2024, 6, 1, tzinfo=UTC)
    part = Part(None, now, 10, 100, {"won": 1, "broken_off": 2, "lost": 3})
    return Evaluation(
        cut=now,
        train=part,
        test=part,
        horizons=(7, 30),
        warnable=2,
        reachable={7: 1.0, 14: 0.9, 30: 0.8},
        performances=(
            _performance("tsunagu", 0.4, probabilities=True),
            _performance("rotting", 0.41, probabilities=False),
            _performance("odoo", NAN, probabilities=False),
        ),
        native=(NativeVolume("rotting", 40, 40.0),),
        skipped=(),
        notes=(),
        seed=0,
        bootstrap=10,
    )


def test_the_table_is_sorted_by_the_share_warned_of_at_ten_per_hundred(
    evaluation: Evaluation,
) -> None:
    names = [row["predictor"] for row in as_rows(evaluation, "en")]
    assert names == ["rotting", "Tsunagu", "Odoo lead scoring"]


def test_the_table_shows_intervals_and_a_dash_for_what_is_unknown(evaluation: Evaluation) -> None:
    rotting, tsunagu, odoo = as_rows(evaluation, "en")
    assert tsunagu["warned 7 d before, 10%"] == "40% (10%–90%)"
    assert tsunagu["scaled IBS"] == "0.123 (0.100–0.200)"
    assert rotting["scaled IBS"] == odoo["warned 7 d before, 10%"] == "–"
    assert "by value, 10%" not in tsunagu  # the log has no amounts


def test_the_japanese_table_has_the_same_columns(evaluation: Evaluation) -> None:
    japanese, english = as_rows(evaluation, "ja"), as_rows(evaluation, "en")
    figures = [[list(row.values())[1:] for row in rows] for rows in (japanese, english)]
    assert figures[0] == figures[1]
    assert [row["予測方法"] for row in japanese] == ["rotting", "つなぐ", "Odoo予測スコア"]


def test_a_rules_own_volume_stands_beside_the_model_at_that_volume(evaluation: Evaluation) -> None:
    (row,) = native_rows(evaluation, "en")
    assert list(row.values()) == ["rotting", "40.0", "41% (10%–90%)", "40% (10%–90%)"]


def test_groups_are_named_in_words_with_how_far_the_prediction_was_off(
    evaluation: Evaluation,
) -> None:
    told, true = Figure(0.2, 0.1, 0.3), Figure(0.25, 0.2, 0.3)
    off, error = Figure(-0.05, -0.1, 0.01), Figure(0.06, 0.05, 0.08)
    groups = (
        GroupCalibration("owner", "田中", 40, told, true, off, error),
        GroupCalibration("size", "3", 1200, told, true, off, error),
    )
    model = replace(evaluation.performances[0], groups=groups)
    grouped = replace(evaluation, performances=(model,))
    assert [row["グループ"] for row in group_rows(grouped, "ja")] == ["担当者：田中", "金額：大"]
    owner, size = group_rows(grouped, "en")
    assert (owner["group"], size["group"], size["deals"]) == ("owner: 田中", "size: large", "1,200")
    assert owner["predicted − observed"] == "-5% (-10%–+1%)"
    assert group_rows(evaluation, "en") == []


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_plots_are_svg_whose_text_stays_text(
    evaluation: Evaluation, plot: Callable[[Evaluation, Language], str], language: Language
) -> None:
    svg = plot(evaluation, language)
    texts = [e.text for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314
    joined = "".join(text or "" for text in texts)
    assert ("中途" in joined or "上に" in joined) == (language == "ja")
    assert plot(evaluation, language) == svg


def test_lines_are_told_apart_without_colour_and_named_where_they_end(
    evaluation: Evaluation,
) -> None:
    svg = early_warning_svg(evaluation, "en")
    assert ">Tsunagu<" in svg.replace("\n", "")
    assert ">rotting<" in svg.replace("\n", "")
    assert ">Odoo lead scoring<" not in svg.replace("\n", "")  # nothing was measured
    assert "stroke-dasharray" in svg


@pytest.mark.parametrize("plot", PLOTS)
def test_a_plot_of_nothing_says_so(
    evaluation: Evaluation, plot: Callable[[Evaluation, Language], str]
) -> None:
    empty = Performance("rule", {}, {}, {}, None)
    nothing = replace(evaluation, performances=(empty,), horizons=())
    assert "この記録からは測れません" in plot(nothing, "ja")


def test_names_are_moved_apart_but_keep_their_order() -> None:
    assert spread([0.5, 0.1, 0.52], 0.1) == pytest.approx([0.46, 0.1, 0.56])


def test_every_default_predictor_has_a_name_in_both_languages() -> None:
    for predictor in default_predictors():
        names = {predictor_words(predictor.name, language) for language in ("ja", "en")}
        assert len(names) == 2, predictor.name
        assert predictor.name not in names
