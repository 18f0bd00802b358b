"""What the page of one case says, and the one thing to do next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tsunagu.app.interruptions import (
    aftercare,
    evidence,
    inquiries,
    people_to_ask,
    shipped,
    suggesting,
)
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.evidence import Shown
from tsunagu.app.interruptions.impact import Impact, impact
from tsunagu.app.interruptions.models import (
    CauseNote,
    Decision,
    Finding,
    Inquiry,
    InquiryState,
    Interruption,
    Reply,
    Signal,
)
from tsunagu.app.interruptions.people_to_ask import Person
from tsunagu.app.interruptions.restart_plan import RestartPlan
from tsunagu.app.interruptions.shipped import ANY, Phrase
from tsunagu.app.interruptions.states import ALLOWED, State, Step
from tsunagu.app.interruptions.suggesting import Suggestion
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission


@dataclass(frozen=True)
class Act:
    """A button: the name of its address, and the step it takes; to ask the customer is none.

    ``of_deal``: the address is the deal's; ``of_plan``: it stands in the restart plan alone.
    """

    name: str
    label: str | Promise
    icon: str
    step: Step | None
    of_deal: bool = False
    of_plan: bool = False


@dataclass(frozen=True)
class Next:
    """The one thing to do: the names of its acts, the first of them the main one."""

    words: str | Promise
    acts: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A question of the diagnosis, for which cause, and what was learnt."""

    phrase: Phrase
    cause: str | Promise
    finding: Finding | None


@dataclass(frozen=True)
class Asked:
    """A form for the customer, with its link and what came back."""

    inquiry: Inquiry
    reply: Reply | None
    address: str
    mail: str

    @property
    def choices(self) -> list[str]:
        """What was ticked, in the reader's language."""
        return self.reply.ticked if self.reply else []

    @property
    def contact_by(self) -> str:
        """How the customer wants to be contacted."""
        way = shipped.ways().get(self.reply.contact_by) if self.reply else None
        return way.words if way else ""


class CasePage:
    """One case for one reader; each part is asked for once."""

    def __init__(self, user: User, case: Interruption) -> None:
        self.user, self.case, self.deal = user, case, case.deal

    @cached_property
    def may_decide(self) -> bool:
        """Whether the reader decides on this case."""
        return has_permission(self.user, "interruptions.decide", self.deal)

    @cached_property
    def may_override(self) -> bool:
        """Whether the reader may let the sale go on without the gates' evidence."""
        return has_permission(self.user, "interruptions.override", self.deal)

    @cached_property
    def may_log(self) -> bool:
        """Whether the reader may add findings and ask the customer."""
        return has_permission(self.user, "deals.log", self.deal)

    @cached_property
    def signals(self) -> list[Signal]:
        """All, those that are gone too."""
        return list(self.case.signals.all())

    @cached_property
    def evidence(self) -> list[Shown]:
        """The signals with their facts."""
        return evidence.shown(self.signals)

    @cached_property
    def decisions(self) -> list[Decision]:
        """Newest first."""
        return list(self.case.decisions.select_related("by").order_by("-at", "-pk"))

    @cached_property
    def _notes(self) -> list[CauseNote]:
        return list(self.case.cause_notes.select_related("set_by"))

    @property
    def causes(self) -> list[CauseNote]:
        """Those that a person set, the main one first."""
        return [note for note in self._notes if note.set_by_id is not None]

    @cached_property
    def suggestions(self) -> list[Suggestion]:
        """Causes that may be it and were not set, the likeliest first."""
        standing = [s for s in self.signals if s.gone_at is None]
        replies = [asked.reply for asked in self.asked if asked.reply]
        said = {note.cause for note in self.causes}
        found = suggesting.suggested(self._notes, standing, replies)
        return [s for s in found if s.cause not in said]

    @cached_property
    def asked(self) -> list[Asked]:
        """The forms, newest first."""
        rows = self.case.inquiries.select_related("contact", "made_by", "reply")
        return [self._asked(inquiry) for inquiry in rows]

    def _asked(self, inquiry: Inquiry) -> Asked:
        inquiry.case = self.case
        reply = getattr(inquiry, "reply", None)
        is_open = inquiry.state == InquiryState.OPEN
        address = inquiries.address(inquiry) if is_open else ""
        return Asked(inquiry, reply, address, inquiries.mail(inquiry) if is_open else "")

    @cached_property
    def questions(self) -> list[Question]:
        """For the causes that are set, else for the likeliest; unanswered ones first."""
        rows = self.case.findings.select_related("by").order_by("at", "pk")
        learnt = {finding.question: finding for finding in rows}
        asked = [
            Question(phrase, self._label(cause), learnt.get(phrase.key))
            for cause in (*self._suspected, ANY)
            for phrase in shipped.questions()[cause]
        ]
        return sorted(asked, key=lambda q: q.finding is not None)

    @property
    def _suspected(self) -> list[str]:
        known = [note.cause for note in self.causes]
        return known or [str(s.cause.value) for s in self.suggestions[:2]]

    @staticmethod
    def _label(cause: str) -> str | Promise:
        return _("Every case") if cause == ANY else Cause(cause).label

    @property
    def unanswered(self) -> int:
        """How many questions are open."""
        return sum(question.finding is None for question in self.questions)

    @cached_property
    def people(self) -> list[Person]:
        """Whom to ask."""
        return people_to_ask.people(self.deal)

    @cached_property
    def plan(self) -> RestartPlan | None:
        """The way back; None for a mere suspicion."""
        return RestartPlan(self.case) if self.case.confirmed_at else None

    @property
    def plan_acts(self) -> list[Act]:
        """What the gate that the plan stands at is passed with."""
        now = self.plan.now if self.plan else None
        return [ACTS[name] for name in now.acts if self._may(ACTS[name])] if now else []

    @property
    def overridden(self) -> Decision | None:
        """A manager's decision to go on without the evidence."""
        return next((d for d in self.decisions if d.is_override), None)

    @property
    def offers(self) -> list[Decision]:
        """Offers made before the needs were re-confirmed, newest first."""
        return [d for d in self.decisions if d.step == Step.OFFER]

    @property
    def days_watched(self) -> int:
        """How many days the resumed deal is still watched more closely."""
        case = self.case
        watched = case.state == State.RESUMED and self.deal.is_open and case.closed_at
        return aftercare.days_left(case.closed_at) if watched and case.closed_at else 0

    @property
    def broke_again(self) -> bool:
        """Whether it was suspected while the deal was watched after an earlier case."""
        before = self.case.previous
        resumed = before.closed_at if before and before.state == State.RESUMED else None
        return resumed is not None and aftercare.days_left(resumed, self.case.opened_at) > 0

    @cached_property
    def impact(self) -> Impact:
        """What hangs on it."""
        return impact(self.user, self.case)

    @property
    def news(self) -> Asked | None:
        """A customer's answer that no decision followed yet."""
        decided = next((d.at for d in self.decisions if d.by_id is not None), None)
        return next(
            (a for a in self.asked if a.reply and (decided is None or a.reply.at > decided)), None
        )

    @property
    def next(self) -> Next | None:
        """The one thing to do next; None where there is nothing, or others must do it."""
        found = next_action(
            State(self.case.state),
            answered=self.news is not None,
            caused=bool(self.causes),
            asked=bool(self.asked),
        )
        found = self._of_plan() if found == BY_PLAN else found
        return found if found and all(self._may(ACTS[name]) for name in found.acts) else None

    @property
    def is_to_review(self) -> bool:
        """Whether it is over and the reader is one who looks back at it."""
        return self.may_decide and self.case.state in (State.RESUMED, State.LOST)

    def _of_plan(self) -> Next:
        """The gate's own words and acts; at the end of the plan, that the sale goes on."""
        now = self.plan.now if self.plan else None
        return Next(now.gate.missing, now.acts) if now else READY

    @property
    def first_acts(self) -> list[Act]:
        """What the next action is done with."""
        return [ACTS[name] for name in self.next.acts] if self.next else []

    @property
    def other_acts(self) -> list[Act]:
        """What else the reader may do."""
        return [
            act
            for act in ACTS.values()
            if not act.of_plan and act not in self.first_acts and self._may(act)
        ]

    def _may(self, act: Act) -> bool:
        if act.step is None:
            return self.may_log and self.case.is_living
        if act.step == Step.RESUME and not (self.plan and self.plan.is_ready):
            return self.may_decide and self.may_override and bool(self.plan and self.plan.runs)
        may_open = act.step != Step.REOPEN or self.deal.is_open
        return self.may_decide and may_open and self.case.state in ALLOWED[act.step]


