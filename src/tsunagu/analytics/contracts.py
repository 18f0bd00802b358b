"""The event log's schema, and the frozen results that leave the analytical library.

Everything else in :mod:`tsunagu.analytics` reads an :class:`EventLog` and nothing but it: two Ibis
tables and the instant up to which facts are known.  Readers and the simulator write it; features,
models and baselines see only what had happened by a snapshot's time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

import ibis
import ibis.expr.types as ir
import pyarrow as pa

HORIZONS_DAYS: tuple[int, ...] = (7, 14, 30, 60, 90)
"""Horizons, in days, for which every model gives cumulative incidences."""

Language = Literal["ja", "en"]

Origin = Literal["records", "simulation"]

Progress = Callable[[str, float], None]
"""Called with a step's name and the share done, 0 to 1.  May raise to stop a long job."""


def silent(_step: str, _share: float) -> None:
    """A :data:`Progress` that nobody listens to."""


class Outcome(StrEnum):
    """How a deal ended.  A deal without an outcome is still open, that is, censored."""

    WON = "won"
    BROKEN_OFF = "broken_off"
    LOST = "lost"


class Cause(StrEnum):
    """Why a deal was interrupted: the two-level taxonomy, ``category.detail``."""

    CUSTOMER_NEEDS_CHANGED = "customer.needs_changed"
    CUSTOMER_POLICY_CHANGED = "customer.policy_changed"
    CUSTOMER_BUDGET_REVIEWED = "customer.budget_reviewed"
    CUSTOMER_CONTACT_LEFT = "customer.contact_left"
    CUSTOMER_LOST_INTEREST = "customer.lost_interest"
    COMPETITOR_BETTER_OFFER = "competitor.better_offer"
    COMPETITOR_DISCOUNT = "competitor.discount"
    INTERNAL_POLICY_CHANGED = "internal.policy_changed"
    INTERNAL_OWNER_CHANGED = "internal.owner_changed"
    INTERNAL_REORGANISATION = "internal.reorganisation"
    INTERNAL_LACK_OF_RESOURCES = "internal.lack_of_resources"
    INTERNAL_POOR_COMMUNICATION = "internal.poor_communication"
    INTERNAL_WRONG_INFORMATION = "internal.wrong_information"
    INTERNAL_SLOW_FOLLOW_UP = "internal.slow_follow_up"
    ENVIRONMENT_ECONOMY = "environment.economy"
    ENVIRONMENT_MARKET = "environment.market"
    ENVIRONMENT_SEASON = "environment.season"
    ENVIRONMENT_REGULATION = "environment.regulation"

    @property
    def category(self) -> str:
        """The first level: customer, competitor, internal or environment."""
        return self.value.partition(".")[0]

    def words(self, language: Language) -> str:
        """Its name, both levels, in ``language``."""
        place = 0 if language == "ja" else 1
        category, detail = CATEGORY_WORDS[self.category][place], CAUSE_WORDS[self][place]
        return f"{category}：{detail}" if language == "ja" else f"{category}: {detail}"


CATEGORY_WORDS: dict[str, tuple[str, str]] = {
    "customer": ("顧客", "Customer"),
    "competitor": ("競合", "Competitor"),
    "internal": ("自社", "Internal"),
    "environment": ("環境", "Environment"),
}
"""Names of the first level, Japanese and English."""

