"""What the timeline tells by itself; other applications bring theirs (see ``timeline``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tsunagu.app.days import day
from tsunagu.app.deals import results
from tsunagu.app.deals.history import OF_CONTACTS, tell
from tsunagu.app.deals.history import Told as Fact
from tsunagu.app.deals.models import Direction, Event, Kind
from tsunagu.app.interruptions import shipped
from tsunagu.app.interruptions.models import (
    Decision,
    Finding,
    Inquiry,
    Interruption,
    Reply,
    Signal,
)
from tsunagu.app.people.models import Language
from tsunagu.app.rooms.models import Advice, Adviser, Attachment, Comment
from tsunagu.app.rooms.timeline import Entry, Source
from tsunagu.app.sums import money

ICONS = {
    **results.ICONS,
    Kind.NOTE: "note",
    Kind.PLANNED: "calendar-event",
    Kind.CLOSE_DATE: "calendar",
    Kind.OWNER: "user",
}


def _comments(case: Interruption) -> QuerySet[Comment]:
    rows = Comment.objects.filter(case=case).select_related("by", "decided_by")
    return rows.prefetch_related("mentioned")


def _tell_comments(case: Interruption, rows: Sequence[Comment]) -> Iterator[Entry]:
    for row in rows:
        words = _("Decision of the team") if row.decided_at else _("Comment")
        icon = "circle-check" if row.decided_at else "message-circle"
        yield Entry(icon, words, row.by.name, row.text, template="rooms/_comment.html", row=row)


def _tell_files(case: Interruption, rows: Sequence[Attachment]) -> Iterator[Entry]:
    for row in rows:
        row.case = case
        yield Entry("paperclip", row.name, row.by.name, template="rooms/_file.html", row=row)


def _tell_questions(case: Interruption, rows: Sequence[Advice]) -> Iterator[Entry]:
    for row in rows:
        names = ", ".join(adviser.user.name for adviser in row.advisers.all())
        words = _("Asked for advice: %(names)s") % {"names": names}
        yield Entry("bulb", words, row.by.name, row.text)


def _tell_advice(case: Interruption, rows: Sequence[Adviser]) -> Iterator[Entry]:
    for row in rows:
        yield Entry("bulb", _("Advice"), row.user.name, row.answer)


def _tell_decisions(case: Interruption, rows: Sequence[Decision]) -> Iterator[Entry]:
    for row in rows:
        more = [str(row.reason.label)] if row.reason else []
        words = " · ".join([row.get_step_display(), *more, *row.cause_words, *row.grade_words])
        yield Entry("flag", words, row.by.name if row.by else _("By the signals"), row.text)


def _tell_signals(case: Interruption, rows: Sequence[Signal]) -> Iterator[Entry]:
    for row in rows:
        gone = _("gone since %(on)s") % {"on": day(row.gone_at)} if row.gone_at else ""
        yield Entry("alert-triangle", row.words, gone, link="#evidence")


def _tell_findings(case: Interruption, rows: Sequence[Finding]) -> Iterator[Entry]:
    for row in rows:
        yield Entry("search", row.asked, row.by.name, row.text, link="#questions")


def _tell_inquiries(case: Interruption, rows: Sequence[Inquiry]) -> Iterator[Entry]:
    for row in rows:
        contact = row.contact.name if row.contact else _("Somebody else at the customer")
        words = f"{_('Question form for the customer')} · {contact}"
        yield Entry("send", words, row.made_by.name, link="#asked")


def _tell_replies(case: Interruption, rows: Sequence[Reply]) -> Iterator[Entry]:
    for row in rows:
        contact = row.inquiry.contact.name if row.inquiry.contact else ""
        yield Entry("message-circle", _("The customer's answer"), contact, row.said)


def _facts(case: Interruption) -> QuerySet[Event]:
    """The deal's facts since the first signal, but those that the case tells better itself."""
    began = case.signals.aggregate(first=Min("at"))["first"] or case.opened_at
    told = Q(natural_key__startswith="reply:") | Q(
        kind=Kind.NOTE, text__in=_findings_as_notes(case)
    )
    told |= Q(kind=Kind.SURVEY, direction=Direction.OUT, text__in=_inquiries_as_facts())
    told |= Q(kind__in=(Kind.INTERRUPTION, Kind.RESUMED), source__isnull=True)
    own = Event.objects.filter(deal=case.deal_id, at__gte=min(began, case.opened_at))
    rows: QuerySet[Event] = own.exclude(told)
    return rows


