"""``tsunagu restore``: an archive into an empty installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tsunagu.analytics.errors import TsunaguError
from tsunagu.cli import application
from tsunagu.cli.console import out, print_json, progress, with_errors
from tsunagu.cli.export import about, counts
from tsunagu.cli.options import AsJson, Lang
from tsunagu.cli.words import words

EXAMPLES = "TSUNAGU_HOME=/srv/new tsunagu restore tsunagu-2026-11-28.zip"


@with_errors
def command(
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="Of `tsunagu export`.")],
    language: Lang = "ja",
    as_json: AsJson = False,
) -> None:
    """Restore an archive into an empty installation. / 空の環境に組織全体を復元する。

    Everything is checked before anything is written, and written whole or not at all. The archive
    may come from SQLite or PostgreSQL; the version of Tsunagu must be the one that made it.
    Webhooks are paused: a copy must not tell other programs what the original tells.
    """
    application.set_up()
    application.migrate()
    from tsunagu.app.exports.archive.unpacking import ArchiveError, restore
    from tsunagu.app.webhooks.actions import pause_all

    with application.database_errors(), progress(language) as report:
        try:
            manifest = restore(archive, report)
            pause_all()
        except ArchiveError as error:
            raise TsunaguError(str(error), remedy=error.remedy) from error
    if as_json:
        print_json({"made_at": manifest["made_at"], **counts(manifest)})
        return
    said = {"made_at": manifest["made_at"], **counts(manifest), **about(manifest, language)}
    out().print(words("restored", language, **said), markup=False, soft_wrap=True)
