"""Looking at deals in the application: facts a minute without falling behind, and the idle cost.

    python benchmarks/watching.py --deals 100000 --facts 10000 --seconds 60

Makes a database of its own with so many open deals. First what ``tsunagu serve`` costs while
nothing is due and nobody asks for a page, process by process. Then facts come in at an even rate
while a worker, as it starts it, looks at them: how far it falls behind, and how long a fact waits
for its look. The risk is not scored; the looks alone are measured. Real notes are longer and
histories too: see ``--events``.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rescoring import copy

ORIGINALS = 1_000
"""Deals that are written one by one; the others are copies of them."""

KINDS = ("call", "email", "meeting", "note")
SAMPLES = 20
SETTLED = 20
"""Seconds after its start in which ``tsunagu serve`` loads its libraries."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deals", type=int, default=100_000, help="open deals")
    parser.add_argument("--events", type=int, default=10, help="facts of each deal before")
    parser.add_argument("--facts", type=int, default=10_000, help="new facts a minute")
    parser.add_argument("--seconds", type=int, default=60, help="for so long")
    parser.add_argument("--rest", type=int, default=60, help="and nothing at all for so long")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tsunagu-watching-") as home:
        os.environ["TSUNAGU_HOME"] = home
        os.environ["DJANGO_SETTINGS_MODULE"] = "tsunagu.app.config.settings"
        import django

        django.setup()
        began = time.monotonic()
        fill(asked.deals, asked.events)
        print(
            f"made in {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True
        )
        asking(asked.deals)
        idle(asked.rest)
        with Worker() as worker:
            warm_up(1)
            busy(asked.facts, asked.seconds, worker)


def fill(deals: int, events: int) -> None:
    """Open deals with a history, none of which is due for a month."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    call_command("migrate", verbosity=0)
    now = timezone.now()
    originals = write_originals(min(deals, ORIGINALS), events, now)
    copy_until(deals, originals, now + timedelta(days=30))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def write_originals(deals: int, events: int, now: datetime) -> int:
    """The deals that are copied, with their facts; returns the highest key."""
    from tsunagu.app.customers.models import Customer
    from tsunagu.app.deals.models import Deal, Event, Process, Stage
    from tsunagu.app.people.actions import create_user

    owner = create_user(None, name="Owner", email=None)
    customer = Customer.objects.create(external_id="1", name="Customer")
    process = Process.objects.create(name="Standard", is_default=True)
    stage = Stage.objects.create(process=process, key="Offer", name="Offer", position=0)
    common: dict[str, Any] = {"customer": customer, "process": process, "stage": stage}
    common |= {"owner": owner, "created_owner": owner, "created_at": now - timedelta(days=90)}
    Deal.objects.bulk_create(
        Deal(external_id=str(n), title=f"Deal {n}", **common) for n in range(deals)
    )
    ids = list(Deal.objects.values_list("pk", flat=True))
    Event.objects.bulk_create(history(ids, events, now))
    return max(ids)


def history(ids: list[int], events: int, now: datetime) -> Iterator[Any]:
    """Facts of three months at even distances, a sentence in twenty about the budget."""
    from tsunagu.app.deals.models import Event

    chance = random.Random(0)
    for pk in ids:
        for n in range(events):
            yield Event(
                deal_id=pk,
                at=now - timedelta(days=90 - 80 * n / events, seconds=chance.random()),
                kind=chance.choice(KINDS),
                direction=chance.choice(("in", "out", "both")),
                text="The budget is under review." if chance.random() < 0.05 else "We talked.",
            )


def copy_until(wanted: int, step: int, look_at: datetime) -> None:
    """Copy the originals round by round within the database, then watch them all."""
    from django.db import connection, transaction

    from tsunagu.app.deals.models import Deal, Event

    with transaction.atomic(), connection.cursor() as cursor:
        for shift in range(step, wanted, step):
            where = f"<= {min(step, wanted - shift)}"
            keys = {"id": f"id + {shift}", "external_id": f"external_id || '-{shift}'"}
            copy(Deal, keys, f"id {where}")
            copy(Event, {"deal_id": f"deal_id + {shift}"}, f"deal_id {where}")
        cursor.execute(
            "INSERT INTO interruptions_watch (deal_id, look_at, worker)"
            " SELECT id, %s, '' FROM deals_deal",
            [connection.ops.adapt_datetimefield_value(look_at)],
        )


def asking(deals: int) -> None:
    """Processor time of asking what is due while nothing is."""
    from django.utils import timezone

    from tsunagu.app.interruptions import gathering
    from tsunagu.app.scoring import schedule

    schedule.enqueue_due(timezone.now())
    gathering.look_at_waiting()
    began = time.process_time()
    for _ in range(SAMPLES):
        schedule.enqueue_due(timezone.now())
        gathering.look_at_waiting()
    spent = (time.process_time() - began) / SAMPLES
    print(f"{deals:,} open deals, nothing due: asking takes {1000 * spent:.2f} ms,", end=" ")
    print(f"once a minute {100 * spent / 60:.4f}% of one core", flush=True)


def idle(seconds: int) -> None:
    """Processor time of each process of ``tsunagu serve`` that nobody asks for anything."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [str(Path(sys.executable).with_name("tsunagu")), "serve", "--port", port]
    server = subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE, text=True)
    try:
        while server.stderr and port not in (line := server.stderr.readline()):
            if not line:
                raise SystemExit("tsunagu serve does not start")
        time.sleep(SETTLED)
        before = {pid: cpu_seconds(pid) for pid in family(server.pid)}
        time.sleep(seconds)
        shares = {pid: (cpu_seconds(pid) - spent) / seconds for pid, spent in before.items()}
    finally:
        server.terminate()
        server.wait()
    print(f"tsunagu serve for {seconds} s, in % of one core:", end=" ")
    print(" + ".join(f"{100 * share:.2f}" for share in shares.values()), end=" ")
    print(f"= {100 * sum(shares.values()):.2f}% (itself, web, web's child, workers)", flush=True)


