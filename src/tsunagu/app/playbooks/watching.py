"""What new facts do to runs: steps close by themselves, conditions turn, a closed case ends all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tsunagu.app.deals.models import CONTACT_KINDS, FROM_THEM, Direction, Event, Kind
from tsunagu.app.interruptions.models import Finding
from tsunagu.app.interruptions.states import LIVING
from tsunagu.app.playbooks import people
from tsunagu.app.playbooks.conditions import Known
from tsunagu.app.playbooks.models import Act, Ending, Run, Task, TaskNote
from tsunagu.app.playbooks.steps import Doer, DoneBy
from tsunagu.app.rooms.models import Comment

AT_ONCE = 500


@dataclass(frozen=True)
class Fact:
    """Something that happened, by its name, and which steps it closes."""

    name: str
    at: datetime
    closes: frozenset[DoneBy]


def deal_changed(deal_id: int) -> None:
    """A fact was recorded on the deal: let its run follow."""
    deals_changed([deal_id])


def deals_changed(deal_ids: Sequence[int]) -> None:
    """Facts were recorded on the deals: let their runs follow."""
    for start in range(0, len(deal_ids), AT_ONCE):
        some = deal_ids[start : start + AT_ONCE]
        running = Run.objects.filter(ended_at__isnull=True, case__deal__in=some)
        for pk in running.order_by("pk").values_list("pk", flat=True):
            follow(pk)


def follow_others() -> int:
    """Follow what changed without a fact of the deal: closed cases, people who left.

    Returns how many runs that were.
    """
    running = Run.objects.filter(ended_at__isnull=True)
    left = Task.objects.filter(closed_at__isnull=True, assignee__is_active=False)
    meant = running.filter(~Q(case__state__in=LIVING) | Q(pk__in=left.values("run")))
    ids = list(meant.order_by("pk").values_list("pk", flat=True))
    for pk in ids:
        follow(pk)
    return len(ids)


def follow(run: int) -> None:
    """Make a run's tasks say what the facts say by now."""
    with transaction.atomic():
        found = locked_runs().filter(pk=run, ended_at__isnull=True).first()
        if found is None:
            return
        if not found.case.is_living:
            end(found)
            return
        _follow_people(found)
        _follow_conditions(found)
        _close_done(found)


def locked_runs() -> QuerySet[Run]:
    """Runs that nobody else changes until the transaction ends."""
    return Run.objects.select_for_update(of=("self",), no_key=True).select_related(
        "case__deal__owner", "case__deal__team", "version"
    )


def end(run: Run) -> None:
    """End the run, which the caller has locked, and close what is open of it."""
    run.ended_at = timezone.now()
    run.save(update_fields=["ended_at", "stopped_by", "reason"])
    run.tasks.filter(closed_at__isnull=True).update(
        closed_at=run.ended_at, ending=Ending.STOPPED, closed_by=run.stopped_by
    )


def _open(run: Run) -> list[Task]:
    tasks = list(run.tasks.filter(closed_at__isnull=True).order_by("due_on", "position"))
    for task in tasks:
        task.run = run
    return tasks


def _follow_people(run: Run) -> None:
    """The owner's steps go to a new owner; those of who left, to whose they were at first."""
    deal = run.case.deal
    theirs = run.tasks.filter(closed_at__isnull=True)
    owned = theirs.filter(role=Doer.OWNER, by_hand=False)
    owned.exclude(assignee=deal.owner).update(assignee=deal.owner)
    for task in theirs.filter(assignee__is_active=False):
        task.assignee, task.by_hand = people.assignee(task.role, deal), False
        task.save(update_fields=["assignee", "by_hand"])


def _follow_conditions(run: Run) -> None:
    known = Known.about(run.case, run.started_at)
    turned = [task.pk for task in _open(run) if task.applies != known.needs(task.step)]
    if turned:
        run.tasks.filter(pk__in=turned).update(applies=~F("applies"))


def _close_done(run: Run) -> None:
    waiting = [t for t in _open(run) if t.applies and t.may_complete and t.step.done_by]
    if not waiting:
        return
    facts = sorted(_facts(run, min(t.counts_from for t in waiting)), key=lambda fact: fact.at)
    used = _used(run)
    for task in waiting:
        key = task.step.done_by
        fact = next(
            (
                f
                for f in facts
                if key in f.closes and f.at > task.counts_from and (key, f.name) not in used
            ),
            None,
        )
        if fact:
            used.add((key, fact.name))
            _close(task, fact)


def _used(run: Run) -> set[tuple[DoneBy, str]]:
    """One call closes one of two calls that are wanted, not both."""
    closed = run.tasks.exclude(fact="")
    steps = run.version.parsed
    named = [(steps.step(task.step_key), task.fact) for task in closed]
    return {(step.done_by, fact) for step, fact in named if step}


def _close(task: Task, fact: Fact) -> None:
    changed = Task.objects.filter(pk=task.pk, closed_at__isnull=True).update(
        closed_at=fact.at, ending=Ending.DONE, fact=fact.name
    )
    if changed:
        TaskNote.objects.create(task=task, act=Act.FACT, text=fact.name)


def _facts(run: Run, since: datetime) -> Iterator[Fact]:
    for event in Event.objects.filter(deal=run.case.deal_id, at__gt=since):
        if closes := frozenset(_closed_by(event)):
            yield Fact(f"event:{event.pk}", event.at, closes)
    for finding in Finding.objects.filter(case=run.case_id, at__gt=since):
        yield Fact(f"finding:{finding.pk}", finding.at, frozenset({DoneBy.FINDING}))
    for comment in Comment.objects.filter(case=run.case_id, at__gt=since):
        yield Fact(f"comment:{comment.pk}", comment.at, frozenset({DoneBy.COMMENT}))


_BY_KIND = {
    Kind.MEETING: DoneBy.MEETING,
    Kind.VISIT: DoneBy.VISIT,
    Kind.QUOTE: DoneBy.QUOTE,
    Kind.NOTE: DoneBy.COMMENT,
}


def _closed_by(event: Event) -> Iterator[DoneBy]:
    from_them = event.direction in FROM_THEM
    kind = Kind(event.kind)
    if kind in _BY_KIND:
        yield _BY_KIND[kind]
    if kind == Kind.CALL and from_them:
        yield DoneBy.CALL_TWO_WAY
    if kind == Kind.EMAIL and event.direction in (Direction.IN, Direction.OUT):
        yield DoneBy.EMAIL_IN if from_them else DoneBy.EMAIL_OUT
    if kind in CONTACT_KINDS and from_them:
        yield DoneBy.CONTACT_IN
    if (event.natural_key or "").startswith("reply:"):
        yield DoneBy.REPLY
