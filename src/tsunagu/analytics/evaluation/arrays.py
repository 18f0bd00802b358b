"""Array types and the few sums that every measure is made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def totals(index: Integers, weights: Floats | Flags, size: int) -> Floats:
    """(size,) sum of ``weights`` (n,) for each value of ``index`` (n,) below ``size``."""
    return np.bincount(index, weights, size).astype(np.float64)


def weighted(weights: Floats, values: Floats | Flags) -> float:
    """Sum of ``weights * values``, both (n,).

    Not BLAS: its threads wait for each other on a busy machine, and round differently from one
    machine to the next.
    """
    return float(np.sum(weights * values))


def ratio(numerator: Floats, denominator: Floats, *, empty: float) -> Floats:
    """Elementwise quotient, ``empty`` where the denominator is not positive."""
    result = np.full(len(denominator), empty)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result
