"""``tsunagu migrate``: bring the database up to this version."""

from __future__ import annotations

from tsunagu.cli import application
from tsunagu.cli.console import err, with_errors
from tsunagu.cli.options import Lang
from tsunagu.cli.words import words

EXAMPLES = "tsunagu migrate"


@with_errors
def command(language: Lang = "ja") -> None:
    """Bring the database up to this version. / データベースを最新にする。"""
    application.set_up()
    application.migrate()
    err().print(words("migrated", language))
