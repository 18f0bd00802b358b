"""Which sentences of notes and mails name what interrupts a sale.

The engine hands out the texts of the last months; their sentences are judged in columns (RE2, as in
DuckDB).  A lexicon finds what is said plainly, no more; the tone of what did not come from us is
judged by the tone model as well.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog, Kind
from tsunagu.analytics.detection import tones
from tsunagu.analytics.detection.arrays import Bools, Floats
from tsunagu.analytics.detection.prepared import answer
from tsunagu.analytics.features.clock import DAY, micros

GOOD, BAD = "tone_good", "tone_bad"
RECENT_DAYS = 30.0
"""A sentence counts as said just now for so long."""

BEFORE_DAYS = 120.0
"""Sentences older than just now, and at most so old, show the tone before."""

LONGEST_QUOTE = 120
_END_OF_SENTENCE = r"[。．！？!?\n\r]+|\.\s+"


@dataclass(frozen=True)
class Topic:
    """Patterns of one topic, each joined to one."""

    named: str
    unless: str

    def in_sentences(self, sentences: pa.Array) -> Bools:
        """(n,) which sentences name the topic."""
        named = pc.match_substring_regex(sentences, self.named, ignore_case=True)
        denied = pc.match_substring_regex(sentences, self.unless, ignore_case=True)
        found: Bools = pc.and_not(named, denied).to_numpy(zero_copy_only=False).astype(bool)
        return found


@lru_cache(maxsize=1)
def lexicon() -> dict[str, Topic]:
    """The shipped topics by name."""
    text = files("tsunagu.analytics.detection").joinpath("lexicon.toml").read_text("utf-8")
    return {
        name: Topic("|".join(row["patterns"]), "|".join(row["unless"]))
        for name, row in tomllib.loads(text).items()
    }


@dataclass(frozen=True)
class Mentions:
    """Sentences that name one topic, in order of deal and time.

    Attributes:
        deal: (m,) deals' ids.
        at: (m,) microseconds since ``clock.ORIGIN``.
        quote: (m,) the sentences.
    """

    deal: pa.Array
    at: Floats
    quote: pa.Array


def mentions(log: EventLog, looks: pa.Table, since: float) -> dict[str, Mentions]:
    """The sentences about the looks' deals, by topic; those that came after a look stay in.

    Args:
        looks: ``deal_id``.
        since: texts before it, in microseconds since ``clock.ORIGIN``, are left out.
    """
    sentences = _sentences(_speaking(log, looks, since))
    topics = lexicon()
    found = {name: topic.in_sentences(sentences["quote"]) for name, topic in topics.items()}
    found[GOOD], found[BAD] = _tones(sentences, found[GOOD], found[BAD])
    return {name: _mentions(sentences.filter(pa.array(hits))) for name, hits in found.items()}


def _tones(sentences: pa.Table, good: Bools, bad: Bools) -> tuple[Bools, Bools]:
    """Where the customer sounds better and worse; the lexicon's plain words go first.

    Our own mails tell nothing of the customer's mood; our notes of what they said do.
    """
    theirs: Bools = sentences["theirs"].to_numpy(zero_copy_only=False).astype(bool)
    steps = np.zeros(len(theirs), dtype=np.int64)
    steps[theirs] = tones.steps(sentences.filter(pa.array(theirs))["quote"].combine_chunks())
    worse = theirs & (bad | (~good & (steps < 0)))
    better = theirs & ~worse & (good | (steps > 0))
    return better, worse


def _mentions(rows: pa.Table) -> Mentions:
    at: Floats = rows["at"].to_numpy(zero_copy_only=False).astype(np.float64)
    return Mentions(rows["deal_id"].combine_chunks(), at, rows["quote"].combine_chunks())


def _speaking(log: EventLog, looks: pa.Table, since: float) -> pa.Table:
    """``deal_id, at, text, theirs`` of the looked-at deals' events that carry a text."""
    deals = pc.unique(looks["deal_id"])
    asked = pa.table({"deal_id": deals, "since": pa.repeat(int(since), len(deals))})
    table = answer(_texts, log, asked)
    return table.sort_by([("deal_id", "ascending"), ("at", "ascending")])


