"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from tsunagu.analytics.contracts import HORIZONS_DAYS, Language, Outcome, incidence_column
from tsunagu.cli.rows import MAIN_HORIZON, DealRow
from tsunagu.cli.words import money, outcome_words, risk_level, words

if TYPE_CHECKING:
    from tsunagu.analytics.eventlog import ReadReport
    from tsunagu.analytics.risk import Summary

_STYLES = {
    "risk_severe": "bold red",
    "risk_high": "yellow",
    "risk_medium": "cyan",
    "risk_low": "dim",
}


def new_table(*headings: str, title: str | None = None) -> Table:
    """A calm table: rules between rows only where they help."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for heading in headings:
        table.add_column(heading)
    return table


def risk_rows_table(rows: Sequence[DealRow], language: Language) -> Table:
    """Deals, riskiest first, each with its risk as bar, number and word, and its reasons."""
    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    risk_heading = words("break_risk", language) + "\n" + words("in_days", language, days=30)
    table.add_column(risk_heading, no_wrap=True)
    table.add_column(words("deal", language), ratio=3)
    table.add_column(words("stage", language), ratio=1)
    table.add_column(words("amount", language), justify="right", no_wrap=True)
    table.add_column(words("reasons", language), ratio=5)
    for row in rows:
        table.add_row(
            _risk(row.risk, language),
            _deal(row),
            row.stage or "—",
            money(row.amount, language),
            _reasons(row.reasons, language),
        )
    return table


def _risk(probability: float, language: Language) -> Text:
    level = risk_level(probability)
    filled = round(probability * 8)
    bar = "█" * filled + "·" * (8 - filled)
    return Text(f"{bar} {probability:4.0%} {words(level, language)}", style=_STYLES[level])


def _deal(row: DealRow) -> Text:
    text = Text(row.title or row.deal_id)
    details = [row.deal_id if row.title else None, row.customer, row.owner]
    return text.append("\n" + " · ".join(d for d in details if d), style="dim")


def _reasons(reasons: Sequence[str], language: Language) -> str:
    return "\n".join(f"・{r}" for r in reasons) or words("no_reasons", language)


def horizons_table(row: DealRow, language: Language) -> Table:
    """One deal's probabilities of each end within each horizon."""
    table = new_table(words("horizon", language))
    for outcome in Outcome:
        table.add_column(outcome_words(outcome, language), justify="right")
    table.add_column(words("open", language), justify="right")
    for days in HORIZONS_DAYS:
        shares = [row.incidences[incidence_column(outcome, days)] for outcome in Outcome]
        cells = [f"{share:.1%}" for share in (*shares, max(0.0, 1 - sum(shares)))]
        name = words("in_days", language, days=days)
        table.add_row(name, *cells, style="bold" if days == MAIN_HORIZON else None)
    return table


def model_facts(summary: Summary, language: Language) -> list[tuple[str, str]]:
    """What a fitted model says about itself, as pairs of a label and a text."""
    since = "—" if summary.first_event is None else f"{summary.first_event:%Y-%m-%d}"
    ends = [f"{outcome_words(o, language)} {summary.outcomes.get(o.value, 0):,}" for o in Outcome]
    period = f"{since} – {summary.observed_until:%Y-%m-%d}"
    facts = {
        "history": summary.statement_ja if language == "ja" else summary.statement,
        "data": " · ".join([period, words("count_deals", language, count=f"{summary.deals:,}")]),
        "outcomes": ", ".join(ends),
        "landmarks": f"{summary.landmarks:,}",
        "trees_weight": f"{summary.trees_weight:.0%}",
        "calibration": summary.calibration,
        "seed": str(summary.seed),
        "versions": ", ".join(f"{name} {version}" for name, version in summary.versions.items()),
        "fingerprint": summary.fingerprint,
    }
    return [(words(key, language), text) for key, text in facts.items()]


def facts_table(facts: Sequence[tuple[str, str]]) -> Table:
    """Labels and texts, without headings."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, text in facts:
        table.add_row(label, text)
    return table


def read_facts(report: ReadReport, language: Language) -> list[tuple[str, str]]:
    """What was read, as pairs of a label and a text."""
    ends = [f"{outcome_words(o, language)} {report.outcomes.get(o.value, 0):,}" for o in Outcome]
    return [
        (words("deals_read", language), f"{report.deals:,}"),
        (words("events_read", language), f"{report.events:,}"),
        (words("outcomes", language), ", ".join(ends)),
        (words("observed_until", language), f"{report.observed_until:%Y-%m-%d %H:%M} UTC"),
        (words("rejected_rows", language), f"{report.rejected_rows:,}"),
    ]
