"""The commands of ``tsunagu``."""

from __future__ import annotations

from typing import Annotated

import typer

from tsunagu import __version__
from tsunagu.cli import (
    createadmin,
    demo,
    evaluate,
    explain,
    export,
    fit,
    import_,
    import_scores,
    migrate,
    read,
    refit,
    rescore,
    restore,
    score,
    serve,
    simulate,
    tour,
)

app = typer.Typer(
    name="tsunagu",
    help="Foresee interrupted sales: which running deals will break off, when and why.\n\n"
    "営業中途を予見する：どの商談が、いつ、なぜ途切れるか。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
ANALYST = (simulate, read, fit, score, evaluate, explain, tour)
OPERATOR = (
    serve,
    migrate,
    import_,
    import_scores,
    export,
    restore,
    rescore,
    refit,
    createadmin,
    demo,
)
for module in (*ANALYST, *OPERATOR):
    app.command(
        name=module.__name__.rpartition(".")[2].rstrip("_").replace("_", "-"),
        epilog=f"Examples / 例:\n\n{module.EXAMPLES}",
    )(module.command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tsunagu {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version
