"""Similar past cases among many: how long one search takes, on the database of the settings.

    python benchmarks/similar.py --cases 100000
    scripts/with-postgresql .venv/bin/python benchmarks/similar.py --cases 100000

Makes a database of its own with so many closed cases, each with a signal, decisions and two notes
of 6 to 19 words, Japanese and English, drawn from 8,000 by Zipf's law. Then cases that live are
compared with all of them, as the page of a case does, by a person who sees few of them.

With ``--home FOLDER`` the database stays, and a second run only measures.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from datetime import timedelta
from typing import Any

SEARCHES = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000, help="closed cases")
    parser.add_argument("--home", help="a folder where the database stays for the next run")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tsunagu-similar-") as passing:
        os.environ["TSUNAGU_HOME"] = asked.home or passing
        os.environ["DJANGO_SETTINGS_MODULE"] = "tsunagu.app.config.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        measure(*(filled() or fill(asked.cases, random.Random(0))))


def filled() -> tuple[list[Any], Any] | None:
    """What an earlier run left in the database."""
    from tsunagu.app.interruptions.models import Interruption
    from tsunagu.app.interruptions.states import State
    from tsunagu.app.knowledge import profiles
    from tsunagu.app.people.models import User

    profiles.keep_up()  # what a run that was stopped had not read yet
    living = Interruption.objects.filter(state=State.CONFIRMED).order_by("pk")
    rows = list(living.select_related("deal__customer"))
    return (rows, User.objects.select_related("team").get(name="Reader")) if rows else None


def fill(count: int, chance: random.Random) -> tuple[list[Any], Any]:
    """Closed cases with their profiles, living ones to compare, and a person of one team."""
    from django.utils import timezone

    from tsunagu.app.deals.models import Stage
    from tsunagu.app.interruptions.causes import Cause
    from tsunagu.app.interruptions.models import Interruption
    from tsunagu.app.interruptions.states import State
    from tsunagu.app.people.actions import create_team, create_user

    team = create_team(None, name="North")
    reader = create_user(None, name="Reader", email=None, team=team)
    other = create_user(None, name="Other", email=None)
    deals = make_deals(count + SEARCHES, [reader] + [other] * 99, chance)
    stages = list(Stage.objects.all())
    now = timezone.now()
    Interruption.objects.bulk_create(
        (
            Interruption(
                deal_id=deal,
                state=State.CONFIRMED
                if place >= count
                else chance.choice((State.RESUMED, State.LOST)),
                opened_at=now - timedelta(days=60),
                closed_at=None if place >= count else now - timedelta(days=30),
                main_cause=chance.choice(Cause.values),
                value=round(10 ** chance.gauss(6.5, 0.5)),
            )
            for place, deal in enumerate(deals)
        ),
        2_000,
    )
    cases = list(Interruption.objects.order_by("pk").select_related("deal__customer"))
    describe(cases, stages, chance)
    return cases[count:], reader


def make_deals(count: int, owners: list[Any], chance: random.Random) -> list[int]:
    """Deals of 2,000 customers."""
    from django.utils import timezone

    from tsunagu.app.customers.models import Customer
    from tsunagu.app.deals.models import Deal, Process, Stage

    process = Process.objects.create(name="Standard", is_default=True)
    for place in range(7):
        Stage.objects.create(process=process, key=f"S{place}", name=f"S{place}", position=place)
    customers = Customer.objects.bulk_create(
        Customer(
            external_id=str(n),
            name=f"Customer {n}",
            industry=f"Industry {chance.randrange(20)}",
            size=f"Size {chance.randrange(5)}",
        )
        for n in range(2_000)
    )
    made = Deal.objects.bulk_create(
        (
            Deal(
                external_id=str(n),
                title=f"Deal {n}",
                customer=chance.choice(customers),
                process=process,
                owner=(owner := chance.choice(owners)),
                created_owner=owner,
                created_at=timezone.now() - timedelta(days=200),
            )
            for n in range(count)
        ),
        1_000,
    )
    return [deal.pk for deal in made]


def describe(cases: list[Any], stages: list[Any], chance: random.Random) -> None:
    """Notes, signals, decisions and stages; then the profiles, as the worker writes them."""
    from tsunagu.app.deals.models import Event
    from tsunagu.app.interruptions.models import Decision, Signal
    from tsunagu.app.knowledge import profiles
    from tsunagu.app.scoring import detection

    kinds, words = sorted(detection.kinds()), vocabulary(chance)
    rank = [1 / (place + 10) for place in range(len(words))]
    hours = timedelta(hours=1)
    events, signals, decisions = [], [], []
    for case in cases:
        stage, at = chance.choice(stages), case.opened_at
        events.append(Event(deal_id=case.deal_id, at=at - 9 * hours, kind="stage", value=stage.key))
        for place in range(2):
            text = " ".join(chance.choices(words, rank, k=chance.randrange(6, 20)))
            when = at - (place + 1) * hours
            events.append(Event(deal_id=case.deal_id, at=when, kind="note", text=text))
        kind = chance.choice(kinds)
        signals.append(
            Signal(
                case=case,
                deal_id=case.deal_id,
                kind=kind,
                at=at,
                found_at=at,
                seen_at=at,
                strength=0.9,
                measure=1.0,
                ja=kind,
                en=kind,
            )
        )
        decisions += [
            Decision(case=case, at=at + place * hours, step=step)
            for place, step in enumerate(("open", "confirm", "respond", "resume"))
        ]
    for model, rows in ((Event, events), (Signal, signals), (Decision, decisions)):
        model.objects.bulk_create(rows, 2_000)
    began = time.perf_counter()
    kept = profiles.keep_up()
    print(f"{kept:,} cases read and kept in {time.perf_counter() - began:.0f} s")


def vocabulary(chance: random.Random) -> list[str]:
    """Words of both languages, the first of them the commonest."""
    syllables = [c + v for c in "kstnhmrw" for v in "aiueo"]
    japanese = "予算見直担当異動競合値引納期仕様変更契約稟議決裁導入検討延期保留連絡"
    latin = ["".join(chance.choices(syllables, k=3)) for _ in range(4_000)]
    kanji = ["".join(chance.choices(japanese, k=2)) for _ in range(4_000)]
    mixed = latin + kanji
    chance.shuffle(mixed)
    return mixed


def measure(living: list[Any], reader: Any) -> None:
    """How long each search takes, the first (which loads the dictionary) apart."""
    from django.db import connection

    from tsunagu.app.knowledge.similar import similar_cases

    taken, found, cpu = [], 0, time.process_time()
    for case in living:
        began = time.perf_counter()
        found += len(similar_cases(reader, case))
        taken.append(1000 * (time.perf_counter() - began))
    rest = sorted(taken[1:])
    cpu = 1000 * (time.process_time() - cpu) / len(taken)
    print(
        f"{connection.vendor}: first {taken[0]:.0f} ms, then median {statistics.median(rest):.0f}, "
        f"95% {rest[int(0.95 * len(rest))]:.0f}, worst {rest[-1]:.0f} ms; "
        f"{cpu:.0f} ms of this process's CPU each; "
        f"{found / len(taken):.1f} found"
    )


if __name__ == "__main__":
    main()
