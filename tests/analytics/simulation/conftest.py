"""One simulated organisation that most tests read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.simulation import SimulationReport, simulate


@dataclass(frozen=True)
class Simulated:
    """A simulated log and its truth, as data frames."""

    folder: Path
    report: SimulationReport
    log: EventLog
    events: pd.DataFrame
    deals: pd.DataFrame
    truth: pd.DataFrame

    def with_truth(self) -> pd.DataFrame:
        """Events with what is known and true about their deals."""
        return self.events.merge(self.deals, on="deal_id").merge(self.truth, on="deal_id")


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    folder = tmp_path_factory.mktemp("simulated") / "log"
    report = simulate(folder, deals=6000, seed=3)
    frames = [pd.read_parquet(folder / f"{name}.parquet") for name in ("events", "deals", "truth")]
    return Simulated(folder, report, open_log(folder), *frames)
