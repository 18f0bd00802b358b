"""Two workers and a person at once, on a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.installation import installation

ROOT = Path(__file__).parents[3]


def test_no_signal_and_no_case_stands_twice(tmp_path: Path) -> None:
    with installation(tmp_path) as there:
        done = subprocess.run(
            [sys.executable, "-m", "tests.app.interruptions.race"],
            cwd=ROOT,
            env={**os.environ, **there.env},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["180", "180", "30", "30", "10"]
