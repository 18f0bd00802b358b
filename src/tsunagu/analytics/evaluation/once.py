"""Work that several predictors share is done once for each log."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TypeVar

from tsunagu.analytics.contracts import EventLog

T = TypeVar("T")


def once_per_log(make: Callable[..., T]) -> Callable[..., T]:
    """``make(log, *arguments)``, remembered for as long as the log lives.

    By identity of the log: equal expressions may differ in data.
    """
    made: dict[tuple[object, ...], T] = {}

    def of(log: EventLog, *arguments: object) -> T:
        key = (id(log), *arguments)
        if key not in made:
            made[key] = make(log, *arguments)
            weakref.finalize(log, made.pop, key, None)
        return made[key]

    return of
