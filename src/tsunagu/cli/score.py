"""``tsunagu score``: the open deals, in the order in which to act."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer

from tsunagu.analytics import contracts
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.risk import LEAD_DAYS, RiskModel, Window
from tsunagu.cli.console import err, out, print_json, progress, with_errors
from tsunagu.cli.files import write_table
from tsunagu.cli.options import (
    AsJson,
    Backend,
    Lang,
    LogHere,
    ModelFile,
    NamedLog,
    log_as_of,
    named_once,
)
from tsunagu.cli.rows import DealRow, deal_rows, names_of, risk_table
from tsunagu.cli.tables import risk_list, risk_table_of
from tsunagu.cli.words import order_words, words

EXAMPLES = (
    "tsunagu score log --model team.tsunagu --top 20\n\n"
    "tsunagu score log -m team.tsunagu --lead 14\n\n"
    "tsunagu score log -m team.tsunagu --out scores.csv\n\n"
    "tsunagu score sqlite:///tsunagu.sqlite3 -m team.tsunagu --out scores.parquet\n\n"
    "tsunagu score --backend spark://HOST:7077 --log s3a://sales/log -m team.tsunagu "
    "--into s3a://sales/scores"
)


@with_errors
def command(
    model_file: ModelFile,
    source: LogHere = None,
    named: NamedLog = None,
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
    backend: Backend = None,
    into: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="With --backend: a new folder of Parquet files. / 書き出し先の新しいフォルダ",
        ),
    ] = None,
    language: Lang = "ja",
    as_json: AsJson = False,
) -> None:
    """Score the open deals, with reasons. / 進行中の案件を評価し、理由を示す。

    On a cluster (--backend) the executors write all scores into a folder (--into); the first are
    shown without reasons, which `explain` gives.
    """
    source = named_once(source, named)
    if backend is not None or into is not None:
        _on_cluster(source, at, model_file, backend, into, lead, top, language, as_json=as_json)
        return
    log = log_as_of(source, at)
    model = RiskModel.load(model_file).as_of(log)
    with progress(language) as report:
        report("score", 0.0)
        table = risk_table(log, model, names_of(source), lead=lead)
        rows = deal_rows(table.slice(0, top), log, model, language)
        report("score", 1.0)
    if out_file is not None:
        write_table(table, out_file)
        err().print(words("written", language, path=out_file))
    _print(table, rows, log, model.window_for(lead), language, as_json=as_json)


def _on_cluster(
    source: str,
    at: str | None,
    model_file: Path,
    backend: str | None,
    into: str | None,
    lead: int,
    top: int,
    language: contracts.Language,
    *,
    as_json: bool,
) -> None:
    from tsunagu.cli import cluster  # Spark is an extra

    if backend is None or into is None:
        raise TsunaguError(
            "--backend and --into go together.",
            remedy="Give both: where to work, and the new folder for the scores. --out writes "
            "them to a file without a cluster.",
        )
    connection = cluster.connect_cluster(backend)
    log = cluster.log_on(connection, source, at)
    model = RiskModel.load(model_file).as_of(log)
    window = model.window_for(lead)
    count, first = cluster.score_into(connection, log, model, into, window, top)
    if as_json:
        about = {"at": log.observed_until, "open": count, "order": asdict(window), "into": into}
        print_json({**about, "deals": first.to_pylist()})
        return
    moment = words("as_of", language, date=f"{log.observed_until:%Y-%m-%d}")
    out().print(f"[bold]{words('open_deals', language, count=count)}[/] {moment}")
    out().print(f"{words('first', language, count=len(first))} · {order_words(window, language)}")
    out().print(risk_table_of(first, language))
    err().print(words("written", language, path=into))


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
