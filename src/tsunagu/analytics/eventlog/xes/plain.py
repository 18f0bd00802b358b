"""The common shape of XES, checked and cut up in columns, without a Python object per attribute.

Nearly every exporter writes ``<string key="…" value="…"/>`` inside ``<event>`` inside ``<trace>``
and nothing else.  In that shape ``<`` and ``"`` alone mark the structure, so their positions say
all.  Whatever deviates, be it legal (comments, nested attributes, single quotes) or broken, raises
:class:`NotPlain`, and the file is read again by :mod:`.general`, which knows all of XML and words
the errors.  What is accepted here is therefore proved well-formed byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.errors import InputError
from tsunagu.analytics.eventlog.xes.general import MAX_TOKEN_BYTES, VALUE_TAGS, SafeParser
from tsunagu.analytics.eventlog.xes.table import Attributes, Ints

MAX_HELD_BYTES = 64 << 20

_FIRST_TRACE = b"<trace>"
_END_OF_TRACE = b"</trace>"
_TRACE, _EVENT, _END_EVENT, _END_TRACE, _ATTRIBUTE = range(5)
_STRUCTURE = (b"trace>", b"event>", b"/event>", b"/trace>")
_STEP = np.array([1, 1, -1, -1, 0])
_DEPTH = np.array([0, 1, 2, 1])
_CONTROLS = bytes(set(range(ord(" "))) - set(b"\n\r\t"))
_NONCHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_REFERENCE = re.compile(r"&(?:([a-z]+)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&")

Bytes = npt.NDArray[np.uint8]


class NotPlain(Exception):  # noqa: N818 - a change of road, not an error
    """The file is not of the common shape; it may still be good XES."""


class _Outline(SafeParser):
    """Expat for what lies before the first and after the last trace, the traces cut out."""

    stands_in_log = False

    def start(self, name: str, attributes: list[str]) -> None:
        super().start(name, attributes)
        _require(self.depth != 2 or name not in ("trace", "event"))

    def feed(self, block: bytes, final: bool = False) -> None:
        try:
            super().feed(block, final)
        except InputError as error:
            raise NotPlain from error

    def check_stands_in_log(self) -> None:
        """Whether a tag here would be a child of the log, not part of a comment, say."""
        self.expat.ProcessingInstructionHandler = self._note_place
        self.feed(b"<?here?>")
        self.expat.ProcessingInstructionHandler = None
        _require(self.stands_in_log)

    def _note_place(self, _target: str, _data: str) -> None:
        self.stands_in_log = self.depth == 1


def scan(path: Path, blocks: Iterator[bytes]) -> Iterator[Attributes]:
    """The attributes of a log of the common shape, some traces at a time.

    Raises:
        NotPlain: another shape, or broken; :func:`.general.walk` tells.
        InputError: from ``blocks``.
    """
    outline = _Outline(path)
    held = _after_head(outline, blocks)
    for block in chain(blocks, (b"",)):
        held += block
        cut = held.rfind(_END_OF_TRACE) + len(_END_OF_TRACE)
        if cut >= len(_END_OF_TRACE):
            yield _attributes(held[:cut])
            held = held[cut:]
        elif len(held) > MAX_HELD_BYTES:
            raise NotPlain
    outline.feed(held, final=True)


def _after_head(outline: _Outline, blocks: Iterator[bytes]) -> bytes:
    """What was read from the first trace on; all before it has gone through ``outline``."""
    held = b""
    for block in blocks:
        held += block
        found = held.find(_FIRST_TRACE)
        outline.feed(held[: found if found >= 0 else 1 - len(_FIRST_TRACE)])
        if found >= 0:
            outline.check_stands_in_log()
            return held[found:]
        held = held[1 - len(_FIRST_TRACE) :]
    raise NotPlain


def _require(condition: bool | np.bool_) -> None:
    if not condition:
        raise NotPlain


def _attributes(data: bytes) -> Attributes:
    """Whole traces, from ``<trace>`` to ``</trace>``, in the common shape."""
    byte = np.frombuffer(data, np.uint8)
    _check_characters(data)
    tag = np.flatnonzero(byte == ord("<"))
    following = np.append(tag[1:], len(data))
    words = np.ndarray(len(data), "<u8", data + bytes(8), strides=(1,))
    kind, name_length = _kinds(words[tag + 1])
    chosen = np.flatnonzero(kind == _ATTRIBUTE)
    quotes = _quotes(byte, words, tag[chosen], name_length[chosen], following[chosen])
    end = tag + 1 + name_length
    end[chosen] = quotes[:, 3] + 3 + (byte[quotes[:, 3] + 1] == ord(" "))
    _check_gaps(byte, end, following)
    depth = _check_depth(kind)[chosen]
    keys, values = _texts(data, quotes)
    trace, event = np.cumsum(kind == _TRACE) - 1, np.cumsum(kind == _EVENT) - 1
    return Attributes(
        traces=int(trace[-1]) + 1,
        trace_of_event=trace[kind == _EVENT],
        trace=trace[chosen],
        event=np.where(depth == 1, -1, event[chosen]),
        key=keys,
        value=values,
        is_date=byte[tag[chosen] + 1] == ord("d"),
    )


def _check_characters(data: bytes) -> None:
    _require(len(data.translate(None, _CONTROLS)) == len(data))
    if data.isascii():
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotPlain from error
    _require(not any(c in data for c in _NONCHARACTERS))


def _kinds(word: npt.NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Kind of each tag and the length of what follows its ``<`` up to the end of its name."""
    kind, length = np.full(len(word), -1), np.zeros(len(word), dtype=np.int64)
    patterns = [*enumerate(_STRUCTURE)]
    patterns += [(_ATTRIBUTE, name.encode() + b" ") for name in VALUE_TAGS]
    for number, text in patterns:
        mask = np.uint64((1 << 8 * len(text)) - 1)
        mine = (word & mask) == _word(text)
        kind[mine], length[mine] = number, len(text)
    _require(bool((kind >= 0).all()))
    return kind, length


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


