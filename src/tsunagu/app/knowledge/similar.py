"""Past cases that are like one: found by index and by words, ranked by what they have in common.

Nothing is held in memory. The database gives a few hundred candidates (the nearest in value with
the same cause and stage, with the same cause, at the same stage, and those that share the rarest
words); these are compared in full.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Decision, Interruption
from tsunagu.app.interruptions.queries import kind_names
from tsunagu.app.interruptions.states import State, Step
from tsunagu.app.knowledge import profiles
from tsunagu.app.knowledge.full_text import matching
from tsunagu.app.knowledge.models import CaseProfile
from tsunagu.app.knowledge.profiles import Profile
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import visible_interruptions

WEIGHTS = {
    "cause": 0.30,
    "stage": 0.15,
    "value": 0.10,
    "industry": 0.10,
    "size": 0.05,
    "kinds": 0.10,
    "words": 0.20,
}
"""How much each thing in common counts; what is not known of the case itself counts nothing."""

SAME_CATEGORY = 0.3
"""Another cause on the same side is this much like the same cause."""

NEAREST = 80
"""Candidates of each group, above and below the value."""

RAREST = 4
"""Words by which others are looked for, and how many are taken."""

BY_WORDS = 80
LEAST = 0.35
"""A case less alike is not shown."""

TRIED = (Step.RESPOND, Step.RESTART, Step.RESUME)


@dataclass(frozen=True)
class Tried:
    """A step that was taken: its words, on which day of the case, what was noted if visible."""

    words: str
    day: int
    text: str = ""


@dataclass(frozen=True)
class Similar:
    """A past case for one reader.

    Attributes:
        case: None where the reader may not see it: nothing in the other fields names anybody then.
        likeness: 0 to 1.
        why: what it has in common, in the reader's language.
        cause: its main cause in words.
        tried: what was done.
        ended: how it ended, in words.
        resumed: whether the sale went on.
    """

    case: Interruption | None
    likeness: float
    why: tuple[str, ...]
    cause: str
    tried: tuple[Tried, ...]
    ended: str
    resumed: bool


@dataclass(frozen=True)
class _Found:
    pk: int
    profile: Profile
    alike: dict[str, float] = field(default_factory=dict)
    likeness: float = 0.0


def similar_cases(user: User, case: Interruption, limit: int = 5) -> list[Similar]:
    """Cases that are over and like ``case``, the likest first.

    Those that ``user`` may not see are among them, without a name and without the case itself.
    """
    own, found = _ranked(case, limit)
    ids = [one.pk for one in found]
    seen = set(visible_interruptions(user).filter(pk__in=ids).values_list("pk", flat=True))
    rows = Interruption.objects.select_related("deal__customer")
    cases = rows.prefetch_related("runs__version").in_bulk(ids)
    decisions = _decisions(ids)
    return [
        _told(own, one, cases[one.pk], decisions.get(one.pk, []), one.pk in seen) for one in found
    ]


def people_who_resumed(case: Interruption, limit: int = 10) -> list[User]:
    """Active people who resumed cases like this one, of any team; the likest case first.

    Whom to ask for advice: that somebody did is told, not with which customer.
    """
    ids = [one.pk for one in _ranked(case, 5 * limit)[1]]
    rows = Decision.objects.filter(case__in=ids, step=Step.RESUME, by__is_active=True)
    by_case = {decision.case_id: decision.by for decision in rows.select_related("by")}
    people = [by_case[pk] for pk in ids if pk in by_case]
    return list(dict.fromkeys(person for person in people if person is not None))[:limit]


def _ranked(case: Interruption, limit: int) -> tuple[Profile, list[_Found]]:
    own = profiles.read([case])[case.pk]
    rows = CaseProfile.objects.order_by().exclude(pk=case.pk)
    found = dict(_candidates(rows, own))
    rarity = _rarity(own, list(found.values()))
    found |= dict(_by_words(rows, rarity))
    compared = [_compared(own, _Found(*one), rarity) for one in found.items()]
    alike = sorted(compared, key=lambda one: (-one.likeness, -one.pk))
    return own, [one for one in alike if one.likeness >= LEAST][:limit]


def _candidates(rows: QuerySet[CaseProfile], own: Profile) -> Iterator[tuple[int, Profile]]:
    """The nearest in value of each group; each half of a group is one stretch of an index."""
    groups = [
        *([rows.filter(cause=own.cause, stage=own.stage)] if own.cause and own.stage else []),
        *([rows.filter(cause=own.cause)] if own.cause else []),
        *([rows.filter(stage=own.stage)] if own.stage and not own.cause else []),
    ] or [rows]
    for group in groups:
        above = group.filter(magnitude__gte=own.magnitude).order_by("magnitude")
        below = group.filter(magnitude__lt=own.magnitude).order_by("-magnitude")
        yield from _profiles(above[:NEAREST])
        yield from _profiles(below[:NEAREST])


def _by_words(
    rows: QuerySet[CaseProfile], rarity: dict[str, float]
) -> Iterable[tuple[int, Profile]]:
    rarest = sorted(rarity, key=lambda word: (-rarity[word], word))[:RAREST]
    if not rarest:
        return ()
    return _profiles(matching(rows, rarest, every=False, whole=True)[:BY_WORDS])


def _profiles(rows: QuerySet[CaseProfile]) -> Iterator[tuple[int, Profile]]:
    columns = ("pk", "cause", "stage_id", "industry", "size", "magnitude", "kinds", "tokens")
    for pk, cause, stage, industry, size, magnitude, kinds, words in rows.values_list(*columns):
        known = frozenset(kinds), frozenset(words.split())
        yield pk, Profile(cause, stage, industry, size, magnitude, *known)


def _rarity(own: Profile, others: Sequence[Profile]) -> dict[str, float]:
    """Of each of the case's words its inverse document frequency among the candidates."""
    counts = Counter(word for other in others for word in own.words & other.words)
    return {word: math.log((1 + len(others)) / (1 + counts[word])) + 0.1 for word in own.words}


