"""What a judgement of texts found, as frozen values that go to JSON and tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tsunagu.analytics.evaluation.results import Figure


@dataclass(frozen=True)
class TextRow:
    """One way of telling labels, and how right it was.

    Attributes:
        name: stable name of the way.
        learnt, judged: how many cases it learnt from, and was judged on.
        figures: ``macro_f1`` over the labels that occur among the judged, ``accuracy``, and where
            asked for ``top3`` (the label is among the first three told) and ``log_loss`` (mean).
    """

    name: str
    learnt: int
    judged: int
    figures: Mapping[str, Figure]

    @property
    def ours(self) -> bool:
        """Whether Tsunagu's own model told the labels, whole."""
        return self.name.startswith("ours")


@dataclass(frozen=True)
class TextTable:
    """All ways of telling the same labels.

    Attributes:
        name: stable name of the task.
        source: where the cases come from.
        rows: in a fixed order, rivals among them.
    """

    name: str
    source: str
    rows: tuple[TextRow, ...]

    def row(self, name: str) -> TextRow:
        """The first row called ``name``.

        Raises:
            KeyError: if there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)


@dataclass(frozen=True)
class TextEvaluation:
    """Tables in the order of their sources; seed and resamples of the intervals."""

    tables: tuple[TextTable, ...]
    seed: int
    bootstrap: int

    def to_dict(self) -> dict[str, Any]:
        """Only dicts, lists, strings, numbers and None: ready for JSON.  NaN becomes None."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
