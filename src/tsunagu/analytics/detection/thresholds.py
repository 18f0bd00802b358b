"""From which measure on a signal is raised: shipped, learned, taught by decisions, set by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa

from tsunagu.analytics.contracts import SignalKind
from tsunagu.analytics.detection.arrays import Floats
from tsunagu.analytics.detection.rhythm import Rhythm
from tsunagu.analytics.detection.usual import Usual


@dataclass(frozen=True)
class Threshold:
    """One kind's limit, in the kind's own unit.

    Attributes:
        cut: a signal is raised where the measure reaches it.
        half: the measure at which the strength is one half.
        lasts: days for which a signal that dates from an event is raised; None: while it stands.
    """

    cut: float
    half: float
    lasts: float | None = None

    def strength(self, measure: Floats) -> Floats:
        """(n,) 0 to 1: ``1 - 2 ** -(measure / half)``, whatever the cut."""
        strength: Floats = 1.0 - np.exp2(-np.maximum(measure, 0.0) / self.half)
        return strength


@dataclass(frozen=True)
class Thresholds:
    """All kinds' limits, and what is usual in the organisation.

    Attributes:
        kinds: every kind's threshold.
        processes: by process, the cuts that people set for it; the others are those of ``kinds``.
        usual: rhythm, stages and the records that the organisation keeps.
    """

    kinds: Mapping[SignalKind, Threshold]
    usual: Usual
    processes: Mapping[str, Mapping[SignalKind, float]] = field(default_factory=dict)

    @classmethod
    def shipped(cls) -> Thresholds:
        """The thresholds before any history."""
        return cls(dict(_shipped_kinds()), _shipped_usual())

    def cuts(self, kind: SignalKind, processes: pa.Array) -> Floats:
        """(n,) the cut of each deal, by its process."""
        default = self.kinds[kind].cut
        cuts = np.full(len(processes), default)
        for name, own in self.processes.items():
            if kind in own:
                here = np.asarray(pa.compute.equal(processes, name).fill_null(False))
                cuts[here] = own[kind]
        return cuts

    def adjusted(self, kind: SignalKind, cut: float, process: str | None = None) -> Thresholds:
        """The same with one cut set by a person, for one process or for all.

        Raises:
            ValueError: if the cut is not above 0.
        """
        if not cut > 0:
            raise ValueError(f"the cut of {kind} is {cut}; give a number above 0")
        if process is None:
            return replace(self, kinds={**self.kinds, kind: replace(self.kinds[kind], cut=cut)})
        own = {**self.processes.get(process, {}), kind: cut}
        return replace(self, processes={**self.processes, process: own})

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "kinds": {kind.value: dict(vars(t)) for kind, t in self.kinds.items()},
            "processes": {
                name: {kind.value: cut for kind, cut in own.items()}
                for name, own in self.processes.items()
            },
            "usual": self.usual.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Thresholds:
        """The inverse of :meth:`to_dict`, also after a trip through JSON."""
        kinds = {SignalKind(kind): Threshold(**t) for kind, t in data["kinds"].items()}
        processes = {
            name: {SignalKind(kind): cut for kind, cut in own.items()}
            for name, own in data["processes"].items()
        }
        return cls(kinds, Usual.from_dict(data["usual"]), processes)


@lru_cache(maxsize=1)
def shipped_file() -> Mapping[str, Any]:
    """The shipped file as it stands."""
    text = files("tsunagu.analytics.detection").joinpath("thresholds.toml").read_text("utf-8")
    return tomllib.loads(text)


def _shipped_kinds() -> Mapping[SignalKind, Threshold]:
    rows = {kind: shipped_file()[kind.value] for kind in SignalKind}
    return {
        kind: Threshold(float(row["cut"]), float(row["half"]), row.get("lasts"))
        for kind, row in rows.items()
    }


def _shipped_usual() -> Usual:
    rhythm, days = shipped_file()["rhythm"], shipped_file()["stage_days"]
    return Usual(
        records=None,
        stages=(),
        rhythm=Rhythm(rhythm["shape"], rhythm["scale_days"], {}),
        stage_days={},
        early_days=days["early"],
        late_days=days["late"],
        survey_top=10.0,
    )
