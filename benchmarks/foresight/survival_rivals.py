"""Survival models of lifelines and scikit-survival, run in an environment of their own.

    python survival_rivals.py METHOD TRAIN.parquet TEST.parquet OUT.parquet

scikit-survival is under the GPL, so nothing of Tsunagu is imported here and nothing here is
imported by it: tables go in and out as files.  Each method fits one model for each kind of end, the
other kind censoring it, and joins the two cumulative hazards to the incidence of breaking off
(cause-specific hazards: Putter, Fiocco and Geskus 2007, Statistics in Medicine 26, section 3.4).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

KEYS = ["deal_id", "at"]
ENDS = (1, 2)
HORIZONS = (7, 14, 30, 60, 90)
DAYS = np.arange(max(HORIZONS) + 1)
SEED = 0

Hazards = np.ndarray  # (n, days + 1) cumulative hazard of one kind of end at each whole day


def incidence(broken: Hazards, other: Hazards) -> np.ndarray:
    """(n, horizons) of breaking off, from the cumulative hazards of both kinds of end."""
    alive = np.exp(-(broken + other))[:, :-1]
    ended = 1 - np.exp(-np.diff(broken + other, axis=1))
    steps = np.diff(broken, axis=1), np.diff(other, axis=1)
    share = np.divide(steps[0], sum(steps), out=np.zeros_like(alive), where=sum(steps) > 0)
    return np.cumsum(alive * ended * share, axis=1)[:, np.array(HORIZONS) - 1]


def scaled(train: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Logarithms of counts and clocks, standardised; what hardly varies is left out."""
    logs = [np.log1p(frame.clip(lower=0)) for frame in (train, test)]
    spread = logs[0].std()
    kept = spread.index[(spread > 0) & ((logs[0] > 0).mean() > 0.005)]
    kept = independent(logs[0][kept])
    mean, spread = logs[0][kept].mean(), spread[kept]
    first, second = ((frame[kept] - mean) / spread for frame in logs)
    return first, second.clip(-5, 5)


def independent(frame: pd.DataFrame) -> list[str]:
    """Columns that are not nearly a sum of earlier ones: Cox regression needs them so."""
    r = np.linalg.qr(frame - frame.mean(), mode="r")
    own = np.abs(np.diag(r)) / np.linalg.norm(frame - frame.mean(), axis=0)
    return list(frame.columns[own > 0.05])


def cox_landmark(x: pd.DataFrame, days, ended, test: pd.DataFrame, _ages) -> Hazards:
    """Cox regression on stacked landmarks (van Houwelingen 2007, Scand. J. Statistics 34)."""
    from lifelines import CoxPHFitter

    fit = CoxPHFitter(penalizer=0.01).fit(x.assign(days=days, ended=ended), "days", "ended")
    return fit.predict_cumulative_hazard(test, times=DAYS).to_numpy().T


def cox_time_varying(x: pd.DataFrame, days, ended, test: pd.DataFrame, ages) -> Hazards:
    """Cox regression on the deal's age, with covariates renewed at each landmark.

    From a landmark on they stay as they are.  The baseline is that of the deal's age; older than
    any deal in training, its mean over the last 90 days.
    """
    from lifelines import CoxTimeVaryingFitter

    (start, deals), test_age = ages
    start = np.floor(start)
    rows = x.assign(
        deal=deals, start=start, stop=start + np.minimum(days, 7), ended=ended & (days <= 7)
    )
    fit = CoxTimeVaryingFitter(penalizer=0.01).fit(rows, event_col="ended", id_col="deal")
    base = fit.baseline_cumulative_hazard_.iloc[:, 0]
    last, span = base.index[-1], min(90.0, base.index[-1])
    pace = (base.iloc[-1] - np.interp(last - span, base.index, base)) / span
    when = test_age[:, None] + DAYS
    total = np.interp(when, base.index, base, left=0) + pace * np.maximum(when - last, 0)
    risk = fit.predict_partial_hazard(test).to_numpy()
    return (total - total[:, :1]) * risk[:, None]


def forest(x: pd.DataFrame, days, ended, test: pd.DataFrame, _ages) -> Hazards:
    """Random survival forest (Ishwaran et al. 2008, Annals of Applied Statistics 2)."""
    from sksurv.ensemble import RandomSurvivalForest

    model = RandomSurvivalForest(
        100, min_samples_leaf=30, max_features="sqrt", max_samples=0.5, n_jobs=1, random_state=SEED
    )
    return _steps(model.fit(x, _outcome(days, ended)), test)


def _outcome(days, ended) -> np.ndarray:
    return np.array(list(zip(ended, days, strict=True)), dtype=[("ended", bool), ("days", float)])


def _steps(model, test: pd.DataFrame) -> Hazards:
    """In parts, as scikit-survival holds every step of every row at once."""
    found = []
    for start in range(0, len(test), 2000):
        hazards = model.predict_cumulative_hazard_function(test[start : start + 2000])
        for step in hazards:
            at = np.searchsorted(step.x, DAYS, side="right")
            found.append(np.concatenate([[0.0], step.y])[at])
    return np.array(found)


METHODS: dict[str, Callable[..., Hazards]] = {
    m.__name__: m for m in (cox_landmark, cox_time_varying, forest)
}
COX = {"cox_landmark", "cox_time_varying"}


def main() -> None:
    """Fit on the first table, predict for the second, write incidences."""
    method, train_path, test_path, out = sys.argv[1:]
    train, test = pd.read_parquet(train_path), pd.read_parquet(test_path)
    # An end counts for the whole day it falls on: distinct times are what forests cost.
    days = np.maximum(np.ceil(train.pop("days").to_numpy()), 1.0)
    event = train.pop("event").to_numpy()
    ages = (train["age"].to_numpy(), train["deal_id"].to_numpy()), test["age"].to_numpy()
    x, asked = train.drop(columns=KEYS).astype(float), test.drop(columns=KEYS).astype(float)
    if method in COX:
        x, asked = scaled(x, asked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hazards = [METHODS[method](x, days, event == end, asked, ages) for end in ENDS]
    found = incidence(*hazards)
    columns = {f"broken_off_{h}": found[:, i] for i, h in enumerate(HORIZONS)}
    pd.DataFrame({**{k: test[k] for k in KEYS}, **columns}).to_parquet(out)


if __name__ == "__main__":
    main()
