"""Arguments and options that several commands share."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tsunagu.analytics import contracts
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.eventlog.database import is_database, read_database
from tsunagu.analytics.eventlog.store import open_log

Log = Annotated[
    str,
    typer.Argument(
        metavar="LOG",
        help="Folder of an event log, or the application's database as sqlite:///FILE or "
        "postgresql://…. / ログのフォルダ、またはアプリのデータベース",
    ),
]
LogHere = Annotated[
    str | None,
    typer.Argument(
        metavar="LOG",
        help="Folder of an event log (with --backend also s3a://… or hdfs://…), or the "
        "application's database as sqlite:///FILE or postgresql://…. / "
        "ログのフォルダ、またはアプリのデータベース",
    ),
]
NamedLog = Annotated[str | None, typer.Option("--log", help="The same by name. / LOG を名前で指定")]
Backend = Annotated[
    str | None,
    typer.Option(
        metavar="SPARK",
        help="Work on a cluster: spark://HOST:PORT, local[2], local-cluster[2,1,1024]. / "
        "クラスターで処理する",
    ),
]
ModelFile = Annotated[
    Path, typer.Option("--model", "-m", help="Model file. / モデルのファイル", dir_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output. / JSON で出力する")]
Seed = Annotated[int, typer.Option(help="Same seed, same result. / 乱数の種", min=0)]
Lang = Annotated[
    contracts.Language,
    typer.Option("--lang", envvar="TSUNAGU_LANG", help="Language of the words. / 表示言語"),
]


def named_once(source: str | None, named: str | None) -> str:
    """The log, named as an argument or by ``--log``.

    Raises:
        TsunaguError: if it is named not at all, or twice.
    """
    if (source is None) == (named is None):
        said = "No log is named." if source is None else "Two logs are named."
        raise TsunaguError(said, remedy="Name one, as the argument LOG or with --log.")
    return str(source or named)


def log_as_of(source: str, at: str | None) -> contracts.EventLog:
    """The log in a folder or database as it stood at the ISO date ``at``, or whole.

    Raises:
        TsunaguError: if ``source`` is no event log or ``at`` is no ISO date.
    """
    if is_database(source):
        zone = os.environ.get("TZ_NAME", "Asia/Tokyo")  # as the application reads it
        until = None if at is None else parse_moment(at, zone)
        return read_database(source, until, time_zone=zone)
    log = open_log(Path(source))
    return log if at is None else log.until(parse_moment(at, log.time_zone))


def parse_moment(text: str, time_zone: str) -> datetime:
    """An ISO date or date-time as an aware UTC instant; a bare date means its end of day.

    Raises:
        TsunaguError: if ``text`` is no ISO date.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        remedy = "Give an ISO date such as 2026-03-31 or 2026-03-31T18:00."
        raise TsunaguError(f"“{text}” is not a date.", remedy=remedy) from error
    if len(text.strip()) == len("2026-03-31"):
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(time_zone))
    return moment.astimezone(UTC)
