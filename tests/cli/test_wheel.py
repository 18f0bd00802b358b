"""The built wheel is complete: its commands bring up a product with its looks and its words."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.cli.test_kill import Person
from tests.installation import free_port, installation, kill_all, serve

ROOT = Path(__file__).parents[2]
EMAIL, PASSWORD = "hanako@example.jp", "kumo-no-ue-9"
DEALS = "案件番号,案件名,取引先名,担当者,作成日\nD1,基幹更新,青葉商事,佐藤,2026-01-05\n"


def build(target: str, source: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return max(folder.glob("*.tar.gz" if target == "sdist" else "*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by way of the source distribution, as ``uv build`` and ``pip`` do."""
    if not (ROOT / "src/tsunagu/app/static/vendor/icons.svg").exists():
        pytest.skip("run scripts/assets first: the wheel holds third-party files")
    folder = tmp_path_factory.mktemp("built")
    with tarfile.open(build("sdist", ROOT, folder)) as archive:
        archive.extractall(folder, filter="data")
    [source] = [path for path in folder.iterdir() if path.is_dir()]
    return build("wheel", source, folder)


@pytest.fixture
def unpacked(wheel: Path, tmp_path: Path) -> Path:
    """The wheel's package, before that of the checkout."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "wheel")  # noqa: S202
    return tmp_path / "wheel"


@pytest.mark.slow
def test_the_wheel_brings_up_the_product(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(unpacked))
    with installation(tmp_path / "home") as there:
        assert there.python("-c", "import tsunagu; print(tsunagu.__file__)").startswith(
            str(unpacked)
        )
        (there.home / "deals.csv").write_text(DEALS, encoding="utf-8")
        for command in (
            ("migrate",),
            ("createadmin", "--email", EMAIL, "--name", "山田花子", "--password", PASSWORD),
            ("import", "deals.csv", "--kind", "deals"),
            ("rescore",),
        ):
            done = there.tsunagu(*command)
            assert done.returncode == 0, (command, done.stderr)
        port = free_port()
        server = serve(there, port)
        try:
            person = Person(port, EMAIL, PASSWORD)
            person.log_in()
            its_looks_and_words_are_there(person)
        finally:
            kill_all(server)


def its_looks_and_words_are_there(person: Person) -> None:
    page = person.read("/deals/")
    assert "基幹更新" in page
    assert "完了予定日" in page  # the catalogues are in the wheel
    files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))
    assert any("tabler" in file for file in files)
    for file in files:
        assert len(person.read(file)) > 100, file


def test_a_wheel_without_what_is_made_is_refused(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/complete_wheel.py", tmp_path / "scripts")
    (tmp_path / "src/tsunagu").mkdir(parents=True)
    shutil.copy(ROOT / "src/tsunagu/__init__.py", tmp_path / "src/tsunagu")

    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    done = subprocess.run(  # noqa: S603
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "run scripts/assets and scripts/messages" in done.stderr
