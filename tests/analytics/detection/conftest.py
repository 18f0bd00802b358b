"""Makes the small logs of the features' tests importable, and a simulated organisation."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.simulation import simulate

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "features")]


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    """A small organisation with events of every kind."""
    folder = tmp_path_factory.mktemp("detection") / "log"
    simulate(folder, deals=250, seed=3)
    return open_log(folder)
