"""An evaluation, for the terminal and for the report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table

from tsunagu.analytics.contracts import Language, Outcome
from tsunagu.cli.report import EvaluationRow, EvaluationSection
from tsunagu.cli.tables import new_table
from tsunagu.cli.words import outcome_words, words

if TYPE_CHECKING:
    from tsunagu.analytics.evaluation import Evaluation
    from tsunagu.analytics.evaluation.results import Part


WIDE_TERMINAL = 190
"""From this width on, the 95% intervals stand beside their figures."""


def evaluation_table(evaluation: Evaluation, language: Language, width: int) -> Table:
    """Predictors, best first, our own in bold, with their main figures."""
    headings, rows = _cells(evaluation, language)
    table = new_table(*headings)
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify, column.overflow = "right", "fold"
    for row in rows:
        cells = row.cells if width >= WIDE_TERMINAL else [c.partition(" (")[0] for c in row.cells]
        table.add_row(*cells, style="bold" if row.ours else None)
    return table


def native_table(evaluation: Evaluation, language: Language) -> Table:
    """Each rule at its own volume beside the model with as many alerts."""
    from tsunagu.analytics.evaluation import native_rows

    rows = native_rows(evaluation, language)
    table = new_table(*(rows[0] if rows else ()), title=words("native_volume", language))
    for row in rows:
        table.add_row(*row.values())
    return table


def groups_table(evaluation: Evaluation, language: Language) -> Table:
    """The model's probabilities and what came of them, for each group of deals."""
    from tsunagu.analytics.evaluation import group_rows

    rows = group_rows(evaluation, language)
    table = new_table(*rows[0], title=words("by_group", language))
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row.values())
    return table


def remarks(evaluation: Evaluation) -> Iterator[str]:
    """What was left out or could not be measured, and why."""
    yield from evaluation.notes
    for skipped in evaluation.skipped:
        yield f"{skipped.name}: {skipped.reason}"


def split_words(evaluation: Evaluation, language: Language) -> str:
    """Where the log was cut, and what lies on each side."""
    return words(
        "split",
        language,
        cut=f"{evaluation.cut:%Y-%m-%d}",
        train=_part_words(evaluation.train, language),
        test=_part_words(evaluation.test, language),
        warnable=f"{evaluation.warnable:,}",
    )


def evaluation_section(evaluation: Evaluation, language: Language) -> EvaluationSection:
    """The evaluation as the report shows it, with its plots."""
    from tsunagu.analytics.evaluation import group_rows, plots

    headings, rows = _cells(evaluation, language)
    drawings = (
        plots.early_warning_svg,
        plots.reliability_svg,
        plots.auc_by_horizon_svg,
        plots.risk_distribution_svg,
    )
    return EvaluationSection(
        split=split_words(evaluation, language),
        headings=headings,
        rows=rows,
        figures=[draw(evaluation, language) for draw in drawings],
        groups=group_rows(evaluation, language),
        remarks=list(remarks(evaluation)),
    )


def _cells(evaluation: Evaluation, language: Language) -> tuple[list[str], list[EvaluationRow]]:
    from tsunagu.analytics.evaluation import OURS, as_rows, ordered

    texts = as_rows(evaluation, language)
    names = [performance.name for performance in ordered(evaluation)]
    rows = [
        EvaluationRow(ours=name in OURS, cells=list(text.values()))
        for name, text in zip(names, texts, strict=True)
    ]
    return list(texts[0]), rows


def _part_words(part: Part, language: Language) -> str:
    ends = ", ".join(
        f"{outcome_words(outcome, language)} {part.outcomes.get(outcome.value, 0):,}"
        for outcome in Outcome
    )
    return words(
        "part", language, deals=f"{part.deals:,}", landmarks=f"{part.landmarks:,}", ends=ends
    )
