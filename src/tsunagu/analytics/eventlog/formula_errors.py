"""The error cells (#REF!, #DIV/0!) of an ``.xlsx`` sheet.

The workbook reader shows them as empty cells.  A missing amount and a broken one are not the same,
so they are looked up in the sheet's own XML.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from html import unescape
from pathlib import Path

_SHEET = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(r'([\w:]+)\s*=\s*"([^"]*)"')
_ERROR_CELL = re.compile(
    rb'<(?:\w+:)?c\s([^>]*\bt="e"[^>]*)>(?:<(?:\w+:)?f\b[^>]*/>|<(?:\w+:)?f\b.*?</(?:\w+:)?f>)?'
    rb"<(?:\w+:)?v>([^<]*)<",
    re.DOTALL,
)
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')


def formula_errors(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """Error texts by row and column, both counted from 0; nothing for other kinds of workbook."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        part = _part_of(archive, sheet)
        if part is None or part not in archive.namelist():
            return {}
        xml = archive.read(part)
    return dict(_error(match) for match in _ERROR_CELL.finditer(xml) if _PLACE.search(match[1]))


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The sheet's file in the archive."""
    names = archive.namelist()
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return None
    ids = {
        each["name"]: value
        for each in _elements(archive, "xl/workbook.xml", _SHEET)
        for key, value in each.items()
        if key.endswith(":id") and "name" in each
    }
    targets = {
        each.get("Id"): each.get("Target", "")
        for each in _elements(archive, "xl/_rels/workbook.xml.rels", _RELATION)
    }
    target = targets.get(ids.get(sheet))
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") if target else None


def _elements(
    archive: zipfile.ZipFile, part: str, pattern: re.Pattern[str]
) -> list[dict[str, str]]:
    text = archive.read(part).decode("utf-8", errors="replace")
    return [
        {name: unescape(value) for name, value in _ATTRIBUTE.findall(found)}
        for found in pattern.findall(text)
    ]


def _error(match: re.Match[bytes]) -> tuple[tuple[int, int], str]:
    place = _PLACE.search(match[1])
    letters, row = place.groups() if place else (b"A", b"1")
    column = 0
    for letter in letters:
        column = column * 26 + letter - ord("A") + 1
    return (int(row) - 1, column - 1), match[2].decode("ascii", errors="replace")