ACTS = {
    act.name: act
    for act in (
        Act("confirm", pgettext_lazy("interruption", "Confirm"), "check", Step.CONFIRM),
        Act("dismiss", _("Dismiss"), "x", Step.DISMISS),
        Act("causes", _("Set the cause"), "zoom-question", Step.CAUSES),
        Act("ask", _("Ask the customer"), "send", None),
        Act("respond", _("Begin the response"), "arrow-right", Step.RESPOND),
        Act("log", _("Log an activity"), "plus", None, of_deal=True, of_plan=True),
        Act("explain", _("Record the explanation"), "messages", Step.EXPLAIN, of_plan=True),
        Act("needs", _("Record the needs"), "target", Step.NEEDS, of_plan=True),
        Act("stands", _("The former proposal stands"), "repeat", Step.STANDS, of_plan=True),
        Act(
            "plan",
            _("Plan the next step"),
            "calendar-event",
            None,
            of_deal=True,
            of_plan=True,
        ),
        Act("resume", _("The sale goes on"), "circle-check", Step.RESUME),
        Act("reopen", _("Take up again"), "repeat", Step.REOPEN),
    )
}
"""By name, in the order of a case's life."""

_ENDS: dict[State, Next | None] = {
    State.SUSPECTED: Next(
        _("Read the evidence, then say whether it is so."), ("confirm", "dismiss")
    ),
    State.DISMISSED: Next(_("Dismissed. Take it up again if it was no false alarm."), ("reopen",)),
    State.RESUMED: None,
    State.LOST: None,
}
BY_PLAN = Next(_("Go on along the restart plan."), ())
"""The restart plan says what comes next."""

READY = Next(_("Every gate is passed. Say that the sale goes on."), ("resume",))


def next_action(state: State, *, answered: bool, caused: bool, asked: bool) -> Next | None:
    """What comes next.

    Args:
        answered: the customer answered, and nobody decided anything since.
        caused: a cause is set.
        asked: the customer was asked.
    """
    if state in _ENDS:
        return _ENDS[state]
    if answered:
        return Next(_("The customer answered. Read it and set the cause."), ("causes",))
    if not caused:
        return Next(_("Say why: set the cause."), ("causes",))
    if state == State.CONFIRMED and not asked:
        return Next(_("Ask the customer what happened."), ("ask",))
    if state == State.CONFIRMED:
        return Next(_("Begin the response."), ("respond",))
    return BY_PLAN
