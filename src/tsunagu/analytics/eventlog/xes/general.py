"""Any well-formed XES, checked and walked with expat: complete, but five times the time of plain.

Expat stops at the first fault of form, so a cut or damaged file never yields a part of its events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from tsunagu.analytics.errors import InputError
from tsunagu.analytics.eventlog.xes.problems import EXPORT_AGAIN, broken
from tsunagu.analytics.eventlog.xes.table import Attributes

VALUE_TAGS = ("string", "date", "int", "float", "boolean", "id")
COMPOSITE_TAGS = ("list", "container", "values")
MAX_TOKEN_BYTES = 16 << 20
MAX_DEPTH = 100
FEED_BYTES = 1 << 20
FLUSH_BYTES = 16 << 20
MAX_TRACE_BYTES = 1 << 30

_LOG, _TRACE, _EVENT = 0, 1, 2


class SafeParser:
    """Expat that refuses entity declarations, foreign roots, endless tokens and endless depth."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.depth = 0
        self._fed = 0
        self.expat = expat.ParserCreate("utf-8")
        self.expat.ordered_attributes = True
        self.expat.StartDoctypeDeclHandler = self._refuse_doctype
        self.expat.StartElementHandler = self.start
        self.expat.EndElementHandler = self.end

    def feed(self, block: bytes, final: bool = False) -> None:
        """Parse the next bytes.

        Raises:
            InputError: the file is not well-formed, or refused.
        """
        for at in range(0, len(block), FEED_BYTES) or (0,):
            piece = block[at : at + FEED_BYTES]
            self._fed += len(piece)
            self._parse(piece, final and at + FEED_BYTES >= len(block))
            if self._fed - self.expat.CurrentByteIndex > MAX_TOKEN_BYTES:
                message = f"has one tag or text of more than {MAX_TOKEN_BYTES >> 20} MB."
                raise self.error(message, "Leave such values out of the export.")

    def _parse(self, piece: bytes, final: bool) -> None:
        try:
            self.expat.Parse(piece, final)
        except expat.ExpatError as error:
            what = expat.errors.messages[error.code]
            message = f"is not well-formed XML at character {error.offset + 1}: {what}."
            raise self.error(message, _remedy(error.code), line=error.lineno) from error

    def error(self, message: str, remedy: str, line: int | None = None) -> InputError:
        """An error at the parser's present line."""
        return broken(self.path, message, remedy, line=line or self.expat.CurrentLineNumber)

    def _refuse_doctype(self, *_declaration: object) -> NoReturn:
        message = "declares a DOCTYPE, which can hide entity bombs and references to other files."
        raise self.error(message, "XES needs none: delete the declaration and read again.")

    def start(self, name: str, _attributes: list[str]) -> None:
        """A tag opens."""
        if self.depth == 0 and name != "log":
            message = f"is not XES: its root element is <{name}>, not <log>."
            raise self.error(message, "Name an XES file, or read CSV, XLSX or Parquet as such.")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"nests more than {MAX_DEPTH} elements.", EXPORT_AGAIN)

    def end(self, _name: str) -> None:
        """A tag closes."""
        self.depth -= 1


def _remedy(code: int) -> str:
    if code == expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]:
        return (
            "If the text is Japanese, its encoding may not be the declared one: declare the true "
            'one in the first line, e.g. encoding="Shift_JIS", or save the file as UTF-8.'
        )
    return EXPORT_AGAIN


class _Walker(SafeParser):
    """Collects attributes of traces and events; everything else in the log is passed over."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.level = _LOG
        self.events_before = 0
        self._clear()

    def _clear(self) -> None:
        self.traces = 0
        self.trace_of_event: list[int] = []
        self.trace: list[int] = []
        self.event: list[int] = []
        self.key: list[str] = []
        self.value: list[str] = []
        self.is_date: list[bool] = []

    def start(self, name: str, attributes: list[str]) -> None:
        super().start(name, attributes)
        if self.depth != self.level + 2:
            return  # below an attribute, or elsewhere in the log
        if self.level == _LOG:
            self._enter_trace(name)
        elif self.level == _TRACE and name == "event":
            self.trace_of_event.append(self.traces - 1)
            self.level = _EVENT
        else:
            self._attribute(name, attributes)

    def _enter_trace(self, name: str) -> None:
        if name == "event":
            message = "has an event outside any trace: it belongs to no deal."
            raise self.error(message, "Put every event inside a <trace>.")
        if name == "trace":
            self.traces += 1
            self.level = _TRACE

    def _attribute(self, name: str, attributes: list[str]) -> None:
        if name in COMPOSITE_TAGS:
            return
        pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
        if name not in VALUE_TAGS or "key" not in pairs or "value" not in pairs:
            raise self._no_attribute(name)
        self.trace.append(self.traces - 1)
        self.event.append(len(self.trace_of_event) - 1 if self.level == _EVENT else -1)
        self.key.append(pairs["key"])
        self.value.append(pairs["value"])
        self.is_date.append(name == "date")

    def _no_attribute(self, name: str) -> InputError:
        number = self.events_before + len(self.trace_of_event)
        place = f"event {number}" if self.level == _EVENT else "a trace"
        message = f"{place} has an element <{name}> that is no XES attribute with key and value."
        return self.error(message, EXPORT_AGAIN)

    def end(self, name: str) -> None:
        super().end(name)
        if self.depth == self.level and self.level > _LOG:
            self.level -= 1

    def take(self) -> Attributes:
        """What was collected since the last call; only between traces."""
        taken = Attributes(
            self.traces,
            np.array(self.trace_of_event, dtype=np.int64),
            np.array(self.trace, dtype=np.int64),
            np.array(self.event, dtype=np.int64),
            pa.array(self.key, pa.string()),
            pa.array(self.value, pa.string()),
            np.array(self.is_date, dtype=np.bool_),
        )
        self.events_before += len(self.trace_of_event)
        self._clear()
        return taken


def walk(path: Path, blocks: Iterable[bytes]) -> Iterator[Attributes]:
    """The attributes of a log, some traces at a time.

    Raises:
        InputError: the file is not well-formed, not XES, or refused.
    """
    walker = _Walker(path)
    held = 0
    for block in blocks:
        walker.feed(block)
        held += len(block)
        if held > FLUSH_BYTES and walker.level == _LOG:
            yield walker.take()
            held = 0
        elif held > MAX_TRACE_BYTES:
            message = f"has a trace of more than {MAX_TRACE_BYTES >> 20} MB."
            raise walker.error(message, "A trace is one deal's history; check the export.")
    walker.feed(b"", final=True)
    yield walker.take()
