"""The measures of scikit-survival and lifelines on a table, printed as JSON.

    python survival_reference.py TABLE.parquet 7 14 30

Run in the environment of survival_rivals.py.  Columns: ``days``, ``event`` (1 broken off, 2 ended
otherwise, 0 censored), ``score``, ``risk_7`` and so on.  scikit-survival knows one kind of end, so
it is given the others as censored; lifelines' Aalen-Johansen estimate takes both.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
from lifelines import AalenJohansenFitter
from sksurv.metrics import brier_score, concordance_index_ipcw, cumulative_dynamic_auc


def main() -> None:
    """Measure and print."""
    rows, horizons = pd.read_parquet(sys.argv[1]), [int(h) for h in sys.argv[2:]]
    broken = list(zip(rows["event"] == 1, rows["days"], strict=True))
    ends = np.array(broken, dtype=[("ended", bool), ("days", float)])
    score = rows["score"].to_numpy()
    whole = 1 - rows[[f"risk_{h}" for h in horizons]].to_numpy()
    curve = AalenJohansenFitter(calculate_variance=False)
    incidence = curve.fit(rows["days"], rows["event"], event_of_interest=1).cumulative_density_
    at = np.searchsorted(incidence.index, horizons, side="right") - 1
    found = {
        "auc": cumulative_dynamic_auc(ends, ends, score, horizons)[0].tolist(),
        "uno_c": concordance_index_ipcw(ends, ends, score, tau=horizons[-1])[0],
        "brier": brier_score(ends, ends, whole, horizons)[1].tolist(),
        "incidence": incidence.iloc[at, 0].tolist(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
