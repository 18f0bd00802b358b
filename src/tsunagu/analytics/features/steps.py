"""Named activities of a generic log, counted by name (aggregation encoding).

Source: de Leoni, van der Aalst, Dees, "A general process mining framework for correlating,
predicting and clustering dynamic behavior based on event logs", Information Systems 56 (2016).
"""

from __future__ import annotations

import ibis.expr.types as ir

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.features.counting import last_name
from tsunagu.analytics.features.facts import Source, numbered_lookup, with_code
from tsunagu.analytics.features.learned import Learned
from tsunagu.analytics.features.sorts import step_counter
from tsunagu.analytics.features.specs import Feature, category, days_since, fact, number
from tsunagu.analytics.features.timeline import Timeline, nth_in_time

_ACTIVITY = Kind.ACTIVITY.value


def features(learned: Learned) -> list[Feature]:
    """One count per learned activity, the last one's name, and how long ago it was."""
    return [*_counts(learned.steps), *_latest()] if learned.steps else []


def sources(learned: Learned) -> list[Source]:
    """The name of the last activity."""
    return [numbered_lookup("step", _ACTIVITY, {"code": "int32"}, lambda t: _after_nth(t, learned))]


def _counts(steps: tuple[str, ...]) -> list[Feature]:
    return [
        number(
            f"step:{step}",
            "steps",
            f"「{step}」の回数",
            f"times of “{step}”",
            fact(step_counter(i)),
        )
        for i, step in enumerate(steps)
    ]


def _latest() -> list[Feature]:
    code = category(
        "last_step", "steps", "直近の活動", "last activity", fact("step__code", missing=-1)
    )
    ago = number(
        "days_since_step_any",
        "steps",
        "直近の活動からの日数",
        "days since the last activity",
        days_since(last_name(_ACTIVITY)),
    )
    return [code, ago]


def _after_nth(timeline: Timeline, learned: Learned) -> ir.Table:
    coded = with_code(timeline.values(Kind.ACTIVITY), learned.steps)
    return coded.select("deal", "code", nth=nth_in_time(coded))