def family(pid: int) -> list[int]:
    """The process and all below it."""
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [pid, *(below for child in told.split() for below in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far, all threads (Linux: proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy(facts: int, seconds: int, worker: Worker) -> None:
    """Facts at an even rate beside a worker."""
    from tsunagu.app.deals.models import Deal
    from tsunagu.app.interruptions.models import Interruption, Signal

    ids = list(Deal.objects.values_list("pk", flat=True))
    before, own = worker.cpu_seconds(), time.process_time()
    waits, behind = record(ids, facts, seconds)
    used, own = worker.cpu_seconds() - before, time.process_time() - own
    waits.sort()
    print(f"{facts:,} facts a minute for {seconds} s: {len(waits):,} looks timed,", end=" ")
    print(f"median wait {waits[len(waits) // 2]:.2f} s, 95% {waits[int(0.95 * len(waits))]:.2f} s;")
    print(f"not looked at yet at the end {behind[-1]:,}, at most {max(behind):,};", end=" ")
    print(f"{Interruption.objects.count():,} cases, {Signal.objects.count():,} signals")
    whole = 10_000 / (facts * seconds / 60)
    print(f"CPU seconds for 10,000 facts: worker {used * whole:.1f}, writer {own * whole:.1f}")


class Worker:
    """The process that ``tsunagu serve`` starts for what people wait for."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tsunagu.cli.child", "worker", "scores"]
        self.process = subprocess.Popen(command, env=os.environ)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def cpu_seconds(self) -> float:
        """Processor time that it has used so far."""
        return cpu_seconds(self.process.pid)


def warm_up(pk: int) -> None:
    """Wait until the worker has loaded its libraries, as it does by itself when it is served."""
    from tsunagu.app.interruptions import looking
    from tsunagu.app.interruptions.models import Watch

    looking.deal_changed(pk)
    while Watch.objects.get(pk=pk).looked_at is None:
        time.sleep(0.2)


def record(ids: list[int], facts: int, seconds: int) -> tuple[list[float], list[int]]:
    """Write facts and tell of them; returns how long looks took, and each second's backlog."""
    from django.utils import timezone

    from tsunagu.app.deals.models import Event
    from tsunagu.app.interruptions import looking
    from tsunagu.app.interruptions.models import Watch

    chance, began = random.Random(1), time.monotonic()
    asked: dict[int, Any] = {}
    waits: list[float] = []
    behind: list[int] = []
    for n in range(facts * seconds // 60):
        pk = chance.choice(ids)
        at = timezone.now()
        Event.objects.create(deal_id=pk, at=at, kind="note", text="The budget is under review.")
        looking.deal_changed(pk)
        asked.setdefault(pk, at)
        if n % (facts // 60) == 0:
            looked = Watch.objects.filter(deal__in=list(asked), looked_at__isnull=False)
            for done, when in looked.values_list("deal_id", "looked_at"):
                if when >= asked[done]:
                    waits.append((when - asked.pop(done)).total_seconds())
            behind.append(len(asked))
        time.sleep(max(0.0, began + n * 60 / facts - time.monotonic()))
    late = time.monotonic() - began - seconds
    if late > 1:
        print(f"the writer itself was {late:.1f} s late")
    return waits, behind


if __name__ == "__main__":
    main()
