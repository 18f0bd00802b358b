"""Which play to take next: the best by what is known, or, where that is wanted, one to learn from.

Thompson sampling (Thompson, Biometrika 25, 1933; Chapelle and Li, NIPS 2011): each play's chance
is drawn once from what is believed about it, and the highest draw is taken.  So a play is tried as
often as it may be the best.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.plays.results import PlayEffect, PlayEffects, Verdict


@dataclass(frozen=True)
class Recommendation:
    """A play to take.

    Attributes:
        play: one of the candidates.
        effect: what is known of it; None for one that nobody has tried.
        explores: whether it was taken to learn, and is not the one expected to do most.
        expected_best: the play expected to do most, None where it is too early to say.
    """

    play: str
    effect: PlayEffect | None
    explores: bool
    expected_best: str | None


def recommend(
    effects: PlayEffects,
    cause: str,
    candidates: Collection[str],
    *,
    explore: bool = False,
    case_id: str = "",
) -> Recommendation | None:
    """The play to take for a case; None where it is too early to say and nobody wants to explore.

    Args:
        cause: the case's.
        candidates: plays that are at hand for it.
        explore: whether to draw; the draw depends on ``case_id`` and ``effects`` alone, so that
            the same case is told the same until the next fit.
    """
    best = _expected_best(effects, cause, candidates)
    chosen = _drawn(effects, cause, candidates, case_id) if explore else best
    if chosen is None:
        return None
    known = known_effect(effects, chosen, cause)
    return Recommendation(chosen, known, explore and chosen != best, best)


def known_effect(effects: PlayEffects, play: str, cause: str) -> PlayEffect | None:
    """For the cause; over all causes where the play was never seen with that one."""
    return effects.of(play, cause) or effects.of(play)


def _expected_best(effects: PlayEffects, cause: str, candidates: Collection[str]) -> str | None:
    found = [known_effect(effects, play, cause) for play in sorted(candidates)]
    enough = [e for e in found if e is not None and e.verdict != Verdict.TOO_EARLY]
    return max(enough, key=lambda e: e.chance.mean).play if enough else None


def _drawn(
    effects: PlayEffects, cause: str, candidates: Collection[str], case_id: str
) -> str | None:
    digest = hashlib.sha256(f"{effects.seed}:{case_id}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    draws = {p: rng.beta(*_belief(effects, p, cause)) for p in sorted(candidates)}
    return max(draws, key=draws.__getitem__) if draws else None


def _belief(effects: PlayEffects, play: str, cause: str) -> tuple[float, float]:
    known = known_effect(effects, play, cause)
    if known is not None:
        return known.a, known.b
    return effects.new_play.get(cause) or effects.new_play.get("", (1.0, 1.0))
