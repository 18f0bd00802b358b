"""Which reason will be given for a lost deal, told from the history of its calls alone.

Known of a deal: the calls of its contact from its creation to the end of the day before it was
closed, and its age by then.  Facts of the calls are cut into classes and given to the classifier
of causes as kinds of signals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from tsunagu.analytics.causes import Settings
from tsunagu.analytics.causes.classifier import Documents
from tsunagu.analytics.errors import InputError, Problem
from tsunagu.analytics.evaluation.arrays import Integers
from tsunagu.analytics.evaluation.texts.learning import classifier
from tsunagu.analytics.evaluation.texts.measuring import Judge, Resampling
from tsunagu.analytics.evaluation.texts.results import TextRow, TextTable

DEALS_FILE, CALLS_FILE = "deals.csv", "calls.csv.gz"
FEWEST = 30

_LEARNT = 0.7  # of the lost deals, in the order of their closing
_INNER = 0.75  # of those, to choose by the others
_RIDGES = (0.1, 1.0, 10.0)
_LATELY = 1_000
_TALK_SECONDS = 30
_DEAL_COLUMNS = ("contact_id", "stage", "created", "closing_date", "lost_reason")
_CALL_COLUMNS = ("contact_id", "type", "start", "dur_s", "owner")
_REMEDY = "Name the folder of the school's CRM, with deals.csv and calls.csv.gz."


@dataclass(frozen=True)
class Call:
    """One call of a contact."""

    start: datetime
    owner: str
    kind: str
    seconds: float


@dataclass(frozen=True)
class Case:
    """A lost deal: when it was closed, why, and the classes of what its calls were like."""

    closed: datetime
    reason: str
    signals: frozenset[str]


def lost_cases(folder: Path) -> list[Case]:
    """In the order of their closing dates.

    Raises:
        InputError: if a file or column is missing.
    """
    deals = _rows(folder / DEALS_FILE, _DEAL_COLUMNS)
    calls = _calls(_rows(folder / CALLS_FILE, _CALL_COLUMNS))
    lost = [row for row in deals if row["stage"] == "Lost" and row["lost_reason"]]
    found = [_case(row, calls) for row in lost if row["closing_date"] and row["created"]]
    return sorted(found, key=lambda case: (case.closed, case.reason, sorted(case.signals)))


def _rows(path: Path, columns: Sequence[str]) -> list[dict[str, Any]]:
    try:
        table = csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        message = f"cannot be read ({error})."
        raise InputError(Problem(str(path), None, None, None, message, _REMEDY)) from error
    for name in columns:
        if name not in table.column_names:
            raise InputError(Problem(str(path), 1, name, None, "is missing.", _REMEDY))
    rows: list[dict[str, Any]] = table.select(list(columns)).to_pylist()
    return rows


def _calls(rows: Sequence[dict[str, Any]]) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for row in rows:
        call = Call(_time(row["start"]), row["owner"] or "", row["type"], row["dur_s"] or 0.0)
        found.setdefault(str(row["contact_id"] or ""), []).append(call)
    found.pop("", None)  # calls of nobody known
    return {contact: sorted(calls, key=lambda c: c.start) for contact, calls in found.items()}


def _time(value: object) -> datetime:
    return datetime.fromisoformat(str(value))


def _case(row: dict[str, Any], calls: dict[str, list[Call]]) -> Case:
    created, closed = _time(row["created"]), _time(row["closing_date"])
    own = calls.get(str(row["contact_id"]), [])
    seen = [call for call in own if created <= call.start < closed]
    return Case(closed, str(row["lost_reason"]), frozenset(call_facts(seen, created, closed)))


def call_facts(calls: Sequence[Call], created: datetime, closed: datetime) -> list[str]:
    """Classes of what the calls were like."""
    talks = [call for call in calls if call.seconds >= _TALK_SECONDS]
    longest = max((call.seconds for call in calls), default=0.0)
    found = [
        f"age {_level((closed - created) / timedelta(days=1), (1, 3, 7, 14, 30, 60))}",
        f"calls {_level(len(calls), (0, 1, 2, 4, 8, 16))}",
        f"talks {_level(len(talks), (0, 1, 2, 4, 8))}",
        f"longest {_level(longest, (0, 30, 60, 180, 600, 1200))}",
        f"inbound {_level(sum(c.kind == 'Inbound' for c in calls), (0, 1))}",
        f"missed {_level(sum(c.kind == 'Missed' for c in calls), (0, 1))}",
        f"since talk {_since(talks, closed)}",
        f"since call {_since(calls, closed)}",
        f"unanswered at the end {_level(_trailing(calls), (0, 1, 2, 4, 8))}",
    ]
    if calls:
        found.append(f"caller {calls[-1].owner}")
    return found


def _level(value: float, limits: Sequence[float]) -> int:
    return sum(value > limit for limit in limits)


def _since(calls: Sequence[Call], closed: datetime) -> str:
    if not calls:
        return "never"
    return str(_level((closed - calls[-1].start) / timedelta(days=1), (0, 1, 3, 7, 14, 30)))


def _trailing(calls: Sequence[Call]) -> int:
    """How many calls at the end were no talks."""
    backwards = [call.seconds >= _TALK_SECONDS for call in reversed(calls)]
    return backwards.index(True) if True in backwards else len(backwards)


def judge_lost_reasons(folder: Path, resampling: Resampling) -> TextTable:
    """Learn from the first 70% of the lost deals, choose within them, and judge on the rest.

    Raises:
        InputError: as :func:`lost_cases`, or if there are fewer than :data:`FEWEST` lost deals.
    """
    every = lost_cases(folder)
    if len(every) < FEWEST:
        message = f"holds {len(every)} lost deals with a reason; {FEWEST} or more are needed."
        raise InputError(
            Problem(str(folder / DEALS_FILE), None, "lost_reason", None, message, _REMEDY)
        )
    cut = int(_LEARNT * len(every))
    first, later = every[:cut], every[cut:]
    order = sorted({case.reason for case in first})
    reasons = order + sorted({case.reason for case in later} - set(order))
    judge = Judge(_labels(later, reasons), resampling)
    ways = {"prior": _usual(_labels(first, reasons), len(later), len(order))}
    if len(first) > _LATELY:
        latest = _labels(first[-_LATELY:], reasons)
        ways["prior_lately"] = _usual(latest, len(later), len(order))
    ways["ours"] = _ours(first, later, order, _best_ridge(first, order))
    return TextTable("lost_reason", folder.name, tuple(_rows_of(ways, judge, len(first))))


def _rows_of(ways: dict[str, Integers], judge: Judge, learnt: int) -> list[TextRow]:
    return [
        judge.row(
            name,
            min(learnt, _LATELY) if name == "prior_lately" else learnt,
            told[:, 0],
            {"top3": judge.among_first(told)},
        )
        for name, told in ways.items()
    ]


def _labels(some: Sequence[Case], reasons: Sequence[str]) -> Integers:
    return np.array([reasons.index(case.reason) for case in some], dtype=np.int64)


def _usual(label: Integers, size: int, width: int) -> Integers:
    """(size, reasons) the most frequent first, the same for all."""
    return np.tile(np.argsort(-np.bincount(label, minlength=width), kind="stable"), (size, 1))


def _best_ridge(first: Sequence[Case], reasons: Sequence[str]) -> float:
    """The one whose first three are right most often on the last quarter of ``first``."""
    cut = int(_INNER * len(first))
    known, held = first[:cut], first[cut:]
    judge = Judge(_labels(held, reasons), Resampling(0, 0))

    def top3(ridge: float) -> float:
        return float(judge.among_first(_ours(known, held, reasons, ridge)).mean())

    return max(_RIDGES, key=top3)


def _ours(
    known: Sequence[Case], later: Sequence[Case], reasons: Sequence[str], ridge: float
) -> Integers:
    """(later, reasons) the most probable first."""
    width = len(reasons)
    label = _labels(known, reasons)
    model = classifier(_documents(known, width), label, width, Settings(ridge=ridge))
    order: Integers = np.argsort(-model.log_probabilities(_documents(later, width)), axis=1)
    return order


def _documents(some: Sequence[Case], width: int) -> Documents:
    signals = [case.signals for case in some]
    return Documents([[] for _ in some], signals, np.zeros((len(some), width)))
