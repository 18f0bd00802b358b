"""The door from the application to the detection of signals.

Facts, texts among them, and risks become what the detection reads; its signals become plain values.
Thresholds cross as the dictionaries that the database keeps. Processes are named by their keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import F, Q
from django.utils import timezone

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Deal, Event, Stage
from tsunagu.app.people.models import User
from tsunagu.app.scoring.bridge import Records, named, records
from tsunagu.app.scoring.columns import Field, read_columns
from tsunagu.app.scoring.models import ScorePoint

if TYPE_CHECKING:
    from tsunagu.analytics.detection import Thresholds

Cuts = Mapping[tuple[str, str], float]
"""Cuts that people set, by process and kind."""

RISKS_SPAN = timedelta(days=45)
"""A risk is compared with one that is at most 30 days older."""

NEVER = timedelta(days=3_650)
"""What time alone would raise only after ten years."""

_KINDS_OF_RISK = frozenset({"risk_high", "risk_rising"})
_DEAL_COLUMNS = ["deal_id", "customer_id", "owner_id", "created_at", "process"]
_POINT_FIELDS: tuple[Field, ...] = (
    ("deal_id", F("deal_id"), pa.int64()),
    ("on", F("on"), pa.date32()),
    ("risk", F("risk_30"), pa.float64()),
)


@dataclass(frozen=True)
class Found:
    """A signal as the analytics give it, of the deal with that key.

    ``lasting``: measured again and again, so ``at`` may move while it stands.
    """

    deal_id: int
    kind: str
    at: datetime
    strength: float
    measure: float
    evidence: dict[str, Any]
    ja: str
    en: str

    @property
    def lasting(self) -> bool:
        """Whether it is one of risk."""
        return self.kind in _KINDS_OF_RISK


@dataclass(frozen=True)
class Look:
    """What one look at some deals saw: their signals, and by key when to look next."""

    found: list[Found]
    next_looks: dict[int, datetime | None]


def load_readers() -> None:
    """Bring the dictionary of Japanese words into memory, so that the first text need not wait."""
    from tsunagu.analytics.causes import tone

    tone(["."])


def look(deal_ids: Iterable[int], at: datetime, thresholds: Thresholds) -> Look:
    """The signals at ``at`` of those of ``deal_ids`` that are open."""
    from tsunagu.analytics.detection import look_once, signals

    ids = list(deal_ids)
    log = _records(Q(pk__in=ids, outcome__isnull=True), Q(deal__in=ids), at).passing_log(at)
    table, nexts = look_once(log, at, thresholds, scores=_risks(ids, at))
    worded = signals(table, _names(table))
    found = [
        Found(
            int(signal.deal_id),
            signal.kind.value,
            signal.at,
            signal.strength,
            measure,
            dict(signal.evidence),
            signal.ja,
            signal.en,
        )
        for signal, measure in zip(worded, table["measure"].to_pylist(), strict=True)
    ]
    return Look(found, _next_looks(nexts, at))


def _next_looks(nexts: pa.Table, at: datetime) -> dict[int, datetime | None]:
    """Never for what no calendar reaches: a cut may be any number."""
    times = nexts["next_look"]
    soon = pc.less(times, pa.scalar(at + NEVER, times.type))
    kept = pc.if_else(soon, times, None).to_pylist()
    return dict(zip(map(int, nexts["deal_id"].to_pylist()), kept, strict=True))


def thresholds_from(kept: Mapping[str, Any] | None, own: Cuts) -> Thresholds:
    """Those ``kept``, the shipped ones for None, with the cuts that people set on top."""
    from tsunagu.analytics.contracts import SignalKind
    from tsunagu.analytics.detection import Thresholds

    limits = Thresholds.shipped() if kept is None else Thresholds.from_dict(kept)
    for (process, kind), cut in own.items():
        limits = limits.adjusted(SignalKind(kind), cut, process)
    return limits


def tightened(limits: Thresholds, times: float, kinds: Iterable[str]) -> Thresholds:
    """``limits`` with the cuts of ``kinds`` multiplied, those that people set too."""
    from tsunagu.analytics.contracts import SignalKind

    tighter = limits
    for kind in map(SignalKind, kinds):
        tighter = tighter.adjusted(kind, limits.kinds[kind].cut * times)
        for process, own in limits.processes.items():
            if kind in own:
                tighter = tighter.adjusted(kind, own[kind] * times, process)
    return tighter


def fit(at: datetime) -> dict[str, Any]:
    """Thresholds learned from everything up to ``at``; with little history the shipped ones."""
    from tsunagu.analytics.detection import fit_thresholds

    log = _records(Q(), Q(), at).log(at)
    return fit_thresholds(log, at).to_dict()


@dataclass(frozen=True)
class Verdict:
    """What a person said of a suspicion that rested on a signal of ``kind``."""

    kind: str
    confirmed: bool
    process: str


def teach(fitted: Mapping[str, Any], verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """``fitted`` as all verdicts change it; each process learns from its own alone."""
    from tsunagu.analytics.detection import Thresholds, learn_from_dismissals

    decided = [_decision(v) for v in verdicts]
    limits = Thresholds.from_dict(fitted)
    for process, kind in dict.fromkeys((d.process, d.kind) for d in decided):
        limits = limits.adjusted(kind, limits.kinds[kind].cut, process)
    return learn_from_dismissals(limits, decided).to_dict()


@dataclass(frozen=True)
class Share:
    """How often a kind's signals were confirmed, with the 95% interval of the share."""

    decisions: int
    confirmed: int
    value: float
    low: float
    high: float


