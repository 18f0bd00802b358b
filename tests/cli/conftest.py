"""One small simulated organisation and one fitted model for all command-line tests."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tsunagu.cli.main import app

RUNNER = CliRunner()


def tsunagu(*arguments: str | Path) -> Result:
    """Run a command as a user would."""
    return RUNNER.invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("organisation") / "log"
    done = tsunagu("simulate", folder, "--deals", "400", "--seed", "3")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="session")
def model(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("model") / "team.tsunagu"
    done = tsunagu("fit", log, "--model", file)
    assert done.exit_code == 0, done.output
    return file