def _compared(own: Profile, one: _Found, rarity: dict[str, float]) -> _Found:
    other = one.profile
    alike = {
        "cause": _cause(own.cause, other.cause),
        "stage": float(own.stage == other.stage),
        "value": max(0.0, 1 - abs(own.magnitude - other.magnitude)) if other.magnitude else 0.0,
        "industry": float(own.industry == other.industry),
        "size": float(own.size == other.size),
        "kinds": _overlap(own.kinds, other.kinds),
        "words": _shared(own, other, rarity),
    }
    known = [name for name in WEIGHTS if getattr(own, _FIELD.get(name, name))]
    whole = sum(WEIGHTS[name] for name in known) or 1.0
    likeness = sum(WEIGHTS[name] * alike[name] for name in known) / whole
    return _Found(one.pk, other, {name: alike[name] for name in known}, likeness)


_FIELD = {"value": "magnitude"}


def _cause(own: str, other: str) -> float:
    if own == other:
        return 1.0
    return SAME_CATEGORY if own.partition(".")[0] == other.partition(".")[0] else 0.0


def _overlap(own: frozenset[str], other: frozenset[str]) -> float:
    return len(own & other) / len(own | other) if own | other else 0.0


def _shared(own: Profile, other: Profile, rarity: dict[str, float]) -> float:
    """How much of the case's words the other has, each by its rarity; half of them is all alike."""
    whole = sum(rarity.values())
    return min(1.0, 2 * sum(rarity[w] for w in own.words & other.words) / whole) if whole else 0.0


def _decisions(ids: Sequence[int]) -> dict[int, list[Decision]]:
    found: dict[int, list[Decision]] = {}
    for decision in Decision.objects.filter(case__in=ids).order_by("at", "pk"):
        found.setdefault(decision.case_id, []).append(decision)
    return found


def _told(
    own: Profile, one: _Found, case: Interruption, decisions: Sequence[Decision], visible: bool
) -> Similar:
    return Similar(
        case=case if visible else None,
        likeness=one.likeness,
        why=tuple(_why(own, one)),
        cause=str(Cause(case.main_cause).label) if case.main_cause else "",
        tried=(
            *(_tried(case, d, visible) for d in decisions if d.step in TRIED),
            *(_carried_out(case, run) for run in case.runs.all()),
        ),
        ended=_ended(case),
        resumed=case.state == State.RESUMED,
    )


def _tried(case: Interruption, decision: Decision, visible: bool) -> Tried:
    text = decision.text if visible else ""
    return Tried(decision.get_step_display(), _days(case, decision.at), text)


def _days(case: Interruption, at: datetime) -> int:
    return (timezone.localdate(at) - timezone.localdate(case.opened_at)).days


def _carried_out(case: Interruption, run: Any) -> Tried:
    """A playbook; its own application stands above this one, so the case is asked for it."""
    return Tried(run.version.name, _days(case, run.started_at), "")


def _why(own: Profile, one: _Found) -> Iterable[str]:
    said = {
        "cause": _("same cause"),
        "stage": _("same stage"),
        "industry": _("same industry"),
        "size": _("customer of the same size"),
    }
    yield from (words for name, words in said.items() if one.alike.get(name) == 1.0)
    if 0 < one.alike.get("cause", 0) < 1:
        yield _("cause on the same side")
    if one.alike.get("value"):
        ratio = 10 ** (one.profile.magnitude - own.magnitude)
        times = number_format(ratio, 1)
        yield _("%(times)s times the value") % {"times": times}
    if shared := sorted(own.kinds & one.profile.kinds):
        names = kind_names(get_language() or "ja")
        yield _("same signs: %(names)s") % {"names": _listed([names.get(k, k) for k in shared])}
    if one.alike.get("words", 0) >= 0.5:
        yield _("similar notes")


def _listed(names: Sequence[str]) -> str:
    return " / ".join(names)


def _ended(case: Interruption) -> str:
    days = _days(case, case.closed_at or case.state_since)
    within = ngettext("after %(days)d day", "after %(days)d days", days) % {"days": days}
    return f"{case.get_state_display()} ({within})"
