#!/usr/bin/env python3
"""How long it takes to open a case whose timeline is long.

    .venv/bin/python benchmarks/case.py [2000] [--repeats 30]

Makes one case with so many entries on its timeline (comments, the deal's facts, signals, steps) in
a new SQLite database in a temporary folder, then asks its pages through Django's own client in this
process: middleware, session, queries and templates are in the time, the socket is not. Prints the
median, the 95th percentile, the median of the processor's time and the number of queries.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from datetime import timedelta
from typing import Any

from pages import prepare, report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("entries", type=int, nargs="?", default=2_000)
    parser.add_argument("--repeats", type=int, default=30)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tsunagu-case-") as home:
        prepare(home)
        user, case, older = fill(wanted.entries)
        print(f"command: {' '.join(sys.argv)}")
        print(f"machine: {platform.platform()}, {os.cpu_count()} cores")
        print(f"python {platform.python_version()}; load {os.getloadavg()[0]:.1f}")
        print(f"{'page':34}{'median ms':>11}{'95th ms':>11}{'cpu ms':>10}{'queries':>9}{'kB':>7}")
        pages = {
            "case, suspected": f"/interruptions/{case.pk}/",
            "timeline, newest": f"/room/{case.pk}/timeline/",
            "timeline, comments": f"/room/{case.pk}/timeline/?kind=comments",
            "timeline, after 1,500 entries": f"/room/{case.pk}/timeline/?before={older}",
            "notices": "/room/notices/",
            "count of notices": "/room/notices/count/",
        }
        for name, address in pages.items():
            report(name, user, address, wanted.repeats)
        answer(user, case)
        report("case, its playbook running", user, pages["case, suspected"], wanted.repeats)


def fill(entries: int) -> tuple[Any, Any, str]:
    """The reader, the case, and a place three quarters down its timeline."""
    from urllib.parse import quote

    from django.utils import timezone

    from tsunagu.app.customers.models import Customer
    from tsunagu.app.deals.actions import create_deal
    from tsunagu.app.deals.models import Process, Stage
    from tsunagu.app.interruptions import folding
    from tsunagu.app.people.actions import create_team, create_user
    from tsunagu.app.rooms.timeline import Place

    now = timezone.now()
    team = create_team(None, name="team")
    owner = create_user(None, name="owner", email="o@x.jp", team=team)
    user = create_user(None, name="manager", email="m@x.jp", role="manager", team=team)
    process = Process.objects.create(name="standard", is_default=True)
    Stage.objects.create(process=process, key="s0", name="stage", position=0)
    customer = Customer.objects.create(external_id="C1", name="customer")
    began = now - timedelta(days=900)
    deal = create_deal(
        owner, owner=owner, title="deal", customer=customer, process=process, at=began
    )
    case = folding.begin(deal, at=began + timedelta(days=1))
    write(case, owner, user, now, entries)
    older = Place(now - timedelta(minutes=10 * entries * 3 // 4), 0, 0)
    return user, case, quote(str(older))


def answer(user: Any, case: Any) -> None:
    """Confirm the case and start the playbook for its cause."""
    from tsunagu.app.interruptions import actions
    from tsunagu.app.interruptions.causes import Cause
    from tsunagu.app.playbooks.actions import start_run
    from tsunagu.app.playbooks.queries import fitting

    actions.confirm(user, case, main=Cause.BUDGET)
    start_run(user, case, fitting([Cause.BUDGET])[0])


def write(case: Any, owner: Any, user: Any, now: Any, entries: int) -> None:
    """Comments and facts by turns, each hundredth a signal, ten minutes apart."""
    from tsunagu.app.deals.models import Event
    from tsunagu.app.interruptions.models import Signal
    from tsunagu.app.rooms.models import Comment, Notice

    comments, facts, signals = [], [], []
    for n in range(entries):
        at = now - timedelta(minutes=10 * n)
        if n % 100 == 0:
            signals.append(_signal(Signal, case, at, n))
        elif n % 2:
            text = "what was said, in some words " * 4
            comments.append(Comment(case=case, by=owner, at=at, text=text))
        else:
            kind = "call" if n % 4 else "email"
            text, actor = "what was said", owner.external_id
            facts.append(Event(deal=case.deal, at=at, kind=kind, text=text, actor=actor))
    Comment.objects.bulk_create(comments)
    Event.objects.bulk_create(facts)
    Signal.objects.bulk_create(signals)
    Notice.objects.bulk_create(
        Notice(user=user, key=f"comment:{c.pk}", kind="comment", by=owner, case=case, comment=c)
        for c in comments
    )


def _signal(signal: Any, case: Any, at: Any, n: int) -> Any:
    return signal(
        case=case,
        deal=case.deal,
        kind=f"kind{n % 20}",
        at=at,
        found_at=at,
        seen_at=at,
        strength=0.5,
        measure=1.0,
        gone_at=None if n < 1_000 else at,
        ja="返事がありません",
        en="silent",
    )


if __name__ == "__main__":
    main()
