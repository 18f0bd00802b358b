"""``tsunagu export``: the whole organisation as one file, or its event log as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tsunagu.analytics.contracts import Language
from tsunagu.analytics.errors import TsunaguError
from tsunagu.cli import application
from tsunagu.cli.console import err, out, print_json, progress, with_errors
from tsunagu.cli.options import AsJson, Lang
from tsunagu.cli.words import words

EXAMPLES = "tsunagu export tsunagu-2026-11-28.zip\n\ntsunagu export --log log"


@with_errors
def command(
    archive: Annotated[
        Path | None, typer.Argument(metavar="ARCHIVE", help="A new .zip. / 新しい .zip")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The event log instead. / 代わりにイベントログ"),
    ] = None,
    passwords: Annotated[
        bool,
        typer.Option(help="With the hashes of passwords. / パスワードのハッシュを含める"),
    ] = True,
    language: Lang = "ja",
    as_json: AsJson = False,
) -> None:
    """Export the whole organisation, or its event log. / 組織全体またはイベントログを書き出す。

    The archive holds every table and attached file as of one moment, while others go on working.
    It holds all personal data: guard it like the database. `tsunagu restore` reads it back.
    """
    target = _only_one(archive, log)
    application.set_up()
    application.require_migrated()
    with application.database_errors():
        if archive is None:
            _log(target, language)
        else:
            _archive(target, passwords, language, as_json=as_json)


def _only_one(archive: Path | None, log: Path | None) -> Path:
    """Where to write; nothing that exists is written over."""
    target = archive or log
    if target is None or (archive and log):
        remedy = "Write `tsunagu export ARCHIVE` or `tsunagu export --log FOLDER`."
        raise TsunaguError("Name either an archive or a folder for the log.", remedy=remedy)
    if target.exists():
        raise TsunaguError(f"{target} exists already.", remedy="Give another name, or remove it.")
    if not target.absolute().parent.is_dir():
        remedy = "Make the folder first, or give another."
        raise TsunaguError(f"There is no folder {target.absolute().parent}.", remedy=remedy)
    return target


def _log(folder: Path, language: Language) -> None:
    from tsunagu.app.exports.actions import told_by_command
    from tsunagu.app.exports.event_log import write_folder
    from tsunagu.app.exports.models import Format
    from tsunagu.app.snapshots import snapshot

    told_by_command(Format.LOG, folder.name)
    part = folder.with_name(folder.name + ".part")
    with snapshot():
        write_folder(None, part)
    part.rename(folder)
    err().print(words("log_exported", language, path=folder), markup=False)


def _archive(path: Path, passwords: bool, language: Language, *, as_json: bool) -> None:
    from tsunagu.app.exports.actions import told_by_command
    from tsunagu.app.exports.archive.packing import pack
    from tsunagu.app.exports.archive.tables import count_rows
    from tsunagu.app.exports.models import Format
    from tsunagu.app.snapshots import snapshot

    told_by_command(Format.ARCHIVE, path.name)
    part = path.with_name(path.name + ".part")
    part.touch(mode=0o600)  # it holds everything: nobody else on this machine may read it
    try:
        with progress(language) as report, snapshot():
            total = max(1, count_rows())
            manifest = pack(
                part, passwords=passwords, tell=lambda done: report("export", done / total)
            )
            report("export", 1.0)
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _report(path, manifest, language, as_json=as_json)


def _report(path: Path, manifest: dict[str, Any], language: Language, *, as_json: bool) -> None:
    missing = manifest["missing_files"]
    if missing:
        said = words("files_missing", language, count=len(missing), name=missing[0])
        err().print(said, markup=False)
    if as_json:
        print_json({"file": str(path), **counts(manifest), "missing_files": missing})
        return
    said = words("exported", language, path=path, **counts(manifest), **about(manifest, language))
    out().print(said, markup=False, soft_wrap=True)


def counts(manifest: dict[str, Any]) -> dict[str, int]:
    """How many tables, rows and files an archive holds."""
    tables = manifest["tables"].values()
    return {
        "tables": len(tables),
        "rows": sum(table["rows"] for table in tables),
        "files": len(manifest["files"]),
    }


def about(manifest: dict[str, Any], language: Language) -> dict[str, str]:
    """Whether passwords are in it, in words."""
    key = "with_passwords" if manifest["passwords"] else "without_passwords"
    return {"passwords": words(key, language)}
