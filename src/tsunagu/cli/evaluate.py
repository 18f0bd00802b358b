"""``tsunagu evaluate``: how good are foresight, signals and causes, beside plain rivals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from tsunagu.analytics import contracts
from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.eventlog.store import META_FILE, open_log
from tsunagu.cli.console import err, out, print_json, progress, with_errors
from tsunagu.cli.detection import print_signals
from tsunagu.cli.evaluation import (
    evaluation_section,
    evaluation_table,
    groups_table,
    native_table,
    remarks,
    split_words,
)
from tsunagu.cli.options import AsJson, Lang, Seed, parse_moment
from tsunagu.cli.read import MappingFile
from tsunagu.cli.report import Report, write_report
from tsunagu.cli.texts import judge_texts
from tsunagu.cli.words import words

if TYPE_CHECKING:
    from tsunagu.analytics.evaluation import Evaluation

EXAMPLES = (
    "tsunagu evaluate log --detection\n\n"
    "tsunagu evaluate log --validate\n\n"
    "tsunagu evaluate log --html evaluation.html\n\n"
    "tsunagu evaluate --text benchmarks/notes/causes.jsonl comments.parquet school_crm\n\n"
    "tsunagu evaluate BPI_Challenge_2012.xes.gz --mapping benchmarks/mappings/bpic2012.toml"
)


@with_errors
def command(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="LOG|FILE...",
            help="Folder of an event log, or files to read; with --text: notes, comments, CRM. / "
            "ログのフォルダ、または元のファイル",
        ),
    ],
    mapping: MappingFile = None,
    cut: Annotated[
        str | None, typer.Option(help="Learn up to this ISO day, judge after it. / 学習の最終日")
    ] = None,
    train_share: Annotated[
        float, typer.Option(help="Without --cut: share of outcomes to learn from. / 学習の割合")
    ] = 0.7,
    validate: Annotated[
        bool,
        typer.Option(
            "--validate",
            help="Judge within the part to learn from; the rest stays unseen. / 学習期間内で検証",
        ),
    ] = False,
    bootstrap: Annotated[
        int, typer.Option(help="Resamples for the 95% intervals. / 再標本の回数", min=0)
    ] = 200,
    html: Annotated[
        Path | None, typer.Option(help="Also write a report with plots. / HTML の出力先")
    ] = None,
    detection: Annotated[
        bool,
        typer.Option("--detection", help="Judge the signals instead. / 兆候の検知を調べる"),
    ] = False,
    text: Annotated[
        bool,
        typer.Option("--text", help="Judge causes, tone and lost reasons. / 原因・調子・失注理由"),
    ] = False,
    seed: Seed = 0,
    language: Lang = "ja",
    as_json: AsJson = False,
) -> None:
    """Judge the foresight on a time-ordered split. / 時間順の分割で予測の確かさを調べる。"""
    from tsunagu.analytics.evaluation import DetectionEvaluation, evaluate, evaluate_detection
    from tsunagu.analytics.evaluation.splitting import training_part

    if text:
        _refuse_with_text(mapping=mapping, cut=cut, html=html, detection=detection or None)
        judge_texts(sources, seed, bootstrap, language, as_json=as_json)
        return
    with progress(language) as report, _log(sources, mapping, report) as log:
        moment = None if cut is None else parse_moment(cut, log.time_zone)
        judge = evaluate_detection if detection else evaluate
        judged: Evaluation | DetectionEvaluation = judge(
            training_part(log, moment, train_share) if validate else log,
            cut=None if validate else moment,
            train_share=train_share,
            seed=seed,
            bootstrap=bootstrap,
            progress=report,
        )
    evaluation = judged.evaluation if isinstance(judged, DetectionEvaluation) else judged
    if html is not None:
        page = Report(
            moment=log.observed_until,
            simulated=log.origin == "simulation",
            evaluation=evaluation_section(evaluation, language),
        )
        write_report(html, page, language)
        err().print(words("written", language, path=html))
    if as_json:
        print_json({"origin": log.origin, **judged.to_dict()})
        return
    _print(evaluation, log, language)
    if isinstance(judged, DetectionEvaluation):
        print_signals(judged, language)


def _refuse_with_text(**others: object) -> None:
    """Options that have no meaning for texts, lest they be thought to have had one."""
    given = [f"--{name}" for name, value in others.items() if value is not None]
    if given:
        remedy = "Leave one of them out."
        raise TsunaguError(f"--text cannot be combined with {', '.join(given)}.", remedy=remedy)


@contextmanager
def _log(
    sources: list[Path], mapping: Path | None, report: contracts.Progress
) -> Iterator[EventLog]:
    """The named log, or one read from files into a temporary folder."""
    if mapping is None and len(sources) == 1 and (sources[0] / META_FILE).is_file():
        yield open_log(sources[0])
        return
    from tsunagu.analytics.eventlog import read_log

    with TemporaryDirectory(prefix="tsunagu-") as folder:
        done = read_log(sources, mapping, Path(folder) / "log", progress=report)
        if done.rejected_rows:
            err().print(f"• {done.rejected_rows:,} rows were rejected; `tsunagu read` shows them.")
        yield open_log(Path(folder) / "log")


def _print(evaluation: Evaluation, log: EventLog, language: contracts.Language) -> None:
    console = out()
    if log.origin == "simulation":
        console.print(words("simulated", language))
    console.print(split_words(evaluation, language), soft_wrap=True)
    console.print(evaluation_table(evaluation, language, console.width))
    if evaluation.native:
        console.print(native_table(evaluation, language))
    if evaluation.performances[0].groups:
        console.print(groups_table(evaluation, language))
    for remark in remarks(evaluation):
        console.print(f"• {remark}", markup=False, soft_wrap=True)
