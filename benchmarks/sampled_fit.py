"""Is a model that learned from a weighted share of the landmarks as good as one that saw all?

    python benchmarks/sampled_fit.py --data ../shared/data

Fitted on the first part of a log and judged on the weeks after it, all models in one run, with
differences to the whole fit and their 95% intervals (bootstrap by deal).  Of the real log only the
training part of its evaluation is used, cut once more in time: its test part stays unseen.  What is
simulated tells nothing about how good the foresight is, only whether the share costs anything.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation import evaluate
from tsunagu.analytics.evaluation.ranking import InWindow
from tsunagu.analytics.evaluation.results import Figure, Performance
from tsunagu.analytics.evaluation.risk_predictor import UpToDate
from tsunagu.analytics.evaluation.splitting import training_part
from tsunagu.analytics.eventlog import open_log, read_log
from tsunagu.analytics.risk import RiskModel, Settings
from tsunagu.analytics.risk.dataset import prepare
from tsunagu.analytics.risk.window import DEFAULT_WINDOW
from tsunagu.analytics.simulation import simulate

MAPPING = Path(__file__).parent / "mappings" / "bpic2012.toml"
BPIC = Path("bpic2012") / "BPI_Challenge_2012.xes.gz"
SHARES = (1.0, 0.25, 0.1)
FIGURES = ("auc_30", "auc_90", "ibs", "uno_c")


@dataclass(frozen=True)
class Sampled:
    """The risk model that learns from a share."""

    share: float
    seconds: dict[float, float]

    @property
    def name(self) -> str:
        """The row's label."""
        return "everything" if self.share >= 1 else f"{self.share:.0%} of the rest"

    def fit(self, log: EventLog, *, seed: int) -> InWindow:
        """Fit on a training log, and note the CPU seconds it took."""
        started = time.process_time()
        model = RiskModel.fit(log, settings=Settings(share=self.share), seed=seed)
        self.seconds[self.share] = time.process_time() - started
        return InWindow(UpToDate(model), DEFAULT_WINDOW)


def main() -> None:
    """Measure on both logs and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--deals", type=int, default=4_000)
    parser.add_argument("--part", type=float, default=0.7, help="of the real log's outcomes")
    parser.add_argument("--logs", nargs="+", default=list(LOGS), choices=list(LOGS))
    parser.add_argument("--bootstrap", type=int, default=200)
    given = parser.parse_args()
    print(f"command   python benchmarks/sampled_fit.py --deals {given.deals} --part {given.part} "
          f"--logs {' '.join(given.logs)} --bootstrap {given.bootstrap}")  # fmt: skip
    print(f"machine   {os.cpu_count()} cores, {platform.machine()}, {platform.system()}")
    print(f"date      {datetime.now(UTC):%Y-%m-%d}, load before the run {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        for title in given.logs:
            judge(title, LOGS[title](Path(name), given), given.bootstrap)


def _simulated(folder: Path, given: argparse.Namespace) -> EventLog:
    simulate(folder / "simulated", deals=given.deals, seed=5)
    return open_log(folder / "simulated")


def _bpic2012(folder: Path, given: argparse.Namespace) -> EventLog:
    read_log([given.data / BPIC], MAPPING, folder / "bpic2012")
    return training_part(open_log(folder / "bpic2012"), None, given.part)


LOGS = {"simulated": _simulated, "bpic2012": _bpic2012}


def judge(title: str, log: EventLog, bootstrap: int) -> None:
    """Print how good the shares are."""
    seconds: dict[float, float] = {}
    predictors = [Sampled(share, seconds) for share in SHARES]
    found = evaluate(log, predictors=predictors, bootstrap=bootstrap)
    print(f"\n{title}: learned up to {found.cut:%Y-%m-%d}, {found.train.landmarks:,} landmarks; "
          f"judged on {found.test.landmarks:,} of {found.test.deals:,} deals")  # fmt: skip
    print(
        f"{'learned from':18}{'landmarks':>10}{'CPU s':>7}" + "".join(f"{f:>30}" for f in FIGURES)
    )
    for predictor, row in zip(predictors, found.performances, strict=True):
        learned = len(prepare(log.until(found.cut), Settings(share=predictor.share)).history.at)
        cells = "".join(f"{_cell(row, key, predictor.share):>30}" for key in FIGURES)
        print(f"{row.name:18}{learned:>10,}{seconds[predictor.share]:>7.1f}{cells}")


def _cell(row: Performance, key: str, share: float) -> str:
    figure = row.figures.get(key)
    if figure is None:
        return "-"
    return f"{figure.value:.4f}" if share >= 1 else f"{figure.value:.4f} {_change(row, key)}"


def _change(row: Performance, key: str) -> str:
    change: Figure = row.versus_model[key]
    return f"{change.value:+.4f} [{change.low:+.4f},{change.high:+.4f}]"


if __name__ == "__main__":
    main()
