"""Which reason will be given for a lost deal, told from its calls alone?

    python benchmarks/lost_reasons.py ../shared/data/school_crm

Deals lost with a reason, in the order of their closing dates: the first 70% to learn from, the
rest to judge on; choices are made on the last quarter of the first part.  Known of a deal: the
calls of its contact from its creation to the end of the day before it was closed, and its age by
then.  Facts of the calls are cut into classes and given to the classifier as kinds of signals.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyarrow import csv
from sklearn.metrics import f1_score

from tsunagu.analytics.causes import Settings
from tsunagu.analytics.causes.classifier import Classifier, Documents

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEARNT = 0.7
INNER = 0.75
TALK_SECONDS = 30
RIDGES = (0.1, 1.0, 10.0)
LATELY = 1_000


@dataclass(frozen=True)
class Call:
    """One call of a contact."""

    start: datetime
    owner: str
    kind: str
    seconds: float


@dataclass(frozen=True)
class Case:
    """A lost deal."""

    closed: datetime
    reason: str
    signals: frozenset[str]


def cases(folder: Path) -> list[Case]:
    """In the order of their closing dates."""
    calls = _calls(folder / "calls.csv.gz")
    rows = csv.read_csv(folder / "deals.csv").to_pylist()
    lost = [row for row in rows if row["stage"] == "Lost" and row["lost_reason"]]
    found = [_case(row, calls) for row in lost if row["closing_date"] and row["created"]]
    return sorted(found, key=lambda case: (case.closed, case.reason, sorted(case.signals)))


def _calls(path: Path) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for row in csv.read_csv(path).to_pylist():
        call = Call(_time(row["start"]), row["owner"] or "", row["type"], row["dur_s"] or 0.0)
        found.setdefault(row["contact_id"] or "", []).append(call)
    found.pop("", None)  # calls of nobody known
    return {contact: sorted(calls, key=lambda c: c.start) for contact, calls in found.items()}


def _time(value: object) -> datetime:
    return datetime.fromisoformat(str(value))


def _case(row: dict[str, object], calls: dict[str, list[Call]]) -> Case:
    created, closed = _time(row["created"]), _time(row["closing_date"])
    own = calls.get(str(row["contact_id"]), [])
    seen = [call for call in own if created <= call.start < closed]
    return Case(closed, str(row["lost_reason"]), frozenset(facts(seen, created, closed)))


def facts(calls: Sequence[Call], created: datetime, closed: datetime) -> list[str]:
    """Classes of what the calls were like."""
    talks = [call for call in calls if call.seconds >= TALK_SECONDS]
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
    backwards = [call.seconds >= TALK_SECONDS for call in reversed(calls)]
    return backwards.index(True) if True in backwards else len(backwards)


def learnt(known: Sequence[Case], reasons: Sequence[str], ridge: float) -> Classifier:
    """A classifier of reasons."""
    label = np.array([reasons.index(case.reason) for case in known])
    prior = np.log((np.bincount(label, minlength=len(reasons)) + 1.0) / len(label))
    model = Classifier(prior, Settings(ridge=ridge))
    model.fit(_documents(known, len(reasons)), label)
    return model


def _documents(some: Sequence[Case], width: int) -> Documents:
    signals = [case.signals for case in some]
    return Documents([[] for _ in some], signals, np.zeros((len(some), width)))


def top3(order: NDArray[np.int64], later: Sequence[Case], reasons: Sequence[str]) -> float:
    """Share of the cases whose reason is among the first three told; unknown ones are misses."""
    pairs = zip(order[:, :3], later, strict=True)
    return float(np.mean([case.reason in [reasons[i] for i in row] for row, case in pairs]))


def usual(known: Sequence[Case], later: Sequence[Case], reasons: Sequence[str]) -> Ints:
    """The most frequent reasons, the same for all."""
    counts = Counter(case.reason for case in known)
    order = sorted(range(len(reasons)), key=lambda i: -counts[reasons[i]])
    return np.tile(np.array(order), (len(later), 1))


def ours(
    known: Sequence[Case], later: Sequence[Case], reasons: Sequence[str], ridge: float
) -> Ints:
    """Reasons of each case, the most probable first."""
    model = learnt(known, reasons, ridge)
    return np.argsort(-model.log_probabilities(_documents(later, len(reasons))), axis=1)


def line(name: str, order: Ints, later: Sequence[Case], reasons: Sequence[str]) -> None:
    """Top-3 accuracy, accuracy and macro-F1 over the reasons that occur later."""
    told = [reasons[i] for i in order[:, 0]]
    truth = [case.reason for case in later]
    f1 = f1_score(truth, told, average="macro", labels=sorted(set(truth)), zero_division=0)
    right = np.mean([a == b for a, b in zip(told, truth, strict=True)])
    print(f"{name:<44}{top3(order, later, reasons):>8.3f}{right:>10.3f}{f1:>10.3f}")


def main() -> None:
    """Choose within the first part, then judge once on the rest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    every = cases(parser.parse_args().folder)
    cut = int(LEARNT * len(every))
    first, later = every[:cut], every[cut:]
    reasons = sorted({case.reason for case in first})
    inner = int(INNER * len(first))
    scores = {
        r: top3(ours(first[:inner], first[inner:], reasons, r), first[inner:], reasons)
        for r in RIDGES
    }
    ridge = max(RIDGES, key=lambda r: scores[r])
    print(f"inner top-3 by ridge: {scores}")
    print(f"{len(first)} learnt, closed to {first[-1].closed:%Y-%m-%d}; {len(later)} judged")
    print(f"{'':<44}{'top-3':>8}{'accuracy':>10}{'macro-F1':>10}")
    line("prior", usual(first, later, reasons), later, reasons)
    line(f"prior of the latest {LATELY}", usual(first[-LATELY:], later, reasons), later, reasons)
    line(f"ours (ridge {ridge})", ours(first, later, reasons, ridge), later, reasons)


if __name__ == "__main__":
    main()
