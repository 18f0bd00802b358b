"""``tsunagu export`` and ``restore`` between installations of their own."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import databases
from tests.cli.conftest import tsunagu
from tests.installation import Installation, installation

FIXTURES = Path(__file__).parents[1] / "app/exchange/fixtures"
SET_UP: tuple[tuple[str | Path, ...], ...] = (
    ("migrate",),
    ("createadmin", "--email", "a@example.jp", "--name", "管理者"),
    ("import", FIXTURES / "salesforce_data_loader.csv", FIXTURES / "mazrica_deals.csv"),
    ("import", FIXTURES / "salesforce_tasks.csv", "--kind", "activities"),
)
PEOPLE = "SELECT name, email, password FROM people_user ORDER BY id"
TRAIL = "people.auditentry"
EXPORTED = """
    SELECT actor_id, after FROM people_auditentry WHERE action = 'export'
    AND through LIKE 'command line: _%' ORDER BY id
"""
FACTS = "SELECT deal_id, kind, value, at FROM deals_event ORDER BY id"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A small organisation that came from other systems' files."""
    with installation(tmp_path_factory.mktemp("here")) as there:
        for arguments in SET_UP:
            made = there.tsunagu(*arguments, TSUNAGU_PASSWORD="tabi-no-michi-7")  # noqa: S106
            assert made.returncode == 0, made.stderr
        yield there


def answered(done: Any) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def archive(here: Installation) -> Path:
    path = here.home / "all.zip"
    told = answered(here.tsunagu("export", path, "--json"))
    assert told["rows"] > 40
    assert path.stat().st_mode & 0o077 == 0
    return path


def tables(path: Path) -> dict[str, list[Any]]:
    with zipfile.ZipFile(path) as packed:
        manifest = json.loads(packed.read("manifest.json"))
        return {
            name: [json.loads(line) for line in packed.read(table["file"]).splitlines()]
            for name, table in manifest["tables"].items()
        }


def test_an_organisation_moves_whole(here: Installation, archive: Path, tmp_path: Path) -> None:
    with installation(tmp_path / "there") as there:
        told = answered(there.tsunagu("restore", archive, "--json"))
        answered(there.tsunagu("export", there.home / "again.zip", "--json"))

        assert told["rows"] == sum(map(len, tables(archive).values()))
        again, first = tables(there.home / "again.zip"), tables(archive)
        trail, known = again.pop(TRAIL), first.pop(TRAIL)
        assert again == first
        assert trail[: len(known)] == known
        assert [each["action"] for each in trail[len(known) :]] == ["restore", "export"]
        assert there.ask(PEOPLE) == here.ask(PEOPLE)
        assert len(there.ask(FACTS)) == len(here.ask(FACTS))
        refused = there.tsunagu("restore", archive, "--lang", "en")
        assert refused.returncode == 1
        assert "not empty" in refused.stderr
        assert "Traceback" not in refused.stderr


@databases.on_server_only("it moves between the two kinds of databases")
def test_an_organisation_moves_to_sqlite_and_back(
    here: Installation, archive: Path, tmp_path: Path
) -> None:
    """From PostgreSQL into a SQLite file, and from there into another database of the server."""
    for name in ("file", "server"):
        (tmp_path / name).mkdir()
    file = Installation(tmp_path / "file", "")
    answered(file.tsunagu("restore", archive, "--json"))
    answered(file.tsunagu("export", tmp_path / "from-sqlite.zip", "--json"))
    with databases.own_database() as database:
        server = Installation(tmp_path / "server", database)
        answered(server.tsunagu("restore", tmp_path / "from-sqlite.zip", "--json"))
        answered(server.tsunagu("export", tmp_path / "back.zip", "--json"))

    first, there, back = map(tables, (archive, tmp_path / "from-sqlite.zip", tmp_path / "back.zip"))
    trails = [found.pop(TRAIL) for found in (first, there, back)]
    assert there == back == first
    assert trails[2][: len(trails[1])] == trails[1]
    assert trails[1][: len(trails[0])] == trails[0]


def test_the_log_is_one_that_can_be_fitted_and_scored(here: Installation) -> None:
    log, model = here.home / "log", here.home / "team.tsunagu"
    done = here.tsunagu("export", "--log", log)
    assert done.returncode == 0, done.stderr

    actor, said = here.ask(EXPORTED)[-1]
    assert actor is None
    assert json.loads(said) == {"format": "log", "file": "log"}
    fitted = tsunagu("fit", log, "--model", model)
    scored = tsunagu("score", log, "--model", model, "--json")

    assert fitted.exit_code == 0, fitted.output
    assert scored.exit_code == 0, scored.output
    [[running]] = here.ask("SELECT count(*) FROM deals_deal WHERE outcome IS NULL")
    assert str(running) in scored.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Name either"),
        (("all.zip", "--log", "log"), "Name either"),
        (("no-such-folder/all.zip",), "There is no folder"),
        (("used.zip",), "exists already"),
    ],
)
def test_mistakes_are_said_and_write_nothing(
    here: Installation, arguments: tuple[str, ...], words: str
) -> None:
    (here.home / "used.zip").touch()

    done = here.tsunagu("export", *arguments, "--lang", "en")

    assert done.returncode == 1
    assert words in done.stderr
    assert not list(here.home.glob("*.part"))


def test_passwords_can_stay_behind(here: Installation) -> None:
    done = here.tsunagu("export", "without.zip", "--no-passwords", "--lang", "en")

    assert "no passwords" in done.stdout
    users = tables(here.home / "without.zip")["people.user"]
    assert {user["password"] for user in users} == {"!"}
