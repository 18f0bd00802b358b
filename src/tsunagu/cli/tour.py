"""``tsunagu tour``: the whole way of an analyst on a simulated organisation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from tsunagu.analytics import contracts
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.cli.console import err, out, progress, with_errors
from tsunagu.cli.evaluation import evaluation_section, evaluation_table
from tsunagu.cli.options import Lang, Seed
from tsunagu.cli.report import Report, write_report
from tsunagu.cli.rows import deal_rows, names_of, risk_table
from tsunagu.cli.tables import model_facts, risk_list
from tsunagu.cli.words import order_words, words

EXAMPLES = "tsunagu tour tour --lang en"
REPORT_FILES: dict[contracts.Language, str] = {"ja": "report.html", "en": "report.en.html"}


@with_errors
def command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to work. / 作業フォルダ")],
    deals: Annotated[int, typer.Option(help="Number of deals. / 案件数")] = 2000,
    top: Annotated[int, typer.Option(help="Deals to show. / 表示件数", min=1)] = 15,
    seed: Seed = 0,
    language: Lang = "ja",
) -> None:
    """Simulate, fit, score, evaluate and report. / ひと通りを試す。"""
    from tsunagu.analytics.evaluation import evaluate
    from tsunagu.analytics.evaluation.risk_predictor import fit_in_order
    from tsunagu.analytics.simulation import simulate

    folder.mkdir(parents=True, exist_ok=True)
    log_folder = folder / "log"
    with progress(language) as report:
        simulate(log_folder, deals=deals, seed=seed, progress=report)
        log = open_log(log_folder)
        model = fit_in_order(log, seed=seed, progress=report)
        model.save(folder / "model.tsunagu")
        evaluation = evaluate(log, seed=seed, progress=report)
    table = risk_table(log, model, names_of(str(log_folder)))
    for tongue in get_args(contracts.Language):
        rows = deal_rows(table.slice(0, top), log, model, tongue)
        page = Report(
            moment=log.observed_until,
            simulated=log.origin == "simulation",
            other=REPORT_FILES["en" if tongue == "ja" else "ja"],
            table=table,
            deals=rows,
            order=order_words(model.window, tongue),
            evaluation=evaluation_section(evaluation, tongue),
            model_facts=model_facts(model.summary, tongue),
        )
        write_report(folder / REPORT_FILES[tongue], page, tongue)
        if tongue == language:
            out().print(risk_list(rows, language))
    console = out()
    console.print(evaluation_table(evaluation, language, console.width))
    err().print(words("simulated", language))
    err().print(words("written", language, path=(folder / REPORT_FILES[language]).resolve()))
