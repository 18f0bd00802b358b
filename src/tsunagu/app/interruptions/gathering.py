"""What a look at some deals saw becomes signals, and signals become suspected cases.

All is written in one transaction that holds the deals' locks, for those deals only that no other
worker took in the meantime; identities are unique in the database. So however many workers look,
no signal and no case stands twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import prod
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from tsunagu.app.deals.locking import locked_deals
from tsunagu.app.deals.models import Deal
from tsunagu.app.interruptions import (
    aftercare,
    explaining,
    folding,
    limits,
    watching,
)
from tsunagu.app.interruptions.models import Interruption, Signal, Watch
from tsunagu.app.interruptions.states import ALLOWED, LIVING, Step
from tsunagu.app.interruptions.watching import Taken
from tsunagu.app.scoring import detection
from tsunagu.app.scoring.detection import Found, Look
from tsunagu.app.scoring.models import Score

_RENEWED = ["seen_at", "gone_at", "strength", "measure", "evidence", "ja", "en"]
_FOLD = """
UPDATE interruptions_interruption SET signal_count = %s, strength = %s, last_signal_at = %s,
    value = %s
WHERE id = %s
"""

Key = tuple[int, str, datetime]
"""A signal's identity: deal, kind, instant."""


class Known(NamedTuple):
    """What is kept of a signal."""

    pk: int
    case_id: int
    deal_id: int
    kind: str
    at: datetime
    gone_at: datetime | None
    ja: str


def look_at_waiting() -> int:
    """Look at all deals that are due by now; returns how many looks were taken.

    What becomes due meanwhile asks for a look of its own: other tasks come in between.
    """
    by, count = timezone.now(), 0
    while taken := watching.take(by):
        look_at(taken)
        count += len(taken.deal_ids)
    return count


def rehearse() -> None:
    """Look at some open deal and keep nothing: what loads slowly is in memory then."""
    detection.load_readers()
    if some := Deal.objects.filter(outcome__isnull=True).first():
        detection.look([some.pk], timezone.now(), limits.in_force())


def look_at(taken: Taken) -> None:
    """Look at the deals once and write what was seen."""
    at = timezone.now()
    # Read before the facts: a risk that comes later is another reason to look.
    risks = dict(Score.objects.filter(deal__in=taken.deal_ids).values_list("deal_id", "risk_30"))
    resumed = aftercare.watched(taken.deal_ids, at)
    seen = _look(taken.deal_ids, resumed, at)
    with transaction.atomic():
        mine = taken.mine().select_for_update().order_by("pk").values_list("pk", flat=True)
        deals = {d.pk: d for d in _locked(mine)}
        _end({pk: d for pk, d in deals.items() if not d.is_open})
        running = {pk: d for pk, d in deals.items() if d.is_open and pk in seen.next_looks}
        _gather(running, [f for f in seen.found if f.deal_id in running], resumed, at)
        _restart(running)
        watching.looked(taken, at, {pk: seen.next_looks[pk] for pk in running}, risks)
    explaining.explain(running)


def _look(deal_ids: Sequence[int], resumed: Mapping[int, datetime], at: datetime) -> Look:
    """Deals that resumed lately are looked at with tighter thresholds."""
    looks = [
        detection.look(ids, at, thresholds())
        for ids, thresholds in (
            ([pk for pk in deal_ids if pk not in resumed], limits.in_force),
            (list(resumed), limits.closer),
        )
        if ids
    ]
    found = [f for look in looks for f in look.found if not _is_own_doing(f, resumed)]
    return Look(found, {pk: then for look in looks for pk, then in look.next_looks.items()})


def _is_own_doing(found: Found, resumed: Mapping[int, datetime]) -> bool:
    since = resumed.get(found.deal_id)
    return found.kind == aftercare.OWN_DOING and since is not None and found.at <= since


def _restart(deals: Mapping[int, Deal]) -> None:
    """The restart begins on cases whose first gate the facts show to be passed."""
    waiting = Interruption.objects.filter(deal__in=deals, state__in=ALLOWED[Step.RESTART])
    folding.begin_where_explained(waiting.select_for_update(of=("self",)).select_related("deal"))


def _locked(ids: Iterable[int]) -> Iterable[Deal]:
    return locked_deals().filter(pk__in=list(ids)).only("outcome", "amount", "process")


def _end(deals: Mapping[int, Deal]) -> None:
    """The cases of ended deals end with them, and nobody looks there any more."""
    living = Interruption.objects.filter(deal__in=deals, state__in=LIVING)
    for case in living.select_for_update():
        folding.decide(case, Step.ENDED, value=deals[case.deal_id].outcome or "")
    Watch.objects.filter(deal__in=deals).delete()


