"""``tsunagu score``: the open deals, in the order in which to act."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer

from tsunagu.analytics import contracts
from tsunagu.analytics.risk import LEAD_DAYS, RiskModel, Window
from tsunagu.cli.console import err, out, print_json, progress, with_errors
from tsunagu.cli.files import write_table
from tsunagu.cli.options import AsJson, Lang, LogFolder, ModelFile, log_as_of
from tsunagu.cli.rows import DealRow, deal_rows, risk_table
from tsunagu.cli.tables import risk_list
from tsunagu.cli.words import order_words, words

EXAMPLES = (
    "tsunagu score log --model team.tsunagu --top 20\n\n"
    "tsunagu score log -m team.tsunagu --lead 14\n\n"
    "tsunagu score log -m team.tsunagu --out scores.csv"
)


@with_errors
def command(
    folder: LogFolder,
    model_file: ModelFile,
    at: Annotated[str | None, typer.Option(help="As of this ISO day. / 基準日")] = None,
    top: Annotated[int, typer.Option(help="Rows with reasons. / 表示件数", min=0)] = 20,
    lead: Annotated[
        int,
        typer.Option(help="Order for at least so many days of warning. / 何日前の警告用に並べるか"),
    ] = LEAD_DAYS,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="All scores as .csv or .parquet. / 全件の書き出し先"),
    ] = None,
    language: Lang = "ja",
    as_json: AsJson = False,
) -> None:
    """Score the open deals, with reasons. / 進行中の案件を評価し、理由を示す。"""
    log = log_as_of(folder, at)
    model = RiskModel.load(model_file).as_of(log)
    with progress(language) as report:
        report("score", 0.0)
        table = risk_table(log, model, folder, lead=lead)
        rows = deal_rows(table.slice(0, top), log, model, language)
        report("score", 1.0)
    if out_file is not None:
        write_table(table, out_file)
        err().print(words("written", language, path=out_file))
    _print(table, rows, log, model.window_for(lead), language, as_json=as_json)


def _print(
    table: pa.Table,
    rows: list[DealRow],
    log: contracts.EventLog,
    window: Window,
    language: contracts.Language,
    *,
    as_json: bool,
) -> None:
    if as_json:
        deals = [row.as_dict() for row in rows]
        about = {"at": log.observed_until, "open": len(table), "order": asdict(window)}
        print_json({**about, "deals": deals})
        return
    console = out()
    moment = words("as_of", language, date=f"{log.observed_until:%Y-%m-%d}")
    console.print(f"[bold]{words('open_deals', language, count=len(table))}[/] {moment}")
    if rows:
        first = words("first", language, count=len(rows))
        console.print(f"{first} · {order_words(window, language)}")
        console.print(risk_list(rows, language))
    elif not len(table):
        console.print(words("no_open_deals", language))
