"""``tsunagu serve``: the web application with its workers and its schedule."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from tsunagu.cli import application
from tsunagu.cli.console import err, with_errors
from tsunagu.cli.options import Lang
from tsunagu.cli.static_files import collect
from tsunagu.cli.supervisor import Supervisor, require_free
from tsunagu.cli.words import words

EXAMPLES = "tsunagu serve --migrate\n\ntsunagu serve --host 0.0.0.0 --port 8080 --workers 2"

Host = Annotated[str, typer.Option(help="Address to listen at. / 待ち受けるアドレス")]
Port = Annotated[int, typer.Option(help="Port. / ポート番号", min=1, max=65535)]
Workers = Annotated[int, typer.Option(help="Web processes. / Webプロセスの数", min=1)]


@with_errors
def command(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 1,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Run `tsunagu migrate` first. / 先に移行する")
    ] = False,
    language: Lang = "ja",
) -> None:
    """Serve the application until Ctrl+C. / アプリケーションを動かす。"""
    require_free(host, port)
    name_address(host, port)
    application.set_up()
    application.keep_connection()
    if migrate:
        application.migrate()
    serve(host, port, workers, language)


def name_address(host: str, port: int) -> None:
    """Let the application know its own address, where the environment does not say it."""
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::"} else host  # noqa: S104
    os.environ.setdefault("TSUNAGU_URL", f"http://{shown}:{port}")


def serve(host: str, port: int, workers: int, language: Lang) -> None:
    """Collect the static files and run until told to end."""
    application.require_migrated()
    collect()
    address = os.environ["TSUNAGU_URL"]

    def ready() -> None:
        err().print(words("serving", language, address=address))

    Supervisor(host, port, workers).run(ready)
