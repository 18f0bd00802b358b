"""Detection is judged on what came after, with everything learnt before."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tsunagu.analytics.contracts import EventLog, SignalKind
from tsunagu.analytics.evaluation import DetectionEvaluation, evaluate_detection
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.simulation import simulate
from tsunagu.cli.main import app


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("detection") / "log"
    simulate(folder, deals=400, seed=1)
    return folder


pytestmark = pytest.mark.slow  # three risk models are fitted


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


def test_it_goes_to_json_and_to_the_terminal(
    folder: Path, judged: DetectionEvaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads(json.dumps(judged.to_dict()))["signals"]
    asked = {}

    def answer(log: EventLog, **options: object) -> DetectionEvaluation:
        asked.update(options)
        return judged

    monkeypatch.setattr("tsunagu.analytics.evaluation.evaluate_detection", answer)
    command = ["evaluate", str(folder), "--detection", "--seed", "7"]
    done = CliRunner().invoke(app, [*command, "--lang", "ja"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert asked["seed"] == 7
    for words in ("兆候ごとの成績", "沈黙", "基準：", "兆候の検知"):
        assert words in done.output
    english = CliRunner().invoke(app, [*command, "--lang", "en"], env={"COLUMNS": "200"})
    assert "Each signal by itself" in english.output
