"""``tsunagu import``: files of other systems into the application."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tsunagu.analytics.errors import TsunaguError
from tsunagu.cli import application
from tsunagu.cli.console import Exit, err, out, print_json, with_errors
from tsunagu.cli.options import AsJson, Lang
from tsunagu.cli.words import words

if TYPE_CHECKING:
    from tsunagu.app.exchange.models import Import
    from tsunagu.app.people.models import User

EXAMPLES = (
    "tsunagu import deals.csv --kind deals --preset salesforce\n\n"
    "tsunagu import calls.csv --kind activities --column deal=案件番号 --dry-run"
)
BLOCK = 1 << 20
COUNTS = ("new", "changed", "unchanged", "rejected")


@with_errors
def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, XLSX. / ファイル")],
    kind: Annotated[
        str, typer.Option(help="deals, activities, stages, customers or contacts. / 各行の内容")
    ] = "deals",
    preset: Annotated[
        str, typer.Option(help="System, such as salesforce; default: recognise it. / 出力元")
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=HEADER", help="What a column means. / 列の割り当て"),
    ] = None,
    sheet: Annotated[
        str, typer.Option(help="Of a workbook; default: the first filled. / シート")
    ] = "",
    user: Annotated[
        str, typer.Option(metavar="EMAIL", help="Who imports; default: an administrator. / 実行者")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing. / 確認のみ")] = False,
    language: Lang = "ja",
    as_json: AsJson = False,
) -> int:
    """Import files into the application. / ファイルをアプリケーションに取り込む。

    The same as the page: rows that cannot be used are left out (exit code 3), the same file again
    changes nothing, and the page can undo it.
    """
    application.set_up()
    application.require_migrated()
    chosen = dict(_pair(each) for each in column or ())
    with in_words(language), application.database_errors():
        who = importer(user)
        _require_preset(preset)
        sources = [_upload(who, file, kind, sheet) for file in files]
        done = [_import(who, each, preset, chosen, dry_run=dry_run) for each in sources]
    _report(done, language, as_json=as_json)
    return Exit.ROWS_REJECTED if any(_counts(each)["rejected"] for each in done) else Exit.OK


def _pair(text: str) -> tuple[str, str]:
    field, equals, header = text.partition("=")
    if not equals:
        raise TsunaguError(f"“{text}” names no column.", remedy="Write --column FIELD=HEADER.")
    return field, header


@contextmanager
def in_words(language: Lang) -> Iterator[None]:
    """The application's refusals as errors of the command line."""
    from django.core.exceptions import PermissionDenied, ValidationError
    from django.utils import translation

    with translation.override(language):
        try:
            yield
        except (ValidationError, PermissionDenied) as error:
            text = " ".join(getattr(error, "messages", [str(error)]))
            raise TsunaguError(text, remedy=words("try_again", language)) from error


def importer(email: str) -> User:
    from tsunagu.app.people.models import Role, User

    active = User.objects.filter(is_active=True)
    named = active.filter(email=email.lower()) if email else active.filter(role=Role.ADMINISTRATOR)
    found = named.order_by("pk").first()
    if found is None:
        remedy = "Create one with `tsunagu createadmin`, or name another with --user."
        raise TsunaguError(f"There is no such user: {email or 'administrator'}.", remedy=remedy)
    return found


def _require_preset(preset: str) -> None:
    from tsunagu.app.exchange import fields

    known = dict(fields.presets())
    if preset and preset not in known:
        remedy = f"Give one of {', '.join(known)}."
        raise TsunaguError(f"There is no preset “{preset}”.", remedy=remedy)


def _upload(user: User, file: Path, kind: str, sheet: str) -> Import:
    from tsunagu.app.exchange import actions

    size, blocks = _size(file), _blocks(file)
    return actions.upload(user, kind=kind, name=file.name, size=size, blocks=blocks, sheet=sheet)


def _import(
    user: User, source: Import, preset: str, chosen: dict[str, str], *, dry_run: bool
) -> Import:
    from tsunagu.app.exchange import actions, mapping

    meant = mapping.guess(source, preset or None)
    meant.columns |= chosen
    mapping.check(source, meant)
    actions.map_columns(user, source, meant)
    _finish(source)
    counts = source.counts
    if not dry_run and source.checked_at and counts["new"] + counts["changed"]:
        actions.start(user, source)
        _finish(source)
    return source


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise TsunaguError(f"{file}: {error.strerror}.", remedy="Check the path.") from error


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def _finish(source: Import) -> None:
    """Do the work here, or wait for the worker that has taken it."""
    from tsunagu.app.exchange import running

    while source.is_busy:
        running.work(source.pk)
        source.refresh_from_db()
        if source.is_busy:
            time.sleep(0.2)
    if source.error and source.failed_at:
        raise TsunaguError(source.error["message"], remedy=source.error["remedy"])


def _counts(source: Import) -> dict[str, int]:
    found: dict[str, int] = source.written or source.counts
    return found


def _report(done: list[Import], language: Lang, *, as_json: bool) -> None:
    if as_json:
        print_json(
            [{"file": s.file_name, "id": s.pk, "state": s.state, **_counts(s)} for s in done]
        )
        return
    for source in done:
        counts = {name: _counts(source).get(name, 0) for name in COUNTS}
        out().print(words("imported", language, file=source.file_name, **counts), markup=False)
        for problem in source.problems.all()[:20]:
            err().print(f"✗ {problem}", markup=False, soft_wrap=True)
