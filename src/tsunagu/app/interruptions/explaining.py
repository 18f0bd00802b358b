"""Why cases stand: the model of causes reads what was written about their deals, and learns.

It works where the deals are looked at, not in requests: the dictionary of Japanese words that it
reads with is large.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils import timezone

from tsunagu.app.deals.models import Event
from tsunagu.app.interruptions.models import CauseNote, Interruption, LearnedCauses, Signal
from tsunagu.app.interruptions.states import LIVING, State
from tsunagu.app.scoring import causes
from tsunagu.app.scoring.causes import Guess, Told

SPAN = timedelta(days=180)
"""What was written earlier says little about why a sale stops now."""

TEXTS = 50
LEAST_CASES = 5
"""Fewer confirmed causes teach nothing that the lexicon does not say better."""


def explain(deal_ids: Collection[int]) -> None:
    """Suggest causes for the living cases of these deals."""
    cases = list(Interruption.objects.filter(deal__in=deal_ids, state__in=LIVING))
    if not cases:
        return
    model, now = _in_use(), timezone.now()
    kinds = _kinds(Signal.objects.filter(case__in=cases, gone_at__isnull=True))
    texts = _texts({case.deal_id: now for case in cases})
    _suggest({c: causes.suggest(model, texts[c.deal_id], kinds[c.pk]) for c in cases})


def _suggest(guesses: Mapping[Interruption, Iterable[Guess]]) -> None:
    """Replaces what was suggested before."""
    notes = [CauseNote(case=case, **vars(g)) for case, found in guesses.items() for g in found]
    with transaction.atomic():
        locked = Interruption.objects.select_for_update().filter(pk__in=[c.pk for c in guesses])
        standing = list(locked.order_by("pk").values_list("pk", flat=True))
        CauseNote.objects.filter(case__in=standing, set_by__isnull=True).delete()
        CauseNote.objects.bulk_create(n for n in notes if n.case_id in standing)


def learn() -> LearnedCauses | None:
    """Learn from all causes that people confirmed so far; None while they are too few."""
    told = list(_confirmed())
    if len(told) < LEAST_CASES:
        return None
    learned = LearnedCauses(learned_at=timezone.now(), content=causes.fit(told), cases=len(told))
    with transaction.atomic():
        learned.save()
        LearnedCauses.objects.exclude(pk=learned.pk).delete()
    return learned


def _confirmed() -> Iterable[Told]:
    """In a fixed order; of each case what was written until it was confirmed."""
    closed_well = Interruption.objects.exclude(main_cause="").exclude(state=State.DISMISSED)
    cases = list(closed_well.filter(confirmed_at__isnull=False).order_by("pk"))
    kinds = _kinds(Signal.objects.filter(case__in=cases))
    for case in cases:
        until = case.confirmed_at or case.opened_at
        text = "\n".join(_texts({case.deal_id: until})[case.deal_id])
        yield Told(text, frozenset(kinds[case.pk]), case.main_cause)


def _texts(until: Mapping[int, datetime]) -> dict[int, list[str]]:
    """What was written about each deal until its instant, the newest first."""
    rows = Event.objects.filter(deal__in=until, at__gt=min(until.values()) - SPAN)
    written = rows.exclude(text__isnull=True).exclude(text="").order_by("-at")
    found: dict[int, list[str]] = defaultdict(list)
    for deal, at, text in written.values_list("deal_id", "at", "text"):
        if until[deal] - SPAN < at <= until[deal] and len(found[deal]) < TEXTS:
            found[deal].append(str(text))
    return found


def _kinds(signals: Any) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for case, kind in signals.values_list("case_id", "kind"):
        found[case].add(kind)
    return found


def _in_use() -> Any:
    newest = LearnedCauses.objects.order_by("-pk").values_list("pk", flat=True).first()
    return _loaded(newest)


@lru_cache(maxsize=2)
def _loaded(pk: int | None) -> Any:
    if pk is None:
        return causes.shipped()
    return causes.load(LearnedCauses.objects.get(pk=pk).content)
