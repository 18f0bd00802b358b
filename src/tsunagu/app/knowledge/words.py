"""Texts as the words they are found by: Japanese in normal forms, the rest in lower case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from tsunagu.app.scoring import causes

LATIN = re.compile(r"[a-z]{3,}")
MOST = 12
"""Words of a search that count."""

_PARTS = re.compile(r"[^\W_]+")
NOT = "not"


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """The content words of each text, in their order.

    Only letters and digits are left in a word: the databases' own parsers then split words nowhere
    but at blanks, and find the same on both.
    """
    return [_plain(word for word, _surface in found) for found in causes.words(texts)]


def tokens(*texts: str) -> str:
    """What is kept to be searched."""
    return " ".join(word for found in words_of(texts) for word in found)


def sought(typed: str) -> list[str]:
    """The words of a search; an English plural also finds its singular."""
    found = dict.fromkeys(words_of([typed])[0])
    return [_singular(word) for word in found][:MOST]


def marked(text: str, wanted: Sequence[str]) -> SafeString:
    """``text`` as HTML, with what the words of a search found in it marked."""
    pairs = causes.words([text])[0] if wanted else []
    surfaces = {surface for word, surface in pairs if surface and _is_sought(word, wanted)}
    parts = sorted(map(re.escape, surfaces), key=len, reverse=True)
    pattern = re.compile(f"({'|'.join(parts)})" if parts else r"(?!)", re.IGNORECASE)
    pieces = pattern.split(text)
    html = (f"<mark>{escape(p)}</mark>" if i % 2 else escape(p) for i, p in enumerate(pieces))
    return mark_safe("".join(html))  # noqa: S308  # every piece was escaped


def _is_sought(word: str, wanted: Sequence[str]) -> bool:
    stems = _plain([word])
    return any(w in stems or (LATIN.fullmatch(w) and word.startswith(w)) for w in wanted)


def _plain(found: Iterable[str]) -> list[str]:
    return [part for word in found if word != NOT for part in _PARTS.findall(word)]


def _singular(word: str) -> str:
    is_plural = bool(LATIN.fullmatch(word)) and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if is_plural and len(word) > 3 else word
