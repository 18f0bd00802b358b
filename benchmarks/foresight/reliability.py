"""Reliability plots: told against come true, with intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tsunagu.analytics.evaluation.arrays import Floats


def draw(path: Path, title: str, curve: tuple[Floats, Floats, Floats]) -> None:
    """Write an SVG of ten bins with 95% intervals over resampled deals.

    Args:
        path: of the SVG.
        title: above it.
        curve: what :func:`resampling.curve` gave.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    mean, true, _ = curve
    low, high = np.nanpercentile(true[1:], [2.5, 97.5], axis=0)
    axes = Figure(figsize=(4.5, 4.2), layout="constrained").add_subplot()
    axes.plot([0, 1], [0, 1], color="#666666", linewidth=0.8)
    axes.vlines(mean[0], low, high, color="#165e83", linewidth=1)
    axes.plot(mean[0], true[0], "o-", color="#165e83", markersize=4)
    axes.set(title=title, xlabel="predicted share", ylabel="observed share")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasSVG(axes.figure).print_svg(path, metadata={"Date": None})
