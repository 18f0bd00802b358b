"""``tsunagu import-scores``: what a model elsewhere said, onto the deals."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tsunagu.cli import application
from tsunagu.cli.console import Exit, err, out, print_json, with_errors
from tsunagu.cli.import_ import importer, in_words
from tsunagu.cli.options import AsJson, Lang, parse_moment
from tsunagu.cli.words import words

if TYPE_CHECKING:
    from tsunagu.app.scoring.outside import Checked

EXAMPLES = (
    "tsunagu import-scores scores.parquet --name 'Survival forest 3'\n\n"
    "tsunagu import-scores scores.csv --name forest --keep-until 2026-12-31"
)
SHOWN = 20


@with_errors
def command(
    file: Annotated[Path, typer.Argument(help="Table as `tsunagu score --out` writes it. / 表")],
    name: Annotated[str, typer.Option(help="Of the model, as people read it. / モデルの名前")],
    keep_until: Annotated[
        str | None,
        typer.Option(help="Own scores replace them only after this ISO day. / 保持する最終日"),
    ] = None,
    user: Annotated[
        str, typer.Option(metavar="EMAIL", help="Who imports; default: an administrator. / 実行者")
    ] = "",
    language: Lang = "ja",
    as_json: AsJson = False,
) -> int:
    """Write the scores of an outside model to the deals. / 外部モデルの評価を案件に書き込む。

    All rows, or none where one cannot be used (exit code 3). The next scoring replaces them,
    unless --keep-until says a day.
    """
    application.set_up()
    application.require_migrated()
    from django.conf import settings

    from tsunagu.app.scoring import actions, outside

    until = parse_moment(keep_until, settings.TIME_ZONE) if keep_until else None
    with in_words(language), application.database_errors():
        table, first = outside.read(file)
        done = actions.import_scores(importer(user), table, name, first_row=first, keep_until=until)
    _report(done, name, language, as_json=as_json)
    return Exit.ROWS_REJECTED if done.problems else Exit.OK


def _report(done: Checked, name: str, language: Lang, *, as_json: bool) -> None:
    count = sum(len(found) for _, found in done.found)
    if as_json:
        problems = [asdict(problem) for problem in done.problems]
        print_json({"written": count, "ended": done.ended, "problems": problems})
        return
    if not done.problems:
        out().print(words("scores_imported", language, name=name, count=count, ended=done.ended))
        return
    err().print(words("scores_refused", language, count=len(done.problems)))
    for problem in done.problems[:SHOWN]:
        err().print(f"✗ {problem}", markup=False, soft_wrap=True)
