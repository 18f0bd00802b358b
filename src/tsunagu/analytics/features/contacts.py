"""Silence, rhythm and contact counts: who spoke, how often, and how long ago."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.features.clock import days
from tsunagu.analytics.features.counting import SPANS, last_name, span_name
from tsunagu.analytics.features.facts import Source, numbered_lookup
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.sorts import codes_of
from tsunagu.analytics.features.specs import Feature, days_since, fact, number
from tsunagu.analytics.features.timeline import Timeline

CONTACT_WORDS: dict[str, tuple[str, str]] = {
    "call": ("電話", "calls"),
    "email": ("メール", "e-mails"),
    "meeting": ("打ち合わせ", "meetings"),
    "visit": ("訪問", "visits"),
    "quote": ("見積", "quotes"),
    "note": ("メモ", "notes"),
}
SIDES: dict[str, tuple[str, str, str]] = {
    "any": ("activity", "活動", "activities"),
    "inbound": ("inbound", "お客様からの連絡", "contacts from the customer"),
    "outbound": ("outbound", "こちらからの連絡", "contacts to the customer"),
}


def features(learned: Learned) -> list[Feature]:
    """Features of the kinds and directions that the fitting log holds."""
    sides = ["any"] + [
        s for s, d in (("inbound", "in"), ("outbound", "out")) if _spoken(learned, d)
    ]
    found = [feature for side in sides for feature in _side(side)]
    if "inbound" in sides:
        found += _rhythm()
    if len(sides) == 3:
        found.append(_unanswered())
    for kind in CONTACT_WORDS:
        if kind in learned.kinds:
            found += _kind(kind)
    return found


def sources() -> list[Source]:
    """The deal's first contact from the customer, and what was answered by the latest."""
    columns = {"first": "int64", "outbound": "int32"}
    return [numbered_lookup("answer", "inbound", columns, _answers)]


def _spoken(learned: Learned, direction: str) -> bool:
    return bool({direction, "both"} & set(learned.directions))


def _side(side: str) -> list[Feature]:
    group, ja, en = SIDES[side]
    ago = number(
        f"days_since_{side}",
        "activity" if side == "any" else "silence" if side == "inbound" else "outbound",
        f"最後の{ja}からの日数",
        f"days since the last of the {en}",
        days_since(last_name(side)),
    )
    return [ago, *_counts(side, group, ja, en, SPANS)]


def _kind(kind: str) -> list[Feature]:
    ja, en = CONTACT_WORDS[kind]
    ago = number(
        f"days_since_{kind}",
        "activity",
        f"最後の{ja}からの日数",
        f"days since the last of the {en}",
        days_since(last_name(kind)),
    )
    return [ago, *_counts(kind, "activity", ja, en, SPANS[1:])]


def _counts(counter: str, group: str, ja: str, en: str, spans: tuple[int, ...]) -> list[Feature]:
    recent = [
        number(
            f"{counter}_{span}",
            group,
            f"直近{span}日間の{ja}の回数",
            f"{en} in the last {span} days",
            fact(span_name(counter, span)),
        )
        for span in spans
    ]
    ever = number(
        f"{counter}_ever",
        group,
        f"これまでの{ja}の回数",
        f"{en} so far",
        fact(counter),
    )
    return [*recent, ever]


def _rhythm() -> list[Feature]:
    gap = number(
        "inbound_gap_mean_days",
        "silence",
        "お客様からの連絡の平均間隔（日）",
        "mean days between contacts from the customer",
        mean_gap,
    )
    against = number(
        "silence_vs_rhythm",
        "silence",
        "沈黙の長さ（この案件の普段の間隔に対する倍率）",
        "silence against this deal's own rhythm (ratio)",
        lambda f: days(f["at"] - f["inbound__last"]) / mean_gap(f).nullif(0.0),
    )
    return [gap, against]


def mean_gap(facts: ir.Table) -> ir.FloatingValue:
    """Mean days between inbound contacts so far; null before the second."""
    count = facts["inbound"]
    span = days(facts["inbound__last"] - facts["answer__first"])
    return ibis.ifelse(count >= 2, span / (count - 1).nullif(0), ibis.null("float64"))


def _unanswered() -> Feature:
    return number(
        "unanswered_outbound",
        "silence",
        "返信のない連絡の回数",
        "contacts to the customer since their last answer",
        lambda f: f["outbound"] - f["answer__outbound"].fill_null(0),
    )


def _answers(timeline: Timeline) -> ir.Table:
    """At each contact from the customer: the first one, and contacts to the customer so far."""
    heard, said = (codes_of(side, len(timeline.steps)) for side in ("inbound", "outbound"))
    events = timeline.of_looked_deals(timeline.events)
    talks = events.filter(events["sort"].isin(sorted({*heard, *said})))
    inbound = talks["sort"].isin(heard)
    # At one instant the answer comes last.
    so_far = ibis.cumulative_window(group_by=talks.deal, order_by=[talks["at"], inbound])
    when = ibis.ifelse(inbound, talks["at"], ibis.null("int64"))
    counted = talks.select(
        "deal",
        inbound=inbound,
        nth=inbound.cast("int32").sum().over(so_far).cast("int32"),
        outbound=talks["sort"].isin(said).cast("int32").sum().over(so_far).cast("int32"),
        first=when.min().over(so_far),
    )
    return counted.filter(counted.inbound).drop("inbound")
