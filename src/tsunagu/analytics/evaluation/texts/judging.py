"""Which judgement a source asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tsunagu.analytics.contracts import Progress
from tsunagu.analytics.errors import InputError, Problem
from tsunagu.analytics.evaluation.texts.economy import CAUSE_LABEL, TONE, judge_comments
from tsunagu.analytics.evaluation.texts.lost_reasons import judge_lost_reasons
from tsunagu.analytics.evaluation.texts.measuring import Resampling
from tsunagu.analytics.evaluation.texts.notes import judge_notes, judge_simulated
from tsunagu.analytics.evaluation.texts.results import TextEvaluation, TextTable

_REMEDY = (
    "Name a .jsonl file of notes with their causes, the Economy Watchers comments (.parquet), "
    "or the folder of the school's CRM; docs/reference/causes.md says where to get them."
)

_Step = Callable[[], Sequence[TextTable]]


def evaluate_texts(
    sources: Sequence[Path],
    *,
    seed: int = 0,
    bootstrap: int = 200,
    progress: Progress | None = None,
) -> TextEvaluation:
    """Judge causes, tone and lost reasons beside plain rivals; splits follow time.

    Args:
        sources: ``.jsonl`` notes with their causes; ``.parquet`` comments of the Economy Watchers;
            a folder with ``deals.csv`` and ``calls.csv.gz`` of the school's CRM.
        seed: of the resamples.
        bootstrap: resamples of the judged cases for the 95% intervals; 0: none.
        progress: called with ``"texts"`` and the share done; may raise to stop.

    Raises:
        InputError: if a source is missing, of no known kind, or cannot be used.
    """
    resampling = Resampling(seed, bootstrap)
    steps = [step for source in sources for step in _steps(source, resampling)]
    tables: list[TextTable] = []
    for number, step in enumerate(steps):
        if progress is not None:
            progress("texts", number / len(steps))
        tables += step()
    return TextEvaluation(tuple(tables), seed, bootstrap)


def _steps(source: Path, resampling: Resampling) -> list[_Step]:
    if not source.exists():
        raise InputError(Problem(str(source), None, None, None, "does not exist.", _REMEDY))
    if source.is_dir():
        return [lambda: [judge_lost_reasons(source, resampling)]]
    if source.suffix == ".jsonl":
        return [lambda: [*judge_notes(source, resampling), judge_simulated(resampling)]]
    if source.suffix == ".parquet":
        return [
            lambda: [judge_comments(source, CAUSE_LABEL, resampling)],
            lambda: [judge_comments(source, TONE, resampling)],
        ]
    raise InputError(Problem(str(source), None, None, None, "is of no known kind.", _REMEDY))