CAUSE_WORDS: dict[Cause, tuple[str, str]] = {
    Cause.CUSTOMER_NEEDS_CHANGED: ("ニーズの変化", "needs changed"),
    Cause.CUSTOMER_POLICY_CHANGED: ("方針の変更", "policy changed"),
    Cause.CUSTOMER_BUDGET_REVIEWED: ("予算の見直し", "budget reviewed"),
    Cause.CUSTOMER_CONTACT_LEFT: ("担当者の異動・退職", "contact left"),
    Cause.CUSTOMER_LOST_INTEREST: ("関心の低下", "lost interest"),
    Cause.COMPETITOR_BETTER_OFFER: ("より良い提案", "better offer"),
    Cause.COMPETITOR_DISCOUNT: ("値引き", "discount"),
    Cause.INTERNAL_POLICY_CHANGED: ("方針の変更", "policy changed"),
    Cause.INTERNAL_OWNER_CHANGED: ("担当・担当地域の変更", "territory or owner changed"),
    Cause.INTERNAL_REORGANISATION: ("組織再編", "reorganisation"),
    Cause.INTERNAL_LACK_OF_RESOURCES: ("人手・資源の不足", "lack of resources"),
    Cause.INTERNAL_POOR_COMMUNICATION: ("意思疎通の不足", "poor communication"),
    Cause.INTERNAL_WRONG_INFORMATION: ("情報の誤り・不足", "wrong or missing information"),
    Cause.INTERNAL_SLOW_FOLLOW_UP: ("対応の遅れ", "slow follow-up"),
    Cause.ENVIRONMENT_ECONOMY: ("景気", "economy"),
    Cause.ENVIRONMENT_MARKET: ("市場", "market"),
    Cause.ENVIRONMENT_SEASON: ("季節・時期", "season"),
    Cause.ENVIRONMENT_REGULATION: ("法規制", "regulation"),
}
"""Names of the second level, Japanese and English."""


class Kind(StrEnum):
    """What an event says.  The columns that carry its meaning stand beside each kind.

    A generic log's activities that no mapping names keep their own name: kind ``activity``,
    name in ``value``.
    """

    STAGE = "stage"  # value: the stage entered
    OUTCOME = "outcome"  # value: an Outcome; text: the reason given
    CALL = "call"  # direction; value: free detail
    EMAIL = "email"  # value: BOUNCED where it came back undelivered
    MEETING = "meeting"
    VISIT = "visit"
    QUOTE = "quote"  # amount: what was offered
    NOTE = "note"  # text
    SURVEY = "survey"  # direction out: asked; in, with amount: the score answered
    ACTIVITY = "activity"  # value: the activity's own name
    PLANNED = "planned"  # value: ISO date on which the next step is due
    CLOSE_DATE = "close_date"  # value: ISO date on which the deal is expected to close
    AMOUNT = "amount"  # amount: the deal's new value
    OWNER = "owner"  # value: the new owner's id
    CONTACT = "contact"  # value: id of a customer's contact person who joined the deal
    CONTACT_LEFT = "contact_left"  # value: id of one who left, moved or was replaced; text: how
    CHECKPOINT = "checkpoint"  # value: its name; amount 1: met, 0: the stage was left without it
    COMPETITOR = "competitor"  # value: the competitor's name
    INTERRUPTION = "interruption"  # value: the cause; confirmed by a person
    RESUMED = "resumed"  # an interruption ended well


BOUNCED = "bounced"
"""Value of an e-mail that came back undelivered; it has no direction, since it reached nobody."""

CONTACT_KINDS: frozenset[Kind] = frozenset(
    {Kind.CALL, Kind.EMAIL, Kind.MEETING, Kind.VISIT, Kind.QUOTE, Kind.SURVEY}
)
"""Kinds that touch the customer; their direction tells who spoke."""

DIRECTIONS: tuple[str, ...] = ("in", "out", "both")
"""From the customer, to the customer, a real two-way talk.  Null: nobody outside was touched.

``both`` counts as inbound and as outbound.
"""

_INSTANT = pa.timestamp("us", tz="UTC")

EVENT_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("at", _INSTANT, nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("value", pa.string()),
        pa.field("amount", pa.float64()),
        pa.field("actor", pa.string()),
        pa.field("direction", pa.string()),
        pa.field("text", pa.string()),
    ]
)
"""One row an event.  Two events of one deal never share an instant: where a source gives the same
time twice, the reader keeps the source's order by adding one microsecond to each further one, so
that the order of rows carries no meaning anywhere downstream."""

DEAL_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("customer_id", pa.string()),
        pa.field("owner_id", pa.string()),
        pa.field("created_at", _INSTANT, nullable=False),
        pa.field("at_risk_from", _INSTANT),
    ]
)
"""One row a deal, then any static attributes (string, float64 or boolean) known at creation.

``owner_id`` is the owner at creation; changes are ``owner`` events.  ``at_risk_from``, where not
null, is the first instant from which the deal belongs to the task (say, the first real talk):
no snapshot is taken before it, so that "deals that reached X" looks into no future.
"""


