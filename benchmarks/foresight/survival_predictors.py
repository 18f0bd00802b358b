"""Rivals of the benchmark alone, as predictors that `evaluate` fits and asks like any other."""

from __future__ import annotations

import os
import subprocess
import tempfile
import venv
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import ibis.expr.types as ir
import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.foresight.survival_frame import Frame, training_table
from benchmarks.foresight.survival_tables import LEAD_14

from tsunagu.analytics.contracts import HORIZONS_DAYS, EventLog, Outcome, incidence_column
from tsunagu.analytics.evaluation.arrays import Floats, Integers
from tsunagu.analytics.evaluation.baselines import StageRate
from tsunagu.analytics.evaluation.baselines.facts import FactReader
from tsunagu.analytics.evaluation.baselines.rates import aalen_johansen
from tsunagu.analytics.evaluation.baselines.training import training_of
from tsunagu.analytics.evaluation.early_warning import LEADS_DAYS
from tsunagu.analytics.evaluation.labels import BROKEN_OFF, CENSORED
from tsunagu.analytics.evaluation.once import once_per_log
from tsunagu.analytics.evaluation.predictor import Baseline
from tsunagu.analytics.evaluation.ranking import InWindow, Scorer, best_windows
from tsunagu.analytics.evaluation.risk_predictor import RememberedScores
from tsunagu.analytics.risk import RiskModel, Window
from tsunagu.analytics.risk.window import window_for

_HERE = Path(__file__).resolve().parent
_REQUIREMENTS = _HERE / "survival_requirements.txt"
_BROKEN_OFF = tuple(incidence_column(Outcome.BROKEN_OFF, h) for h in HORIZONS_DAYS)


def default_rivals(python: Path) -> tuple[Baseline, ...]:
    """Every rival, in the order of the tables.

    ``tsunagu_frozen`` is our own model as fitted at the cut, which learns nothing after it.
    """
    outside = ("cox_landmark", "cox_time_varying", "forest")
    learners = (
        *(InOrder(name, _outside(name, python)) for name in outside),
        InOrder("lightgbm", _lightgbm),
    )
    return (
        InOrder("tsunagu_frozen", lambda log, seed: RiskModel.fit(log, seed=seed)),
        InOrder("aalen_johansen_stage", _by_stage(competing=True)),
        InOrder("kaplan_meier_stage", _by_stage(competing=False)),
        *learners,
        *(replace(each, name=f"{each.name}{LEAD_14}", lead=14) for each in learners),
        InOrder(f"stage_rate{LEAD_14}", lambda log, seed: StageRate().fit(log, seed=seed), lead=14),
    )


@dataclass(frozen=True)
class InOrder:
    """A rival whose list is ordered by the window that serves it best, as ours is.

    Attributes:
        name: the row's label.
        model: fits it on a training log.
        lead: days of warning that the list is meant for.
    """

    name: str
    model: Callable[[EventLog, int], Scorer]
    lead: int = LEADS_DAYS[0]

    def fit(self, log: EventLog, *, seed: int) -> InWindow:
        """Fit it, and choose its window on the last part of the training log."""
        scorer, windows = _fitted(log, self.model, seed)
        return InWindow(scorer, window_for(windows, self.lead))


@once_per_log
def _fitted(
    log: EventLog, model: Callable[[EventLog, int], Scorer], seed: int
) -> tuple[Scorer, dict[int, Window]]:
    """A rival and its windows, shared by its lists for a shorter and a longer warning."""
    windows = best_windows(log, lambda known: model(known, seed))
    return RememberedScores(model(log, seed)), windows


@once_per_log
def learnt(log: EventLog) -> tuple[Frame, pa.Table]:
    """The covariates of a training log, shared by all rivals that learn from them."""
    frame = Frame.fit(log)
    return frame, training_table(frame, log)


@once_per_log
def asked(log: EventLog, frame: Frame, snapshots: ir.Table) -> pa.Table:
    """The covariates of the landmarks asked about."""
    return frame.table(log, snapshots)


def _answer(rows: pa.Table, incidence: Floats) -> pa.Table:
    """``deal_id, at`` and the incidence (n, horizons) of breaking off."""
    columns = {name: pa.array(incidence[:, i]) for i, name in enumerate(_BROKEN_OFF)}
    return pa.table({"deal_id": rows["deal_id"], "at": rows["at"], **columns})


@dataclass(frozen=True)
class StageTable:
    """Incidences looked up by stage; a stage that training did not know has the overall ones."""

    reader: FactReader
    by_stage: dict[int, Floats]
    overall: Floats

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """The incidences of each landmark's stage."""
        facts = self.reader.read(log, snapshots)
        rates = np.array([self.by_stage.get(int(s), self.overall) for s in facts.stage])
        return _answer(facts.keys, rates)


def _by_stage(*, competing: bool) -> Callable[[EventLog, int], Scorer]:
    """Aalen-Johansen by stage; or one less Kaplan-Meier, which takes other ends for censoring."""

    def fit(log: EventLog, _seed: int) -> Scorer:
        training = training_of(log)
        days, event = training.labels.days, training.labels.event
        if not competing:
            event = np.where(event == BROKEN_OFF, event, CENSORED)
        stage = training.facts.stage
        rates = {int(s): _broken_off(days[stage == s], event[stage == s]) for s in np.unique(stage)}
        return StageTable(training.reader, rates, _broken_off(days, event))

    return fit