def _quotes(
    byte: Bytes, words: npt.NDArray[np.uint64], tag: Ints, name_length: Ints, following: Ints
) -> Ints:
    """Positions of the four quotes of each attribute, everything around them being checked."""
    found = np.flatnonzero(byte == ord('"'))
    _require(len(found) == 4 * len(tag) > 0)
    quotes = found.reshape(-1, 4)
    first, second, third, last = quotes.T
    _require(bool((first == tag + 1 + name_length + len("key=")).all()))
    _require(bool(((words[first - 4] & np.uint64(2**40 - 1)) == _word(b'key="')).all()))
    _require(bool((words[second + 1] == _word(b' value="')).all() & (third == second + 8).all()))
    _require(bool((last < following).all() & (last - tag < MAX_TOKEN_BYTES).all()))
    closing = words[last + 1]
    closed = (closing & np.uint64(2**16 - 1)) == _word(b"/>")
    spaced = (closing & np.uint64(2**24 - 1)) == _word(b" />")
    _require(bool((closed | spaced).all()))
    # A line break inside a value would have to become a space, as XML has it.
    broken = np.logical_or.reduceat(byte < ord(" "), quotes[:, [0, 3]].ravel())[::2]
    _require(not broken.any())
    return quotes


def _check_gaps(byte: Bytes, end: Ints, following: Ints) -> None:
    """Only white space between tags; the last tag ends the data."""
    _require(bool((end <= following).all()) and end[-1] == len(byte))
    edges = np.column_stack([end, following]).ravel()[:-2]
    solid = np.logical_or.reduceat(byte > ord(" "), edges)[::2]
    _require(not (solid & (end < following)[:-1]).any())


def _check_depth(kind: Ints) -> Ints:
    """Depth at which each tag stands: attributes at 1 belong to a trace, at 2 to an event."""
    step = _STEP[kind]
    depth: Ints = np.cumsum(step) - step
    structure = kind != _ATTRIBUTE
    _require(bool((depth[structure] == _DEPTH[kind[structure]]).all()))
    _require(bool((depth[~structure] > 0).all()))
    return depth


def _texts(data: bytes, quotes: Ints) -> tuple[pa.StringArray, pa.StringArray]:
    """Keys and values: every other slice of one array over the file's own bytes."""
    edges = (quotes + np.array([1, 0, 1, 0])).astype(np.int32).ravel()
    buffers = [None, pa.py_buffer(edges), pa.py_buffer(data)]
    slices = pa.StringArray.from_buffers(len(edges) - 1, buffers[1], buffers[2])
    keys = slices.take(pa.array(np.arange(0, len(slices), 4)))
    values = slices.take(pa.array(np.arange(2, len(slices), 4)))
    return (_resolved(keys), _resolved(values)) if b"&" in data else (keys, values)


def _resolved(texts: pa.StringArray) -> pa.StringArray:
    mask = pc.match_substring(texts, "&")
    resolved = [_resolve(text) for text in texts.filter(mask).to_pylist()]
    return pc.replace_with_mask(texts, mask, pa.array(resolved, pa.string()))


@lru_cache(maxsize=100_000)
def _resolve(text: str) -> str:
    return _REFERENCE.sub(_character, text)


def _character(reference: re.Match[str]) -> str:
    name, decimal, hexadecimal = reference.groups()
    if name in _ENTITIES:
        return _ENTITIES[name]
    _require(bool(decimal or hexadecimal))
    code = int(decimal) if decimal else int(hexadecimal, 16)
    _require(code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFF)
    _require(code not in (0xFFFE, 0xFFFF))
    return chr(code)
