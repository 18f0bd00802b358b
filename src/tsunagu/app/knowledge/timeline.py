"""What happened, put together by itself: signals, decisions, findings, answers, facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from tsunagu.app.deals.history import Told, tell
from tsunagu.app.deals.models import Event, Kind
from tsunagu.app.interruptions.models import Interruption, Reply

BEFORE = timedelta(days=30)
"""What led up to the break begins so long before it."""

FACTS = 200
SAID = (Kind.INTERRUPTION, Kind.RESUMED)
"""Facts that the case's decisions say better."""


@dataclass(frozen=True)
class Moment:
    """Something that happened; ``told`` where it is a fact of the deal."""

    at: datetime
    icon: str
    what: str = ""
    text: str = ""
    who: str = ""
    told: Told | None = None


@dataclass(frozen=True)
class Course:
    """Moments, oldest first; ``left_out`` older facts are on the deal's page only."""

    moments: list[Moment]
    left_out: int


def course(case: Interruption) -> Course:
    """From a month before the case until its end, in a handful of queries."""
    facts, left_out = _facts(case)
    moments = [*_signals(case), *_decisions(case), *_findings(case), *_answers(case), *facts]
    return Course(sorted(moments, key=lambda moment: moment.at), left_out)


def _signals(case: Interruption) -> Iterator[Moment]:
    for signal in case.signals.all():
        yield Moment(signal.found_at, "bell", _("Sign"), signal.words)


def _decisions(case: Interruption) -> Iterator[Moment]:
    for decision in case.decisions.select_related("by"):
        words = [*decision.cause_words, *decision.grade_words]
        what = " · ".join([str(decision.get_step_display()), *words])
        who = decision.by.name if decision.by else ""
        yield Moment(decision.at, "flag", what, decision.text, who)


def _findings(case: Interruption) -> Iterator[Moment]:
    for finding in case.findings.select_related("by"):
        who = finding.by.name
        yield Moment(finding.at, "zoom-question", finding.asked, finding.text, who)


def _answers(case: Interruption) -> Iterator[Moment]:
    for reply in Reply.objects.filter(inquiry__case=case):
        yield Moment(reply.at, "message-circle", _("The customer's answer"), reply.said)


def _facts(case: Interruption) -> tuple[list[Moment], int]:
    """The deal's facts; the customer's answers stand there already."""
    rows = Event.objects.filter(deal=case.deal_id, at__gte=case.opened_at - BEFORE).exclude(
        kind__in=SAID
    )
    if case.closed_at is not None:
        rows = rows.filter(at__lte=case.closed_at)
    count = rows.count()
    newest = list(rows.order_by("-at")[:FACTS])
    said = [
        told for told in tell(newest) if not (told.event.natural_key or "").startswith("reply:")
    ]
    return [_fact(told) for told in said], max(0, count - FACTS)


def _fact(told: Told) -> Moment:
    return Moment(told.event.at, "history", text=told.event.text or "", who=told.who, told=told)
