"""Tables in Markdown, headed by what is needed to print them again."""

from __future__ import annotations

import math
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tsunagu.analytics.evaluation.results import Figure

_PACKAGES = ("tsunagu", "lightgbm", "numpy", "scikit-learn", "duckdb")
_UNKNOWN = "–"


def heading(title: str, data: Iterable[Path], packages: Sequence[str] = ()) -> str:
    """Title, then command, data, versions, machine and date."""
    module = getattr(sys.modules["__main__"].__spec__, "name", sys.argv[0])
    command = " ".join(["python -m", module, *sys.argv[1:]])
    files = ", ".join(f"{path.name} (sha256 {_digest(path)})" for path in data)
    facts = [f"Data: {files}", f"Versions: {versions(packages)}", f"Machine: {machine()}"]
    lines = [f"- {fact}" for fact in (*facts, f"Date: {date.today().isoformat()}")]
    return "\n".join([f"## {title}", "", f"```console\n$ {command}\n```", *lines, ""])


def versions(packages: Sequence[str] = ()) -> str:
    """Of Python, the packages of every benchmark, and the given ones."""
    found = [f"{name} {_version(name)}" for name in (*_PACKAGES, *packages)]
    return ", ".join([f"Python {platform.python_version()}", *found])


def machine() -> str:
    """Processor architecture, cores, and how busy they are."""
    load = f"load {os.getloadavg()[0]:.1f}"
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {load}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """First column to the left, numbers to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows)) + "\n"


def figure(found: Figure, digits: int = 3) -> str:
    """``0.686 (0.671–0.701)``."""
    if math.isnan(found.value):
        return _UNKNOWN
    low, high = f"{found.low:.{digits}f}", f"{found.high:.{digits}f}"
    return f"{found.value:.{digits}f} ({low}–{high})"


def difference(found: Figure, digits: int = 3) -> str:
    """``+0.021 (+0.012 to +0.030)``, bold where the interval has 0 outside."""
    if math.isnan(found.value):
        return _UNKNOWN
    low, high = f"{found.low:+.{digits}f}", f"{found.high:+.{digits}f}"
    text = f"{found.value:+.{digits}f} ({low} to {high})"
    return f"**{text}**" if found.low > 0 or found.high < 0 else text


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "a folder"
