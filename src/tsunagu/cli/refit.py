"""``tsunagu refit``: fit a kept risk model again, and say whether it comes out the same."""

from __future__ import annotations

from typing import Annotated

import typer

from tsunagu.cli import application
from tsunagu.cli.console import err, with_errors
from tsunagu.cli.options import Lang
from tsunagu.cli.words import words

EXAMPLES = "tsunagu refit 12"


@with_errors
def command(
    number: Annotated[
        int, typer.Argument(help="Of the model, as its page's address ends. / モデルの番号")
    ],
    language: Lang = "ja",
) -> int:
    """Fit a kept risk model again and compare. / モデルを学習し直して比べる。

    Nothing is kept. Ends with 1 where the records or the model differ.
    """
    application.set_up()
    application.require_migrated()
    from tsunagu.analytics.errors import TsunaguError
    from tsunagu.app.scoring import registry
    from tsunagu.app.scoring.models import RiskModelVersion

    with application.database_errors():
        version = RiskModelVersion.objects.filter(pk=number).exclude(fingerprint="").first()
        if version is None:
            raise TsunaguError(
                words("no_such_model", language, number=number),
                remedy=words("no_such_model_remedy", language),
            )
        if version.pruned_at is not None:
            raise TsunaguError(
                words("no_longer_kept", language, number=number),
                remedy=words("no_such_model_remedy", language),
            )
        found = registry.reproduce(version)
    err().print(words("same_records" if found.same_records else "other_records", language))
    err().print(words("same_model" if found.same_model else "other_model", language))
    return 0 if found.same_model else 1
