"""``tsunagu read``: a team's own files to an event log."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tsunagu.analytics.eventlog import ReadReport, read_log
from tsunagu.cli.console import Exit, err, out, print_json, progress, with_errors
from tsunagu.cli.options import AsJson, Lang
from tsunagu.cli.tables import facts_table, read_facts

EXAMPLES = (
    "tsunagu read deals.csv calls.csv.gz --mapping crm.toml --out log\n\n"
    "tsunagu read BPI_Challenge_2012.xes.gz --mapping benchmarks/mappings/bpic2012.toml --out log"
)

Sources = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="CSV, TSV, XLSX, Parquet, XES. / 読み込むファイル"),
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="What the columns mean (TOML). / 列の意味", dir_okay=False),
]


@with_errors
def command(
    sources: Sources,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Log's folder. / 出力先")],
    mapping: MappingFile = None,
    all_or_nothing: Annotated[
        bool, typer.Option(help="One bad row stops all. / 1行でも誤りがあれば中止")
    ] = False,
    language: Lang = "ja",
    as_json: AsJson = False,
) -> int:
    """Read records into an event log. / 記録をイベントログに読み込む。

    Rows that cannot be used go to reject files inside the folder: mend them and read them again
    beside the original. Exit code 3 says that there are some.
    """
    with progress(language) as report:
        result = read_log(sources, mapping, folder, all_or_nothing=all_or_nothing, progress=report)
    if as_json:
        print_json(asdict(result))
    else:
        _print(result, language)
    return Exit.ROWS_REJECTED if result.rejected_rows else Exit.OK


def _print(result: ReadReport, language: Lang) -> None:
    out().print(facts_table(read_facts(result, language)))
    for notice in result.notices:
        err().print(f"• {notice}", markup=False)
    for problem in result.problems:
        err().print(f"✗ {problem}", markup=False, soft_wrap=True)
    for file in result.reject_files:
        err().print(f"→ {file}", markup=False)