def precision(verdicts: Iterable[Verdict]) -> dict[str, Share]:
    """By kind, for those that were decided on."""
    from tsunagu.analytics.detection import precision_by_kind

    found = precision_by_kind(_decision(v) for v in verdicts)
    return {kind.value: Share(**vars(share)) for kind, share in found.items()}


@dataclass(frozen=True)
class KindWords:
    """A kind's name in both languages, and the shipped cut with its unit and source."""

    ja: str
    en: str
    unit: str
    cut: float
    source: str


def kinds() -> dict[str, KindWords]:
    """Every kind of signal, in the analytics' order."""
    from tsunagu.analytics.detection import NAMES
    from tsunagu.analytics.detection.thresholds import shipped_file

    rows = {kind.value: shipped_file()[kind.value] for kind in NAMES}
    return {
        kind.value: KindWords(
            *NAMES[kind],
            unit=rows[kind.value]["unit"],
            cut=float(rows[kind.value]["cut"]),
            source=rows[kind.value]["source"],
        )
        for kind in NAMES
    }


def _decision(verdict: Verdict) -> Any:
    from tsunagu.analytics.contracts import SignalKind
    from tsunagu.analytics.detection import Decision

    return Decision(SignalKind(verdict.kind), verdict.confirmed, verdict.process)


def _records(deals: Q, events: Q, at: datetime) -> Records:
    rows, facts = Deal.objects.filter(deals), Event.objects.filter(events)
    return records(rows, facts, at, lambda deal: deal.select(_DEAL_COLUMNS), texts=True)


def _risks(ids: list[int], at: datetime) -> pa.Table:
    """The risk curves as score tables: each day's last risk stands for the whole of its day.

    So a risk that lasts dates from the same instant however often the day's last one is renewed.
    """
    since = timezone.localdate(at) - RISKS_SPAN
    points = read_columns(ScorePoint.objects.filter(deal__in=ids, on__gte=since), _POINT_FIELDS)
    zone = timezone.get_current_timezone()
    days = {
        day: datetime.combine(day, time.min, zone).astimezone(UTC)
        for day in set(points["on"].to_pylist())
    }
    instants = pa.array([days[day] for day in points["on"].to_pylist()], pa.timestamp("us", "UTC"))
    table = points.drop_columns("on").rename_columns(["deal_id", "broken_off_30"])
    return named(table.append_column("at", instants))


def _names(table: pa.Table) -> dict[str, str]:
    """What people call the ids that the signals name."""
    parts = {p for n in table["name"].to_pylist() if n for p in n.split(" → ")}
    if not parts:
        return {}
    people = User.objects.filter(external_id__in=parts).values_list("external_id", "name")
    contacts = Contact.objects.filter(external_id__in=parts).values_list("external_id", "name")
    stages = Stage.objects.filter(key__in=parts).values_list("key", "name")
    return _unambiguous(stages) | _unambiguous(contacts) | dict(people)


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Without keys that stand for several names: contacts' are their customer's own."""
    names: dict[str, set[str]] = {}
    for key, name in pairs:
        names.setdefault(key, set()).add(name)
    return {key: found.pop() for key, found in names.items() if len(found) == 1}


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95% interval of the share that ``count`` is ``of`` so many."""
    from tsunagu.analytics.intervals import wilson as interval

    return interval(count, of)
