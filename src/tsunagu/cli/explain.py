"""``tsunagu explain``: one deal, its probabilities and the reasons."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.eventlog.database import is_database
from tsunagu.analytics.risk import RiskModel
from tsunagu.analytics.rows import KEY_DIGITS
from tsunagu.cli.console import out, print_json, with_errors
from tsunagu.cli.options import AsJson, Lang, Log, ModelFile, log_as_of
from tsunagu.cli.rows import deal_rows, names_of, risk_table
from tsunagu.cli.tables import horizons_table, risk_list
from tsunagu.cli.words import words

EXAMPLES = "tsunagu explain log D-000123 --model team.tsunagu"


@with_errors
def command(
    source: Log,
    deal_id: Annotated[str, typer.Argument(metavar="DEAL", help="The deal's id. / 案件の番号")],
    model_file: ModelFile,
    at: Annotated[str | None, typer.Option(help="As of this ISO day. / 基準日")] = None,
    language: Lang = "ja",
    as_json: AsJson = False,
) -> None:
    """Explain one deal's risk. / 1件の中途リスクとその理由を示す。"""
    log = log_as_of(source, at)
    model = RiskModel.load(model_file).as_of(log)
    key = deal_id.zfill(KEY_DIGITS) if is_database(source) else deal_id
    table = risk_table(log, model, names_of(source), only=key)
    if not len(table):
        message = f"No open deal “{deal_id}” as of {log.observed_until:%Y-%m-%d}."
        raise TsunaguError(message, remedy="See the open deals with `tsunagu score`, or give --at.")
    row = deal_rows(table, log, model, language)[0]
    steps = model.next_steps(log, key)
    if as_json:
        print_json({**row.as_dict(), "next_steps": [asdict(step) for step in steps]})
        return
    console = out()
    console.print(risk_list([row], language))
    console.print(horizons_table(row, language))
    for step in steps:
        risks = {"before": step.before, "after": step.after}
        console.print(f"• {words('next_step', language, step=step.words(language), **risks)}")
    if steps:
        console.print(words("association", language))
