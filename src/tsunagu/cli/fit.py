"""``tsunagu fit``: learn a risk model from an event log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.features.snapshots import weekly
from tsunagu.analytics.risk.settings import Settings
from tsunagu.cli.console import err, out, print_json, progress, with_errors
from tsunagu.cli.options import (
    AsJson,
    Backend,
    Lang,
    LogHere,
    NamedLog,
    Seed,
    log_as_of,
    named_once,
)
from tsunagu.cli.tables import facts_table, model_facts
from tsunagu.cli.words import words

EXAMPLES = (
    "tsunagu fit log --model team.tsunagu\n\n"
    "tsunagu fit log -m march.tsunagu --until 2026-03-31\n\n"
    "tsunagu fit --backend spark://HOST:7077 --log s3a://sales/log -m team.tsunagu --share 0.1"
)
MOST_LANDMARKS = 2_000_000
"""What one machine learns from in minutes; see ``docs/reference/scale.md``."""


@with_errors
def command(
    model_file: Annotated[Path, typer.Option("--model", "-m", help="Where to write it. / 出力先")],
    source: LogHere = None,
    named: NamedLog = None,
    until: Annotated[
        str | None, typer.Option(help="Use facts up to this ISO day only. / この日までの記録で学習")
    ] = None,
    seed: Seed = 0,
    backend: Backend = None,
    share: Annotated[
        float | None,
        typer.Option(
            help="Learn from every landmark before a break-off and this share of the others, "
            "weighted; default: all, on a cluster as many as one machine can. / "
            "中途に至らない時点から学習に使う割合",
            min=0.001,
            max=1.0,
        ),
    ] = None,
    language: Lang = "ja",
    as_json: AsJson = False,
) -> None:
    """Fit a risk model. / リスクモデルを学習する。"""
    from tsunagu.analytics.evaluation.risk_predictor import fit_in_order

    log = _log(named_once(source, named), until, backend)
    with progress(language) as report:
        chosen = Settings(share=_share(log, share, backend))
        model = fit_in_order(log, seed=seed, settings=chosen, progress=report)
    model.save(model_file)
    if as_json:
        print_json(model.summary.to_dict())
        return
    out().print(facts_table(model_facts(model.summary, language)))
    err().print(words("written", language, path=model_file))


def _log(source: str, until: str | None, backend: str | None) -> EventLog:
    if backend is None:
        return log_as_of(source, until)
    from tsunagu.cli import cluster  # Spark is an extra

    return cluster.log_on(cluster.connect_cluster(backend), source, until)


def _share(log: EventLog, share: float | None, backend: str | None) -> float:
    if share is not None or backend is None:
        return 1.0 if share is None else share
    from tsunagu.analytics.risk.sampling import share_for

    return share_for(log, weekly(log), MOST_LANDMARKS)
