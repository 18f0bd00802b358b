"""Partial pooling of counts: plays around what all plays do, a play's causes around the play.

The hierarchical beta-binomial model of Gelman et al., Bayesian Data Analysis, 3rd ed. 2013,
chapter 5, with one level more.  In play p and cause c with n cases, of which s resumed,

    s ~ Binomial(n, t_pc)
    t_pc ~ Beta(k_p m, k_p (1 - m)),  logit m = logit t_p + d_c
    t_p ~ Beta(k0 m0, k0 (1 - m0))

where d_c is how far a cause lies above or below the others.  Each play has a k_p of its own: one
that helps in one cause and harms in another must not be drawn as close to its mean as the rest are.
Doing nothing is not one play among the others: its t_p is uniform, or it would be taken for better
than it is.  All unknowns are summed over on grids, so that nothing has to converge.

The spread that k stands for, on the log-odds, is half-normal of scale 1 beforehand (Roever et al.,
Research Synthesis Methods 12, 2021, for heterogeneous log-odds ratios).  Uniform on the scale of
log k would put most of the belief on no spread at all (Gelman, Bayesian Analysis 1, 2006), and
intervals would be too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsunagu.analytics.plays.cases import Bools, Floats, Ints

_CHANCES: Floats = (np.arange(100) + 0.5) / 100
_CENTRES: Floats = (np.arange(30) + 0.5) / 30
_PRECISIONS: Floats = np.exp2(np.arange(0.0, 9.5, 0.5))


def _belief() -> Floats:
    """Of each precision beforehand: half-normal in the spread, at a middling chance."""
    spread = 1 / np.sqrt((_PRECISIONS + 1) / 4)
    weight = spread * np.exp(-(spread**2) / 2)  # the grid is even in its logarithm
    belief: Floats = weight / weight.sum()
    return belief


_BELIEF: Floats = _belief()


@dataclass(frozen=True)
class Drawn:
    """Draws of the posterior.

    Attributes:
        cells: chance of resuming.  Shape (plays, causes, draws).
        new: the same for a play nobody has tried.  Shape (causes, draws).
    """

    cells: Floats
    new: Floats


@dataclass(frozen=True)
class Told:
    """What is to be pooled.

    Attributes:
        resumed, tried: effective numbers.  Shape (plays, causes).
        level: share resumed by cause, whatever the play.  Shape (causes,).
        alike: which plays are of one kind.  Shape (plays,).
    """

    resumed: Floats
    tried: Floats
    level: Floats
    alike: Bools


def pool(told: Told, draws: int, seed: int) -> Drawn:
    """Draws of every cell's chance."""
    mean = np.average(told.level, weights=told.tried.sum(axis=0) + 1e-9)
    means = _sigmoid(_logit(_CHANCES)[:, None] + _logit(told.level) - _logit(mean))
    likelihood = _likelihood(told.resumed, told.tried, means)
    prior = _prior()
    rng = np.random.default_rng(seed)
    base = prior[_draw_shared(rng, likelihood.sum(axis=2), prior, told.alike, draws)]
    return _draw(rng, told, means, likelihood, base)


def _likelihood(resumed: Floats, tried: Floats, means: Floats) -> Floats:
    """Of each play's cases, times the belief in the precision; a play's highest is 1.

    Shape (plays, chances, precisions).
    """
    a = means[:, :, None] * _PRECISIONS
    b = (1 - means)[:, :, None] * _PRECISIONS
    cells = [
        _log_beta_binomial(s[:, None], n[:, None], a, b).sum(axis=1)
        for s, n in zip(resumed, tried, strict=True)
    ]
    logs = np.stack(cells) + np.log(_BELIEF)
    found: Floats = np.exp(logs - logs.max(axis=(1, 2), keepdims=True))
    return found


def _log_beta_binomial(resumed: Floats, tried: Floats, a: Floats, b: Floats) -> Floats:
    from scipy.special import betaln

    found: Floats = betaln(resumed + a, tried - resumed + b) - betaln(a, b)
    return found


def _prior() -> Floats:
    """Of a play's chance.  Shape (centres, precisions, chances); each row sums to 1."""
    from scipy.special import betaln

    a = (_CENTRES[:, None] * _PRECISIONS)[:, :, None]
    b = ((1 - _CENTRES)[:, None] * _PRECISIONS)[:, :, None]
    logs = (a - 1) * np.log(_CHANCES) + (b - 1) * np.log1p(-_CHANCES) - betaln(a, b)
    density = np.exp(logs - logs.max(axis=2, keepdims=True))
    prior: Floats = density / density.sum(axis=2, keepdims=True)
    return prior


def _draw_shared(
    rng: np.random.Generator, likelihood: Floats, prior: Floats, alike: Bools, draws: int
) -> tuple[Ints, Ints]:
    """Indices of centre and plays' precision, by the plays that are of one kind."""
    given = np.einsum("mkt,pt->pmk", prior, likelihood[alike])
    logs = np.log(np.maximum(given, 1e-300)).sum(axis=0) + np.log(_BELIEF)
    weight = np.exp(logs - logs.max()).ravel()
    picked = rng.choice(len(weight), draws, p=weight / weight.sum())
    centre, between = np.unravel_index(picked, logs.shape)
    return centre, between


def _draw(
    rng: np.random.Generator, told: Told, means: Floats, likelihood: Floats, base: Floats
) -> Drawn:
    """Each play's chance by its marginal, its precision given that, then its cells."""
    cells = np.empty((*told.tried.shape, len(base)))
    for play, (s, n) in enumerate(zip(told.resumed, told.tried, strict=True)):
        own = (base if told.alike[play] else np.ones_like(base)) * likelihood[play].sum(axis=1)
        chance = _pick(rng, own)
        precision = _PRECISIONS[_pick(rng, likelihood[play][chance])]
        a = s[:, None] + precision * means[chance].T
        cells[play] = _beta(rng, a, n[:, None], s[:, None], precision)
    mean = means[_pick(rng, base)].T
    precision = rng.choice(_PRECISIONS, len(base), p=_BELIEF)
    return Drawn(cells, rng.beta(precision * mean, precision * (1 - mean)))


def _beta(
    rng: np.random.Generator, a: Floats, tried: Floats, resumed: Floats, precision: Floats
) -> Floats:
    b = tried - resumed + precision - (a - resumed)
    drawn: Floats = rng.beta(a, np.maximum(b, 1e-6))
    return drawn


def _pick(rng: np.random.Generator, weight: Floats) -> Ints:
    """One index a row, by weight."""
    sums = weight.cumsum(axis=1)
    aim = rng.random(len(weight)) * sums[:, -1]
    picked: Ints = np.minimum((sums < aim[:, None]).sum(axis=1), weight.shape[1] - 1)
    return picked


def _logit(chance: Floats | float) -> Floats:
    kept = np.clip(chance, 0.005, 0.995)
    odds: Floats = np.log(kept / (1 - kept))
    return odds


def _sigmoid(odds: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-odds))
    return np.clip(chance, 1e-4, 1 - 1e-4)
