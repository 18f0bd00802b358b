"""``tsunagu rescore``: score all open deals of the application now."""

from __future__ import annotations

from typing import Annotated

import typer

from tsunagu.cli import application
from tsunagu.cli.console import err, progress, with_errors
from tsunagu.cli.options import Lang
from tsunagu.cli.words import words

EXAMPLES = "tsunagu rescore\n\ntsunagu rescore --fit"


@with_errors
def command(
    fit: Annotated[bool, typer.Option("--fit", help="Fit a model first. / 先に学習する")] = False,
    language: Lang = "ja",
) -> None:
    """Score all open deals now. / 進行中の案件をすべて評価し直す。"""
    application.set_up()
    application.require_migrated()
    from tsunagu.app.scoring import actions, tracing

    with progress(language) as report, application.database_errors():
        if fit and not actions.run_fit(report):
            err().print(words("fit_under_way", language))
        count = actions.rescore_all(report)
        tracing.trace_back(report)
    err().print(words("rescored", language, count=count))
