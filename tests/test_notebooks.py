"""The notebooks of the documentation run from beginning to end, and are kept without results."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from tests.app.scoring.conftest import AT
from tests.installation import Installation, installation

from tsunagu.analytics.simulation import simulate

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))
MAKE = ROOT / "tests/app/scoring/make_database.py"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A small simulated organisation in the application's database."""
    folder = tmp_path_factory.mktemp("notebooks")
    simulate(folder / "simulated", deals=150, seed=5, end=AT.date())
    with installation(folder / "home") as there:
        there.python(str(MAKE), str(folder / "simulated"), str(folder), AT.isoformat())
        yield there


def run(notebook: Path, there: Installation, monkeypatch: pytest.MonkeyPatch) -> str:
    """Execute it in the installation's folder; returns all that it printed."""
    url = there.database or f"sqlite:///{there.home / 'tsunagu.sqlite3'}"
    for name, value in {**there.env, "TSUNAGU_DATABASE": url}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.setenv("MPLBACKEND", "agg")
    cells = nbformat.read(notebook, as_version=4)
    NotebookClient(cells, timeout=300, resources={"metadata": {"path": str(there.home)}}).execute()
    outputs = [o for cell in cells.cells for o in cell.get("outputs", ())]
    return "".join(o.get("text", "") for o in outputs)


def test_there_are_three() -> None:
    assert len(NOTEBOOKS) == 3


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda n: n.stem)
def test_a_notebook_is_kept_without_results(notebook: Path) -> None:
    for cell in nbformat.read(notebook, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_cadence_and_silence(there: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    deals = there.one("SELECT count(*) FROM deals_deal")
    assert f"{deals} deals" in run(NOTEBOOKS[0], there, monkeypatch)


def test_fit_evaluate_explain(there: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(NOTEBOOKS[1], there, monkeypatch)
    assert "learnt up to" in said
    assert "(" in said.splitlines()[-1]


def test_own_model_written_back(there: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(NOTEBOOKS[2], there, monkeypatch)
    running = there.one("SELECT count(*) FROM deals_deal WHERE outcome IS NULL")
    assert f"Took {running} scores of Silence, plain rates" in said
    scores = "SELECT count(*) FROM scoring_score WHERE source = 'outside' AND risk_30 > 0"
    assert there.one(scores) == running
