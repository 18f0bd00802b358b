"""The analytics read from the application's database what the application hands over itself."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.app.scoring.conftest import AT
from tests.installation import Installation, installation

from tsunagu.analytics import read_database
from tsunagu.analytics.errors import InputError, TsunaguError
from tsunagu.analytics.eventlog.database import read_names

MAKE = Path(__file__).with_name("make_database.py")


@dataclass(frozen=True)
class Kept:
    """An installation with a small organisation, and what its own bridge says of it."""

    there: Installation
    folder: Path

    @property
    def url(self) -> str:
        return self.there.database or f"sqlite:///{self.there.home / 'tsunagu.sqlite3'}"


@pytest.fixture(scope="module")
def kept(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    with installation(folder / "home") as there:
        there.python(str(MAKE), str(simulated), str(folder), AT.isoformat())
        yield Kept(there, folder)


def test_the_log_is_that_of_the_application_value_for_value(kept: Kept) -> None:
    log = read_database(kept.url, AT)

    for found, name, order in (
        (log.events, "events", ["deal_id", "at"]),
        (log.deals, "deals", ["deal_id"]),
    ):
        expected = pq.read_table(kept.folder / f"{name}.parquet")
        keys = [(key, "ascending") for key in order]
        mine = found.to_pyarrow()
        assert mine.schema.names == expected.schema.names
        assert mine.schema.types == expected.schema.types
        assert mine.sort_by(keys).equals(expected.sort_by(keys))
        assert len(mine) > 100
    assert list(log.stages) == json.loads((kept.folder / "stages.json").read_text())
    assert log.observed_until == AT


def test_a_confirmed_interruption_that_never_resumed_is_a_break_off(kept: Kept) -> None:
    outcomes = "SELECT count(*) FROM deals_event WHERE kind = 'outcome' AND value = 'broken_off'"
    events = read_database(kept.url, AT).events.to_pyarrow()
    ends = pc.and_(pc.equal(events["kind"], "outcome"), pc.equal(events["value"], "broken_off"))
    assert pc.sum(ends).as_py() == kept.there.one(outcomes) + 1


def test_texts_come_where_they_are_asked_for(kept: Kept) -> None:
    assert read_database(kept.url, AT).events.text.count().to_pyarrow().as_py() == 0
    texts = read_database(kept.url, AT, texts=True).events.text.to_pyarrow().to_pylist()
    assert "一行目\n二行目" in texts


def test_names_are_those_on_the_screens(kept: Kept) -> None:
    names = read_names(kept.url)
    assert names.schema.names == ["deal_id", "title", "customer_name", "owner_name"]
    assert len(names) == kept.there.one("SELECT count(*) FROM deals_deal")
    assert any(name.startswith("営業") for name in names["owner_name"].to_pylist())


def test_nothing_can_be_written(kept: Kept) -> None:
    from tsunagu.analytics.eventlog import database

    with (
        pytest.raises(InputError, match=r"read-?only"),
        database._opened(kept.url) as source,
        source.connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM deals_process")


def test_an_instant_without_a_zone_is_refused(kept: Kept) -> None:
    with pytest.raises(ValueError, match="time zone"):
        read_database(kept.url, datetime(2026, 10, 1))


def test_facts_after_the_instant_are_not_known(kept: Kept) -> None:
    early = AT - timedelta(days=60)
    assert read_database(kept.url, early).events.at.max().to_pyarrow().as_py() <= early


@pytest.mark.parametrize(
    ("url", "what", "remedy"),
    [
        ("mysql://a:secret@b/c", "mysql://a:…@b/c: names no database", "Examples: sqlite:///"),
        ("sqlite:///nowhere.db", "nowhere.db: There is no such file", "sqlite:////"),
        ("postgresql://a:secret@127.0.0.1:1/c", "a:…@127.0.0.1:1/c: cannot be read", "address"),
    ],
)
def test_a_wrong_address_is_said_without_its_password(url: str, what: str, remedy: str) -> None:
    with pytest.raises(InputError) as error:
        read_database(url)
    assert what in str(error.value)
    assert remedy in str(error.value)
    assert "secret" not in str(error.value)


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE things (id integer)")
    with pytest.raises(InputError, match="is no database of Tsunagu"):
        read_database(f"sqlite:///{tmp_path / 'other.db'}")
    (tmp_path / "text.db").write_text("案件" * 5000)
    with pytest.raises(InputError, match=r"text\.db: cannot be read"):
        read_database(f"sqlite:///{tmp_path / 'text.db'}")


def test_a_database_of_another_version_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute("CREATE TABLE deals_event (deal_id integer, at text)")
    with pytest.raises(InputError, match=r"another version.*lacks .*deals_event.kind.*migrate"):
        read_database(f"sqlite:///{tmp_path / 'old.db'}")


def test_missing_drivers_come_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_manager", None)
    with pytest.raises(TsunaguError, match=r"tsunagu\[database\]"):
        read_database("sqlite:///any.db")


def test_the_command_line_takes_the_database_for_a_log(kept: Kept, tmp_path: Path) -> None:
    model, until = str(tmp_path / "team.tsunagu"), "2026-09-30"

    def said(*arguments: str) -> Any:
        done = kept.there.tsunagu(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert said("fit", kept.url, "-m", model, "--until", until)["deals"] > 100
    first = said("score", kept.url, "-m", model, "--at", until)["deals"][0]
    assert first["title"]
    assert first["owner"].startswith("営業")
    number = first["deal_id"].lstrip("0")
    explained = said("explain", kept.url, number, "-m", model, "--at", until)
    assert explained["reasons"] == first["reasons"]


def test_a_bad_row_of_scores_is_named_and_nothing_written(kept: Kept) -> None:
    head = "deal_id,at,broken_off_7,broken_off_14,broken_off_30,broken_off_60,broken_off_90"
    deal = kept.there.one("SELECT min(id) FROM deals_deal WHERE outcome IS NULL")
    rest = "2026-10-01T00:00:00Z,0.1,0.2,0.3,0.4,0.5,0.2,0.1"
    rows = [f"{head},won_30,lost_30", f"{deal:012},{rest}", f"999999,{rest}"]
    (kept.there.home / "scores.csv").write_text("\n".join(rows), encoding="utf-8")

    done = kept.there.tsunagu("import-scores", "scores.csv", "--name", "森", "--lang", "ja")

    assert done.returncode == 3, done.stderr
    assert "3行目「deal_id」列: 該当する案件がありません。" in done.stderr
    assert kept.there.one("SELECT count(*) FROM scoring_score") == 0
