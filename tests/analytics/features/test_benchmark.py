"""The benchmark's five engines compute the same numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "features.py"


@pytest.mark.slow
def test_ours_sql_polars_pandas_and_numpy_agree() -> None:
    command = [sys.executable, str(SCRIPT), "--deals", "2000"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    assert "all five agree to 1e-09 in 33 features" in done.stdout
