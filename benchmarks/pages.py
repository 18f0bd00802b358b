#!/usr/bin/env python3
"""How long the pages of the application take, at one worker, with many deals.

    .venv/bin/python benchmarks/pages.py 20000 [--activities 20] [--repeats 30]

Makes an organisation with so many running deals (200 a representative, ten representatives a
team), their facts and scores in a new SQLite database in a temporary folder, then asks each page
through Django's own client in this process: middleware, session, queries and templates are in the
time, the socket is not. Prints the median, the 95th percentile, the median of the processor's time
(steadier on a busy machine) and the number of queries.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

DEALS_A_PERSON, PEOPLE_A_TEAM, STAGES, DAYS = 200, 10, 6, 28
KINDS = ("call", "email", "meeting", "visit")


def main() -> None:
    wanted = arguments()
    with tempfile.TemporaryDirectory(prefix="tsunagu-pages-") as home:
        prepare(home)
        begun = time.perf_counter()
        people = fill(wanted.deals, wanted.activities)
        made = time.perf_counter() - begun
        print(f"command: {' '.join(sys.argv)}")
        print(
            f"machine: {platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        print(f"python {platform.python_version()}; {wanted.deals:,} deals made in {made:.0f} s\n")
        print(f"{'page':34}{'median ms':>11}{'95th ms':>11}{'cpu ms':>10}{'queries':>9}{'kB':>7}")
        for name, who, address in pages(people):
            report(name, who, address, wanted.repeats)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deals", type=int)
    parser.add_argument("--activities", type=int, default=20, help="a deal")
    parser.add_argument("--repeats", type=int, default=30)
    return parser.parse_args()


def prepare(home: str) -> None:
    os.environ |= {"TSUNAGU_HOME": home, "DJANGO_SETTINGS_MODULE": "tsunagu.app.config.settings"}
    os.environ |= {"SECRET_KEY": "only for measuring"}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def fill(deals: int, activities: int) -> dict[str, Any]:
    """Write everything in bulk; the ids are counted here, so that rows can point to each other."""
    from django.db import connection, transaction

    from tsunagu.app.people.actions import create_team, create_user

    random.seed(7)
    persons = max(1, deals // DEALS_A_PERSON)
    office = create_team(None, name="office")
    teams = [
        create_team(None, name=f"team {i}", parent=office)
        for i in range(-(-persons // PEOPLE_A_TEAM))
    ]
    owners = [
        create_user(None, name=f"person {i}", email=f"p{i}@x.jp", team=teams[i // PEOPLE_A_TEAM])
        for i in range(persons)
    ]
    manager = create_user(None, name="manager", email="m@x.jp", role="manager", team=teams[0])
    everyone = create_user(None, name="operations", email="o@x.jp", role="operations")
    with transaction.atomic():
        write(deals, activities, owners)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"representative": owners[0], "manager": manager, "operations": everyone}


def write(deals: int, activities: int, owners: list[Any]) -> None:
    from django.utils import timezone

    from tsunagu.app.customers.models import Customer
    from tsunagu.app.deals.models import Deal, Event, Process, Stage
    from tsunagu.app.scoring.models import Score, ScorePoint

    now, today = timezone.now(), timezone.localdate()
    process = Process.objects.create(name="standard", is_default=True)
    stages = [
        Stage.objects.create(process=process, key=f"s{i}", name=f"stage {i}", position=i)
        for i in range(STAGES)
    ]
    Customer.objects.bulk_create(
        Customer(pk=i, external_id=f"C{i}", name=f"customer {i}") for i in range(1, deals // 4 + 2)
    )
    began = now - timedelta(days=2 * activities + 2)
    for first in range(1, deals + 1, 5_000):
        numbers = range(first, min(first + 5_000, deals + 1))
        made = [_deal(n, owners, stages, began, now) for n in numbers]
        Deal.objects.bulk_create(made)
        Event.objects.bulk_create(e for d in made for e in _events(Event, d, now, activities))
        scores = [_score(Score, d, now) for d in made]
        Score.objects.bulk_create(scores)
        ScorePoint.objects.bulk_create(
            ScorePoint(deal_id=s.deal_id, on=today - timedelta(days=day), risk_30=s.risk_30 * 0.9)
            for s in scores
            for day in range(1, DAYS)
        )


def _deal(n: int, owners: list[Any], stages: list[Any], began: Any, now: Any) -> Any:
    from tsunagu.app.deals.models import Deal

    owner, today = owners[(n - 1) % len(owners)], now.date()
    return Deal(
        pk=n,
        external_id=f"D{n}",
        title=f"deal {n}",
        customer_id=random.randint(1, max(1, n // 4)),
        process_id=stages[0].process_id,
        team_id=owner.team_id,
        created_owner=owner,
        created_at=began,
        owner=owner,
        stage=random.choice(stages),
        stage_since=now - timedelta(days=9),
        amount=Decimal(random.randint(1, 5_000) * 10_000),
        close_date=today + timedelta(days=random.randint(-20, 120)),
        next_step_on=random.choice([None, today + timedelta(days=random.randint(-5, 20))]),
        last_activity_at=now - timedelta(hours=random.randint(1, 700)),
    )


def _events(event: Any, deal: Any, now: Any, activities: int) -> list[Any]:
    actor = deal.owner.external_id
    return [
        event(
            deal=deal,
            at=now - timedelta(days=2 * i, minutes=deal.pk % 1000),
            kind=random.choice(KINDS) if i % 5 else "planned",
            value=None if i % 5 else now.date().isoformat(),
            direction=random.choice(("in", "out", "both")) if i % 5 else None,
            text="what was said, in some words",
            actor=actor,
        )
        for i in range(activities)
    ]


def _score(score: Any, deal: Any, now: Any) -> Any:
    risk = random.betavariate(1.2, 4)
    reasons = [
        {"group": str(i), "contribution": 0.9 - i / 3, "ja": "返事がありません" * 2, "en": "silent"}
        for i in range(5)
    ]
    horizons = {f"risk_{days}": min(1.0, risk * days / 30) for days in (7, 14, 30, 60, 90)}
    return score(
        deal=deal,
        at=now,
        **horizons,
        won_30=0.1,
        lost_30=0.1,
        previous_risk_30=risk * 0.9,
        reasons=reasons,
        source="scorecard",
        worth=risk * float(deal.amount),
    )


def pages(people: dict[str, Any]) -> list[tuple[str, Any, str]]:
    asked = [
        ("today", "representative", "/today/"),
        ("today, page 3", "representative", "/today/?page=3"),
        ("today of a member", "manager", "/today/?member=1"),
        ("board", "representative", "/deals/board/"),
        ("board", "manager", "/deals/board/"),
        ("board", "operations", "/deals/board/"),
        ("board, one owner", "operations", "/deals/board/?owner=1"),
        ("more cards", "operations", "/deals/board/1/?page=2"),
        ("list", "manager", "/deals/"),
        ("list", "operations", "/deals/"),
        ("deal", "representative", "/deals/1/"),
        ("chart's data", "representative", "/deals/1/chart/"),
        ("sheet to log", "representative", "/deals/1/log/"),
        ("team", "manager", "/team/"),
        ("team", "operations", "/team/"),
    ]
    return [(f"{name} ({role})", people[role], address) for name, role, address in asked]


def report(name: str, who: Any, address: str, repeats: int) -> None:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="localhost")
    client.force_login(who, backend="allauth.account.auth_backends.AuthenticationBackend")
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address} answered {answer.status_code}")
    queries, times, spent = len(seen), [], []
    for _ in range(repeats):
        begun, worked = time.perf_counter(), time.process_time()
        client.get(address)
        times.append(1_000 * (time.perf_counter() - begun))
        spent.append(1_000 * (time.process_time() - worked))
    late = statistics.quantiles(times, n=20)[-1]
    size = len(answer.content) // 1_000
    took, cpu = statistics.median(times), statistics.median(spent)
    print(f"{name:34}{took:11.1f}{late:11.1f}{cpu:10.1f}{queries:9}{size:7}", flush=True)


if __name__ == "__main__":
    main()
