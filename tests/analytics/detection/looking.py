"""One deal told in a few lines, and the signals seen in it on a day."""

from __future__ import annotations

from typing import Any

from logs import Row, at, deal, event, log_of

from tsunagu.analytics.contracts import Signal
from tsunagu.analytics.detection import Thresholds, detect, signals

STAGES = ("初回", "提案", "見積", "交渉")


def seen(
    when: str,
    *events: Row,
    thresholds: Thresholds | None = None,
    scores: Any = None,
    **of_deal: Any,
) -> dict[str, Signal]:
    """The signals of one deal (created Monday 2024-01-15), by kind."""
    known = {"created": "2024-01-15"} | of_deal
    log = log_of(list(events), [deal(**known)], until="2025-01-01", stages=STAGES)
    found = signals(detect(log, at(when), thresholds, scores=scores))
    assert len({signal.kind for signal in found}) == len(found)
    return {signal.kind.value: signal for signal in found}


def weekly_calls(*days: str) -> list[Row]:
    """Real talks at ten o'clock."""
    return [event(f"{day} 10:00", "call", direction="both") for day in days]
