"""Our measures against those of scikit-survival and lifelines, where the definitions agree.

    python -m benchmarks.foresight.survival_check

Simulated deals with censoring: with one kind of end for AUC, Uno's C and Brier score, with two for
the Aalen-Johansen incidence.  Exits with 1 if a measure differs by more than 1e-9.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.foresight.printing import table, versions
from benchmarks.foresight.survival_predictors import default_cache, rivals_python

from tsunagu.analytics.contracts import HORIZONS_DAYS, Outcome
from tsunagu.analytics.evaluation.arrays import Floats
from tsunagu.analytics.evaluation.baselines.rates import aalen_johansen
from tsunagu.analytics.evaluation.brier import brier
from tsunagu.analytics.evaluation.concordance import uno_c
from tsunagu.analytics.evaluation.discrimination import auc
from tsunagu.analytics.evaluation.labels import Labels

DEALS, TOLERANCE = 3000, 1e-9


def main() -> None:
    """Print both sides of each measure."""
    python = rivals_python(default_cache())
    one, two = _deals(kinds=1), _deals(kinds=2)
    theirs, both = _reference(python, *one), _reference(python, *two)
    rows = [*_one_end(*one, theirs), *_two_ends(two[0], both)]
    print(f"Versions: {versions()}; theirs: {_REQUIRED}\n")
    head = ("measure", "ours", "theirs", "difference")
    print(table(head, ((n, f"{a:.9f}", f"{b:.9f}", f"{a - b:.1e}") for n, a, b in rows)))
    if max(abs(ours - other) for _, ours, other in rows) > TOLERANCE:
        raise SystemExit(1)


_REQUIRED = "benchmarks/foresight/survival_requirements.txt"


def _deals(*, kinds: int) -> tuple[Labels, Floats]:
    """Labels with so many kinds of end, and scores that foresee the first."""
    random = np.random.default_rng(kinds)
    score = random.normal(size=DEALS)
    hazard = 0.02 * np.exp(score)
    rival = 0.02 * (kinds - 1)
    days = random.exponential(1 / (hazard + rival))
    event = np.where(random.uniform(size=DEALS) < hazard / (hazard + rival), 1, 2)
    censoring = random.uniform(1, 150, size=DEALS)
    return Labels(np.minimum(days, censoring), np.where(days <= censoring, event, 0)), score


def _risk(score: Floats, horizon: int) -> Floats:
    """Not the truth: any forecast will do."""
    return np.asarray(1 - np.exp(-0.015 * np.exp(score) * horizon))


def _reference(python: Path, labels: Labels, score: Floats) -> dict[str, Any]:
    risks = {f"risk_{h}": _risk(score, h) for h in HORIZONS_DAYS}
    columns = {"days": labels.days, "event": labels.event, "score": score, **risks}
    script = Path(__file__).with_name("survival_reference.py")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deals.parquet"
        pq.write_table(pa.table(columns), path)
        command = [str(python), str(script), str(path), *map(str, HORIZONS_DAYS)]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def _one_end(
    labels: Labels, score: Floats, theirs: dict[str, Any]
) -> list[tuple[str, float, float]]:
    rows = [("Uno's C", uno_c(score, labels, HORIZONS_DAYS[-1]), float(theirs["uno_c"]))]
    for i, h in enumerate(HORIZONS_DAYS):
        rows.append((f"AUC {h} d", auc(score, labels, h), theirs["auc"][i]))
        rows.append((f"Brier {h} d", brier(_risk(score, h), labels, h), theirs["brier"][i]))
    return rows


def _two_ends(labels: Labels, theirs: dict[str, Any]) -> list[tuple[str, float, float]]:
    ours = aalen_johansen(labels.days, labels.event)[list(Outcome).index(Outcome.BROKEN_OFF)]
    # The benchmark's events are 1 for broken off, as are those of `Labels`.
    named = zip(HORIZONS_DAYS, ours, theirs["incidence"], strict=True)
    return [(f"incidence {h} d", float(a), b) for h, a, b in named]


if __name__ == "__main__":
    main()
