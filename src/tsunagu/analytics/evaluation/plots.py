"""Plots of an evaluation as SVG: one message each, labelled at the line, readable in grey print."""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from tsunagu.analytics.contracts import Language
from tsunagu.analytics.evaluation.early_warning import LEADS_DAYS, VOLUMES
from tsunagu.analytics.evaluation.names import OURS, predictor_words
from tsunagu.analytics.evaluation.report import ordered
from tsunagu.analytics.evaluation.results import (
    Distribution,
    Evaluation,
    Performance,
    ReliabilityBin,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INDIGO, _INK, _GREY = "#165e83", "#222222", "#666666"
_FONTS = [
    "Hiragino Sans",
    "Yu Gothic",
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "Meiryo",
    "DejaVu Sans",
]
_STYLES = ("--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)), (0, (1, 3)))
_MARKERS = ("s", "^", "D", "v", "x", "P", "*")
_SIZE_INCHES = (7.2, 4.2)
_PANEL_INCHES, _PANELS_ACROSS = 2.7, 3
_LEADER = {
    "arrowstyle": "-",
    "color": _GREY,
    "linewidth": 0.5,
    "shrinkA": 0,
    "shrinkB": 4,
    "relpos": (0, 0.5),
}

_WORDS: dict[Language, dict[str, str]] = {
    "ja": {
        "reliability": "予測した割合と、実際に中途になった割合（期間ごと）",
        "panel": "{days}日以内",
        "predicted": "予測した割合",
        "observed": "実際の割合",
        "identity": "予測どおり",
        "early_warning": "中途になった商談のうち、{days}日前までに警告できた割合",
        "volume": "進行中の商談100件あたり、毎週警告する件数",
        "warned": "警告できた割合",
        "distribution": "{days}日以内に中途になった商談と、ならなかった商談のリスクの分布",
        "risk": "予測した中途リスク",
        "landmarks": "それぞれの中での割合",
        "broken_off": "中途になった",
        "others": "ならなかった",
        "auc": "中途になる商談を、ならない商談より上に並べられた割合（期間ごと）",
        "horizon": "予測の期間（日）",
        "auc_axis": "AUC（0.5は当て推量）",
        "nothing": "この記録からは測れません",
    },
    "en": {
        "reliability": "Predicted share and share that really broke off, by horizon",
        "panel": "within {days} days",
        "predicted": "predicted share",
        "observed": "observed share",
        "identity": "as predicted",
        "early_warning": "Broken-off deals that were on the list {days} days before or earlier",
        "volume": "deals listed each week per 100 open deals",
        "warned": "share warned of",
        "distribution": "Risk of deals that broke off within {days} days and of the others",
        "risk": "predicted risk of breaking off",
        "landmarks": "share within each group",
        "broken_off": "broke off",
        "others": "did not",
        "auc": "How often a deal that breaks off is ranked above one that does not, by horizon",
        "horizon": "horizon in days",
        "auc_axis": "AUC (0.5 is chance)",
        "nothing": "cannot be measured on this log",
    },
}

MOST_RIVALS = 5

Points = Sequence[tuple[float, float]]
Panel = tuple[str, Callable[["Axes"], None]]


def reliability_svg(evaluation: Evaluation, language: Language) -> str:
    """The model's reliability curves at all horizons that can be judged, side by side."""
    words = _words(language, 0)

    def panel(horizon: int, points: list[ReliabilityBin]) -> Panel:
        name = _words(language, horizon)["panel"]
        return name, lambda axes: _reliability(axes, points, words)

    curves = evaluation.performances[0].reliability
    known = {h: [p for p in c if math.isfinite(p.observed.value)] for h, c in curves.items()}
    panels = [panel(h, points) for h, points in known.items() if points]
    nothing: Panel = ("", lambda axes: _nothing(axes, words))
    labels = (words["predicted"], words["observed"])
    return _draw_all(words["reliability"], *labels, panels or [nothing])


def early_warning_svg(evaluation: Evaluation, language: Language) -> str:
    """Share warned of in time against alert volume, one line a predictor."""
    days = LEADS_DAYS[0]
    words = _words(language, days)
    lines = {
        predictor_words(p.name, language): [
            (float(v), p.figure(f"warned_{days}_at_{v}").value) for v in VOLUMES
        ]
        for p in _shown(evaluation)
    }

    def paint(axes: Axes) -> None:
        _lines(axes, lines, words)
        axes.set_ylim(0, None)
        axes.set_xticks(VOLUMES)
        axes.yaxis.set_major_formatter(_percent)

    return _draw(words["early_warning"], words["volume"], words["warned"], paint)


def _shown(evaluation: Evaluation) -> list[Performance]:
    """The model and its best rivals: more lines than that nobody can tell apart."""
    first = evaluation.performances[0]
    rivals = [p for p in ordered(evaluation) if p.name not in OURS]
    return [first, *rivals[:MOST_RIVALS]]


def auc_by_horizon_svg(evaluation: Evaluation, language: Language) -> str:
    """Time-dependent AUC at each horizon, one line a predictor."""
    words = _words(language, 0)
    lines = {
        predictor_words(p.name, language): [
            (float(h), p.figure(f"auc_{h}").value) for h in evaluation.horizons
        ]
        for p in _shown(evaluation)
    }

    def paint(axes: Axes) -> None:
        axes.axhline(0.5, color=_GREY, linewidth=0.8)
        _lines(axes, lines, words)
        axes.set_xticks(evaluation.horizons)

    return _draw(words["auc"], words["horizon"], words["auc_axis"], paint)


def risk_distribution_svg(evaluation: Evaluation, language: Language) -> str:
    """The model's risk for landmarks of deals that broke off, and of those that did not."""
    found = evaluation.performances[0].distribution
    words = _words(language, found.horizon_days if found else 30)

    def paint(axes: Axes) -> None:
        if found is None:
            _nothing(axes, words)
        else:
            _histogram(axes, found, words)

    return _draw(words["distribution"], words["risk"], words["landmarks"], paint)


def _words(language: Language, days: int) -> dict[str, str]:
    return {key: text.format(days=days) for key, text in _WORDS[language].items()}


def _percent(value: float, _position: float) -> str:
    return f"{100 * value:.3g}%"


def _reliability(axes: Axes, points: list[ReliabilityBin], words: Mapping[str, str]) -> None:
    highs = [p.observed.high for p in points if math.isfinite(p.observed.high)]
    top = 1.05 * max([*(p.predicted for p in points), *(p.observed.value for p in points), *highs])
    axes.plot([0, top], [0, top], color=_GREY, linestyle=":", linewidth=1)
    axes.annotate(words["identity"], (top, top), ha="right", va="bottom", color=_GREY)
    for p in points:
        axes.plot([p.predicted] * 2, [p.observed.low, p.observed.high], color=_INK, linewidth=1)
    axes.plot([p.predicted for p in points], [p.observed.value for p in points], **_look(0))
    axes.xaxis.set_major_formatter(_percent)
    axes.yaxis.set_major_formatter(_percent)


def _histogram(axes: Axes, found: Distribution, words: Mapping[str, str]) -> None:
    last = max(
        i for i, pair in enumerate(zip(found.broken_off, found.others, strict=True)) if any(pair)
    )
    edges = found.edges[: last + 2]
    sides = {"broken_off": (found.broken_off, _INDIGO, "-"), "others": (found.others, _INK, "--")}
    for name, (shares, colour, style) in sides.items():
        axes.stairs(shares[: last + 1], edges, color=colour, linestyle=style, linewidth=2)
        peak = max(range(last + 1), key=shares.__getitem__)
        axes.annotate(
            words[name],
            (edges[peak + 1], shares[peak]),
            (6, -4),
            textcoords="offset points",
            color=colour,
        )
    axes.xaxis.set_major_formatter(_percent)
    axes.yaxis.set_major_formatter(_percent)


def _lines(axes: Axes, lines: Mapping[str, Points], words: Mapping[str, str]) -> None:
    """Lines with their names at the right end, moved apart where they would overlap."""
    known = {n: [p for p in points if math.isfinite(p[1])] for n, points in lines.items()}
    drawn = [(number, name) for number, name in enumerate(known) if known[name]]
    if not drawn:
        _nothing(axes, words)
        return
    for number, name in drawn:
        axes.plot(*zip(*known[name], strict=True), **_look(number))
    low, high = axes.get_ylim()
    ends = [known[name][-1] for _, name in drawn]
    places = spread([value for _, value in ends], (high - low) / 17)
    beside = axes.get_yaxis_transform()
    for (number, name), end, place in zip(drawn, ends, places, strict=True):
        colour = _look(number)["color"]
        axes.annotate(
            name,
            end,
            xytext=(1.03, place),
            textcoords=beside,
            arrowprops=_LEADER,
            va="center",
            color=colour,
        )


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Places at least ``gap`` apart, in the wanted order, as near to the wanted as can be."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(order))
    places = np.empty(len(order))
    places[order] = isotonic_regression(np.asarray(wanted)[order] - steps).x + steps
    return [float(place) for place in places]


def _look(number: int) -> dict[str, Any]:
    """The model thick and solid; each rival with its own dashes and marker."""
    if number == 0:
        return {"color": _INDIGO, "linestyle": "-", "linewidth": 2.4, "marker": "o"}
    style, marker = _STYLES[(number - 1) % len(_STYLES)], _MARKERS[(number - 1) % len(_MARKERS)]
    return {"color": _INK, "linestyle": style, "linewidth": 1.2, "marker": marker, "markersize": 4}


def _nothing(axes: Axes, words: Mapping[str, str]) -> None:
    axes.text(0.5, 0.5, words["nothing"], ha="center", va="center", transform=axes.transAxes)


def _draw(title: str, x: str, y: str, paint: Callable[[Axes], None]) -> str:
    return _draw_all("", x, y, [(title, paint)])


def _draw_all(title: str, x: str, y: str, panels: Sequence[Panel]) -> str:
    """An SVG of panels side by side, whose text stays text, in the reader's own Japanese font."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    with mpl.rc_context(_STYLE), _quiet():
        across = min(len(panels), _PANELS_ACROSS)
        down = math.ceil(len(panels) / across)
        size = _SIZE_INCHES if len(panels) == 1 else (_PANEL_INCHES * across, _PANEL_INCHES * down)
        canvas = Canvas(figsize=size, layout="constrained")
        canvas.suptitle(title, x=0.01, ha="left")
        for number, (name, paint) in enumerate(panels):
            axes = canvas.add_subplot(down, across, number + 1)
            paint(axes)
            axes.set_title(name, loc="left")
            axes.set(xlabel=x, ylabel="" if number % across else y)
            axes.spines[["top", "right"]].set_visible(False)
        out = io.StringIO()
        canvas.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tsunagu",
    "font.family": "sans-serif",
    "font.sans-serif": _FONTS,
    "font.size": 10,
    "axes.titlesize": 11,
    "figure.titlesize": 11,
}


@contextmanager
def _quiet() -> Iterator[None]:
    """Fonts that only the reader's machine has are no news here."""
    logger = logging.getLogger("matplotlib.font_manager")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")
            yield
    finally:
        logger.setLevel(level)
