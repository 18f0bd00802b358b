"""How well causes, tone and lost reasons are told, for the terminal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from tsunagu.analytics.contracts import Language
from tsunagu.cli.console import out, print_json, progress
from tsunagu.cli.evaluation import WIDE_TERMINAL
from tsunagu.cli.tables import new_table
from tsunagu.cli.words import words

if TYPE_CHECKING:
    from tsunagu.analytics.evaluation import Figure
    from tsunagu.analytics.evaluation.texts import TextRow, TextTable

_FIGURES = ("macro_f1", "accuracy", "top3", "log_loss")


def judge_texts(
    sources: list[Path], seed: int, bootstrap: int, language: Language, *, as_json: bool
) -> None:
    """Judge the sources, and print a table for each task, or one JSON document."""
    from tsunagu.analytics.evaluation.texts import evaluate_texts

    with progress(language) as report:
        judged = evaluate_texts(sources, seed=seed, bootstrap=bootstrap, progress=report)
    if as_json:
        print_json(judged.to_dict())
        return
    console = out()
    for table in judged.tables:
        console.print(text_table(table, language, console.width))


def text_table(judged: TextTable, language: Language, width: int) -> Table:
    """One row a method, our own in bold."""
    figures = [key for key in _FIGURES if any(key in row.figures for row in judged.rows)]
    headings = [words(key, language) for key in ("way", "learnt", "judged", *figures)]
    table = new_table(*headings, title=words(judged.name, language, source=judged.source))
    for column in table.columns[1:]:
        column.justify = "right"
    for row in judged.rows:
        cells = _cells(row, figures, language, wide=width >= WIDE_TERMINAL)
        table.add_row(*cells, style="bold" if row.ours else None)
    return table


def _cells(row: TextRow, figures: list[str], language: Language, *, wide: bool) -> tuple[str, ...]:
    return (
        words(f"way_{row.name}", language),
        f"{row.learnt:,}",
        f"{row.judged:,}",
        *(_shown(row.figures.get(key), wide=wide) for key in figures),
    )


def _shown(figure: Figure | None, *, wide: bool) -> str:
    if figure is None:
        return "–"
    text = f"{figure.value:.3f}"
    if not wide or math.isnan(figure.low):
        return text
    return f"{text} ({figure.low:.3f}–{figure.high:.3f})"
