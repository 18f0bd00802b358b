"""The outcome benchmark's questions: which deals, asked when, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers
from tsunagu.analytics.eventlog import open_log, read_log
from tsunagu.analytics.outcomes import DECISION_SCHEMA
from tsunagu.analytics.outcomes import sequences as sq
from tsunagu.analytics.outcomes.decisions import of_log
from tsunagu.analytics.outcomes.sequences import Moments, Sequences

MAPPINGS = Path("benchmarks/mappings")
LONGEST_PREFIX = 40
WEEKS = 12
MOST_STANDS_FOR = 20
ENDS = ("A_APPROVED", "A_REGISTERED", "A_ACTIVATED", "A_DECLINED", "A_CANCELLED")
OFFER_ENDS = ("O_ACCEPTED", "O_CANCELLED", "O_DECLINED")


@dataclass(frozen=True)
class Task:
    """Moments of decided deals, parted in time.

    Attributes:
        log: everything.
        steps: the same in arrays.
        decisions: of all decided deals.
        moments: n of them, sorted by deal and time.
        answer: (n,) what became of each moment's deal, in words.
        place: (n,) number of events, or of weeks, that a moment comes after.
        train: (n,) to learn from.
        test: (n,) to judge on.
        cut: the instant between the two.
        known: whether only what was decided before the cut may be learned.
    """

    log: EventLog
    steps: Sequences
    decisions: pa.Table
    moments: Moments
    answer: np.ndarray
    place: Integers
    train: Flags
    test: Flags
    cut: datetime
    known: bool

    def table(self, rows: Flags) -> ibis.expr.types.Table:
        """``deal_id, at`` of some moments."""
        m = self.moments
        at = pa.array((m.at[rows] * 1e6).round().astype(np.int64))
        ids = self.steps.deal_ids.take(pa.array(m.deal[rows]))
        columns = {"deal_id": ids, "at": at.cast(pa.timestamp("us", tz="UTC"))}
        return ibis.memtable(pa.table(columns))

    def some(self, rows: Flags) -> Moments:
        """Some of the moments."""
        m = self.moments
        return Moments(m.deal[rows], m.at[rows], m.last[rows], m.first[rows])

    def taught(self) -> pa.Table:
        """Decisions that may be learned from: those of deals with moments to learn from."""
        deals = self.steps.deal_ids.take(pa.array(np.unique(self.moments.deal[self.train])))
        taught = self.decisions.filter(pc.is_in(self.decisions["deal_id"], value_set=deals))
        if not self.known:
            return taught
        return taught.filter(pc.less(taught["decided_at"], pa.scalar(self.cut)))

    def where(self, rows: Flags) -> Task:
        """The same with some of the moments only."""
        parts = (self.answer, self.place, self.train, self.test)
        answer, place, train, test = (part[rows] for part in parts)
        moments = self.some(rows)
        return replace(self, moments=moments, answer=answer, place=place, train=train, test=test)


def read(paths: list[Path], mapping: str, folder: Path) -> EventLog:
    """Read sources with one of the benchmarks' mappings."""
    read_log(paths, MAPPINGS / mapping, folder / mapping)
    return open_log(folder / mapping)


def bpi2012(log: EventLog, *, validate: bool) -> tuple[Task, Flags]:
    """Prefixes of 1 to 40 events, and whether each ends before the case was decided.

    The label is the case's last offer event, as in Teinemaa et al. (2019); cases whose last one
    is none of the three ends are left out.  Training prefixes end before the first test case
    begins.  Undecided: before the last offer event and before any final state of the application,
    which the log writes within milliseconds of it.
    """
    steps = sq.read(log)
    decisions, decided_at = _offers(steps)
    number = np.arange(len(steps.at)) - steps.start[steps.deal] + 1
    asked = np.flatnonzero((number <= LONGEST_PREFIX) & np.isfinite(decided_at[steps.deal]))
    moments = Moments(steps.deal[asked], steps.at[asked], asked, steps.start[steps.deal[asked]])
    begun = steps.at[steps.start[:-1]]
    task = _parted(_whole(log, steps, decisions, moments, number[asked]), begun, 0.8)
    task = _inner(task, begun, 0.8) if validate else task
    return task, task.moments.at < decided_at[task.moments.deal]


def _offers(s: Sequences) -> tuple[pa.Table, Floats]:
    """Decisions by the last offer event; (d,) when decided, infinite where not."""
    name = pc.replace_substring_regex(s.step, "^[^:]*:[^:]*:", "")
    name = pc.replace_substring_regex(name, r"\+.*$", "").to_numpy(zero_copy_only=False)
    offer = np.flatnonzero([n.startswith("O_") for n in name])
    last = np.full(len(s.deal_ids), -1)
    last[s.deal[offer]] = offer
    kind = np.where(last >= 0, name[np.maximum(last, 0)], "")
    at = np.where(np.isin(kind, OFFER_ENDS), s.at[np.maximum(last, 0)], np.inf)
    ends = np.flatnonzero(np.isin(name, ENDS))
    final = np.full(len(at), np.inf)
    np.minimum.at(final, s.deal[ends], s.at[ends])
    decided = np.where(np.isfinite(at), np.minimum(at, final), np.nan)
    rows = np.flatnonzero(np.isfinite(decided))
    answers = [kind[i].removeprefix("O_").lower() for i in rows]
    return _decisions(s, rows, answers, decided[rows]), decided


