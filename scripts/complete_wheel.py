"""Refuses to build a wheel without what browsers load and without translations: both are made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MADE_BY = {
    "scripts/assets": "src/tsunagu/app/static/vendor/icons.svg",
    "scripts/messages": "src/tsunagu/app/**/*.mo",
}


class CompleteWheel(BuildHookInterface[Any]):
    """Looks before a wheel is built; an editable installation is completed later."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Raises:
        FileNotFoundError: names the script to run first.
        """
        missing = [s for s, made in MADE_BY.items() if not any(Path(self.root).glob(made))]
        if missing and version != "editable":
            raise FileNotFoundError(f"The wheel would be incomplete: run {' and '.join(missing)}.")
