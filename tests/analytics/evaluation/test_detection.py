"""Detection is judged on what came after, with everything learnt before."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tsunagu.analytics.contracts import SignalKind
from tsunagu.analytics.evaluation import DetectionEvaluation, evaluate_detection
from tsunagu.analytics.evaluation.detection_predictor import DetectionPredictor
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.simulation import simulate
from tsunagu.cli.main import app


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("detection") / "log"
    simulate(folder, deals=700, seed=1)
    return folder


@pytest.fixture(scope="module")
def judged(folder: Path) -> DetectionEvaluation:
    return evaluate_detection(open_log(folder), bootstrap=20)


def test_each_signal_is_judged_by_itself(judged: DetectionEvaluation) -> None:
    kinds = {f.kind for f in judged.signals} | set(judged.silent)
    assert kinds == set(SignalKind)
    lifts = [np.nan_to_num(f.lift.value) for f in judged.signals]
    assert lifts == sorted(lifts, reverse=True)
    for figures in judged.signals:
        assert 0 <= figures.warned <= 1
        if np.isfinite(figures.precision.value):
            assert figures.lift.value == pytest.approx(figures.precision.value / judged.base_rate)


def test_detection_stands_beside_the_rules_and_the_risk_model(judged: DetectionEvaluation) -> None:
    names = [performance.name for performance in judged.evaluation.performances]
    assert names[:4] == ["detection", "detection_signals", "tsunagu", "tsunagu_30"]
    assert {"rotting_odoo_single", "rotting_pipedrive_per_stage", "rotting_bottlecrm"} < set(names)


def test_the_cuts_are_learnt_before_the_cut_alone(
    folder: Path, judged: DetectionEvaluation
) -> None:
    known = open_log(folder).until(judged.evaluation.cut)
    fitted = DetectionPredictor().fit(known, seed=0)
    cuts = {f.kind: f.cut for f in judged.signals}
    assert {k: t.cut for k, t in fitted.thresholds.kinds.items() if k in cuts} == cuts


def test_it_goes_to_json_and_to_the_terminal(folder: Path, judged: DetectionEvaluation) -> None:
    assert json.loads(json.dumps(judged.to_dict()))["signals"]
    done = CliRunner().invoke(
        app, ["evaluate", str(folder), "--detection", "--bootstrap", "0", "--lang", "ja"]
    )
    assert done.exit_code == 0, done.output
    assert "兆候ごとの成績" in done.output
    assert "沈黙" in done.output
