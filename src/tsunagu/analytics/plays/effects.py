"""Fits the effects of plays: counts adjusted for hardness, then pooled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from tsunagu.analytics.plays.adjusting import Counts, adjust
from tsunagu.analytics.plays.cases import Floats, Settled, case_schema, settle, usable
from tsunagu.analytics.plays.pooling import Told, pool
from tsunagu.analytics.plays.results import (
    ALL_CAUSES,
    Estimate,
    PlayEffect,
    PlayEffects,
    Verdict,
)
from tsunagu.analytics.plays.settings import NO_PLAY, Settings
from tsunagu.analytics.plays.unseen import shifted, unseen

DEFAULTS = Settings()
_LEVELS = (0.025, 0.975, 0.05, 0.95)
_USUAL_PRECISION = 4.0


def fit(
    cases: pa.Table, until: datetime, *, settings: Settings = DEFAULTS, seed: int = 0
) -> PlayEffects:
    """Learn what plays do from cases begun long enough before ``until``, and from no others.

    Args:
        cases: columns of :func:`case_schema`, any row order.
        until: aware; what happened later is not used.
        seed: the same cases and seed give the same effects.

    Raises:
        TsunaguError: if a column is missing or a case stands twice.

    Example:
        >>> from datetime import UTC, datetime
        >>> fit(case_schema().empty_table(), datetime(2026, 1, 1, tzinfo=UTC)).effects
        ()
    """
    names = tuple(sorted(n for n in cases.column_names if n not in case_schema().names))
    known = settle(cases, until, settings.horizon_days, settings.folds, seed)
    effects, new_play = _learn(known, settings, seed) if len(known) else ((), {})
    return PlayEffects(
        effects,
        new_play,
        len(known),
        until.astimezone(UTC),
        names,
        settings.as_dict(),
        seed,
        _known(cases, until, settings, names),
    )


def _known(
    cases: pa.Table, until: datetime, settings: Settings, names: tuple[str, ...]
) -> dict[str, int]:
    used = usable(cases, until, settings.horizon_days)
    return {name: len(used) - used[name].null_count for name in names}


@dataclass(frozen=True)
class _Cell:
    """A play and one cause, or the mix of all: what was counted, and what was drawn."""

    play: str
    cause: str
    cases: int
    resumed: int
    effective: float
    outside: float
    chance: Floats


def _learn(
    cases: Settled, settings: Settings, seed: int
) -> tuple[tuple[PlayEffect, ...], dict[str, tuple[float, float]]]:
    counts = adjust(cases, settings.least_propensity)
    tried = counts.effective
    alike = np.array([play != NO_PLAY for play in cases.plays])
    told = Told(tried * counts.share, tried, counts.level, alike)
    drawn = pool(told, settings.draws, seed)
    chances = shifted(drawn.cells, unseen(cases, settings, seed + 2))
    share = np.bincount(cases.cause, minlength=len(cases.causes)) / len(cases)
    usual = _usual(cases, settings.draws, seed + 1)
    found: list[PlayEffect] = []
    for cause in range(-1, len(cases.causes)):
        weight = share if cause < 0 else np.eye(len(cases.causes))[cause]
        cells = list(_cells(cases, counts, np.einsum("pcd,c->pd", chances, weight), cause))
        found += _compared(cells, np.einsum("cd,c->d", usual, weight), settings)
    mixed = np.einsum("cd,c->d", drawn.new, share)
    new_play = {ALL_CAUSES: _beta(mixed)} | {
        name: _beta(drawn.new[code]) for code, name in enumerate(cases.causes)
    }
    return tuple(sorted(found, key=lambda e: (e.play, e.cause))), new_play


def _cells(cases: Settled, counts: Counts, chances: Floats, cause: int) -> Iterator[_Cell]:
    """Each play's cell in a cause; below 0: in the mix of all."""
    mine = (cases.cause == cause) | (cause < 0)
    name = ALL_CAUSES if cause < 0 else cases.causes[cause]
    size = np.bincount(cases.cause, minlength=len(cases.causes)) * (
        np.ones(len(cases.causes)) if cause < 0 else np.eye(len(cases.causes))[cause]
    )
    for code, play in enumerate(cases.plays):
        tried = mine & (cases.play == code)
        yield _Cell(
            play,
            name,
            int(tried.sum()),
            int(cases.resumed[tried].sum()),
            float(counts.effective[code][size > 0].sum()),
            float(np.average(counts.outside[code], weights=size)),
            chances[code],
        )


def _usual(cases: Settled, draws: int, seed: int) -> Floats:
    """Draws of the share that resumes as things are done now.  Shape (causes, draws)."""
    rng = np.random.default_rng(seed)
    whole = (cases.resumed.sum() + 0.5) / (len(cases) + 1)
    count = np.bincount(cases.cause, minlength=len(cases.causes))[:, None]
    resumed = np.bincount(cases.cause, cases.resumed, len(cases.causes))[:, None]
    a = resumed + _USUAL_PRECISION * whole
    b = count - resumed + _USUAL_PRECISION * (1 - whole)
    drawn: Floats = rng.beta(a, b, (len(cases.causes), draws))
    return drawn


def _compared(cells: list[_Cell], usual: Floats, settings: Settings) -> Iterator[PlayEffect]:
    none = next((cell.chance for cell in cells if cell.play == NO_PLAY), None)
    best = _best(cells, settings)
    for cell in cells:
        chance, gain = _estimate(cell.chance), _estimate(cell.chance - usual)
        bare = None if none is None or cell.play == NO_PLAY else _estimate(cell.chance - none)
        a, b = _beta(cell.chance)
        yield PlayEffect(
            play=cell.play,
            cause=cell.cause,
            cases=cell.cases,
            resumed=cell.resumed,
            effective=cell.effective,
            outside=cell.outside,
            chance=chance,
            against_usual=gain,
            against_none=bare,
            best=best.get(cell.play, 0.0),
            a=a,
            b=b,
            verdict=_verdict(cell, chance, gain, settings),
        )


def _best(cells: list[_Cell], settings: Settings) -> dict[str, float]:
    """How often each play with enough cases draws the highest chance."""
    racing = [c for c in cells if c.effective >= settings.least_effective]
    if not racing:
        return {}
    first = np.stack([cell.chance for cell in racing]).argmax(axis=0)
    wins = np.bincount(first, minlength=len(racing)) / len(first)
    return {cell.play: float(win) for cell, win in zip(racing, wins, strict=True)}


def _verdict(cell: _Cell, chance: Estimate, gain: Estimate, settings: Settings) -> Verdict:
    few = cell.effective < settings.least_effective or chance.width > settings.widest
    if few or cell.outside > settings.least_overlap:
        return Verdict.TOO_EARLY
    if gain.low > 0:
        return Verdict.BETTER
    return Verdict.WORSE if gain.high < 0 else Verdict.ALIKE


def _estimate(draws: Floats) -> Estimate:
    low, high, low_90, high_90 = (float(q) for q in np.quantile(draws, _LEVELS))
    return Estimate(float(draws.mean()), low, high, low_90, high_90)


def _beta(draws: Floats) -> tuple[float, float]:
    """By the method of moments."""
    mean, variance = float(draws.mean()), max(float(draws.var()), 1e-9)
    precision = max(mean * (1 - mean) / variance - 1, 0.1)
    return mean * precision, (1 - mean) * precision
