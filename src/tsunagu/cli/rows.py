"""The rows of the risk table: scores, states, names and reasons of the deals that are shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics import contracts
from tsunagu.analytics.contracts import (
    HORIZONS_DAYS,
    EventLog,
    Outcome,
    Verdict,
    incidence_column,
)
from tsunagu.analytics.eventlog.state import deal_states
from tsunagu.analytics.features.snapshots import current
from tsunagu.analytics.risk import LEAD_DAYS, RiskModel

NAMES_FILE = "names.parquet"
MAIN_HORIZON = 30
MAIN_COLUMN = incidence_column(Outcome.BROKEN_OFF, MAIN_HORIZON)


@dataclass(frozen=True)
class DealRow:
    """One deal as a person sees it.

    Attributes:
        incidences: score columns such as ``broken_off_30`` to probabilities.
        verdicts: by horizon, what can be said with an error of one in ten.
    """

    deal_id: str
    title: str | None
    customer: str | None
    owner: str | None
    stage: str | None
    amount: float | None
    incidences: dict[str, float]
    reasons: tuple[str, ...]
    verdicts: dict[int, Verdict]

    @property
    def risk(self) -> float:
        """Probability to break off within 30 days."""
        return self.incidences[MAIN_COLUMN]

    def as_dict(self) -> dict[str, Any]:
        """Flat, JSON-able."""
        row: dict[str, Any] = asdict(self)
        incidences: dict[str, float] = row.pop("incidences")
        return {**row, **incidences, "reasons": list(self.reasons)}


def risk_table(
    log: EventLog,
    model: RiskModel,
    folder: Path | None = None,
    *,
    only: str | None = None,
    lead: int = LEAD_DAYS,
) -> pa.Table:
    """Every open deal's state, names and incidences, or those of one deal (``only``).

    In the model's order for warnings of at least ``lead`` days.

    Columns: ``deal_id, customer_id, owner_id, created_at, stage, amount, title, customer_name,
    owner_name, at`` and those of :func:`~tsunagu.analytics.contracts.score_schema`.
    """
    snapshots = current(log)
    if only is not None:
        snapshots = snapshots.filter(snapshots.deal_id == only)
    scores = model.score(log, snapshots)
    states = _with_names(deal_states(log).to_pyarrow(), folder)
    table = scores.join(states, "deal_id", join_type="left outer")
    urgent = pa.array(model.window_for(lead).risk(table))
    order = [("urgent", "descending"), ("deal_id", "ascending")]
    return table.append_column("urgent", urgent).sort_by(order).drop_columns(["urgent"])


def deal_rows(
    table: pa.Table, log: EventLog, model: RiskModel, language: contracts.Language
) -> list[DealRow]:
    """``table``'s rows with the reasons of each, which are computed for these deals only."""
    if not len(table):
        return []
    snapshots = current(log).filter(ibis._.deal_id.isin(table["deal_id"].to_pylist()))
    reasons = {e.deal_id: e.reasons for e in model.explain(log, snapshots)}
    told = [dict(zip(HORIZONS_DAYS, row, strict=True)) for row in model.verdicts(table)]
    return [
        _row(deal, reasons.get(deal["deal_id"], ()), verdicts, language)
        for deal, verdicts in zip(table.to_pylist(), told, strict=True)
    ]


def _row(
    record: dict[str, Any],
    reasons: tuple[contracts.Reason, ...],
    verdicts: dict[int, Verdict],
    language: contracts.Language,
) -> DealRow:
    return DealRow(
        deal_id=record["deal_id"],
        title=record.get("title"),
        customer=record.get("customer_name") or record["customer_id"],
        owner=record.get("owner_name") or record["owner_id"],
        stage=record["stage"],
        amount=record["amount"],
        incidences={n: record[n] for n in contracts.score_schema().names if n not in _KEYS},
        reasons=tuple(r.words(language) for r in reasons if r.contribution > 0),
        verdicts=verdicts,
    )


_KEYS = ("deal_id", "at")


def _with_names(states: pa.Table, folder: Path | None) -> pa.Table:
    file = None if folder is None else folder / NAMES_FILE
    if file is None or not file.is_file():
        return states
    names = ibis.duckdb.connect().read_parquet(str(file)).to_pyarrow()
    return states.join(names, "deal_id", join_type="left outer")


def expected_breaks(table: pa.Table) -> float:
    """Expected number of deals that break off within 30 days."""
    return float(pc.sum(table[MAIN_COLUMN]).as_py() or 0.0)


def revenue_at_risk(table: pa.Table) -> float | None:
    """Expected amount lost by break-offs within 30 days; None where no deal has an amount."""
    if table["amount"].null_count == len(table):
        return None
    return float(pc.sum(pc.multiply(table[MAIN_COLUMN], table["amount"])).as_py())
