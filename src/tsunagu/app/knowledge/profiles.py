"""Reads what cases are found by: cause, stage at the break, segment, size of the deal, words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from tsunagu.app.deals.models import Event, Kind, Stage
from tsunagu.app.interruptions.models import Decision, Finding, Interruption, Reply, Signal
from tsunagu.app.interruptions.states import State
from tsunagu.app.knowledge.models import CaseProfile
from tsunagu.app.knowledge.words import words_of

OVER = (State.RESUMED, State.LOST)
"""A false alarm is no past case."""

SPAN = timedelta(days=180)
"""What was written longer before the case says little about it."""

TEXTS = 50
AT_ONCE = 500
OVERLAP = timedelta(minutes=10)
"""A decision may be committed after a later one."""


@dataclass(frozen=True)
class Profile:
    """What a case is compared by; ``magnitude`` is log10 of the value, 0 where there is none."""

    cause: str
    stage: int | None
    industry: str
    size: str
    magnitude: float
    kinds: frozenset[str]
    words: frozenset[str]


def magnitude(value: Any) -> float:
    """The decimal logarithm of an amount; 0 for none."""
    return math.log10(float(value)) if value and value > 1 else 0.0


def read(cases: Sequence[Interruption]) -> dict[int, Profile]:
    """The profile of each case, in a handful of queries; needs ``deal__customer``."""
    stages, kinds, texts = _stages(cases), _kinds(cases), _texts(cases)
    words = words_of(["\n".join(texts[case.pk]) for case in cases])
    return {
        case.pk: Profile(
            cause=case.main_cause,
            stage=stages.get(case.pk),
            industry=case.deal.customer.industry,
            size=case.deal.customer.size,
            magnitude=magnitude(case.value),
            kinds=frozenset(kinds[case.pk]),
            words=frozenset(found),
        )
        for case, found in zip(cases, words, strict=True)
    }


def stage_of(case: Interruption) -> int | None:
    """The stage that the deal was in when the case began."""
    return _stages([case]).get(case.pk)


def keep_up() -> int:
    """Read the cases that ended, or that were decided on, since the last time; how many."""
    ids = _due()
    for start in range(0, len(ids), AT_ONCE):
        keep(ids[start : start + AT_ONCE])
    return len(ids)


def keep(ids: Sequence[int]) -> None:
    """Write the profiles of those of these cases that are over; others have none."""
    rows = Interruption.objects.filter(pk__in=ids, state__in=OVER)
    cases = list(rows.select_related("deal__customer").annotate(until=Max("decisions__at")))
    CaseProfile.objects.filter(pk__in=set(ids) - {case.pk for case in cases}).delete()
    found = read(cases)
    made = [_row(found[case.pk], case.pk, case.until) for case in cases]
    columns = [f.name for f in CaseProfile._meta.concrete_fields if not f.primary_key]
    CaseProfile.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["case"], update_fields=columns
    )


def forget(deals: Iterable[int]) -> None:
    """Words about these deals were erased: their cases are to be read anew."""
    ids = list(deals)
    for start in range(0, len(ids), AT_ONCE):
        rows = CaseProfile.objects.filter(case__deal__in=ids[start : start + AT_ONCE])
        rows.update(tokens="", known_until=None)


def _row(profile: Profile, case: int, until: Any) -> CaseProfile:
    return CaseProfile(
        case_id=case,
        cause=profile.cause,
        stage_id=profile.stage,
        industry=profile.industry,
        size=profile.size,
        magnitude=profile.magnitude,
        kinds=sorted(profile.kinds),
        tokens=" ".join(sorted(profile.words)),
        known_until=until,
    )


def _due() -> list[int]:
    forgotten = CaseProfile.objects.filter(known_until__isnull=True).values_list("pk", flat=True)
    newest = CaseProfile.objects.aggregate(at=Max("known_until"))["at"]
    if newest is None:
        ended = Interruption.objects.filter(state__in=OVER).order_by("pk")
        return list(ended.values_list("pk", flat=True))
    news = Decision.objects.filter(at__gt=newest - OVERLAP).values_list("case", "at")
    known = dict(
        CaseProfile.objects.filter(pk__in=[c for c, _at in news]).values_list("pk", "known_until")
    )
    fresh = {case for case, at in news if known.get(case) is None or known[case] < at}
    return sorted(fresh | set(forgotten))


def _stages(cases: Sequence[Interruption]) -> dict[int, int | None]:
    """Each deal's stage when its case began."""
    known = {
        (process, key): pk for pk, process, key in Stage.objects.values_list("pk", "process", "key")
    }
    facts: dict[int, list[tuple[Any, str]]] = defaultdict(list)
    rows = Event.objects.filter(deal__in=[c.deal_id for c in cases], kind=Kind.STAGE)
    for deal, at, value in rows.order_by("at").values_list("deal_id", "at", "value"):
        facts[deal].append((at, value or ""))
    return {
        case.pk: known.get((case.deal.process_id, key))
        for case in cases
        if (key := _last_before(facts[case.deal_id], case.opened_at))
    }


def _last_before(facts: list[tuple[Any, str]], then: Any) -> str:
    return next((value for at, value in reversed(facts) if at <= then), "")


def _kinds(cases: Sequence[Interruption]) -> Mapping[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for case, kind in Signal.objects.filter(case__in=cases).values_list("case_id", "kind"):
        found[case].add(kind)
    return found


def _texts(cases: Sequence[Interruption]) -> Mapping[int, list[str]]:
    """What was noted, found out and answered, until the case ended."""
    found: dict[int, list[str]] = defaultdict(list)
    for pk, said in _said(cases):
        found[pk].append(said)
    by_deal: dict[int, list[Interruption]] = defaultdict(list)
    for case in cases:
        by_deal[case.deal_id].append(case)
    for deal, at, text in _written(cases):
        for case in by_deal[deal]:
            until = case.closed_at or timezone.now()
            if case.opened_at - SPAN < at <= until and len(found[case.pk]) < TEXTS:
                found[case.pk].append(text)
    return found


def _said(cases: Sequence[Interruption]) -> Iterator[tuple[int, str]]:
    for model in (Decision, Finding):
        rows: QuerySet[Any] = model.objects.filter(case__in=cases).exclude(text="")
        yield from rows.values_list("case_id", "text")
    replies = Reply.objects.filter(inquiry__case__in=cases)
    for case, text, needs in replies.values_list("inquiry__case_id", "text", "needs"):
        yield case, f"{text}\n{needs}"


def _written(cases: Sequence[Interruption]) -> Iterable[tuple[int, Any, str]]:
    if not cases:
        return []
    since = min(case.opened_at for case in cases) - SPAN
    rows = Event.objects.filter(deal__in=[c.deal_id for c in cases], at__gt=since)
    kept = rows.exclude(Q(text__isnull=True) | Q(text=""))
    return kept.order_by("-at").values_list("deal_id", "at", "text")
