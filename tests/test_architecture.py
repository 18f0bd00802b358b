"""The house's rules that no linter knows: who may import what, and what an import may cost."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tsunagu.analytics

SOURCE = Path(tsunagu.__file__).parent
OUTSIDE_OF_ANALYTICS = ("django", "tsunagu.app", "tsunagu.cli")
MAY_IMPORT_ANALYTICS = (
    "analytics/",
    "cli/",
    "app/scoring/bridge.py",
    "app/scoring/causes.py",
    "app/scoring/detection.py",
    "app/scoring/keeping.py",
    "app/scoring/lifecycle.py",
    "app/scoring/plays.py",
    "app/exchange/reading.py",
)


def imported_modules(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    return found | {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}


def test_only_the_bridges_and_the_command_line_import_the_analytics() -> None:
    strangers = [
        file.relative_to(SOURCE).as_posix()
        for file in SOURCE.rglob("*.py")
        if any(m.startswith("tsunagu.analytics") for m in imported_modules(file))
        and not file.relative_to(SOURCE).as_posix().startswith(MAY_IMPORT_ANALYTICS)
    ]
    assert strangers == []


def test_analytics_import_neither_django_nor_the_application_nor_the_command_line() -> None:
    for file in (SOURCE / "analytics").rglob("*.py"):
        outside = {
            m
            for m in imported_modules(file)
            if m.startswith(("django", "tsunagu.app", "tsunagu.cli"))
        }
        assert not outside, f"{file} imports {outside}"


@pytest.mark.parametrize("module", ["tsunagu.analytics", "tsunagu.cli.main"])
def test_importing_loads_no_heavy_library(module: str) -> None:
    heavy = "{'lightgbm', 'sklearn', 'matplotlib', 'pyspark', 'scipy', 'polars'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


def test_every_public_name_resolves() -> None:
    for name in tsunagu.analytics.__all__:
        assert getattr(tsunagu.analytics, name) is not None


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        tsunagu.analytics.no_such_name  # noqa: B018
