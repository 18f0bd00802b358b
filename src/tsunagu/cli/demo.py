"""``tsunagu demo``: the product with a simulated organisation in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from tsunagu.analytics.contracts import Language, Progress
from tsunagu.analytics.errors import TsunaguError
from tsunagu.cli import application
from tsunagu.cli.console import err, out, progress, with_errors
from tsunagu.cli.options import Lang, Seed
from tsunagu.cli.serve import Host, Port, name_address, serve
from tsunagu.cli.supervisor import require_free
from tsunagu.cli.tables import log_in_table
from tsunagu.cli.words import words

if TYPE_CHECKING:
    from tsunagu.app.demo.log_ins import LogIn

EXAMPLES = "tsunagu demo demo\n\ntsunagu demo demo --deals 500 --lang en --port 8080"
LOG_INS_FILE, LOG_FOLDER = "log-ins.json", "log"


@with_errors
def command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Its home. / 置き場所")],
    deals: Annotated[int, typer.Option(help="Number of deals. / 案件数", min=1)] = 2000,
    seed: Seed = 0,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    serving: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Start the server. / サーバーを起動する")
    ] = True,
    language: Lang = "ja",
) -> None:
    """Try the application with living data. / 架空の組織で製品を試す。

    What is kept in FOLDER is used again at the next start.
    """
    if serving:
        require_free(host, port)
    folder.mkdir(parents=True, exist_ok=True)
    name_address(host, port)
    application.set_up(folder.resolve() / "home")
    application.migrate()
    with progress(language) as report, application.database_errors():
        log_ins = prepare(folder, deals, seed, language, report)
    err().print(words("simulated_organisation", language))
    out().print(log_in_table(log_ins, language))
    if serving:
        serve(host, port, 1, language)


def prepare(
    folder: Path, deals: int, seed: int, language: Language, report: Progress
) -> list[LogIn]:
    """Whatever of the demo is not there yet: an interrupted start is taken up."""
    from django.utils import translation

    from tsunagu.app.deals.models import Deal
    from tsunagu.app.demo import cases, log_ins
    from tsunagu.app.interruptions import gathering, limits, looking
    from tsunagu.app.interruptions.models import Interruption, Watch
    from tsunagu.app.people.models import User
    from tsunagu.app.scoring import actions, registry, tracing
    from tsunagu.app.scoring.active import active_version
    from tsunagu.app.scoring.models import Score
    from tsunagu.app.scoring.tasks import measure_first

    if not (folder / LOG_FOLDER).exists():
        _require_empty()
    if not Deal.objects.exists():
        with translation.override(language):
            _load(folder, deals, seed, report)
    if active_version() is None:
        registry.first(progress=report)
        measure_first.enqueue()
    if not Score.objects.exists():
        actions.rescore_all(report)
        tracing.trace_back(report)
    if not Interruption.objects.exists():
        with translation.override(language):
            cases.tell()
    if not Watch.objects.exists():
        report("detect", 0.0)
        limits.learn()
        looking.look_at_all()
        gathering.look_at_waiting()
        report("detect", 1.0)
    file = folder / LOG_INS_FILE
    if file.exists():
        return log_ins.read_log_ins(file)
    with translation.override(language):
        made = log_ins.make_log_ins(file)
        cases.work(User.objects.get(email=made[0].email))
        return made


def _require_empty() -> None:
    """Refuse a database that was not made by the demo: it prints log-ins, an administrator's too.

    Raises:
        TsunaguError: there are people in it.
    """
    from tsunagu.app.people.models import User

    if User.objects.exists():
        raise TsunaguError(
            "The database holds people already, and the demo did not make them.",
            remedy="Give DATABASE_URL of an empty database, or leave it out.",
        )


def _load(folder: Path, deals: int, seed: int, report: Progress) -> None:
    from django.utils import timezone

    from tsunagu.analytics.simulation import simulate
    from tsunagu.app.demo.loading import load

    today = datetime.now(ZoneInfo("Asia/Tokyo")).date()
    simulate(folder / LOG_FOLDER, deals=deals, seed=seed, end=today, progress=report)
    report("load", 0.0)
    load(folder / LOG_FOLDER, _names, timezone.now())
    report("load", 1.0)


def _names(numbers: list[int]) -> list[str]:
    import numpy as np

    from tsunagu.analytics.simulation.register import made_up_names

    names: list[str] = made_up_names(np.array(numbers, dtype=np.int64)).to_pylist()
    return names
