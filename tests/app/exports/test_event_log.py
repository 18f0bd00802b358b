"""The event log that leaves is one that the analytics take, and holds what its reader may see."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.test import Client
from tests.app.conftest import browser
from tests.app.factories import Organisation

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Deal
from tsunagu.app.exports.event_log import write_folder
from tsunagu.app.people.models import User


@pytest.fixture
def told(organisation: Organisation) -> Organisation:
    deal_actions.log_activity(
        organisation.colleague, organisation.unshared, "call", text="社内だけの話"
    )
    return organisation


def deals(folder: Path) -> set[int]:
    return {int(key) for key in pq.read_table(folder / "deals.parquet")["deal_id"].to_pylist()}


def test_everything_is_in_the_whole_log(told: Organisation, tmp_path: Path) -> None:
    write_folder(None, tmp_path / "log")

    log = open_log(tmp_path / "log")
    assert deals(tmp_path / "log") == set(Deal.objects.values_list("pk", flat=True))
    assert log.time_zone == "Asia/Tokyo"
    assert log.stages == ("発掘", "提案", "交渉")
    events = pq.read_table(tmp_path / "log/events.parquet")
    assert events.schema.names == EVENT_SCHEMA.names
    assert pq.read_schema(tmp_path / "log/deals.parquet").names[:5] == DEAL_SCHEMA.names
    assert "社内だけの話" in events["text"].to_pylist()


@pytest.mark.parametrize("who", ["representative", "manager", "stranger"])
def test_a_person_gets_what_the_person_may_see(
    told: Organisation, tmp_path: Path, who: str
) -> None:
    user: User = getattr(told, who)

    write_folder(user, tmp_path / "log")

    from tsunagu.app.people.permissions import visible_deals

    seen = set(visible_deals(user).values_list("pk", flat=True))
    assert deals(tmp_path / "log") == seen
    events = pq.read_table(tmp_path / "log/events.parquet")
    assert {int(key) for key in events["deal_id"].to_pylist()} <= seen
    assert ("社内だけの話" in events["text"].to_pylist()) == (who == "manager")


def fetched(client: Client) -> zipfile.ZipFile:
    page = client.post("/exports/log/", follow=True)
    address = page.context["export"].pk
    return zipfile.ZipFile(io.BytesIO(client.get(f"/exports/{address}/file/").getvalue()))


def test_the_page_gives_it_as_a_zip(told: Organisation) -> None:
    archive = fetched(browser(told.representative))

    assert archive.namelist() == ["log/deals.parquet", "log/eventlog.json", "log/events.parquet"]
    assert "社内だけの話".encode() not in archive.read("log/events.parquet")
