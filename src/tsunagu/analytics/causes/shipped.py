"""The shipped lexicons: what words and signals are taken to say before a team's own cases."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from tsunagu.analytics.causes.lexicon import Entry, Lexicon
from tsunagu.analytics.causes.linear import Floats
from tsunagu.analytics.contracts import Cause

CAUSES: tuple[Cause, ...] = tuple(Cause)
STEPS: tuple[int, ...] = (-2, -1, 0, 1, 2)

_LANGUAGES = ("ja", "en")
_BETTER, _WORSE = 1.0, -1.0


@dataclass(frozen=True)
class CauseBeliefs:
    """What is believed of causes.

    Attributes:
        before: log-odds before anything is known of a case, shape (causes,).
        lexicon: phrases for causes.
        signals: change of the log-odds by a kind of signal, shape (causes,) each.
    """

    before: Floats
    lexicon: Lexicon
    signals: Mapping[str, Floats]

    def to_dict(self) -> dict[str, Any]:
        """As JSON: a saved model keeps the beliefs it was fitted with."""
        return {
            "before": self.before.tolist(),
            "lexicon": self.lexicon.to_dict(),
            "signals": {kind: weights.tolist() for kind, weights in self.signals.items()},
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CauseBeliefs:
        """Back from JSON."""
        signals = {kind: np.array(weights) for kind, weights in data["signals"].items()}
        return cls(np.array(data["before"]), Lexicon.from_dict(data["lexicon"]), signals)


@cache
def cause_beliefs() -> CauseBeliefs:
    """From ``causes.toml``."""
    data = _toml("causes.toml")
    entries = [
        entry
        for block in data["cause"]
        for entry in _entries(CAUSES.index(Cause(block["cause"])), block, data["weights"], 1.0)
    ]
    signals = {kind: _by_cause(weights) for kind, weights in data["signals"].items()}
    return CauseBeliefs(_by_cause(data["before"]), Lexicon(entries, len(CAUSES)), signals)


@cache
def tone_beliefs() -> tuple[Floats, Lexicon]:
    """From ``tone.toml``: log-shares of the steps, and a lexicon with one label, the tone."""
    data = _toml("tone.toml")
    shares = np.array([data["shares"][str(step)] for step in STEPS])
    better = _entries(0, data["better"], data["weights"], _BETTER)
    worse = _entries(0, data["worse"], data["weights"], _WORSE)
    return np.log(shares), Lexicon([*better, *worse], 1)


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("tsunagu.analytics.causes").joinpath(name).read_text("utf-8"))


def _entries(
    label: int, block: Mapping[str, Any], weights: Mapping[str, float], sign: float
) -> list[Entry]:
    return [
        Entry(label, phrase, sign * weight)
        for strength, weight in weights.items()
        for phrase in _phrases(block.get(strength, {}))
    ]


def _phrases(by_language: Mapping[str, Sequence[str]]) -> Iterable[str]:
    return (phrase for language in _LANGUAGES for phrase in by_language.get(language, ()))


def _by_cause(weights: Mapping[str, float]) -> Floats:
    known = {Cause(name): weight for name, weight in weights.items()}
    return np.array([float(known.get(cause, 0.0)) for cause in CAUSES])