@dataclass(frozen=True)
class EventLog:
    """A team's records: events, deals and the instant up to which facts are known.

    Attributes:
        events: columns of :data:`EVENT_SCHEMA`, any row order, on any Ibis backend.
        deals: columns of :data:`DEAL_SCHEMA`, then static attributes; same backend.
        observed_until: aware, UTC.  Deals without an outcome by then are censored there.
        time_zone: IANA name; the calendar (weeks, holidays) in which the team works.
        stages: the process's stages in their order, where known.
        origin: ``records`` of a real team, or ``simulation``, which is never evidence of quality.
    """

    events: ir.Table
    deals: ir.Table
    observed_until: datetime
    time_zone: str = "Asia/Tokyo"
    stages: tuple[str, ...] = ()
    origin: Origin = "records"

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the deals' static attributes."""
        return tuple(c for c in self.deals.columns if c not in DEAL_SCHEMA.names)

    def until(self, moment: datetime) -> EventLog:
        """The log as it stood at ``moment``: later events, deals and outcomes do not exist.

        Raises:
            ValueError: if ``moment`` is naive.
        """
        instant = _utc(moment)
        return replace(
            self,
            events=self.events.filter(self.events.at <= instant),
            deals=self.deals.filter(self.deals.created_at <= instant),
            observed_until=min(instant, self.observed_until),
        )

    def outcomes(self) -> ir.Table:
        """One row a finished deal: ``deal_id, outcome, ended_at`` (its first outcome event)."""
        ends = self.events.filter(
            (self.events.kind == Kind.OUTCOME.value) & (self.events.at <= self.observed_until)
        )
        first = ends.group_by("deal_id").agg(ended_at=ends.at.min())
        return (
            ends.join(first, ["deal_id", ends.at == first.ended_at])
            .group_by("deal_id")
            .agg(outcome=ibis._.value.min(), ended_at=ibis._.ended_at.min())
        )


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; give an aware datetime")
    return moment.astimezone(UTC)


@dataclass(frozen=True)
class Reason:
    """One group of features that moves a deal's break risk, in words.

    Attributes:
        group: stable name of the group, e.g. ``silence``.
        contribution: change of the log-odds of breaking off; positive raises the risk.
        ja: the sentence in Japanese.
        en: the sentence in English.
    """

    group: str
    contribution: float
    ja: str
    en: str

    def words(self, language: Language) -> str:
        """The sentence in ``language``."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True)
class Explanation:
    """Why a deal's risk is what it is: reasons, strongest first."""

    deal_id: str
    at: datetime
    reasons: tuple[Reason, ...]


class Verdict(StrEnum):
    """What can be said of a deal within a horizon, wrongly of at most one in ten of either kind."""

    BREAKS_OFF = "breaks_off"
    HOLDS = "holds"
    UNSURE = "not_enough_evidence"


