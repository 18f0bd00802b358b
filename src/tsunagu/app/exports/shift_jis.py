"""Texts in CP932, what Excel in Japan calls Shift_JIS. What it lacks is replaced where all see it.

A character that is dropped would go unnoticed; one that is refused would keep the whole file.
"""

from __future__ import annotations

import codecs
import unicodedata
from dataclasses import dataclass, field

MARK = "\u3013"
"""The geta mark: what Japanese printers put where a type is missing."""

SHOWN = 20

TWINS = str.maketrans(
    {
        "\u301c": "\uff5e",
        "\u2212": "\uff0d",
        "\u2014": "\u2015",
        "\u2016": "\u2225",
        "\u00a2": "\uffe0",
        "\u00a3": "\uffe1",
        "\u00ac": "\uffe2",
        "\u00a5": "\uffe5",
        "\u00a0": " ",
        "\u2013": "-",
    }
)
"""Characters that CP932 holds under the number of their twin: the meaning stays."""


@dataclass
class Encoder:
    """Encodes the cells of one file, and remembers what it had to replace.

    Attributes:
        replaced: how many characters.
        characters: the first different ones.
        first_row: number of the file's row with the first of them, the headings being row 1.
    """

    replaced: int = 0
    characters: list[str] = field(default_factory=list)
    first_row: int | None = None
    row: int = 0

    def line(self, text: str) -> bytes:
        """One row of the file."""
        self.row += 1
        try:
            return text.encode("cp932")
        except UnicodeEncodeError:
            return self._with_marks(unicodedata.normalize("NFC", text).translate(TWINS))

    def _with_marks(self, text: str) -> bytes:
        try:
            return text.encode("cp932")
        except UnicodeEncodeError:
            return "".join(map(self._kept, text)).encode("cp932")

    def _kept(self, character: str) -> str:
        if _fits(character):
            return character
        if self.first_row is None:
            self.first_row = self.row
        self.replaced += 1
        if character not in self.characters and len(self.characters) < SHOWN:
            self.characters.append(character)
        return MARK


def _fits(character: str) -> bool:
    try:
        codecs.encode(character, "cp932")
    except UnicodeEncodeError:
        return False
    return True