def _decisions(s: Sequences, rows: Integers, answers: list[str], at: Floats) -> pa.Table:
    instants = pa.array((at * 1e6).round().astype(np.int64)).cast(pa.timestamp("us", tz="UTC"))
    columns = [s.deal_ids.take(pa.array(rows)), pa.array(answers), instants]
    return pa.table(columns, schema=DECISION_SCHEMA)


def school(log: EventLog, *, validate: bool) -> Task:
    """Weeks 1 to 12 after the first real talk of deals still open then; how will they end?

    Parted at the birth of the deal; only ends recorded before the cut may be learned from.
    """
    steps = sq.read(log)
    decisions = of_log(log)
    talked = log.deals.order_by("deal_id").to_pyarrow()["at_risk_from"]
    first = np.where(talked.is_null(), np.nan, sq.seconds(talked.fill_null(0)))
    ended = _ended(steps, decisions)
    week = np.tile(np.arange(1, WEEKS + 1), len(first))
    deal = np.repeat(np.arange(len(first)), WEEKS)
    at = first[deal] + week * 7 * 86_400.0
    asked = np.flatnonzero(at < ended[deal])
    deal, at, week = deal[asked], at[asked], week[asked]
    last = sq.Grouped(steps.deal, steps.at).upto(deal, at) - 1
    moments = Moments(deal, at, last, steps.start[deal])
    whole = replace(_whole(log, steps, decisions, moments, week), known=True)
    task = _parted(whole, steps.created, 0.7)
    return _inner(task, steps.created, 0.7) if validate else task


def completing(task: Task) -> Floats:
    """(d,) weights with which the decided test deals stand for the undecided ones, too.

    A log ends while deals are open, so those decided slowly are missing from what is judged.
    Each decided deal stands for 1 / P(a test deal is followed for as long as this one took), by
    the ages of all test deals at the log's end (inverse probability of censoring; ends depend on
    the calendar alone), and for :data:`MOST_STANDS_FOR` at most.
    """
    created, until = task.steps.created, task.log.observed_until.timestamp()
    ended = _ended(task.steps, task.decisions)
    if np.nanmax(ended) > until:  # told beyond the log's end, as in validation: none is missing
        return np.ones(len(created))
    born = created[(created >= task.cut.timestamp()) & (created <= until)]
    ages = np.sort(until - born)
    followed = 1.0 - np.searchsorted(ages, ended - created) / len(ages)
    return 1.0 / np.maximum(followed, 1.0 / MOST_STANDS_FOR)


def _ended(s: Sequences, decisions: pa.Table) -> Floats:
    place = pc.index_in(s.deal_ids, value_set=decisions["deal_id"].combine_chunks())
    at = sq.seconds(decisions["decided_at"])
    found = place.is_valid().to_numpy(zero_copy_only=False)
    return np.where(found, at[place.fill_null(0).to_numpy()], np.nan)


def _parted(task: Task, begun: Floats, share: float) -> Task:
    """Part at the start of the first deal after ``share`` of them, in the order of their birth."""
    deals = np.unique(task.moments.deal)
    order = deals[np.argsort(begun[deals], kind="stable")]
    later = order[int(share * len(order)) :]
    cut = float(begun[later[0]])
    test = np.isin(task.moments.deal, later)
    train = ~test & (task.moments.at < cut)
    parted = replace(task, train=train, test=test, cut=datetime.fromtimestamp(cut, UTC))
    return _only_known(parted) if task.known else parted


def _only_known(task: Task) -> Task:
    """Moments of deals that were undecided at the cut teach nothing."""
    ended = _ended(task.steps, task.decisions)[task.moments.deal]
    return replace(task, train=task.train & (ended < task.cut.timestamp()))


def _inner(task: Task, begun: Floats, share: float) -> Task:
    """The training part parted once more; nothing after its end exists."""
    known = replace(task, log=task.log.until(task.cut), decisions=task.taught())
    return _parted(known.where(known.train), begun, share)


def _whole(
    log: EventLog, steps: Sequences, decisions: pa.Table, moments: Moments, place: Integers
) -> Task:
    """All moments, not parted yet."""
    words = dict(zip(*(decisions[n].to_pylist() for n in ("deal_id", "answer")), strict=True))
    ids = steps.deal_ids.to_pylist()
    answer = np.array([words[ids[d]] for d in moments.deal])
    none = np.zeros(len(answer), dtype=bool)
    until = log.observed_until
    return Task(log, steps, decisions, moments, answer, place, none, none, until, known=False)
