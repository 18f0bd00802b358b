"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tsunagu.analytics.contracts import HORIZONS_DAYS, Language, Outcome, incidence_column
from tsunagu.cli.rows import MAIN_HORIZON, DealRow
from tsunagu.cli.words import money, outcome_words, risk_level, words

if TYPE_CHECKING:
    import pyarrow as pa

    from tsunagu.analytics.eventlog import ReadReport
    from tsunagu.analytics.risk import Summary
    from tsunagu.app.demo.log_ins import LogIn

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


def risk_list(rows: Sequence[DealRow], language: Language) -> Group:
    """Deals in their order: a line with risk as bar, number and word, then who, then why.

    A list, not columns, so that reasons stay readable on a narrow terminal.
    """
    heading = f"{words('break_risk', language)} ({words('in_days', language, days=MAIN_HORIZON)})"
    return Group(Text(heading, style="bold"), *(_deal(row, language) for row in rows))


def _deal(row: DealRow, language: Language) -> Group:
    level = risk_level(row.risk)
    filled = round(row.risk * 8)
    bar = "█" * filled + "·" * (8 - filled)
    first = Text(f"\n{bar} {row.risk:4.0%} {words(level, language)}  ", style=_STYLES[level])
    first.append(row.title or row.deal_id, style="bold not dim")
    known = [row.deal_id if row.title else None, row.customer, row.owner, row.stage]
    if row.amount is not None:
        known.append(money(row.amount, language))
    details = Text(" · ".join(item for item in known if item), style="dim")
    reasons = row.reasons or (words("no_reasons", language),)
    indented = [Padding(Text(f"・{reason}"), (0, 0, 0, 4), expand=False) for reason in reasons]
    return Group(first, Padding(details, (0, 0, 0, 4), expand=False), *indented)


def risk_table_of(scores: pa.Table, language: Language) -> Table:
    """Deals in their order, a row each, without reasons; states as in ``cluster.score_into``."""
    shown = ("deal_id", "customer_id", "owner_id", "stage")
    headings = [words(key, language) for key in ("deal", "customer", "owner", "stage")]
    table = new_table(*headings, words("break_risk", language))
    for row in scores.to_pylist():
        risk = row[incidence_column(Outcome.BROKEN_OFF, MAIN_HORIZON)]
        level = risk_level(risk)
        cells = [Text(str(row[name] or "")) for name in shown]
        table.add_row(*cells, Text(f"{risk:4.0%} {words(level, language)}", _STYLES[level]))
    return table


def horizons_table(row: DealRow, language: Language) -> Table:
    """One deal's probabilities of each end within each horizon, and what can be said of it."""
    table = new_table(words("horizon", language))
    for outcome in Outcome:
        table.add_column(outcome_words(outcome, language), justify="right")
    table.add_column(words("open", language), justify="right")
    table.add_column(words("can_be_said", language))
    for days in HORIZONS_DAYS:
        shares = [row.incidences[incidence_column(outcome, days)] for outcome in Outcome]
        cells = [f"{share:.1%}" for share in (*shares, max(0.0, 1 - sum(shares)))]
        name = words("in_days", language, days=days)
        cells.append(words(row.verdicts[days].value, language))
        table.add_row(name, *cells, style="bold" if days == MAIN_HORIZON else None)
    return table


def model_facts(summary: Summary, language: Language) -> list[tuple[str, str]]:
    """What a fitted model says about itself, as pairs of a label and a text."""
    since = "—" if summary.first_event is None else f"{summary.first_event:%Y-%m-%d}"
    ends = [f"{outcome_words(o, language)} {summary.outcomes.get(o, 0):,}" for o in Outcome]
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
    ends = [f"{outcome_words(o, language)} {report.outcomes.get(o, 0):,}" for o in Outcome]
    return [
        (words("deals_read", language), f"{report.deals:,}"),
        (words("events_read", language), f"{report.events:,}"),
        (words("outcomes", language), ", ".join(ends)),
        (words("observed_until", language), f"{report.observed_until:%Y-%m-%d %H:%M} UTC"),
        (words("rejected_rows", language), f"{report.rejected_rows:,}"),
    ]


def log_in_table(log_ins: Sequence[LogIn], language: Language) -> Table:
    """Who can log in to the demo, and how."""
    table = new_table(words("role", language), words("name", language))
    for heading in ("email", "password"):  # never cut: they are copied
        table.add_column(words(heading, language), no_wrap=True, overflow="ignore")
    for log_in in log_ins:
        table.add_row(words(log_in.role, language), log_in.name, log_in.email, log_in.password)
    return table
