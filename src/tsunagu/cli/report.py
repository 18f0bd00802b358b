"""The static HTML report: one file, no script, no request to anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.resources import files
from pathlib import Path

import jinja2
import pyarrow as pa

from tsunagu import __version__
from tsunagu.analytics.contracts import Language
from tsunagu.cli.rows import DealRow, expected_breaks, revenue_at_risk
from tsunagu.cli.words import money, risk_level, words


@dataclass(frozen=True)
class EvaluationRow:
    """One predictor's line of the evaluation table."""

    ours: bool
    cells: Sequence[str]


@dataclass(frozen=True)
class EvaluationSection:
    """The evaluation as the report shows it.

    Attributes:
        figures: SVG texts drawn by our own plots, whose labels are already escaped.
        groups: calibration within groups of deals: heading to text, a dict a row.
        remarks: what was left out or could not be measured.
    """

    split: str
    headings: Sequence[str]
    rows: Sequence[EvaluationRow]
    figures: Sequence[str]
    groups: Sequence[Mapping[str, str]] = ()
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """What a report shows; parts that are None are left out.

    Attributes:
        moment: as of when.
        other: file name of the same report in the other language.
        table: scores and states of all open deals; ``deals`` are the ones shown.
        order: how they are ordered, in words.
    """

    moment: datetime
    simulated: bool = False
    other: str | None = None
    table: pa.Table | None = None
    deals: Sequence[DealRow] | None = None
    order: str = ""
    evaluation: EvaluationSection | None = None
    model_facts: Sequence[tuple[str, str]] = ()


def write_report(file: Path, report: Report, language: Language) -> None:
    """Write ``report`` as one self-contained HTML file."""
    source = (files("tsunagu.cli") / "templates" / "report.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    html = environment.from_string(source).render(
        language=language,
        w=partial(_words, language),
        money=partial(money, language=language),
        risk_level=risk_level,
        version=__version__,
        moment=f"{report.moment:%Y-%m-%d}",
        facts=[] if report.table is None else _facts(report.table, language),
        **{name: getattr(report, name) for name in _SHOWN},
    )
    file.write_text(html, encoding="utf-8")


_SHOWN = ("simulated", "other", "deals", "order", "evaluation", "model_facts")


def _words(language: Language, key: str, **values: object) -> str:
    return words(key, language, **values)


def _facts(table: pa.Table, language: Language) -> list[tuple[str, str]]:
    facts = [
        (words("open", language), words("count_deals", language, count=f"{len(table):,}")),
        (
            words("expected_breaks", language),
            words("count_deals", language, count=f"{expected_breaks(table):,.0f}"),
        ),
    ]
    at_risk = revenue_at_risk(table)
    if at_risk is not None:
        facts.append((words("value_at_risk", language), money(at_risk, language)))
    return facts
