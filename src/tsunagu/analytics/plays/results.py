"""What is known about the effects of plays; JSON in and out, no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from tsunagu.analytics.causes import storage

_FORMAT = "tsunagu-play-effects"

ALL_CAUSES = ""
"""The cause under which a play's effect over all causes stands."""


class Verdict(StrEnum):
    """What may be said by now of a play against the usual response.

    ``TOO_EARLY`` by the rule of :class:`~tsunagu.analytics.plays.settings.Settings`; otherwise
    ``BETTER`` or ``WORSE`` where the 95% interval of the difference leaves 0 out, else ``ALIKE``.
    """

    TOO_EARLY = "too_early"
    BETTER = "better"
    WORSE = "worse"
    ALIKE = "alike"


@dataclass(frozen=True)
class Estimate:
    """A posterior: its mean, its central 95% interval, and its central 90% interval."""

    mean: float
    low: float
    high: float
    low_90: float
    high_90: float

    @property
    def width(self) -> float:
        """Of the 95% interval."""
        return self.high - self.low


@dataclass(frozen=True)
class PlayEffect:
    """What a play does for a cause.

    Attributes:
        play, cause: names as in the cases; :data:`ALL_CAUSES`: over the mix of all causes.
        cases, resumed: as counted, not adjusted.
        effective: how many cases tried alike say as much as these.
        outside: share of the cause's cases for which the play was hardly ever chosen.
        chance: of resuming within the horizon, if it were taken in all the cause's cases.
        against_usual: that chance less the one of what is done at present.
        against_none: less the one of answering without a play; None where that was never done.
        best: probability that no other play, of those with enough cases, does more.
        a, b: parameters of the beta distribution with the mean and variance of ``chance``.
        verdict: see :class:`Verdict`.
    """

    play: str
    cause: str
    cases: int
    resumed: int
    effective: float
    outside: float
    chance: Estimate
    against_usual: Estimate
    against_none: Estimate | None
    best: float
    a: float
    b: float
    verdict: Verdict


@dataclass(frozen=True)
class PlayEffects:
    """The effects of all plays, as they were known ``until`` an instant.

    Attributes:
        effects: sorted by play and cause, the one over all causes first.
        new_play: for each cause, ``a`` and ``b`` of a play nobody has tried yet.
        cases: how many settled cases it rests on.
        adjusted_for: names of the columns of hardness.
        known: for how many of the cases each of them was known.
    """

    effects: tuple[PlayEffect, ...]
    new_play: Mapping[str, tuple[float, float]]
    cases: int
    until: datetime
    adjusted_for: tuple[str, ...]
    settings: Mapping[str, float]
    seed: int
    known: Mapping[str, int]

    def of(self, play: str, cause: str = ALL_CAUSES) -> PlayEffect | None:
        """The effect of a play for a cause; None where that play or cause never occurred."""
        for effect in self.effects:
            if (effect.play, effect.cause) == (play, cause):
                return effect
        return None

    def save(self, path: Path) -> None:
        """Write them to one file, of JSON."""
        storage.write(path, _FORMAT, self.to_dict())

    @classmethod
    def load(cls, path: Path) -> PlayEffects:
        """What :meth:`save` wrote.

        Raises:
            InputError: if the file is missing, damaged, of another kind or of a newer version.
        """
        data = storage.read(path, _FORMAT)
        return storage.decoded(path, lambda: cls.from_dict(data))

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        pairs = {cause: list(pair) for cause, pair in self.new_play.items()}
        plain = {"until": self.until.isoformat(), "new_play": pairs, "known": dict(self.known)}
        return {**asdict(self), **plain, "settings": dict(self.settings)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PlayEffects:
        """What :meth:`to_dict` gave.

        Raises:
            KeyError, TypeError, ValueError: if a part is missing or no such thing.
        """
        return cls(
            tuple(_effect(row) for row in data["effects"]),
            {cause: (float(a), float(b)) for cause, (a, b) in data["new_play"].items()},
            int(data["cases"]),
            datetime.fromisoformat(data["until"]),
            tuple(data["adjusted_for"]),
            dict(data["settings"]),
            int(data["seed"]),
            dict(data.get("known", {})),  # effects of old do not say
        )


def _effect(row: Mapping[str, Any]) -> PlayEffect:
    none = row["against_none"]
    parts = {
        "chance": Estimate(**row["chance"]),
        "against_usual": Estimate(**row["against_usual"]),
        "against_none": None if none is None else Estimate(**none),
        "verdict": Verdict(row["verdict"]),
    }
    return PlayEffect(**{**row, **parts})
