"""The evaluation as plain rows, for a table on a terminal or a page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tsunagu.analytics.contracts import Language
from tsunagu.analytics.evaluation.figures import middle
from tsunagu.analytics.evaluation.names import predictor_words
from tsunagu.analytics.evaluation.results import (
    Evaluation,
    Figure,
    GroupCalibration,
    Performance,
)

SORT_KEY = "warned_7_at_10"

_NOT_MEASURED = "–"


@dataclass(frozen=True)
class Column:
    """One column of the table.

    Attributes:
        key: of a figure.
        ja: header in Japanese.
        en: header in English.
        show: figure to text.
    """

    key: str
    ja: str
    en: str
    show: Callable[[Figure], str]

    def header(self, language: Language) -> str:
        """The header in ``language``."""
        return self.ja if language == "ja" else self.en


def _percent(figure: Figure) -> str:
    return _with_interval(figure, lambda value: f"{100 * value:.0f}%")


def _decimal(figure: Figure) -> str:
    return _with_interval(figure, lambda value: f"{value:.3f}")


def _plain(figure: Figure) -> str:
    return _NOT_MEASURED if math.isnan(figure.value) else f"{figure.value:.1f}"


def _with_interval(figure: Figure, show: Callable[[float], str]) -> str:
    if math.isnan(figure.value):
        return _NOT_MEASURED
    if math.isnan(figure.low):
        return show(figure.value)
    return f"{show(figure.value)} ({show(figure.low)}–{show(figure.high)})"


def columns(evaluation: Evaluation) -> tuple[Column, ...]:
    """The main figures: early warning, AUC, Brier score and calibration."""
    horizon = middle(evaluation.horizons)
    shown = [
        Column("warned_7_at_5", "7日前までに警告・5%", "warned 7 d before, 5%", _percent),
        Column("warned_7_at_10", "7日前までに警告・10%", "warned 7 d before, 10%", _percent),
        Column("warned_7_at_20", "7日前までに警告・20%", "warned 7 d before, 20%", _percent),
        Column("warned_14_at_10", "14日前までに警告・10%", "warned 14 d before, 10%", _percent),
        Column("value_warned_7_at_10", "同・金額で", "by value, 10%", _percent),
        Column("median_lead_at_10", "猶予日数の中央値", "median lead, days", _plain),
        Column("per_warning_at_10", "警告1件の通知数", "alerts per warning", _plain),
        Column("precision_at_10", "適中率", "precision", _percent),
        Column("ibs_scaled", "基準比IBS改善", "scaled IBS", _decimal),
    ]
    if horizon is not None:
        shown.insert(8, Column(f"auc_{horizon}", f"AUC {horizon}日", f"AUC {horizon} d", _decimal))
        shown.insert(9, Column("uno_c", "UnoのC", "Uno's C", _decimal))
        shown.append(Column(f"ece_{horizon}", f"ECE {horizon}日", f"ECE {horizon} d", _decimal))
    return tuple(c for c in shown if any(c.key in p.figures for p in evaluation.performances))


def as_rows(evaluation: Evaluation, language: Language = "ja") -> list[dict[str, str]]:
    """One dict a predictor, header to text, by the share warned of at 10 per 100, best first.

    The first column is the predictor's name.  Figures carry their 95% interval in brackets; a dash
    means that the figure cannot be measured (see the evaluation's notes) or that the predictor
    gives no probabilities.
    """
    name = "予測方法" if language == "ja" else "predictor"
    shown = columns(evaluation)
    return [
        {name: predictor_words(p.name, language)}
        | {c.header(language): c.show(p.figure(c.key)) for c in shown}
        for p in ordered(evaluation)
    ]


def native_rows(evaluation: Evaluation, language: Language = "ja") -> list[dict[str, str]]:
    """Each rule at its own volume, and the model listing exactly as many deals each week."""
    words = _NATIVE[language]
    model = evaluation.performances[0]
    rows = []
    for native in evaluation.native:
        key = f"warned_7_as_{native.rule}"
        rule = evaluation.performance(native.rule).figure(key)
        texts = (
            predictor_words(native.rule, language),
            f"{native.per_hundred:.1f}",
            _percent(rule),
        )
        rows.append(dict(zip(words, (*texts, _percent(model.figure(key))), strict=True)))
    return rows


_NATIVE: dict[Language, tuple[str, str, str, str]] = {
    "ja": ("ルール", "100件あたりの通知", "7日前までに警告（ルール）", "同じ通知数のモデル"),
    "en": ("rule", "alerts per 100", "warned 7 d before (rule)", "model at this volume"),
}


def group_rows(evaluation: Evaluation, language: Language = "ja") -> list[dict[str, str]]:
    """The model's calibration for each owner, attribute and size; empty without groups."""
    days = middle(evaluation.horizons)
    heads = [head.format(days=days) for head in _GROUP_HEADS[language]]
    return [
        dict(zip(heads, _group_cells(group, language), strict=True))
        for group in evaluation.performances[0].groups
    ]


_GROUP_HEADS: dict[Language, tuple[str, ...]] = {
    "ja": ("グループ", "商談", "予測（{days}日以内）", "実際", "予測 − 実際", "ECE"),
    "en": ("group", "deals", "predicted, {days} d", "observed", "predicted − observed", "ECE"),
}
_GROUPINGS: dict[Language, dict[str, str]] = {
    "ja": {"owner": "担当者", "size": "金額"},
    "en": {"owner": "owner", "size": "size"},
}
_SIZES: dict[Language, dict[str, str]] = {
    "ja": {"1": "小", "2": "中", "3": "大"},
    "en": {"1": "small", "2": "middle", "3": "large"},
}


def _group_cells(group: GroupCalibration, language: Language) -> tuple[str, ...]:
    grouping = _GROUPINGS[language].get(group.grouping, group.grouping)
    size = group.grouping == "size"
    name = _SIZES[language].get(group.group, group.group) if size else group.group
    separator = "：" if language == "ja" else ": "
    return (
        f"{grouping}{separator}{name}",
        f"{group.deals:,}",
        *map(_percent, (group.predicted, group.observed)),
        _with_interval(group.gap, lambda value: f"{100 * value:+.0f}%"),
        _decimal(group.ece),
    )


def ordered(evaluation: Evaluation) -> list[Performance]:
    """Predictors by the share warned of, best first; those without one last, then by name."""

    def place(performance: Performance) -> tuple[float, str]:
        value = performance.figure(SORT_KEY).value
        return (math.inf if math.isnan(value) else -value, performance.name)

    return sorted(evaluation.performances, key=place)