def _broken_off(days: Floats, event: Integers) -> Floats:
    return aalen_johansen(days, event)[list(Outcome).index(Outcome.BROKEN_OFF)]


@dataclass(frozen=True)
class Outside:
    """A method of :mod:`survival_rivals`, run in the environment that has its libraries."""

    method: str
    python: Path
    frame: Frame
    training: pa.Table

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """Fit and ask in one process."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{name}.parquet" for name in ("train", "test", "out")]
            pq.write_table(self.training, paths[0])
            pq.write_table(asked(log, self.frame, snapshots), paths[1])
            script = _HERE / "survival_rivals.py"
            command = [self.python, script, self.method, *paths]
            alone = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
            run = subprocess.run(command, env=alone, capture_output=True, text=True, check=False)
            if run.returncode:
                raise RuntimeError(f"{self.method} failed:\n{run.stderr}")
            return pq.read_table(paths[2])


def _outside(method: str, python: Path) -> Callable[[EventLog, int], Scorer]:
    return lambda log, _seed: Outside(method, python, *learnt(log))


_EDGES = np.array([0, *HORIZONS_DAYS], dtype=float)
_TREES = {
    "objective": "multiclass",
    "num_class": 3,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.8,
    "num_threads": 1,  # two wait for each other on a busy machine
    "verbosity": -1,
}
_MOST_TREES, _PATIENCE, _EARLIER_SHARE = 600, 30, 0.8


@dataclass(frozen=True)
class PlainTrees:
    """A discrete-time hazard model by LightGBM: what becomes of an open deal in the next period."""

    frame: Frame
    trees: lightgbm.Booster

    def score(self, log: EventLog, snapshots: ir.Table) -> pa.Table:
        """The incidence of breaking off."""
        rows = asked(log, self.frame, snapshots)
        return _answer(rows, self.incidence(rows))

    def incidence(self, rows: pa.Table) -> Floats:
        """(n, horizons) from the hazards of the periods between horizons."""
        x = _matrix(rows)
        open_so_far, broken = np.ones(len(x)), np.zeros((len(x), len(HORIZONS_DAYS)))
        for period in range(len(HORIZONS_DAYS)):
            hazard = self.trees.predict(np.column_stack([x, np.full(len(x), period)]))
            broken[:, period] = open_so_far * hazard[:, 1]
            open_so_far = open_so_far * hazard[:, 0]
        return np.cumsum(broken, axis=1)


def _lightgbm(log: EventLog, seed: int) -> Scorer:
    frame, rows = learnt(log)
    return PlainTrees(frame, hazard_trees(rows, seed))


def hazard_trees(rows: pa.Table, seed: int) -> lightgbm.Booster:
    """Their number is the best for the last fifth of the training rows, in time."""
    x, y, landmark = _periods(rows)
    parameters = {**_TREES, "seed": seed}
    earlier = landmark < len(rows) * _EARLIER_SHARE
    known, later = (lightgbm.Dataset(x[side], y[side]) for side in (earlier, ~earlier))
    stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
    first = lightgbm.train(parameters, known, _MOST_TREES, [later], callbacks=[stop])
    return lightgbm.train(parameters, lightgbm.Dataset(x, y), max(first.best_iteration, 1))


def _periods(rows: pa.Table) -> tuple[Floats, Integers, Integers]:
    """One row a landmark and period in which it was open and seen to the end, or ended.

    Returns:
        Covariates with the period (k, columns), what happened (k,), and the landmark's row (k,).
    """
    x, days, event = _matrix(rows), rows["days"].to_numpy(), rows["event"].to_numpy()
    found = []
    for period, (start, end) in enumerate(pairwise(_EDGES)):
        ended = (event > 0) & (days <= end)
        here = np.flatnonzero((days > start) & (ended | (days >= end)))
        found.append((here, np.full(len(here), period), np.where(ended, event, 0)[here]))
    landmark, period, what = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return np.column_stack([x[landmark], period]), what, landmark


def _matrix(rows: pa.Table) -> Floats:
    names = [n for n in rows.column_names if n not in {"deal_id", "at", "days", "event"}]
    return np.column_stack([rows[name].to_numpy().astype(np.float64) for name in names])


def default_cache() -> Path:
    """Where environments of benchmarks are kept."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return home / "tsunagu-benchmarks"


def rivals_python(cache: Path) -> Path:
    """Python of the environment with lifelines and scikit-survival; made when it is not there."""
    python = cache / "survival" / "bin" / "python"
    if not python.exists():
        venv.create(cache / "survival", with_pip=True)
    check = [python, "-c", "import lifelines, sksurv, pyarrow"]
    if subprocess.run(check, capture_output=True, check=False).returncode:
        install = [python, "-m", "pip", "install", "--quiet", "-r", _REQUIREMENTS]
        subprocess.run(install, check=True)
    return python