def _findings_as_notes(case: Interruption) -> list[str]:
    """Each finding is a note on the deal as well, in the words of the one who found it."""
    notes = []
    for key, text in case.findings.values_list("question", "text"):
        asked = shipped.question(key)
        notes += [f"{asked.ja} – {text}", f"{asked.en} – {text}"] if asked else []
    return notes


def _inquiries_as_facts() -> list[str]:
    found = []
    for language in Language.values:
        with translation.override(language):
            found.append(_("Question form for the customer"))
    return found


def _tell_facts(case: Interruption, rows: Sequence[Event]) -> Iterator[Entry]:
    link = reverse("deals:detail", args=[case.deal_id])
    for fact in tell(rows):
        icon = ICONS.get(Kind(fact.event.kind), "history")
        yield Entry(icon, _words(fact), fact.who, fact.event.text or "", link)


_NAMING = {Kind.STAGE, Kind.OWNER, Kind.OUTCOME, Kind.COMPETITOR, Kind.CHECKPOINT, *OF_CONTACTS}
_OF_MONEY = {Kind.AMOUNT, Kind.QUOTE}


def _words(fact: Fact) -> str:
    event = fact.event
    said: list[Any] = [
        fact.kind,
        fact.result or (event.direction and event.get_direction_display()),
    ]
    if fact.on:
        said.append(day(fact.on))
    elif event.kind in _NAMING:
        said.append(fact.name)
    said.append(money(event.amount) if event.kind in _OF_MONEY else floatformat(event.amount))
    return " · ".join(str(part) for part in said if part)


DECISIONS = gettext_lazy("Decisions")
TALK = gettext_lazy("Comments")
ADVICE = gettext_lazy("Advice")
ANSWERS = gettext_lazy("Question form for the customer")

COMMENTS = Source(
    "comments", TALK, lambda case: _comments(case).filter(decided_at=None), _tell_comments
)
TEAM_DECISIONS = Source(
    "decisions", DECISIONS, lambda case: _comments(case).exclude(decided_at=None), _tell_comments
)
STEPS = Source(
    "decisions",
    DECISIONS,
    lambda case: Decision.objects.filter(case=case).select_related("by"),
    _tell_decisions,
)
FILES = Source(
    "files",
    gettext_lazy("Files"),
    lambda case: Attachment.objects.filter(case=case).select_related("by"),
    _tell_files,
)
QUESTIONS = Source(
    "advice",
    ADVICE,
    lambda case: (
        Advice.objects.filter(case=case).select_related("by").prefetch_related("advisers__user")
    ),
    _tell_questions,
)
ADVICES = Source(
    "advice",
    ADVICE,
    lambda case: Adviser.objects.filter(
        advice__case=case, answered_at__isnull=False
    ).select_related("user"),
    _tell_advice,
    at="answered_at",
)
SIGNALS = Source(
    "signals", gettext_lazy("Signals"), lambda case: Signal.objects.filter(case=case), _tell_signals
)
FINDINGS = Source(
    "findings",
    gettext_lazy("Findings"),
    lambda case: Finding.objects.filter(case=case).select_related("by"),
    _tell_findings,
)
INQUIRIES = Source(
    "asked",
    ANSWERS,
    lambda case: Inquiry.objects.filter(case=case).select_related("contact", "made_by"),
    _tell_inquiries,
    at="made_at",
)
REPLIES = Source(
    "asked",
    ANSWERS,
    lambda case: Reply.objects.filter(inquiry__case=case).select_related("inquiry__contact"),
    _tell_replies,
)
FACTS = Source("facts", gettext_lazy("Activities and changes"), _facts, _tell_facts)
