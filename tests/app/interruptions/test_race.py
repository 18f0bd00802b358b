"""Two workers at once, on a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def outcome(home: Path, database: str) -> list[int]:
    environment = {**os.environ, "TSUNAGU_HOME": str(home), "DATABASE_URL": database}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    if not database:
        environment.pop("DATABASE_URL")
    done = subprocess.run(
        [sys.executable, "-m", "tests.app.interruptions.race"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [int(n) for n in done.stdout.split()]


def test_on_sqlite_no_signal_and_no_case_stands_twice(tmp_path: Path) -> None:
    assert outcome(tmp_path, "") == [180, 180, 30, 30]


@pytest.mark.skipif("RACE_DATABASE_URL" not in os.environ, reason="an empty PostgreSQL is needed")
def test_on_postgresql_no_signal_and_no_case_stands_twice(tmp_path: Path) -> None:
    assert outcome(tmp_path, os.environ["RACE_DATABASE_URL"]) == [180, 180, 30, 30]
