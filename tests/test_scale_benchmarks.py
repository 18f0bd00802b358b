"""The benchmarks of large logs run at a small size, and their checks hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(name: str, *arguments: str) -> str:
    command = [sys.executable, str(BENCHMARKS / name), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


@pytest.mark.slow
def test_a_log_in_parts_gives_what_polars_gives() -> None:
    told = run("out_of_core.py", "--deals", "600", "--events", "30000", "--runs", "ours", "polars")
    assert "ours and Polars agree to 1e-09 in 33 features" in told


@pytest.mark.slow
def test_a_night_that_reads_what_changed_gives_what_everything_gives() -> None:
    told = run("incremental.py", "60", "--events", "20", "--times", "1")
    assert "the same features as from the whole history, to the bit" in told
