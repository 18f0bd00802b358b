#!/usr/bin/env python3
"""How long the erasure of one person takes, whose name stands in many rows.

    .venv/bin/python benchmarks/erasure.py 10000 --others 100000

For a user who left and for a contact person, each in a new SQLite database in a temporary folder:
so many activities by or with the person (each note names the person), as many sent mails with the
fact that each left on its deal, and ``--others`` facts of other people in 1,000 deals. Prints the
processor's time, the clock's, the statements and the rows that were rewritten.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

BEGAN = datetime(2026, 4, 1, tzinfo=UTC)
NAME = "御手洗 薫"
DEALS = 1_000


def main() -> None:
    wanted = arguments()
    if wanted.kind:
        run(wanted.kind, wanted.rows, wanted.others)
        return
    print(f"command: {' '.join(sys.argv)}")
    print(f"machine: {platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"python {platform.python_version()}, SQLite; {wanted.others:,} facts of others\n")
    print(f"{'':10}{'activities':>11}{'mails':>9}{'cpu s':>9}{'s':>9}{'statements':>12}{'rows':>9}")
    for kind in ("user", "contact"):
        child(kind, wanted)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=10_000)
    parser.add_argument("--others", type=int, default=100_000)
    parser.add_argument("--kind", choices=("user", "contact"), help=argparse.SUPPRESS)
    return parser.parse_args()


def child(kind: str, wanted: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="tsunagu-erasure-") as home:
        env = os.environ | {
            "TSUNAGU_HOME": home,
            "DJANGO_SETTINGS_MODULE": "tsunagu.app.config.settings",
            "SECRET_KEY": "only for measuring",
        }
        size = [str(wanted.rows), "--others", str(wanted.others)]
        subprocess.run([sys.executable, __file__, *size, "--kind", kind], env=env, check=True)


def run(kind: str, rows: int, others: int) -> None:
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tsunagu.app.organisation import erasure
    from tsunagu.app.organisation.subjects import Subject

    administrator, subject = fill(kind, rows, others)
    connection.queries_limit = 1_000_000  # type: ignore[misc]
    with CaptureQueriesContext(connection) as asked:
        began, cpu = time.perf_counter(), time.process_time()
        changed = erasure.erase(administrator, Subject.of(subject))
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{kind:10}{rows:>11,}{rows:>9,}{used:>9.1f}{seconds:>9.1f}{len(asked):>12,}{changed:>9,}",
        flush=True,
    )


def fill(kind: str, rows: int, others: int) -> tuple[Any, Any]:
    """The administrator, and the person whose name stands in everything."""
    from django.core.management import call_command

    from tsunagu.app.customers.models import Contact, Customer
    from tsunagu.app.deals.models import Event
    from tsunagu.app.followup.models import Mail
    from tsunagu.app.people.actions import create_user
    from tsunagu.app.people.models import User

    call_command("migrate", verbosity=0)
    administrator = create_user(None, name="管理", email="a@x.jp", role="administrator")
    names = (NAME, "鈴木") if kind == "user" else ("佐藤", NAME)
    user = create_user(None, name=names[0], email="m@x.jp", role="manager")
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.refresh_from_db()
    customer = Customer.objects.create(external_id="C1", name="青葉商事")
    contact = Contact.objects.create(
        customer=customer, external_id="P1", name=names[1], email="p@y.jp"
    )
    cases = make_cases(user, customer)
    about = {"kind": "call", "actor": user.external_id if kind == "user" else "somebody"}
    batches(Event, facts(cases, 0, rows, f"{NAME}さんと電話。予算を確認", about))
    batches(Event, facts(cases, rows, others, "電話で予算を確認した", {"kind": "call"}))
    batches(Mail, mails(cases, rows, user, contact))
    batches(Event, mail_facts(user))
    return administrator, user if kind == "user" else contact


def make_cases(user: Any, customer: Any) -> list[Any]:
    from tsunagu.app.deals.models import Deal, Process, Stage
    from tsunagu.app.interruptions.models import Interruption

    process = Process.objects.create(name="標準", is_default=True)
    stage = Stage.objects.create(process=process, key="s", name="提案", position=0)
    same = {"customer": customer, "process": process, "stage": stage, "owner": user}
    Deal.objects.bulk_create(
        Deal(external_id=f"D{n}", title=f"案件{n}", created_owner=user, created_at=BEGAN, **same)
        for n in range(DEALS)
    )
    Interruption.objects.bulk_create(
        Interruption(deal=deal, opened_at=BEGAN) for deal in Deal.objects.all()
    )
    return list(Interruption.objects.select_related("deal"))


def facts(cases: list[Any], first: int, count: int, text: str, about: dict[str, str]) -> Any:
    from tsunagu.app.deals.models import Event

    for number in range(first, first + count):
        at = BEGAN + timedelta(seconds=number)
        yield Event(deal=cases[number % DEALS].deal, at=at, text=text, **about)


def mails(cases: list[Any], rows: int, user: Any, contact: Any) -> Any:
    from tsunagu.app.followup.models import Mail

    for number in range(rows):
        yield Mail(
            case=cases[number % DEALS],
            contact=contact,
            language="ja",
            to="p@y.jp",
            subject="ご無沙汰しております",
            body=f"{NAME}です。その後いかがでしょうか。",
            message_id=f"<{number}@x.jp>",
            status="sent",
            made_by=user,
            once=str(number),
        )


def mail_facts(user: Any) -> Any:
    from tsunagu.app.deals.models import Event
    from tsunagu.app.followup.models import Mail

    for mail in Mail.objects.select_related("case"):
        yield Event(
            deal_id=mail.case.deal_id,
            at=BEGAN + timedelta(days=30, seconds=mail.pk),
            kind="email",
            actor=user.external_id,
            text=mail.subject,
            natural_key=mail.fact_key,
        )


def batches(model: Any, rows: Any) -> None:
    from django.db.models import QuerySet

    rows = iter(rows)
    while some := list(islice(rows, 5_000)):
        QuerySet(model).bulk_create(some)


if __name__ == "__main__":
    main()
