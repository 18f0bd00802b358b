"""Both languages are complete: no words without a translation, none that were not marked."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import polib
import pytest

import tsunagu.app

APP = Path(tsunagu.app.__file__).parent
CATALOGUES = sorted(APP.rglob("ja/LC_MESSAGES/django.po"))
COMPILED = sorted(APP.rglob("jinja2/**/*.html"))
TEMPLATES = [
    *sorted(APP.rglob("templates/**/*.html")),
    *sorted(APP.rglob("templates/**/*.txt")),
    *COMPILED,
]
JAPANESE = re.compile(r"[぀-ヿ㐀-鿿]")
MARKED_IN_TEMPLATES = re.compile(r"""\{%\s*(?:translate|trans)\s+(?:"([^"]+)"|'([^']+)')""")
BLOCKS = re.compile(r"(?s)\{%\s*blocktrans(?:late)?.*?%\}.*?\{%\s*endblocktrans(?:late)?\s*%\}")
MARKED_IN_PYTHON = re.compile(r"""(?<![\w.])_\(\s*"((?:[^"\\]|\\.)*)"\s*\)""")
SPOKEN_ATTRIBUTES = re.compile(r"""(?:placeholder|aria-label|alt|title|data-label)="([^"]+)\"""")
OWN_NAMES = {"Tsunagu", "English", "日本語", "j", "k", "c", "d", "Enter", "/", "?"}


def relative(file: Path) -> str:
    return file.relative_to(APP).as_posix()


@pytest.mark.parametrize("file", CATALOGUES, ids=relative)
def test_every_word_is_translated(file: Path) -> None:
    words = polib.pofile(str(file))

    assert [e.msgid for e in words if not e.translated()] == []
    assert [e.msgid for e in words if "fuzzy" in e.flags] == []
    for entry in words:
        wanted = set(re.findall(r"%\(\w+\)s|\{\w*\}", entry.msgid))
        spoken = " ".join([entry.msgstr, *entry.msgstr_plural.values()])
        assert wanted == set(re.findall(r"%\(\w+\)s|\{\w*\}", spoken)), entry.msgid


def test_one_word_has_one_translation() -> None:
    meanings = defaultdict(set)
    for file in CATALOGUES:
        for entry in polib.pofile(str(file)):
            meanings[entry.msgctxt, entry.msgid].add(entry.msgstr)

    assert {word: found for word, found in meanings.items() if len(found) > 1} == {}


def known_words() -> set[str]:
    return {entry.msgid for file in CATALOGUES for entry in polib.pofile(str(file))}


def test_every_marked_word_was_gathered() -> None:
    """Else run ``scripts/messages gather`` and translate."""
    marked = {
        (a or b)
        for file in TEMPLATES
        for a, b in MARKED_IN_TEMPLATES.findall(file.read_text(encoding="utf-8"))
    }
    for file in [*APP.rglob("*.py"), *COMPILED]:
        found = MARKED_IN_PYTHON.findall(file.read_text(encoding="utf-8"))
        marked |= {text.replace('\\"', '"') for text in found}

    assert marked - known_words() == set()


@pytest.mark.parametrize("file", TEMPLATES, ids=relative)
def test_no_words_stand_unmarked_in_a_template(file: Path) -> None:
    text = BLOCKS.sub("", file.read_text(encoding="utf-8"))
    text = re.sub(r"(?s)\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "\x00", text)
    attributes = [a for a in SPOKEN_ATTRIBUTES.findall(text) if "\x00" not in a]
    shown = re.sub(r"(?s)<script.*?</script>|<style.*?</style>|<[^>]*>", "\x00", text)
    pieces = {p.strip() for p in shown.split("\x00")} | {a.strip() for a in attributes}
    words = {p for p in pieces if re.search(r"[A-Za-z]", p) or JAPANESE.search(p)}

    assert words - OWN_NAMES == set()


LANGUAGE_ITSELF = {
    "customers/names.py",
    "days.py",
    "exchange/wording.py",
    "people/models.py",
    "sums.py",
}
"""They write dates, money and the languages' own names in Japanese, or quote what others say."""


def test_python_says_nothing_in_japanese_by_itself() -> None:
    speakers = {
        relative(file)
        for file in APP.rglob("*.py")
        if file.parent.name != "migrations" and JAPANESE.search(file.read_text(encoding="utf-8"))
    }

    assert speakers <= LANGUAGE_ITSELF
