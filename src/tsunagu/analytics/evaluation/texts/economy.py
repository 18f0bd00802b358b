"""Economy Watchers: comments by shopkeepers, sales people and firms on how business is going.

Cabinet Office of Japan, compiled by retarfi (CC BY 4.0) as a Parquet file with a row a comment.
The years from 2022 on are kept aside.  All choices here were made within the years before
(``benchmarks/causes.py --choose``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tsunagu.analytics.causes import Settings, ToneModel
from tsunagu.analytics.errors import InputError, Problem
from tsunagu.analytics.evaluation.arrays import Floats, Integers
from tsunagu.analytics.evaluation.texts.learning import (
    Split,
    characters,
    classifier,
    counted,
    decided,
    read,
    usual,
)
from tsunagu.analytics.evaluation.texts.measuring import Judge, Resampling
from tsunagu.analytics.evaluation.texts.results import TextTable

TEST_FROM = 202201
_MONTH, _NUMBER, _TEXT = "year-month", "id", "説明"
_REMEDY = "Name current_2015_2023.parquet of the Economy Watchers comments."

_KEYWORDS = {
    "来客数の動き": "来客 客数 来店 入場者 宿泊",
    "販売量の動き": "販売量 売上 販売台数 売行き",
    "お客様の様子": "お客様 客の様子 購買意欲 買い控え 節約",
    "受注量や販売量の動き": "受注 出荷 生産量 引き合い",
    "取引先の様子": "取引先 得意先 荷主",
    "求人数の動き": "求人",
    "単価の動き": "単価",
    "競争相手の様子": "競合 競争 同業",
    "受注価格や販売価格の動き": "受注価格 販売価格 値上げ 原材料",
    "周辺企業の様子": "周辺 近隣",
    "求職者数の動き": "求職",
    "採用者数の動き": "採用",
    "雇用形態の様子": "派遣 正社員 雇用",
    "それ以外": "",
}
_BETTER = ("良い", "好調", "増加", "増え", "伸び", "回復", "改善", "上回")
_WORSE = ("悪", "減少", "減っ", "落ち込", "厳し", "低迷", "苦", "下回")


@dataclass(frozen=True)
class Task:
    """Labels to tell, and the choices for telling them.

    Attributes:
        name: of the table.
        column: where the labels stand.
        labels: all of them, in order.
        settings, balance: of our classifier.
        svc: of the rival.
    """

    name: str
    column: str
    labels: tuple[str, ...]
    settings: Settings
    balance: float
    svc: dict[str, Any]


CAUSE_LABEL = Task(
    "cause_label",
    "判断の理由",
    tuple(_KEYWORDS),
    Settings(cost=0.1, characters=3, rarest=2, most_terms=250_000),
    0.5,
    {"C": 0.3, "class_weight": "balanced"},
)
TONE = Task(
    "tone",
    "景気の現状判断",
    tuple("×▲□○◎"),  # -2 to +2
    Settings(ridge=0.2, rarest=2, characters=3),
    0.5,
    {"C": 0.3},
)


@dataclass(frozen=True)
class Comments:
    """Comments of one task in the order of their months."""

    month: Integers
    text: list[str]
    label: Integers

    def between(self, start: int, end: int) -> Integers:
        """Places of the comments from month ``start`` (as 202101) to before ``end``."""
        return np.flatnonzero((self.month >= start) & (self.month < end))

    def split(self, early: Integers, late: Integers) -> Split:
        """The comments at these places."""

        def texts(places: Integers) -> list[str]:
            return [self.text[place] for place in places]

        return Split(texts(early), self.label[early], texts(late), self.label[late])


def comments(path: Path, task: Task) -> Comments:
    """Comments with the labels of ``task``.

    Raises:
        InputError: if a column is missing or a label unknown.
    """
    rows = _rows(path, task.column)
    given = rows[task.column].to_pylist()
    if unknown := set(given) - set(task.labels):
        value = sorted(map(str, unknown))[0]
        raise InputError(
            Problem(str(path), None, task.column, value, "is no known label.", _REMEDY)
        )
    months = np.array(rows[_MONTH].to_pylist(), dtype=np.int64)
    label = np.array([task.labels.index(value) for value in given], dtype=np.int64)
    return Comments(months, rows[_TEXT].to_pylist(), label)


def _rows(path: Path, column: str) -> pa.Table:
    wanted = [_MONTH, _NUMBER, _TEXT, column]
    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(
            Problem(str(path), None, None, None, f"cannot be read ({error}).", _REMEDY)
        ) from error
    for name in wanted:
        if name not in schema.names:
            raise InputError(Problem(str(path), None, name, None, "is missing.", _REMEDY))
    return pq.read_table(path, columns=wanted).sort_by(
        [(_MONTH, "ascending"), (_NUMBER, "ascending")]
    )


def judge_comments(path: Path, task: Task, resampling: Resampling) -> TextTable:
    """Learn from all comments before 2022, and judge on those after.

    Raises:
        InputError: if the file cannot be used, or has no comments on one of the two sides.
    """
    found = comments(path, task)
    early, late = found.between(0, TEST_FROM), found.between(TEST_FROM, 999_999)
    if not len(early) or not len(late):
        message = f"has {len(early)} comments before {TEST_FROM} and {len(late)} after it."
        raise InputError(Problem(str(path), None, _MONTH, None, message, _REMEDY))
    split = found.split(early, late)
    judge, learnt = Judge(split.later, resampling), len(early)
    ways = _cause_ways(split) if task is CAUSE_LABEL else _tone_ways(split)
    logs = log_probabilities(split, task, task.settings)
    ways |= {
        "characters": (learnt, characters(split, task.svc)),
        "ours": (learnt, decided(logs, split.label, task.balance)),
        "ours_likeliest": (learnt, logs.argmax(axis=1)),
    }
    rows = tuple(judge.row(name, size, told) for name, (size, told) in ways.items())
    return TextTable(task.name, path.name, rows)


def log_probabilities(split: Split, task: Task, settings: Settings) -> Floats:
    """(later, labels) by our classifier of causes, without a lexicon, or by our tone model."""
    if task is TONE:
        model = ToneModel.fit(split.texts, list(split.label - 2), settings)
        return np.log(model.probabilities(split.later_texts))
    width = len(task.labels)
    learnt = classifier(read(split.texts, width), split.label, width, settings)
    return learnt.log_probabilities(read(split.later_texts, width))


_Ways = dict[str, tuple[int, Integers]]


def _cause_ways(split: Split) -> _Ways:
    learnt = len(split.label)
    return {
        "prior": (learnt, usual(split.label, len(split.later))),
        "keywords": (learnt, _keyword_causes(split)),
    }


def _tone_ways(split: Split) -> _Ways:
    return {
        "prior": (len(split.label), usual(split.label, len(split.later))),
        "keywords": (0, _keyword_tones(split.later_texts)),
        "lexicon": (0, ToneModel.shipped().steps(split.later_texts) + 2),
    }


def _keyword_causes(split: Split) -> Integers:
    """The label with most keywords, else the most frequent one."""
    columns = [counted(split.later_texts, words.split()) for words in _KEYWORDS.values()]
    hits = np.column_stack(columns).astype(np.float64)
    hits[:, np.bincount(split.label).argmax()] += 0.5
    best: Integers = hits.argmax(axis=1)
    return best


def _keyword_tones(texts: Sequence[str]) -> Integers:
    """Better words less worse words, at most two steps."""
    steps: Integers = np.clip(counted(texts, _BETTER) - counted(texts, _WORSE), -2, 2) + 2
    return steps
