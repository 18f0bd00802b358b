"""The folder that holds what this installation keeps: database, secret key, collected files."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def home_folder() -> Path:
    """``$TSUNAGU_HOME``, or ``var`` in the working folder; made for its owner alone if missing."""
    folder = Path(os.environ.get("TSUNAGU_HOME", "var")).resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def secret_key(folder: Path) -> str:
    """``$SECRET_KEY``, or the one kept in ``folder``, written at the first start with mode 600."""
    if given := os.environ.get("SECRET_KEY"):
        return given
    file = folder / "secret_key"
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as new:
        new.write(made := secrets.token_urlsafe(64))
    return made
