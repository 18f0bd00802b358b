"""Which encoding a text file is written in, and a stream that reads it."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from tsunagu.analytics.errors import InputError, Problem

_BLOCK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSES = ("cp1252", "euc_jp", "iso2022_jp", "cp949", "gb18030", "big5", "cp1251", "cp1250")
"""Encodings that may be guessed, the most likely of equals first."""

_SAVE_AS_UTF8 = "Save the file as “CSV UTF-8”, or name its encoding in the mapping: encoding = …"


@dataclass(frozen=True)
class Encoding:
    """How to decode a file.

    Attributes:
        name: Python's codec name.
        damaged: some bytes do not fit; they decode to U+FFFD and their rows must be rejected.
        guessed: from letters' frequencies: the user must be told.
    """

    name: str
    damaged: bool = False
    guessed: bool = False


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked where its name ends in ``.gz``.

    Raises:
        InputError: if the file is missing, unreadable or not the gzip file that its name says.
    """
    try:
        if path.name.endswith(".gz"):
            with gzip.open(path, "rb") as unpacked:
                yield cast(IO[bytes], unpacked)
        else:
            with path.open("rb") as stream:
                yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        remedy = "Copy or download the file again, or unpack it yourself."
        raise file_error(path, f"the gzip file is damaged ({error}).", remedy) from error
    except OSError as error:
        remedy = "Check the path and the permissions."
        raise file_error(path, f"cannot be read ({error.strerror}).", remedy) from error


@contextmanager
def open_text(path: Path, encoding: Encoding) -> Iterator[io.TextIOWrapper]:
    """The file's text with its line ends untouched."""
    errors = "replace" if encoding.damaged else "strict"
    with open_bytes(path) as stream:
        try:
            yield io.TextIOWrapper(stream, encoding=encoding.name, errors=errors, newline="")
        except UnicodeDecodeError as error:
            raise _undecodable(path, encoding.name) from error


def detect_encoding(path: Path) -> Encoding:
    """A byte order mark; else UTF-8; else CP932 (Windows' Shift_JIS); else a statistical guess.

    A file that starts as Japanese UTF-8 and then breaks is damaged UTF-8, never CP932: read as
    CP932 it might give other characters without a word.

    Raises:
        InputError: naming byte and row, if nothing fits.
    """
    with open_bytes(path) as stream:
        head = stream.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, damaged=_first_misfit(path, name) is not None)
    misfit = _first_misfit(path, "utf-8")
    if misfit is None:
        return Encoding("utf-8")
    if _starts_as_utf8(path, misfit):
        return Encoding("utf-8", damaged=True)
    if _first_misfit(path, "cp932") is None:
        return Encoding("cp932")
    return Encoding("utf-8", damaged=True) if _is_mostly_utf8(path) else _guess(path)


def file_error(path: Path, message: str, remedy: str, row: int | None = None) -> InputError:
    """An error about a file as a whole."""
    return InputError(Problem(path.name, row, None, None, message, remedy))


def blocks(path: Path, size: int = _BLOCK) -> Iterator[bytes]:
    """The file's bytes, unpacked, in blocks."""
    with open_bytes(path) as stream:
        while block := stream.read(size):
            yield block


def _first_misfit(path: Path, name: str) -> int | None:
    """Offset of the first byte that ``name`` cannot decode, or None."""
    decoder = codecs.getincrementaldecoder(name)()
    done = 0
    try:
        for block in blocks(path):
            held = len(decoder.getstate()[0])
            decoder.decode(block)
            done += len(block)
        held = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return done - held + error.start
    return None


def _starts_as_utf8(path: Path, misfit: int) -> bool:
    """Whether the bytes before ``misfit`` hold two or more Japanese letters in UTF-8."""
    with open_bytes(path) as stream:
        text = stream.read(min(misfit, _BLOCK)).decode("utf-8", errors="ignore")
    return _japanese_letters(text) >= 2


def _is_mostly_utf8(path: Path) -> bool:
    """Whether the file's start has more Japanese letters in UTF-8 than misfits."""
    with open_bytes(path) as stream:
        text = stream.read(_BLOCK).decode("utf-8", errors="replace")
    return _japanese_letters(text) > max(1, text.count("\ufffd"))


def _japanese_letters(text: str) -> int:
    return sum("\u3040" <= letter <= "\u9fff" for letter in text)


def _guess(path: Path) -> Encoding:
    from charset_normalizer import from_bytes

    with open_bytes(path) as stream:
        matches = from_bytes(stream.read(_BLOCK), cp_isolation=list(_GUESSES))
    best = matches.best()
    names = {
        name
        for match in matches
        if best and (match.chaos, match.coherence) == (best.chaos, best.coherence)
        for name in (match.encoding, *match.could_be_from_charset)
    }
    for name in _GUESSES:
        if name in names and _first_misfit(path, name) is None:
            return Encoding(name, guessed=True)
    raise _undecodable(path, "cp932")


def _undecodable(path: Path, name: str) -> InputError:
    misfit = _first_misfit(path, name) or 0
    row = 1 + _line_ends_before(path, misfit)
    message = f"the text is in no encoding that is understood (byte {misfit:,})."
    return file_error(path, message, _SAVE_AS_UTF8, row)


def _line_ends_before(path: Path, offset: int) -> int:
    count = 0
    for block in blocks(path):
        count += block[: max(offset, 0)].count(b"\n")
        offset -= len(block)
        if offset <= 0:
            break
    return count
