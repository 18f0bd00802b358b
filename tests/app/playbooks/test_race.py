"""Two workers at once, on a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.installation import installation

ROOT = Path(__file__).parents[3]


def test_a_fact_closes_one_step_and_an_overdue_task_escalates_once(tmp_path: Path) -> None:
    with installation(tmp_path) as there:
        done = subprocess.run(
            [sys.executable, "-m", "tests.app.playbooks.race"],
            cwd=ROOT,
            env={**os.environ, **there.env},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["1", "20", "True"]