def _texts(events: ir.Table, deals: ir.Table, asked: ir.Table) -> ir.Table:  # noqa: ARG001
    told = events.filter(events.text.notnull(), events.kind != Kind.OUTCOME.value)
    ours = (told.direction == "out").fill_null(False)
    spoken = told.select("deal_id", at=micros(told["at"]), text="text", theirs=~ours)
    rows = spoken.join(asked, "deal_id")
    return rows.filter(rows["at"] > rows.since).select("deal_id", "at", "text", "theirs")


def _sentences(texts: pa.Table) -> pa.Table:
    """``deal_id, at, theirs, quote``: one row a sentence."""
    plain = pc.utf8_normalize(texts["text"].combine_chunks(), form="NFKC")
    parts = pc.split_pattern_regex(plain, _END_OF_SENTENCE)
    place = pc.list_parent_indices(parts)
    quote = pc.utf8_trim_whitespace(pc.list_flatten(parts))
    rows = texts.select(["deal_id", "at", "theirs"]).take(place).append_column("quote", quote)
    return rows.filter(pc.not_equal(rows["quote"], ""))


@dataclass(frozen=True)
class Recent:
    """Per look, the mentions of the last days.

    Attributes:
        count: (n,) how many.
        at: (n,) of the last one, NaN if none.
        quote: (n,) its sentence, null if none.
    """

    count: Floats
    at: Floats
    quote: pa.Array


@dataclass(frozen=True)
class Spans:
    """Which mentions of a topic lie before each look, found by two binary searches a look."""

    mentions: Mentions
    deals: pa.Array
    look: Floats

    def recent(self, days: float) -> Recent:
        """Mentions in the last ``days`` days of each look."""
        start, stop = self._places(self.look - days * DAY), self._places(self.look)
        count = (stop - start).astype(np.float64)
        last = pa.array(stop - 1, pa.int64(), mask=count == 0)
        times = pa.array(self.mentions.at, pa.float64()).take(last)
        at: Floats = times.to_numpy(zero_copy_only=False).astype(np.float64)
        quote = pc.utf8_slice_codeunits(self.mentions.quote.take(last), 0, LONGEST_QUOTE)
        return Recent(count, at, quote)

    def before(self, days: float, most: float) -> Floats:
        """(n,) mentions more than ``days`` and at most ``most`` days before each look."""
        start = self._places(self.look - most * DAY)
        older: Floats = (self._places(self.look - days * DAY) - start).astype(np.float64)
        return older

    def first_leaving(self, days: float) -> Floats:
        """(n,) when the oldest mention of the last ``days`` days will be older; NaN if none."""
        start, stop = self._places(self.look - days * DAY), self._places(self.look)
        known = stop > start
        found = np.full(len(self.look), np.nan)
        found[known] = self.mentions.at[start[known]] + days * DAY
        return found

    def _places(self, moment: Floats) -> np.ndarray:
        """(n,) how many mentions come at or before the moment, in order of deal and time."""
        ids = pc.unique(pa.concat_arrays([self.mentions.deal, self.deals])).sort()
        theirs = pc.index_in(self.mentions.deal, value_set=ids).to_numpy()
        mine = pc.index_in(self.deals, value_set=ids).to_numpy()
        order = np.lexsort(
            (
                np.concatenate([np.zeros(len(theirs)), np.ones(len(mine))]),
                np.concatenate([self.mentions.at, moment]),
                np.concatenate([theirs, mine]),
            )
        )
        is_mention = order < len(theirs)
        so_far = np.cumsum(is_mention)
        places = np.empty(len(mine), dtype=np.int64)
        places[order[~is_mention] - len(theirs)] = so_far[~is_mention]
        return places
