"""Time to break-off, early warning and calibration on public logs, beside survival analysis's own.

    python -m benchmarks.foresight.survival ../shared/data
    python -m benchmarks.foresight.survival ../shared/data --log school_crm --validate
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation import Evaluation, default_predictors, evaluate
from tsunagu.analytics.evaluation.splitting import default_cut

from benchmarks.foresight.survival_logs import SOURCES
from benchmarks.foresight.survival_predictors import default_rivals, rivals_python

TRAIN_SHARE = 0.7


def main() -> None:
    """Evaluate each log and print its tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--log", choices=SOURCES, action="append", help="default: all")
    parser.add_argument(
        "--validate", action="store_true", help="cut within the training part; never open the test"
    )
    parser.add_argument("--bootstrap", type=int, default=200)
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tsunagu-benchmarks"
    parser.add_argument("--cache", type=Path, default=default, help=f"default {default}")
    options = parser.parse_args()
    python = rivals_python(options.cache)
    for name in options.log or SOURCES:
        with tempfile.TemporaryDirectory(prefix="tsunagu-") as folder:
            log = SOURCES[name].read(options.data, Path(folder))
            found = judge(log, python, options.bootstrap, validate=options.validate)


def judge(log: EventLog, python: Path, bootstrap: int, *, validate: bool) -> Evaluation:
    """Evaluate ours and all rivals; to validate, on the training part as if it were all."""
    known = log.until(default_cut(log, TRAIN_SHARE)) if validate else log
    predictors = (*default_predictors(), *default_rivals(python))
    return evaluate(known, train_share=TRAIN_SHARE, predictors=predictors, bootstrap=bootstrap)


if __name__ == "__main__":
    main()