@dataclass(frozen=True)
class NextStep:
    """A step that goes with a lower risk: an association, not a proven effect.

    Attributes:
        step: stable name.
        before: probability of breaking off within 30 days as things stand.
        after: the same, had the step just been taken.
        ja: the step in Japanese.
        en: the step in English.
    """

    step: str
    before: float
    after: float
    ja: str
    en: str

    def words(self, language: Language) -> str:
        """The step in ``language``."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True)
class CauseEvidence:
    """One piece of what speaks for a cause.

    Attributes:
        source: position of the text among those given; None: a signal.
        quote: the sentence as written, or the signal's kind.
        words: the words in it that weigh the most, in their order.
        contribution: change of the cause's log-odds against the mean of the other causes.
    """

    source: int | None
    quote: str
    words: tuple[str, ...]
    contribution: float


@dataclass(frozen=True)
class CauseSuggestion:
    """A cause that an interruption may have, for a person to set or not.

    Attributes:
        probability: of being the main cause; those of all causes sum to 1.
        evidence: strongest first; empty where nothing speaks for it.
        ja: the sentence in Japanese.
        en: the sentence in English.
    """

    cause: Cause
    probability: float
    evidence: tuple[CauseEvidence, ...]
    ja: str
    en: str

    def words(self, language: Language) -> str:
        """The sentence in ``language``."""
        return self.ja if language == "ja" else self.en


def cause_schema() -> pa.Schema:
    """Columns of a table of causes: ``deal_id``, then the probability of each cause, float64."""
    causes = [pa.field(cause.value, pa.float64(), nullable=False) for cause in Cause]
    return pa.schema([EVENT_SCHEMA.field("deal_id"), *causes])


def incidence_column(outcome: Outcome, horizon_days: int) -> str:
    """Column of a score table: ``broken_off_30`` is the probability to break off in 30 days."""
    return f"{outcome.value}_{horizon_days}"


def score_schema() -> pa.Schema:
    """Columns of a score table: ``deal_id, at``, then a float64 per outcome and horizon."""
    incidences = [
        pa.field(incidence_column(outcome, horizon), pa.float64(), nullable=False)
        for outcome in Outcome
        for horizon in HORIZONS_DAYS
    ]
    keys = [EVENT_SCHEMA.field("deal_id"), EVENT_SCHEMA.field("at")]
    return pa.schema([*keys, *incidences])


class SignalKind(StrEnum):
    """What a signal says; each is found by one detector of :mod:`tsunagu.analytics.detection`."""

    SILENCE = "silence"
    NO_NEXT_STEP = "no_next_step"
    NEXT_STEP_OVERDUE = "next_step_overdue"
    STAGE_OVERDUE = "stage_overdue"
    STAGE_BACK = "stage_back"
    CLOSE_DATE_PUSHED = "close_date_pushed"
    AMOUNT_CUT = "amount_cut"
    OWNER_UNMET = "owner_unmet"
    CONTACT_LEFT = "contact_left"
    SINGLE_CONTACT = "single_contact"
    TONE_TURNING = "tone_turning"
    COMPETITOR_NAMED = "competitor_named"
    BUDGET_NAMED = "budget_named"
    REORGANISATION_NAMED = "reorganisation_named"
    TIMING_NAMED = "timing_named"
    CHECKPOINT_SKIPPED = "checkpoint_skipped"
    SURVEY_LOW = "survey_low"
    SURVEY_MISSING = "survey_missing"
    RISK_HIGH = "risk_high"
    RISK_RISING = "risk_rising"


Evidence = Mapping[str, str | float]
"""Facts that a signal stands on, by name: numbers, names, quotes, and dates in ISO form."""


@dataclass(frozen=True)
class Signal:
    """One dated piece of evidence that a deal is being interrupted.

    ``(deal_id, kind, at)`` identifies it: seen again later, it is the same signal, perhaps
    stronger, for as long as it stands on the same fact.

    Attributes:
        at: UTC; of the fact it stands on, such as the customer's last word.
        strength: above 0, at most 1; comparable within a kind.
        evidence: JSON-able facts, by name.
        ja: the sentence in Japanese.
        en: the sentence in English.
    """

    deal_id: str
    kind: SignalKind
    at: datetime
    strength: float
    evidence: Evidence
    ja: str
    en: str

    def words(self, language: Language) -> str:
        """The sentence in ``language``."""
        return self.ja if language == "ja" else self.en


def signal_schema() -> pa.Schema:
    """Columns of a table of signals; the words and names of evidence are made where it is shown.

    ``as_of`` is the time of the look, ``at`` that of the fact.  ``measure`` is in the kind's own
    unit (see ``docs/reference/detection.md``), as is its threshold.  ``number``, ``usual``,
    ``total``, ``day`` (ISO date), ``name`` and ``quote`` carry the evidence, null where unused.
    """
    instants = [EVENT_SCHEMA.field("at").with_name(name) for name in ("as_of", "at")]
    numbers = [pa.field(name, pa.float64()) for name in ("number", "usual", "total")]
    texts = [pa.field(name, pa.string()) for name in ("day", "name", "quote")]
    kind = pa.field("kind", pa.string(), nullable=False)
    sizes = [pa.field(name, pa.float64(), nullable=False) for name in ("strength", "measure")]
    deal = EVENT_SCHEMA.field("deal_id")
    return pa.schema([deal, instants[0], kind, instants[1], *sizes, *numbers, *texts])
