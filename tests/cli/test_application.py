"""The commands that run the product: the demo end to end, the server, and clear errors."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.installation import Installation, free_port, installation, is_free, serve, wait_for

VENDOR = Path(__file__).parents[2] / "src/tsunagu/app/static/vendor/icons.svg"


@dataclass(frozen=True)
class Demo:
    """Where it was made, what it said, and the installation in it."""

    folder: Path
    shown: str
    there: Installation


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    with installation(folder / "home") as there:
        done = there.tsunagu("demo", folder, "--deals", "150", "--no-serve", "--lang", "en")
        assert done.returncode == 0, done.stderr
        yield Demo(folder, done.stdout, there)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as there:
        yield there


def test_the_demo_has_deals_facts_scores_and_reasons(demo: Demo) -> None:
    length = "jsonb_array_length" if demo.there.database else "json_array_length"
    [(deals, running)] = demo.there.ask(
        "SELECT count(*), sum(CASE WHEN outcome IS NULL THEN 1 END) FROM deals_deal"
    )
    [(scores, reasons)] = demo.there.ask(
        f"SELECT count(*), sum(CASE WHEN {length}(reasons) > 0 THEN 1 END) FROM scoring_score"  # noqa: S608
    )
    assert 140 < int(str(deals)) <= 150
    assert scores == running == reasons
    assert demo.there.ask("SELECT count(*) FROM deals_event WHERE at > CURRENT_TIMESTAMP") == [(0,)]
    assert demo.there.ask("SELECT count(*) FROM people_user WHERE name = ''") == [(0,)]


def test_a_model_can_be_made_again_from_its_records(demo: Demo) -> None:
    done = demo.there.tsunagu("refit", "1", "--lang", "en")
    assert done.returncode == 0
    assert "byte for byte" in done.stderr


def test_a_model_that_is_not_there_is_not_made_again(demo: Demo) -> None:
    done = demo.there.tsunagu("refit", "99", "--lang", "en")
    assert done.returncode == 1
    assert "no model 99 with a fingerprint" in done.stderr


def test_the_demo_prints_a_log_in_for_each_role(demo: Demo) -> None:
    log_ins = json.loads((demo.folder / "log-ins.json").read_text(encoding="utf-8"))
    assert [log_in["role"] for log_in in log_ins] == [
        "representative",
        "manager",
        "operations",
        "administrator",
    ]
    for log_in in log_ins:
        assert log_in["email"] in demo.shown
        assert log_in["password"] in demo.shown
    assert (demo.folder / "log-ins.json").stat().st_mode & 0o077 == 0


def test_the_second_start_of_the_demo_changes_nothing(demo: Demo) -> None:
    before = demo.there.ask("SELECT deal_id, at FROM scoring_score")
    again = demo.there.tsunagu("demo", demo.folder, "--no-serve", "--lang", "en")
    assert again.stdout == demo.shown
    assert demo.there.ask("SELECT deal_id, at FROM scoring_score") == before


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(demo: Demo, port: int) -> Iterator[subprocess.Popen[str]]:
    if not VENDOR.exists():
        pytest.skip("run scripts/assets first: the server serves third-party files")
    server = serve(demo.there, port)
    yield server
    server.kill()
    server.wait()


def answers(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return str(answer.read().decode())


def test_the_server_answers_with_its_style_and_scores_what_changed(
    demo: Demo, server: subprocess.Popen[str], port: int
) -> None:
    page = answers(port, "/accounts/login/")
    style = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert style is not None
    assert len(answers(port, style[1])) > 1000

    [(deal,)] = demo.there.ask("SELECT deal_id FROM scoring_score LIMIT 1")
    code = (
        "from tsunagu.cli.application import set_up; set_up();"
        f"from tsunagu.app.scoring.actions import request_rescore; request_rescore({deal})"
    )
    demo.there.python("-c", code)
    waiting = "SELECT count(*) FROM scoring_rescorerequest"
    wait_for(lambda: demo.there.one(waiting) == 0, "a worker that scores the deal")
    assert demo.there.ask("SELECT count(*) FROM scoring_score WHERE stale") == [(0,)]

    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0


def test_a_killed_server_lets_go_of_its_port(server: subprocess.Popen[str], port: int) -> None:
    server.kill()
    server.wait()
    wait_for(lambda: is_free(port), "the end of the web process", 15)


def test_a_taken_port_is_an_error_with_a_remedy(empty: Installation, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = empty.tsunagu("serve", "--port", str(port))
    assert done.returncode == 1
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_database_asks_for_migrate_and_then_takes_an_administrator(
    empty: Installation,
) -> None:
    who = ("createadmin", "--email", "hanako@example.jp", "--name", "山田花子", "--password")
    early = empty.tsunagu(*who, "kumo-no-ue-9")
    assert early.returncode == 1
    assert "tsunagu migrate" in early.stderr
    assert empty.tsunagu("migrate").returncode == 0

    weak = empty.tsunagu(*who, "short", "--lang", "en")
    assert weak.returncode == 1
    assert "10 characters" in weak.stderr
    assert empty.tsunagu(*who, "kumo-no-ue-9").returncode == 0
    assert empty.tsunagu(*who, "kumo-no-ue-9").returncode == 1  # taken
    nothing_of_the_demo_comes_near_real_people(empty)


def nothing_of_the_demo_comes_near_real_people(real: Installation) -> None:
    folder = real.home / "elsewhere"
    folder.mkdir()
    (folder / "home").symlink_to(real.home)
    demo = real.tsunagu("demo", folder, "--no-serve")
    assert demo.returncode == 1
    assert "DATABASE_URL" in demo.stderr
    assert real.one("SELECT count(*) FROM people_user") == 1


def test_a_bad_database_address_is_an_error_with_a_remedy(
    empty: Installation,
) -> None:
    done = empty.tsunagu("migrate", DATABASE_URL="nonsense://x")
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
