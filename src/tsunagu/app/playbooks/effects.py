"""What plays achieved: learned at night from answered cases, shown where a playbook is chosen.

A case counts with the first playbook that was run on it, whatever followed; one that was confirmed
and never had a playbook counts as answered without one. How serious it looked to a person counts as
it was said when that response began: who grades later knows how it went.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions.models import Decision, Interruption
from tsunagu.app.interruptions.states import State
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.playbooks.models import Exploring, LearnedEffects, Playbook, Run
from tsunagu.app.scoring import plays
from tsunagu.app.scoring.plays import NO_PLAY, Answered, Effect, Interval

CONFIGURE = "playbooks.configure"

ENOUGH_GRADED = 0.5
"""With a grade for fewer of the cases the advice says so: the others are hardly adjusted."""


def learn(at: datetime | None = None) -> LearnedEffects:
    """Learn from all cases answered so far."""
    now = at or timezone.now()
    deals = Deal.objects.filter(pk__in=_confirmed().order_by().values("deal"))
    content = plays.fit(list(answered()), deals, now)
    learned = LearnedEffects(learned_at=now, content=content, cases=content["cases"])
    with transaction.atomic():
        learned.save()
        LearnedEffects.objects.exclude(pk=learned.pk).delete()
    return learned


def _confirmed() -> Any:
    """Cases that were no false alarm."""
    return Interruption.objects.filter(confirmed_at__isnull=False).exclude(state=State.DISMISSED)


def answered() -> Iterator[Answered]:
    """Every confirmed case with the first play taken."""
    runs = Run.objects.order_by("started_at", "pk").values_list(
        "case", "playbook__key", "started_at"
    )
    first = {case: (key, began) for case, key, began in reversed(list(runs))}
    grades = _grades()
    rows = (
        _confirmed()
        .order_by("pk")
        .values_list("pk", "deal", "main_cause", "confirmed_at", "state", "closed_at")
    )
    for pk, deal, cause, confirmed_at, state, closed_at in rows:
        play, began = first.get(pk, (NO_PLAY, confirmed_at))
        back = closed_at if state == State.RESUMED else None
        grade = _by(grades.get(pk, ()), began)
        yield Answered(pk, deal, play, cause, began, back, grade)


def _grades() -> dict[int, list[tuple[datetime, int]]]:
    """What was said of each case, oldest first."""
    rows = Decision.objects.filter(grade__isnull=False).order_by("at", "pk")
    found: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for case, at, grade in rows.values_list("case", "at", "grade"):
        found[case].append((at, grade))
    return found


def _by(said: Sequence[tuple[datetime, int]], then: datetime) -> int | None:
    return next((grade for at, grade in reversed(said) if at <= then), None)


def explores() -> bool:
    """Whether recommendations may try what is little known."""
    return Exploring.objects.values_list("on", flat=True).first() or False


def set_exploring(user: User, on: bool) -> None:
    """Let recommendations explore, or not.

    Raises:
        PermissionDenied: ``user`` may not.
    """
    require(user, CONFIGURE)
    with transaction.atomic():
        before = explores()
        if before != on:
            made = Exploring.objects.create(on=on, by=user)
            audit.record(user, "explore_plays", made, before={"on": before}, after={"on": on})


def ask_to_learn(user: User) -> None:
    """Let a worker learn now, not only at night.

    Raises:
        PermissionDenied: ``user`` may not.
    """
    from tsunagu.app.playbooks.tasks import learn_effects

    require(user, CONFIGURE)
    learn_effects.enqueue()


@dataclass(frozen=True)
class Known:
    """What is known of plays for one ``cause``, or over all where it is empty.

    ``learned`` is what :func:`plays.load` gave; None before anything was learned.
    """

    learned: Any
    cause: str = ""

    def of(self, playbook: Playbook) -> Effect | None:
        """What is known of the playbook; None before a run of it is over long enough."""
        return plays.effect(self.learned, playbook.key, self.cause) if self.learned else None

    @property
    def cases(self) -> int:
        """How many were learned from."""
        return self.learned.cases if self.learned else 0

    @property
    def graded(self) -> int:
        """Of how many of them a person had said how serious they look."""
        return plays.graded(self.learned) if self.learned else 0

    @property
    def few_graded(self) -> bool:
        """Whether the order of plays may mislead for want of grades."""
        return self.graded < ENOUGH_GRADED * self.cases

    def advice(self, playbooks: Collection[Playbook], case: Interruption) -> Advice | None:
        """Which of the playbooks to take."""
        if not self.learned or not playbooks:
            return None
        by_key = {playbook.key: playbook for playbook in playbooks}
        said = plays.recommend(
            self.learned, self.cause, by_key.keys(), explore=explores(), case_id=case.pk
        )
        if said is None:
            return None
        best = by_key[said.best] if said.best else None
        return Advice(by_key[said.play], best, said.explores)


@dataclass(frozen=True)
class Advice:
    """A playbook to take; where it ``explores``, ``best`` is what is expected to do most."""

    playbook: Playbook
    best: Playbook | None
    explores: bool


def known(cause: str = "") -> Known:
    """By the newest fit."""
    newest = LearnedEffects.objects.values_list("pk", "learned_at").first()
    return Known(_loaded(*newest) if newest else None, cause)


@lru_cache(maxsize=2)
def _loaded(pk: int, learned_at: datetime) -> Any:
    return plays.load(LearnedEffects.objects.get(pk=pk).content)


def words(effect: Effect) -> str:
    """The effect in one line: counts, interval, difference, verdict."""
    resumed = ngettext(
        "resumed %(resumed)d of %(n)d case", "resumed %(resumed)d of %(n)d cases", effect.cases
    ) % {"resumed": effect.resumed, "n": effect.cases}
    return _("%(resumed)s; chance %(chance)s; against the usual response %(gain)s: %(verdict)s") % {
        "resumed": resumed,
        "chance": _chance(effect.chance),
        "gain": _gain(effect.gain),
        "verdict": _verdict(effect.verdict),
    }


def _chance(found: Interval) -> str:
    return _("%(mean)d%% (95%%: %(low)d–%(high)d%%)") % _points(found)


def _gain(found: Interval) -> str:
    return _("%(mean)+d points (%(low)+d to %(high)+d)") % _points(found)


def _points(found: Interval) -> dict[str, int]:
    return {name: round(100 * getattr(found, name)) for name in ("mean", "low", "high")}


def _verdict(verdict: str) -> str:
    return {
        "too_early": _("too early to say"),
        "better": _("better"),
        "worse": _("worse"),
        "alike": _("no clear difference"),
    }[verdict]
