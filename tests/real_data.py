"""Where the public data sets lie that tests on real input need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parents[1]


def real_data(name: str) -> Path:
    """Path of a data set's file or folder; skips the test, saying why, where it is absent."""
    root = Path(os.environ.get("TSUNAGU_DATA", _REPOSITORY.parent / "shared" / "data"))
    path = root / name
    if not path.exists():
        pytest.skip(f"REAL DATA ABSENT: {path} is missing; set TSUNAGU_DATA to the data's folder")
    return path
