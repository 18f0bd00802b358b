"""The evaluation of one log as Markdown: time to break-off, early warning, calibration.

Each cell holds the figure with its 95% interval and, below, ours minus the predictor's with the
interval of the difference, bold where it leaves out 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from benchmarks.foresight.printing import difference, figure, table

from tsunagu.analytics.evaluation import OURS, Evaluation, Figure, Performance
from tsunagu.analytics.evaluation.early_warning import LEADS_DAYS, VOLUMES

LEAD_14 = "_lead_14"
"""Ends the names of predictors whose lists are made for a warning of 14 days."""

SAME_PROBABILITIES = ("tsunagu_30", "stage_rate_window")
"""Predictors that differ from another one in the order of their lists alone, as those do that end
in :data:`LEAD_14`.
"""

_UNKNOWN = "–"


@dataclass(frozen=True)
class Column:
    """A figure and how it is written.

    Attributes:
        key: of the figure.
        head: heading.
        scale: what it is multiplied by.
        digits: after the point.
    """

    key: str
    head: str
    scale: float = 1.0
    digits: int = 3

    def cell(self, performance: Performance, *, ours: bool) -> str:
        """The figure, and the difference of ours to it."""
        found = performance.figure(self.key)
        if math.isnan(found.value):
            return _UNKNOWN
        told = figure(scaled(found, self.scale), self.digits)
        apart = performance.versus_model.get(self.key)
        if ours or apart is None or math.isnan(apart.value):
            return told
        return f"{told}<br>{difference(scaled(apart, -self.scale), self.digits)}"


def scaled(found: Figure, scale: float) -> Figure:
    """The figure times ``scale``; a negative one swaps the ends of its interval.

    Adding 0 turns -0 into 0.
    """
    value, *ends = (scale * x + 0.0 for x in (found.value, found.low, found.high))
    return Figure(value, *sorted(ends))


def part_words(found: Evaluation) -> str:
    """Where the log was cut, and what lies on each side."""
    horizons = ", ".join(map(str, found.horizons))
    return (
        f"Cut {found.cut:%Y-%m-%d}, seed {found.seed}, {found.bootstrap} resamples by deal. Learnt "
        f"from {found.train.deals:,} deals ({found.train.landmarks:,} weekly landmarks); judged on "
        f"{found.test.deals:,} deals ({found.test.landmarks:,} landmarks); horizons with enough "
        f"follow-up: {horizons} days.\n"
    )


def time_to_break_off(found: Evaluation) -> str:
    """AUC by horizon, Uno's C and integrated Brier score."""
    columns = [Column(f"auc_{h}", f"AUC {h} d") for h in found.horizons]
    columns += [
        Column("uno_c", "Uno's C"),
        Column("ibs", "IBS"),
        Column("ibs_scaled", "scaled IBS"),
    ]
    return _table(found, columns, by="uno_c", once=True)


def early_warning(found: Evaluation) -> str:
    """One table for each volume of alerts."""
    reach = ", ".join(f"{share:.0%} at {lead} days" for lead, share in found.reachable.items())
    lines = [
        f"{found.warnable:,} deals broke off after the cut and were open on a Monday before; a "
        f"list of all open deals would have warned of {reach}.\n"
    ]
    for volume in VOLUMES:
        columns = [
            *_warned("warned", "≥ {} d, %", volume),
            *_warned("value_warned", "≥ {} d, % of value", volume),
        ]
        columns.append(Column(f"median_lead_at_{volume}", "median lead, d", digits=1))
        columns.append(Column(f"per_warning_at_{volume}", "alerts per true warning", digits=1))
        rows = _table(found, columns, by=f"warned_7_at_{volume}")
        lines += [f"**{volume} alerts per 100 open deals a week**\n", rows]
    return "\n".join(lines)


def _warned(key: str, head: str, volume: int) -> Iterator[Column]:
    for lead in LEADS_DAYS:
        yield Column(f"{key}_{lead}_at_{volume}", head.format(lead), 100, 1)


def calibration(found: Evaluation) -> str:
    """Calibration error by horizon and over groups, then our own within each group."""
    ours = found.performances[0]
    columns = [Column(f"ece_{h}", f"ECE {h} d") for h in found.horizons]
    groupings = dict.fromkeys(group.grouping for group in ours.groups)
    ends = [key for key in ours.figures if "_by_" in key]
    columns += [Column(key, f"by {name}") for key, name in zip(ends, groupings, strict=True)]
    rows = _table(found, columns, by=f"ece_{found.horizons[0]}", once=True, best=min)
    return "\n".join([rows, _groups(ours)] if ours.groups else [rows])


def _groups(ours: Performance) -> str:
    head = ("ours within", "deals", "predicted", "observed", "predicted − observed", "ECE")
    rows = (
        (
            f"{g.grouping} {g.group}",
            f"{g.deals:,}",
            *(figure(each) for each in (g.predicted, g.observed)),
            difference(g.gap),
            figure(g.ece),
        )
        for g in ours.groups
    )
    return table(head, rows)


def against_the_best(found: Evaluation) -> str:
    """Ours and the best rival of each figure; for 14 days' warning our list made for it."""
    early = next((p for p in found.performances if p.name == f"tsunagu{LEAD_14}"), None)
    rows: list[tuple[str, ...]] = []
    for column in _main(found):
        ours = early if early and "warned_14" in column.key else found.performances[0]
        if best := ours.versus_best.get(column.key):
            told = scaled(ours.figure(column.key), column.scale)
            apart = scaled(best.figure, column.scale)
            cells = figure(told, column.digits), best.rival, difference(apart, column.digits)
            rows.append((column.head, *cells))
    return table(("figure", "tsunagu", "best rival", "ours minus it"), rows)


def _main(found: Evaluation) -> Iterator[Column]:
    for h in found.horizons:
        yield Column(f"auc_{h}", f"AUC {h} d")
    yield Column("uno_c", "Uno's C")
    yield Column("ibs", "IBS (less is better)")
    for volume in VOLUMES:
        yield from _warned("warned", f"% warned ≥ {{}} d, {volume} of 100", volume)
        yield from _warned("value_warned", f"% of value warned ≥ {{}} d, {volume} of 100", volume)
    for h in found.horizons:
        yield Column(f"ece_{h}", f"ECE {h} d (less is better)")


def _table(
    found: Evaluation,
    columns: Iterable[Column],
    *,
    by: str,
    once: bool = False,
    best: Callable[..., float] = max,
) -> str:
    """Predictors, the best by one figure first; columns and rows without any figure left out.

    ``once``: of predictors that differ in their lists alone, one.
    """
    model = found.performances[0].name
    shown = [p for p in found.performances if not (once and _repeats(p.name))]
    columns = [c for c in columns if any(c.key in p.figures for p in shown)]
    rows = [(p, [c.cell(p, ours=p.name == model) for c in columns]) for p in shown]
    told = [(p, cells) for p, cells in rows if set(cells) != {_UNKNOWN}]
    told.sort(key=lambda row: _place(row[0].figure(by).value, best))
    names = (f"**{p.name}**" if p.name in OURS else p.name for p, _ in told)
    return table(
        ["predictor", *(c.head for c in columns)],
        ([name, *cells] for name, (_, cells) in zip(names, told, strict=True)),
    )


def _repeats(name: str) -> bool:
    return name in SAME_PROBABILITIES or name.endswith(LEAD_14)


def _place(value: float, best: Callable[..., float]) -> float:
    if math.isnan(value):
        return math.inf
    return value if best is min else -value
