"""Who else is there: the customer's people, competitors, survey scores, earlier interruptions."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.features.facts import Source, numbered_lookup
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.specs import Feature, fact, number
from tsunagu.analytics.features.timeline import Timeline, in_time, nth_in_time


def features(learned: Learned) -> list[Feature]:
    """Those whose kind of event occurs in the fitting log."""
    return [feature for kind, feature in _candidates() if kind.value in learned.kinds]


def sources() -> list[Source]:
    """Distinct names so far, and the latest survey's score."""
    count = {"names": "int32"}
    return [
        numbered_lookup("contact", "contact", count, lambda t: _names(t, Kind.CONTACT)),
        numbered_lookup("competitor", "competitor", count, lambda t: _names(t, Kind.COMPETITOR)),
        numbered_lookup("survey", "survey", {"score": "float64"}, _scores),
    ]


def _candidates() -> list[tuple[Kind, Feature]]:
    contacts = number(
        "contacts_known",
        "contacts",
        "把握しているお客様側の担当者数",
        "people known at the customer",
        fact("contact__names", missing=0),
    )
    competitors = number(
        "competitors_named",
        "competitor",
        "名前の挙がった競合の数",
        "competitors named",
        fact("competitor__names", missing=0),
    )
    score = number(
        "last_survey_score",
        "survey",
        "直近のアンケートの評点",
        "score of the last survey",
        fact("survey__score"),
    )
    interruptions = number(
        "interruptions_before",
        "trouble",
        "これまでの営業中途の回数",
        "interruptions so far",
        fact("interruption"),
    )
    return [
        (Kind.CONTACT, contacts),
        (Kind.COMPETITOR, competitors),
        (Kind.SURVEY, score),
        (Kind.INTERRUPTION, interruptions),
    ]


def _names(timeline: Timeline, kind: Kind) -> ir.Table:
    """How many different values there had been after the nth event of ``kind``."""
    events = timeline.values(kind)
    same = ibis.window(group_by=[events.deal, events.value], order_by=events.at)
    rows = events.mutate(fresh=(ibis.row_number().over(same) == 0) & events.value.notnull())
    so_far = ibis.cumulative_window(group_by=rows.deal, order_by=rows.at)
    return rows.select(
        "deal",
        nth=(ibis.row_number().over(so_far) + 1).cast("int32"),
        names=ibis.ifelse(rows.fresh, 1, 0).sum().over(so_far).cast("int32"),
    )


def _scores(timeline: Timeline) -> ir.Table:
    """The latest score after the nth survey event; one that was only asked has none."""
    rows = timeline.values(Kind.SURVEY)
    so_far = ibis.cumulative_window(group_by=rows.deal, order_by=in_time(rows))
    rows = rows.mutate(answered=rows.amount.count().over(so_far), nth=nth_in_time(rows))
    since = ibis.window(group_by=[rows.deal, rows.answered])
    return rows.select("deal", "nth", score=rows.amount.max().over(since))
