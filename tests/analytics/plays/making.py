"""Cases whose truth is known: severe ones are given the strong play and resume seldom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from tsunagu.analytics.plays import case_schema
from tsunagu.analytics.plays.settings import Settings

ALL_KNOWN = Settings(unseen_tilt=0.0)
"""Nothing about the cases is hidden."""

UNTIL = datetime(2026, 9, 30, tzinfo=UTC)
LONG_AGO = UNTIL - timedelta(days=400)
ODDS = {"none": -0.4, "visit": 0.6, "letter": 0.0}


def sigmoid(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-odds))


def drawn(count: int, seed: int = 0) -> tuple[pa.Table, dict[str, float]]:
    """The cases, and the true chance of each play over all of them."""
    rng = np.random.default_rng(seed)
    severity = rng.normal(size=count)
    liking = np.column_stack([-1.2 * severity, 1.2 * severity, 0 * severity])
    play = (liking + rng.gumbel(size=liking.shape)).argmax(axis=1)
    chances = {name: sigmoid(odds - 1.2 * severity) for name, odds in ODDS.items()}
    names = np.array(list(ODDS))[play]
    taken = np.column_stack(list(chances.values()))[np.arange(count), play]
    back = rng.random(count) < taken
    began = [LONG_AGO + timedelta(hours=6 * n) for n in range(count)]
    table = pa.table(
        [
            [f"c{n:05d}" for n in range(count)],
            names.tolist(),
            np.where(rng.random(count) < 0.5, "customer", "internal").tolist(),
            began,
            [at + timedelta(days=10) if b else None for at, b in zip(began, back, strict=True)],
            severity,
        ],
        schema=case_schema(["severity"]),
    )
    return table, {name: float(chance.mean()) for name, chance in chances.items()}


def plain(play: str, tried: int, resumed: int, cause: str = "customer") -> pa.Table:
    """So many cases of one play, alike."""
    return pa.table(
        [
            [f"{play}-{cause}-{n}" for n in range(tried)],
            [play] * tried,
            [cause] * tried,
            [LONG_AGO] * tried,
            [LONG_AGO + timedelta(days=9) if n < resumed else None for n in range(tried)],
        ],
        schema=case_schema(),
    )
