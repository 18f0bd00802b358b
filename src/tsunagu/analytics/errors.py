"""Errors that say what happened, where, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass


class TsunaguError(Exception):
    """An error with a remedy.  The command line prints it without a traceback.

    Args:
        message: what happened, with the offending value.
        remedy: what the user can do next.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a row of a source file.

    Attributes:
        file: name of the file as the user gave it.
        row: row number in the file, counted from 1, the header included; None: the whole file.
        column: header of the column, or None.
        value: the offending value as written, or None.
        message: what is wrong.
        remedy: what to do next.
    """

    file: str
    row: int | None
    column: str | None
    value: str | None
    message: str
    remedy: str

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column is not None:
            place += f", column “{self.column}”"
        shown = "" if self.value is None else f" (value: “{self.value}”)"
        return f"{place}: {self.message}{shown} {self.remedy}"


class InputError(TsunaguError):
    """A file, mapping or log that cannot be used as a whole."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem), remedy="")
        self.problem = problem

    def __str__(self) -> str:
        return str(self.problem)


class NotEnoughHistoryError(TsunaguError):
    """The log has too little of something that the asked-for work needs."""
