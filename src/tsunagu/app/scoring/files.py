"""Models that can only be written to files, as bytes that the database keeps."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

_Model = TypeVar("_Model")


def written(save: Callable[[Path], object]) -> bytes:
    """What ``save`` writes to the file that it is given."""
    with tempfile.TemporaryDirectory() as folder:
        save(file := Path(folder) / "model")
        return file.read_bytes()


def read(content: bytes, load: Callable[[Path], _Model]) -> _Model:
    """What ``load`` makes of a file with that content."""
    with tempfile.TemporaryDirectory() as folder:
        (file := Path(folder) / "model").write_bytes(content)
        return load(file)
