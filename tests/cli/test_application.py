"""The commands that run the product: the demo end to end, the server, and clear errors."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

TSUNAGU = str(Path(sys.executable).with_name("tsunagu"))
VENDOR = Path(__file__).parents[2] / "src/tsunagu/app/static/vendor/icons.svg"


def environment(home: Path) -> dict[str, str]:
    ours = {"DJANGO_SETTINGS_MODULE": "tsunagu.app.config.settings", "TSUNAGU_HOME": str(home)}
    return {**os.environ, **ours}


def tsunagu(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [TSUNAGU, *arguments], env=environment(home), capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    done = tsunagu(folder, "demo", str(folder), "--deals", "150", "--no-serve", "--lang", "en")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def ask(folder: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "home" / "tsunagu.sqlite3") as database:
        return database.execute(query).fetchall()


def test_the_demo_has_deals_facts_scores_and_reasons(demo: tuple[Path, str]) -> None:
    folder, _shown = demo
    [(deals, running)] = ask(folder, "SELECT count(*), sum(outcome IS NULL) FROM deals_deal")
    [(scores, reasons)] = ask(
        folder, "SELECT count(*), sum(json_array_length(reasons) > 0) FROM scoring_score"
    )
    assert 140 < int(str(deals)) <= 150
    assert scores == running == reasons
    assert ask(folder, "SELECT count(*) FROM deals_event WHERE at > datetime('now')") == [(0,)]
    assert ask(folder, "SELECT count(*) FROM people_user WHERE name = ''") == [(0,)]


def test_the_demo_prints_a_log_in_for_each_role(demo: tuple[Path, str]) -> None:
    folder, shown = demo
    log_ins = json.loads((folder / "log-ins.json").read_text(encoding="utf-8"))
    assert [log_in["role"] for log_in in log_ins] == [
        "representative",
        "manager",
        "operations",
        "administrator",
    ]
    for log_in in log_ins:
        assert log_in["email"] in shown
        assert log_in["password"] in shown
    assert (folder / "log-ins.json").stat().st_mode & 0o077 == 0


def test_the_second_start_of_the_demo_changes_nothing(demo: tuple[Path, str]) -> None:
    folder, shown = demo
    before = ask(folder, "SELECT deal_id, at FROM scoring_score")
    again = tsunagu(folder, "demo", str(folder), "--no-serve", "--lang", "en")
    assert again.stdout == shown
    assert ask(folder, "SELECT deal_id, at FROM scoring_score") == before


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(demo: tuple[Path, str], port: int) -> Iterator[subprocess.Popen[str]]:
    if not VENDOR.exists():
        pytest.skip("run scripts/assets first: the server serves third-party files")
    server = subprocess.Popen(  # noqa: S603
        [TSUNAGU, "serve", "--port", str(port), "--lang", "en"],
        env=environment(demo[0] / "home"),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    lines = []
    while line := server.stderr.readline():
        lines.append(line)
        if f"Open http://localhost:{port}" in line:
            break
    assert line, lines
    yield server
    server.kill()
    server.wait()


def answers(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return str(answer.read().decode())


def test_the_server_answers_with_its_style_and_scores_what_changed(
    demo: tuple[Path, str], server: subprocess.Popen[str], port: int
) -> None:
    folder, _shown = demo
    page = answers(port, "/accounts/login/")
    style = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert style is not None
    assert len(answers(port, style[1])) > 1000

    [(deal,)] = ask(folder, "SELECT deal_id FROM scoring_score LIMIT 1")
    code = (
        "from tsunagu.cli.application import set_up; set_up();"
        f"from tsunagu.app.scoring.actions import request_rescore; request_rescore({deal})"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(folder / "home"), check=True)  # noqa: S603
    until = time.monotonic() + 90
    while ask(folder, "SELECT count(*) FROM scoring_rescorerequest") != [(0,)]:
        assert time.monotonic() < until, "no worker scored the deal"
        time.sleep(0.2)
    assert ask(folder, "SELECT count(*) FROM scoring_score WHERE stale") == [(0,)]

    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0


def test_a_killed_server_lets_go_of_its_port(server: subprocess.Popen[str], port: int) -> None:
    server.kill()
    server.wait()
    until = time.monotonic() + 15
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        assert time.monotonic() < until, "the web process outlived its parent"
        time.sleep(0.2)


def test_a_taken_port_is_an_error_with_a_remedy(tmp_path: Path, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = tsunagu(tmp_path, "serve", "--port", str(port))
    assert done.returncode == 1
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_database_asks_for_migrate_and_then_takes_an_administrator(
    tmp_path: Path,
) -> None:
    who = ("createadmin", "--email", "hanako@example.jp", "--name", "山田花子", "--password")
    early = tsunagu(tmp_path, *who, "kumo-no-ue-9")
    assert early.returncode == 1
    assert "tsunagu migrate" in early.stderr
    assert tsunagu(tmp_path, "migrate").returncode == 0

    weak = tsunagu(tmp_path, *who, "short", "--lang", "en")
    assert weak.returncode == 1
    assert "10 characters" in weak.stderr
    assert tsunagu(tmp_path, *who, "kumo-no-ue-9").returncode == 0
    assert tsunagu(tmp_path, *who, "kumo-no-ue-9").returncode == 1  # taken


def test_a_bad_database_address_is_an_error_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "nonsense://x")
    done = tsunagu(tmp_path, "migrate")
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
