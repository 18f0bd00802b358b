#!/usr/bin/env python3
"""What a night's scoring reads when 1%, 10% or all deals changed, with histories short and long.

    .venv/bin/python benchmarks/incremental.py 100000 --events 100 --times 1 4

Makes an organisation of so many running deals in a new SQLite database in a temporary folder, each
with ``--events`` facts (or so many times as many: ``--times``) over the two years before the last
90 days and ten facts within them; fits the features on a simulated log of the same kinds. Then, as
the nightly run does (``app/scoring/keeping.py``), computes the features of all of them with nothing
kept ("first"), and again a day later after 1%, 10% and all of them got a fact. Prints seconds and
CPU seconds, and checks that the last features are those of the whole history, to the bit. Scoring
and writing come on top and are the same every night: benchmarks/rescoring.py.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pages import prepare

RECENT, BACK = 90, 730
KINDS = ("call", "email", "meeting", "stage", "owner", "planned")
WEIGHTS = (40, 40, 10, 5, 1, 4)
OWNERS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("open", type=int, nargs="?", default=20_000, help="running deals")
    parser.add_argument("--events", type=int, default=50, help="older facts of a deal")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 4])
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tsunagu-incremental-") as home:
        prepare(home)
        print(f"command: {' '.join(sys.argv)}")
        print(
            f"machine: {platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        print(f"python {platform.python_version()}; {wanted.open:,} running deals, in SQLite\n")
        print(f"{'facts a deal':>14}{'changed':>10}{'seconds':>10}{'CPU s':>9}", flush=True)
        recipe = recipe_of(Path(home))
        made = 0
        for times in sorted(wanted.times):
            fill(wanted.open, wanted.events * (times - made), first=not made)
            made = times
            nights(recipe, wanted.open, wanted.events * times + 10)


def recipe_of(home: Path) -> Any:
    from tsunagu.analytics.eventlog.store import open_log
    from tsunagu.analytics.features import fit_features
    from tsunagu.analytics.simulation import simulate

    simulate(home / "log", deals=500, seed=3, end=date(2026, 6, 30))
    return fit_features(open_log(home / "log"))


def fill(deals: int, events: int, *, first: bool) -> None:
    """Deals with facts of the last days where there are none yet, and older facts of each."""
    from django.db import connection, transaction
    from django.utils import timezone

    from tsunagu.app.customers.models import Customer
    from tsunagu.app.deals.models import Deal, Event, Process
    from tsunagu.app.people.models import User

    rng, now = random.Random(events), timezone.now()
    with transaction.atomic():
        if first:
            people = User.objects.bulk_create(
                User(external_id=f"u{n}", name=f"u{n}") for n in range(OWNERS)
            )
            customer = Customer.objects.create(external_id="one", name="one")
            process = Process.objects.create(name="one")
            Deal.objects.bulk_create(
                (
                    Deal(
                        external_id=f"d{n}",
                        title=f"d{n}",
                        customer=customer,
                        process=process,
                        owner=people[n % OWNERS],
                        created_owner=people[n % OWNERS],
                        created_at=now - timedelta(days=BACK + RECENT + 1),
                    )
                    for n in range(deals)
                ),
                batch_size=5_000,
            )
        keys = Deal.objects.values_list("pk", flat=True)
        Event.objects.bulk_create(
            (fact for pk in keys for fact in facts(rng, Event, pk, events, now, recent=first)),
            batch_size=20_000,
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def facts(  # noqa: PLR0913
    rng: random.Random, event: Any, deal: int, older: int, now: datetime, *, recent: bool
) -> list[Any]:
    days = [RECENT + 1 + BACK * rng.random() for _ in range(older)]
    days += [RECENT * rng.random() for _ in range(10)] if recent else []
    return [fact(rng, event, deal, now - timedelta(days=day)) for day in days]


def fact(rng: random.Random, event: Any, deal: int, at: datetime) -> Any:
    kind = rng.choices(KINDS, WEIGHTS)[0]
    value = {
        "stage": rng.choice(("発掘", "ヒアリング", "提案")),
        "owner": f"u{rng.randrange(OWNERS)}",
        "planned": f"{at + timedelta(days=7):%Y-%m-%d}",
    }.get(kind)
    said = rng.choice(("in", "out", "both")) if kind in KINDS[:3] else None
    return event(deal_id=deal, at=at, kind=kind, value=value, direction=said)


def nights(recipe: Any, deals: int, events: int) -> None:
    from types import SimpleNamespace

    from django.utils import timezone

    from tsunagu.app.deals.models import Deal, Event
    from tsunagu.app.scoring.models import Run

    model, at = SimpleNamespace(recipe=recipe), timezone.now()
    Run.objects.all().delete()
    rest(Deal)
    report(events, "first", model, at)
    for share in (0.01, 0.1, 1.0):
        at += timedelta(days=1)
        rest(Deal)
        keys = list(Deal.objects.values_list("pk", flat=True)[: int(share * deals)])
        Event.objects.bulk_create(
            (
                Event(deal_id=pk, at=at - timedelta(hours=1), kind="call", direction="in")
                for pk in keys
            ),
            batch_size=20_000,
        )
        found = report(events, f"{share:.0%}", model, at)
    check(found, model, at)


def rest(deals: Any) -> None:
    """No change is younger than the last night; that of the facts added here is in their dates."""
    deals.objects.update(changed_at=datetime(2020, 1, 1, tzinfo=UTC))


def report(events: int, changed: str, model: Any, at: datetime) -> Any:
    from django.db.models import Q

    from tsunagu.app.scoring import bridge, keeping
    from tsunagu.app.scoring.models import Run, RunKind

    run = Run.objects.create(kind=RunKind.RESCORE, finished_at=at)
    begun, worked = time.perf_counter(), time.process_time()
    found = keeping.features(model, bridge.open_keys(Q(), at), at, run)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
    print(f"{events:14,}{changed:>10}{seconds:10.1f}{cpu:9.1f}", flush=True)
    return found


def check(found: Any, model: Any, at: datetime) -> None:
    """Against the whole history."""
    from tsunagu.analytics.features import current
    from tsunagu.app.deals.models import Deal, Event
    from tsunagu.app.scoring import bridge

    log = bridge.records(Deal.objects.all(), Event.objects.all(), at, bridge.known(model).split)
    whole = log.log(at)
    expected = model.recipe.transform(whole, current(whole)).to_pyarrow()
    if not found.sort_by("deal_id").equals(expected.sort_by("deal_id")):
        raise SystemExit("the features differ from those of the whole history")
    print(f"{'':14}the same features as from the whole history, to the bit")


if __name__ == "__main__":
    main()
