"""Signals as the case's page tells them: their words, their facts, and their marks in the chart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tsunagu.app.interruptions.models import Signal

FACTS: dict[str, str | Promise] = {
    "silent_business_days": _("Business days of silence"),
    "usual_gap_business_days": _("Usual gap, in business days"),
    "gaps_seen": _("Gaps it is known from"),
    "last_heard_on": _("Last word from the customer"),
    "business_days": _("Business days"),
    "days": _("Days"),
    "since": _("Since"),
    "due_on": _("Was due"),
    "won_deals_median_days": _("Won deals, in days (median)"),
    "entered_on": _("In the stage since"),
    "stage": _("Stage"),
    "on": _("Day"),
    "move": _("From and to"),
    "pushes": _("Pushes"),
    "days_in_all": _("Days in all"),
    "close_date_now": _("Close date now"),
    "amount_now": _("Amount now"),
    "amount_most": _("Highest amount"),
    "share_cut": _("Part cut"),
    "changed_on": _("Changed on"),
    "owner": _("Owner"),
    "contact": _("Contact person"),
    "contacts": _("Contact people known"),
    "quote": _("In the words of the record"),
    "tone_now": _("Tone now (−1 to 1)"),
    "tone_before": _("Tone before (−1 to 1)"),
    "reserved_sentences": _("Reserved sentences"),
    "mentions": _("Sentences that name it"),
    "competitor": _("Competitor"),
    "open": _("Checkpoints still open"),
    "checkpoint": _("Checkpoint"),
    "score": _("Score"),
    "top": _("Best score"),
    "asked_on": _("Asked on"),
    "risk_30_days": _("Break risk (30 days)"),
    "risk_before": _("Break risk before"),
    "compared_with": _("Compared with"),
}
"""What the analytics' facts are called; one that is missing here is not shown."""

_MONEY = {"amount_now", "amount_most"}
_SHARES = {"share_cut", "risk_30_days", "risk_before"}


@dataclass(frozen=True)
class Fact:
    """One fact of a signal; ``form``, how it is written: money, share, day, number or text."""

    name: str | Promise
    form: str
    value: Any


def facts(signal: Signal) -> list[Fact]:
    """The facts that the signal stands on, and how strong it is."""
    known = [_fact(name, value) for name, value in signal.evidence.items() if name in FACTS]
    return [*known, Fact(_("Strength"), "share", 100 * signal.strength)]


def _fact(name: str, value: Any) -> Fact:
    if name in _MONEY:
        return Fact(FACTS[name], "money", value)
    if name in _SHARES:
        return Fact(FACTS[name], "share", 100 * value)
    if isinstance(value, str):
        on = _day(value)
        return Fact(FACTS[name], "day" if on else "text", on or value)
    return Fact(FACTS[name], "number", value)


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


@dataclass(frozen=True)
class Shown:
    """A signal with its facts."""

    signal: Signal
    facts: list[Fact]


def shown(signals: Iterable[Signal]) -> list[Shown]:
    """Those that stand first, then the newest facts first."""
    ordered = sorted(signals, key=lambda s: s.at, reverse=True)
    ordered.sort(key=lambda s: s.gone_at is not None)
    return [Shown(signal, facts(signal)) for signal in ordered]


def with_marks(chart: dict[str, Any], signals: Iterable[Signal]) -> dict[str, Any]:
    """A deal's chart (``deals.timeline.data``) with a lane of signals on top of the facts."""
    marks = [_mark(signal) for signal in signals]
    if not marks:
        return chart
    events = [{**event, "lane": event["lane"] + 1} for event in chart["events"]]
    return {**chart, "lanes": [gettext("Signals"), *chart["lanes"]], "events": [*events, *marks]}


def _mark(signal: Signal) -> dict[str, Any]:
    return {
        "at": timezone.localtime(signal.at).strftime("%Y-%m-%dT%H:%M:%S"),
        "lane": 0,
        "from": "",
        "direction": "",
        "activity": False,
        "signal": True,
        "text": signal.words,
    }
