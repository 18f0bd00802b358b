"""A model's file: the same bytes for the same model, and a clear word for any other file."""

from __future__ import annotations

import contextlib
import json
import zipfile
from pathlib import Path

import pytest

from tsunagu.analytics.errors import InputError
from tsunagu.analytics.risk import storage


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.tsunagu"
    storage.write(path, {"a": 1, "言葉": [1.5, None]}, "tree\nversion=v4\n")
    return path


def test_what_was_written_is_read_back(file: Path) -> None:
    model, booster = storage.read(file)
    assert model["言葉"] == [1.5, None]
    assert booster == "tree\nversion=v4\n"


def test_the_same_model_gives_the_same_bytes(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    storage.write(other, {"言葉": [1.5, None], "a": 1}, "tree\nversion=v4\n")
    assert file.read_bytes() == other.read_bytes()


def _rewritten(path: Path, **changes: object) -> Path:
    model, booster = storage.read(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(model | changes))
        archive.writestr("booster.txt", booster or "")
    return path


def test_a_newer_file_says_to_update(file: Path) -> None:
    with pytest.raises(InputError, match=r"format version 99.*Update Tsunagu"):
        storage.read(_rewritten(file, version=99))


def test_another_programs_json_is_refused(file: Path) -> None:
    with pytest.raises(InputError, match="not a risk model"):
        storage.read(_rewritten(file, format="something else"))


def test_trees_of_another_model_are_refused(file: Path) -> None:
    with pytest.raises(InputError, match=r"booster\.txt is not the one"):
        storage.read(_rewritten(file, booster_sha256="0" * 64))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.*cannot be read"):
        storage.read(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04pickle", b"deal_id,at\n"])
def test_a_file_that_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a model's file"):
        storage.read(path)


def test_every_truncated_or_altered_file_is_refused_or_unchanged(file: Path) -> None:
    whole = file.read_bytes()
    expected = storage.read(file)
    for position in range(len(whole)):
        file.write_bytes(whole[:position] + bytes([whole[position] ^ 0x5A]) + whole[position + 1 :])
        with contextlib.suppress(InputError):
            assert storage.read(file) == expected
        file.write_bytes(whole[:position])
        with pytest.raises(InputError):
            storage.read(file)


def test_a_foreign_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../etc/passwd", "x")
    with pytest.raises(InputError, match="not a risk model"):
        storage.read(path)


def test_a_zip_bomb_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(storage._LARGEST, "model.json", 1_000)
    path = tmp_path / "model"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.json", " " * 5_000_000)
    with pytest.raises(InputError, match="over 1000 bytes"):
        storage.read(path)
