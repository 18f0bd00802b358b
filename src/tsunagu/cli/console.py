"""What every command shares with its terminal: streams, progress, errors, exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from functools import wraps
from typing import Any, ParamSpec

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from tsunagu.analytics import contracts
from tsunagu.analytics.errors import TsunaguError
from tsunagu.cli.words import step_words

P = ParamSpec("P")


class Exit(IntEnum):
    """Exit codes; 2 is Typer's own for a wrong command line."""

    OK = 0
    FAILED = 1
    ROWS_REJECTED = 3
    STOPPED = 130


def out() -> Console:
    """Results; made anew so that tests can redirect the stream."""
    return Console(file=sys.stdout, highlight=False)


def err() -> Console:
    """Progress, notices and errors: never mixed into results."""
    return Console(file=sys.stderr, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


@contextmanager
def progress(language: contracts.Language) -> Iterator[contracts.Progress]:
    """A progress bar on standard error, one line a step; silent where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    console = err()
    with Progress(
        *columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal
    ) as bars:
        tasks: dict[str, Any] = {}

        def report(step: str, share: float) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step_words(step, language), total=1.0)
            bars.update(tasks[step], completed=share)

        yield report


def with_errors(command: Callable[P, int | None]) -> Callable[P, None]:
    """Turn errors with a remedy into one clear message, and results into exit codes."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except TsunaguError as error:
            _print_error(error, as_json=bool(kwargs.get("as_json")))
            raise typer.Exit(Exit.FAILED) from error
        except KeyboardInterrupt as error:
            err().print("Stopped. Nothing half-written was left behind.")
            raise typer.Exit(Exit.STOPPED) from error
        raise typer.Exit(code or Exit.OK)

    return run


def _print_error(error: TsunaguError, *, as_json: bool) -> None:
    if as_json:
        print_json({"error": str(error), "remedy": error.remedy})
        return
    console = err()
    console.print("[bold red]✗[/] ", end="")
    console.print(str(error), markup=False, soft_wrap=True)
