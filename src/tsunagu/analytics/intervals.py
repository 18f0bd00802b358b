"""Intervals of shares."""

from __future__ import annotations

from math import sqrt

_Z = 1.959964


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95% score interval of a share (Wilson, JASA 22, 1927; Brown, Cai and DasGupta 2001).

    Args:
        count: successes, from 0 to ``of``.
        of: trials; with none the interval is everything.

    Example:
        >>> [round(end, 3) for end in wilson(81, 263)]
        [0.255, 0.366]
    """
    if not of:
        return 0.0, 1.0
    share, square = count / of, _Z * _Z
    centre = count + square / 2
    spread = _Z * sqrt(of * share * (1 - share) + square / 4)
    low, high = ((centre + side * spread) / (of + square) for side in (-1, 1))
    return max(min(low, share), 0.0), min(max(high, share), 1.0)
