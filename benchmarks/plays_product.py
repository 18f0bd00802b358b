"""A simulated organisation's cases as the application keeps them, for ``benchmarks/plays.py``.

Deals, facts, confirmed interruptions with the grade in the decision, and runs of playbooks are
written into a database of the benchmark's own, and learned from by ``playbooks.effects``: what is
measured is what the product does with what the product stores.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from tsunagu.analytics.plays import PlayEffects


@contextmanager
def database() -> Iterator[None]:
    """An empty database of the application, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tsunagu-plays-") as home:
        os.environ |= {
            "TSUNAGU_HOME": home,
            "DJANGO_SETTINGS_MODULE": "tsunagu.app.config.settings",
        }
        os.environ.pop("DATABASE_URL", None)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield


def learned(
    cases: pa.Table, events: pa.Table, grades: np.ndarray, until: datetime
) -> tuple[PlayEffects, PlayEffects]:
    """What the application learns without grades, and with them; nothing is left behind.

    Args:
        cases: ``deal_id``, ``play``, ``cause``, ``began_at``, ``resumed_at``.
        events: the event log's columns, of these deals.
        grades: what was said of each case when it was confirmed.
    """
    from django.db import transaction

    from tsunagu.app.playbooks import effects
    from tsunagu.app.scoring import plays

    rows = cases.to_pylist()
    with transaction.atomic():
        ids = _write(rows, events)
        bare = plays.load(effects.learn(until).content)
        _grade(rows, ids, grades)
        graded = plays.load(effects.learn(until).content)
        transaction.set_rollback(True)
    return bare, graded


def _write(rows: list[dict[str, Any]], events: pa.Table) -> list[int]:
    """The cases' keys, in the order of the rows."""
    from tsunagu.app.interruptions.models import Interruption
    from tsunagu.app.interruptions.states import State
    from tsunagu.app.people.actions import create_user

    user = create_user(None, name="Owner", email=None)
    deals = _deals(rows, user)
    _events(events, deals)
    made = Interruption.objects.bulk_create(
        [
            Interruption(
                deal_id=deals[row["deal_id"]],
                state=State.RESUMED if row["resumed_at"] else State.LOST,
                opened_at=row["began_at"],
                confirmed_at=row["began_at"],
                closed_at=row["resumed_at"],
                main_cause=row["cause"],
            )
            for row in rows
        ],
        500,
    )
    ids = [case.pk for case in made]
    _runs(rows, ids, user)
    return ids


def _deals(rows: list[dict[str, Any]], user: Any) -> dict[str, int]:
    from tsunagu.app.customers.models import Customer
    from tsunagu.app.deals.models import Deal, Process

    process = Process.objects.create(name="Simulated")
    customer = Customer.objects.create(external_id="plays", name="Customer")
    made = Deal.objects.bulk_create(
        [
            Deal(
                external_id=row["deal_id"],
                title=row["deal_id"],
                customer=customer,
                process=process,
                owner=user,
                created_owner=user,
                created_at=row["created_at"],
            )
            for row in rows
        ],
        500,
    )
    return {deal.external_id: deal.pk for deal in made}


def _events(events: pa.Table, deals: dict[str, int]) -> None:
    from tsunagu.app.deals.models import Event

    columns = ["deal_id", "at", "kind", "value", "amount", "direction"]
    Event.objects.bulk_create(
        (
            Event(deal_id=deals[deal], at=at, kind=kind, value=value, amount=sum_, direction=way)
            for deal, at, kind, value, sum_, way in zip(
                *(events[name].to_pylist() for name in columns), strict=True
            )
        ),
        2_000,
    )


def _runs(rows: list[dict[str, Any]], ids: list[int], user: Any) -> None:
    from tsunagu.app.playbooks.models import Playbook, PlaybookVersion, Run
    from tsunagu.app.scoring.plays import NO_PLAY

    keys = sorted({row["play"] for row in rows} - {NO_PLAY})
    books = {key: Playbook.objects.create(key=key) for key in keys}
    versions = {
        key: PlaybookVersion.objects.create(playbook=book, number=1, content={})
        for key, book in books.items()
    }
    Run.objects.bulk_create(
        [
            Run(
                case_id=pk,
                playbook=books[row["play"]],
                version=versions[row["play"]],
                started_at=row["began_at"],
                started_by=user,
            )
            for row, pk in zip(rows, ids, strict=True)
            if row["play"] in books
        ],
        500,
    )


def _grade(rows: list[dict[str, Any]], ids: list[int], grades: np.ndarray) -> None:
    from tsunagu.app.interruptions.models import Decision
    from tsunagu.app.interruptions.states import Step

    Decision.objects.bulk_create(
        [
            Decision(case_id=pk, at=row["began_at"], step=Step.CONFIRM, grade=int(grade))
            for row, pk, grade in zip(rows, ids, grades, strict=True)
        ],
        500,
    )
