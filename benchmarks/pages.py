#!/usr/bin/env python3
"""How long the pages of the application take, at one worker, with many deals.

    .venv/bin/python benchmarks/pages.py 20000 [--activities 20] [--repeats 30] [--keep FOLDER]

Makes an organisation with so many running deals (200 a representative, ten representatives a
team), their facts and scores in a new SQLite database in a temporary folder, then asks each page
through Django's own client in this process: middleware, session, queries and templates are in the
time, the socket is not. Prints the median, the 95th percentile, the median of the processor's time
(steadier on a busy machine) and the number of queries.

``--keep FOLDER`` leaves the database in FOLDER and uses it again, with what was migrated since. Its
instants stay those of the day on which it was made, so keep it for a day's work and no longer.
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
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from typing import Any

DEALS_A_PERSON, PEOPLE_A_TEAM, STAGES, DAYS = 200, 10, 6, 28
KINDS = ("call", "email", "meeting", "visit")
EVENT = ("deal_id", "at", "kind", "value", "direction", "text", "actor", "recorded_at")
POINT = ("deal_id", "on", "risk_30", "traced")


def main() -> None:
    wanted = arguments()
    place = nullcontext(wanted.keep) if wanted.keep else tempfile.TemporaryDirectory()
    with place as home:
        prepare(home)
        begun = time.perf_counter()
        people = kept(wanted.deals) or fill(wanted.deals, wanted.activities)
        made = time.perf_counter() - begun
        print(f"command: {' '.join(sys.argv)}")
        print(
            f"machine: {platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        print(f"python {platform.python_version()}; {wanted.deals:,} deals ready in {made:.0f} s\n")
        print(f"{'page':34}{'median ms':>11}{'95th ms':>11}{'cpu ms':>10}{'queries':>9}{'kB':>7}")
        for name, who, address in pages(people):
            report(name, who, address, wanted.repeats)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deals", type=int)
    parser.add_argument("--activities", type=int, default=20, help="a deal")
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--keep", metavar="FOLDER", help="fill FOLDER once, then use it again")
    return parser.parse_args()


def prepare(home: str) -> None:
    os.environ |= {"TSUNAGU_HOME": home, "DJANGO_SETTINGS_MODULE": "tsunagu.app.config.settings"}
    os.environ |= {"SECRET_KEY": "only for measuring"}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def kept(deals: int) -> dict[str, Any] | None:
    """The people of a database that was filled before; None where it is empty."""
    from tsunagu.app.deals.models import Deal

    found = Deal.objects.count()
    if found not in {0, deals}:
        raise SystemExit(f"The kept database holds {found:,} deals. Name another folder.")
    return asking() if found else None


def asking() -> dict[str, Any]:
    """Who asks for the pages."""
    from django.db import connection

    from tsunagu.app.people.models import User

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    emails = {"representative": "p0@x.jp", "manager": "m@x.jp", "operations": "o@x.jp"}
    return {role: User.objects.get(email=email) for role, email in emails.items()}


def fill(deals: int, activities: int) -> dict[str, Any]:
    """Write everything in bulk; the ids are counted here, so that rows can point to each other."""
    from django.db import transaction

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
    create_user(None, name="manager", email="m@x.jp", role="manager", team=teams[0])
    create_user(None, name="operations", email="o@x.jp", role="operations")
    with transaction.atomic():
        write(deals, activities, owners)
    return asking()


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
        put(Event, EVENT, (e for d in made for e in _events(d, now, activities)))
        scores = [_score(Score, d, now) for d in made]
        Score.objects.bulk_create(scores)
        put(ScorePoint, POINT, (p for s in scores for p in _points(s, today)))


def put(model: Any, fields: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    """Millions of rows to one prepared statement: a model for each takes three times as long."""
    from django.db import connection

    marks = ", ".join(["%s"] * len(fields))
    names = ", ".join(connection.ops.quote_name(name) for name in fields)
    statement = f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({marks})"
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


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


def _events(deal: Any, now: Any, activities: int) -> Iterator[tuple[Any, ...]]:
    today, text, actor = now.date().isoformat(), "what was said, in some words", deal.owner
    for i in range(activities):
        at = now - timedelta(days=2 * i, minutes=deal.pk % 1000)
        acted = i % 5 != 0
        yield (
            deal.pk,
            at.replace(tzinfo=None).isoformat(" "),
            random.choice(KINDS) if acted else "planned",
            None if acted else today,
            random.choice(("in", "out", "both")) if acted else None,
            text,
            actor.external_id,
            now.replace(tzinfo=None).isoformat(" "),
        )


def _points(score: Any, today: Any) -> Iterator[tuple[Any, ...]]:
    for day in range(1, DAYS):
        on = (today - timedelta(days=day)).isoformat()
        yield score.deal_id, on, score.risk_30 * 0.9, False


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