def _gather(
    deals: Mapping[int, Deal],
    found: list[Found],
    resumed: Mapping[int, datetime],
    at: datetime,
) -> None:
    known = _known(deals)
    seen = _identified(found, known)
    cases = _cases(deals, [key for key in seen if key not in known], seen, resumed, at)
    owners = {key: s.case_id for key, s in known.items()}
    news = [
        _signal(key, signal, case, at)
        for key, signal in seen.items()
        if _is_news(signal, known.get(key)) and (case := owners.get(key) or _pk(cases, key))
    ]
    gone = [s for key, s in known.items() if key not in seen and s.gone_at is None]
    _write(news, gone, at)
    touched = {s.case_id for s in news} | {s.case_id for s in gone}
    _fold(
        [c for c in cases.values() if c.pk in touched or c.value != deals[c.deal_id].amount], deals
    )


def _pk(cases: Mapping[int, Interruption], key: Key) -> int | None:
    case = cases.get(key[0])
    return case.pk if case else None


def _known(deals: Iterable[int]) -> dict[Key, Known]:
    rows = Signal.objects.filter(deal__in=list(deals)).values_list(*Known._fields)
    return {(s.deal_id, s.kind, s.at): s for s in map(Known._make, rows)}


def _identified(found: Iterable[Found], known: Mapping[Key, Known]) -> dict[Key, Found]:
    """By identity. What lasts is what stood at the last look: thresholds move its instant."""
    standing = {key[:2]: key for key, signal in known.items() if signal.gone_at is None}
    seen: dict[Key, Found] = {}
    for signal in found:
        own = (signal.deal_id, signal.kind, signal.at)
        before = standing.get(own[:2]) if signal.lasting else None
        seen[before or own] = signal
    return seen


def _is_news(found: Found, before: Known | None) -> bool:
    """Whether there is anything to write: never seen, gone before, or in other words than then."""
    return before is None or before.gone_at is not None or before.ja != found.ja


def _cases(
    deals: Mapping[int, Deal],
    new: Iterable[Key],
    seen: Mapping[Key, Found],
    resumed: Mapping[int, datetime],
    at: datetime,
) -> dict[int, Interruption]:
    """The living case of each deal, new ones where new signals give cause to suspect."""
    living = Interruption.objects.filter(deal__in=list(deals), state__in=LIVING)
    cases = {case.deal_id: case for case in living.select_for_update().order_by("pk")}
    strengths: dict[int, list[float]] = defaultdict(list)
    for key in new:
        strengths[key[0]].append(seen[key].strength)
    cuts = _suspect_from(deals, resumed)
    begun = [
        deals[pk]
        for pk, found in strengths.items()
        if pk not in cases and together(found) >= cuts[pk]
    ]
    return cases | {case.deal_id: case for case in folding.begin_many(begun, at=at)}


def _suspect_from(deals: Mapping[int, Deal], resumed: Mapping[int, datetime]) -> dict[int, float]:
    own = limits.suspect_from()
    return {
        pk: own.get(deal.process_id, limits.SUSPECT_FROM)
        * (aftercare.CLOSER if pk in resumed else 1)
        for pk, deal in deals.items()
    }


def together(strengths: Iterable[float]) -> float:
    """How strong signals are together: none of them is by chance, were they independent."""
    return 1 - prod(1 - s for s in strengths)


def _signal(key: Key, found: Found, case_id: int, at: datetime) -> Signal:
    return Signal(
        case_id=case_id,
        deal_id=key[0],
        kind=key[1],
        at=key[2],
        found_at=at,
        seen_at=at,
        strength=found.strength,
        measure=found.measure,
        evidence=found.evidence,
        ja=found.ja,
        en=found.en,
    )


def _write(news: list[Signal], gone: list[Known], at: datetime) -> None:
    """Add or renew; what is known keeps its case and the time it was found."""
    Signal.objects.bulk_create(
        news,
        batch_size=500,
        update_conflicts=True,
        update_fields=_RENEWED,
        unique_fields=["deal", "kind", "at"],
    )
    Signal.objects.filter(pk__in=[s.pk for s in gone]).update(gone_at=at)


class Felt(NamedTuple):
    """What of a signal counts for its case."""

    case_id: int
    strength: float
    found_at: datetime
    gone_at: datetime | None


def _fold(cases: list[Interruption], deals: Mapping[int, Deal]) -> None:
    """What lists show of the cases' signals, in two statements."""
    rows = Signal.objects.filter(case__in=[case.pk for case in cases])
    found: dict[int, list[Felt]] = defaultdict(list)
    for signal in map(Felt._make, rows.values_list(*Felt._fields)):
        found[signal.case_id].append(signal)
    with connection.cursor() as cursor:
        cursor.executemany(_FOLD, [_folded(c, found[c.pk], deals[c.deal_id]) for c in cases])


def _folded(case: Interruption, signals: list[Felt], deal: Deal) -> list[Any]:
    ops = connection.ops
    newest = max((s.found_at for s in signals), default=None)
    standing = [s.strength for s in signals if s.gone_at is None]
    return [
        len(standing),
        together(standing),
        newest and ops.adapt_datetimefield_value(newest),
        deal.amount if deal.amount is None else ops.adapt_decimalfield_value(deal.amount, 18, 2),
        case.pk,
    ]
