"""Run by tests in an installation of its own: a small organisation, and its log as the bridge says.

Arguments: the simulated log's folder, where to write, the instant.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import django

django.setup()

import pyarrow.parquet as pq  # noqa: E402
from django.core.management import call_command  # noqa: E402

from tsunagu.app.deals.models import Deal, Event, Outcome  # noqa: E402
from tsunagu.app.demo.loading import load  # noqa: E402
from tsunagu.app.interruptions.models import Interruption  # noqa: E402
from tsunagu.app.interruptions.states import State  # noqa: E402
from tsunagu.app.people.actions import create_user  # noqa: E402
from tsunagu.app.people.models import Role  # noqa: E402
from tsunagu.app.scoring import bridge  # noqa: E402


def main(simulated: Path, out: Path, at: datetime) -> None:
    call_command("migrate", verbosity=0)
    load(simulated, lambda numbers: [f"営業{number}" for number in numbers], at)
    create_user(None, name="管理者", email="admin@example.com", role=Role.ADMINISTRATOR)
    _odd_rows(at)
    _cases(at)
    log = bridge.whole_log(at)
    pq.write_table(log.events.to_pyarrow(), out / "events.parquet")
    pq.write_table(log.deals.to_pyarrow(), out / "deals.parquet")
    (out / "stages.json").write_text(json.dumps(log.stages), encoding="utf-8")


def _odd_rows(at: datetime) -> None:
    """What trips a careless reader: late facts, microseconds, attributes of several types."""
    first, second = Deal.objects.order_by("pk")[:2]
    for moment in (at, at + timedelta(microseconds=1), at + timedelta(days=1)):
        Event.objects.create(deal=first, at=moment, kind="note", text="一行目\n二行目")
    Event.objects.create(deal=second, at=at, kind="amount", amount="1234567.89")
    for deal, extra in ((first, {"席数": 3, "a/b": True}), (second, {"a/b": "不明", "色": None})):
        deal.attributes = {**deal.attributes, **extra}
        deal.save(update_fields=["attributes"])


def _cases(at: datetime) -> None:
    """Of the lost deals one broke off as a person confirmed, and one resumed before its end."""
    lost = Deal.objects.filter(outcome=Outcome.LOST).order_by("pk")[:3]
    for deal, state in zip(lost, (State.LOST, State.RESUMED, State.DISMISSED), strict=True):
        Interruption.objects.create(deal=deal, state=state, confirmed_at=at)


main(Path(sys.argv[1]), Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))
