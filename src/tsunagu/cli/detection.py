"""Each kind of signal by itself, for the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.table import Table

from tsunagu.analytics.contracts import Language
from tsunagu.cli.console import out
from tsunagu.cli.evaluation import WIDE_TERMINAL
from tsunagu.cli.tables import new_table
from tsunagu.cli.words import words

if TYPE_CHECKING:
    from tsunagu.analytics.evaluation import DetectionEvaluation, Figure, SignalFigures

_NUMBERS = ("threshold", "new_signals", "per_hundred", "precision", "lift", "warned_of", "lead")


def print_signals(evaluation: DetectionEvaluation, language: Language) -> None:
    """The table, the base rate, and the kinds that did not speak."""
    from tsunagu.analytics.detection import NAMES

    console = out()
    console.print(signals_table(evaluation, language, console.width))
    base = "–" if math.isnan(evaluation.base_rate) else f"{evaluation.base_rate:.1%}"
    console.print(f"• {words('base_rate', language, rate=base)}", soft_wrap=True)
    if evaluation.silent:
        names = "、".join if language == "ja" else ", ".join
        kinds = names(NAMES[kind][0 if language == "ja" else 1] for kind in evaluation.silent)
        console.print(f"• {words('never_spoke', language, kinds=kinds)}", soft_wrap=True)


def signals_table(evaluation: DetectionEvaluation, language: Language, width: int) -> Table:
    """One row a kind, best lift first."""
    headings = [words(key, language) for key in _NUMBERS]
    table = new_table(words("signal", language), *headings, title=words("each_signal", language))
    for column in table.columns[1:]:
        column.justify = "right"
    for figures in evaluation.signals:
        table.add_row(*_cells(figures, language, width))
    return table


def _cells(figures: SignalFigures, language: Language, width: int) -> tuple[str, ...]:
    from tsunagu.analytics.detection import NAMES

    wide = width >= WIDE_TERMINAL
    return (
        NAMES[figures.kind][0 if language == "ja" else 1],
        f"{figures.cut:.2f}",
        f"{figures.new:,}",
        f"{figures.per_hundred:.1f}",
        _shown(figures.precision, "{:.0%}", wide),
        _shown(figures.lift, "{:.2f}", wide),
        "–" if math.isnan(figures.warned) else f"{figures.warned:.0%}",
        "–" if math.isnan(figures.median_lead) else f"{figures.median_lead:.0f}",
    )


def _shown(figure: Figure, form: str, wide: bool) -> str:
    if math.isnan(figure.value):
        return "–"
    text = form.format(figure.value)
    if not wide or math.isnan(figure.low):
        return text
    return f"{text} ({form.format(figure.low)}–{form.format(figure.high)})"
