"""The bytes of an XES file: unpacked, in UTF-8, block by block, with a bound on their growth."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tsunagu.analytics.contracts import Progress
from tsunagu.analytics.errors import InputError
from tsunagu.analytics.eventlog.xes.problems import EXPORT_AGAIN, broken

BLOCK_BYTES = 4 << 20
BOMB_RATIO = 250
"""Real logs shrink 15 to 60 times; gzip at its utmost, a thousand times."""
BOMB_BYTES = 64 << 20
"""Below this size the ratio does not matter: memory is not in danger."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_CP932_NAMES = frozenset({"shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms932"})


def utf8_blocks(path: Path, progress: Progress | None = None) -> Iterator[bytes]:
    """The file's XML in UTF-8, block by block; whatever its packing and declared encoding.

    Raises:
        InputError: unreadable, empty or truncated file, a gzip bomb, undecodable bytes.
    """
    try:
        with path.open("rb") as raw:
            yield from _decoded(path, _unpacked(path, raw, progress))
    except OSError as error:
        remedy = "Check the name and that you may read the file."
        raise broken(path, f"cannot be read ({error.strerror or error}).", remedy) from error


def _unpacked(path: Path, raw: BinaryIO, progress: Progress | None) -> Iterator[bytes]:
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    size = max(path.stat().st_size, 1)
    stream = gzip.GzipFile(fileobj=raw) if packed else raw
    grown = 0
    while block := _next_block(path, stream):
        grown += len(block)
        if packed and grown > BOMB_BYTES and grown > BOMB_RATIO * size:
            message = f"unpacks to more than {BOMB_RATIO} times its size, like a gzip bomb."
            raise broken(path, message, "If you trust it, unpack it with gunzip and read that.")
        yield block
        if progress is not None:
            progress("read xes", min(raw.tell() / size, 1.0))
    if grown == 0:
        raise broken(path, "is empty.", EXPORT_AGAIN)


def _next_block(path: Path, stream: gzip.GzipFile | BinaryIO) -> bytes:
    try:
        return stream.read(BLOCK_BYTES)
    except EOFError as error:
        raise broken(path, "ends in the middle: the gzip data is cut.", EXPORT_AGAIN) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise broken(path, f"has damaged gzip data ({error}).", EXPORT_AGAIN) from error


def _decoded(path: Path, blocks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(blocks)
    encoding = _encoding(path, first)
    if encoding == "utf-8":
        yield first
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    yield _transcoded(path, decoder, encoding, first)
    for block in blocks:
        yield _transcoded(path, decoder, encoding, block)
    yield _transcoded(path, decoder, encoding, b"", final=True)


def _encoding(path: Path, first: bytes) -> str:
    for mark, name in _BYTE_ORDER_MARKS:
        if first.startswith(mark):
            return name
    declared = _DECLARED.match(first[:400])
    name = declared.group(1).decode("ascii") if declared else "utf-8"
    if name.lower() in _CP932_NAMES:
        return "cp932"  # strict Shift_JIS lacks 﨑 and 髙
    try:
        # Raises for codecs that are none of text (zlib, rot13); lookup alone would not.
        b"    ".decode(name)
        return codecs.lookup(name).name
    except (LookupError, UnicodeError) as error:
        remedy = 'Save the file as UTF-8 and declare encoding="UTF-8" in its first line.'
        raise broken(path, "declares an unknown encoding.", remedy, value=name) from error


def _transcoded(
    path: Path, decoder: codecs.IncrementalDecoder, encoding: str, block: bytes, final: bool = False
) -> bytes:
    try:
        return decoder.decode(block, final).encode("utf-8")
    except UnicodeError as error:
        raise undecodable(path, encoding, error) from error


def undecodable(path: Path, encoding: str, error: UnicodeError) -> InputError:
    """The error for bytes that are not in the encoding that the file declares."""
    bad = None
    if isinstance(error, UnicodeDecodeError):
        bad = error.object[error.start : error.start + 4].hex(" ")
    remedy = 'Declare the true one in the first line, e.g. encoding="Shift_JIS", or save as UTF-8.'
    return broken(path, f"has bytes that are not {encoding}.", remedy, value=bad)
