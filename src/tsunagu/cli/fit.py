"""``tsunagu fit``: learn a risk model from an event log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tsunagu.cli.console import err, out, print_json, progress, with_errors
from tsunagu.cli.options import AsJson, Lang, Log, Seed, log_as_of
from tsunagu.cli.tables import facts_table, model_facts
from tsunagu.cli.words import words

EXAMPLES = (
    "tsunagu fit log --model team.tsunagu\n\ntsunagu fit log -m march.tsunagu --until 2026-03-31"
)


@with_errors
def command(
    source: Log,
    model_file: Annotated[Path, typer.Option("--model", "-m", help="Where to write it. / 出力先")],
    until: Annotated[
        str | None, typer.Option(help="Use facts up to this ISO day only. / この日までの記録で学習")
    ] = None,
    seed: Seed = 0,
    language: Lang = "ja",
    as_json: AsJson = False,
) -> None:
    """Fit a risk model. / リスクモデルを学習する。"""
    from tsunagu.analytics.evaluation.risk_predictor import fit_in_order

    log = log_as_of(source, until)
    with progress(language) as report:
        model = fit_in_order(log, seed=seed, progress=report)
    model.save(model_file)
    if as_json:
        print_json(model.summary.to_dict())
        return
    out().print(facts_table(model_facts(model.summary, language)))
    err().print(words("written", language, path=model_file))
