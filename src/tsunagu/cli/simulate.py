"""``tsunagu simulate``: a sales organisation whose truth is known."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from tsunagu.analytics.errors import TsunaguError
from tsunagu.cli.console import err, print_json, progress, with_errors
from tsunagu.cli.options import AsJson, Lang, Seed
from tsunagu.cli.words import words

EXAMPLES = "tsunagu simulate organisation --deals 2000 --seed 7"


def parse_day(text: str | None) -> date | None:
    """An ISO date, or None.

    Raises:
        TsunaguError: if ``text`` is no ISO date.
    """
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise TsunaguError(f"“{text}” is not a date.", remedy="Write it as 2026-03-31.") from error


@with_errors
def command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write. / 出力先")],
    deals: Annotated[int, typer.Option(help="Number of deals. / 案件数")] = 2000,
    seed: Seed = 0,
    end: Annotated[str | None, typer.Option(help="Last day, ISO. / 最終日")] = None,
    language: Lang = "ja",
    as_json: AsJson = False,
) -> None:
    """Simulate a sales organisation. / 営業組織をシミュレートする。

    For demos and load tests; never evidence of a model's quality.
    """
    from tsunagu.analytics.simulation import simulate

    with progress(language) as report:
        result = simulate(folder, deals=deals, seed=seed, end=parse_day(end), progress=report)
    if as_json:
        print_json(asdict(result))
        return
    err().print(words("written", language, path=folder))
