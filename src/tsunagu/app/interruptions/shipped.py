"""What ships with the diagnosis: questions, what signals speak for, the customer's choices."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

ANY = "any"
"""The heading of the questions that come with every case."""

Shares = Mapping[str, float]
"""Causes, and how much is to be believed of each, 0 to 1; together at most 1."""


@dataclass(frozen=True)
class Phrase:
    """A key that is kept, its words, and where it speaks for causes, how much."""

    key: str
    ja: str
    en: str
    causes: Shares = field(default_factory=dict)

    @property
    def words(self) -> str:
        """In the reader's language."""
        return self.ja if get_language() == "ja" else self.en


@cache
def questions() -> dict[str, list[Phrase]]:
    """The questions of each cause, and under :data:`ANY` those of every case."""
    loaded = _load("questions")
    nested = {
        f"{category}.{cause}": rows
        for category, causes in loaded.items()
        if category != ANY
        for cause, rows in causes.items()
    }
    return {cause: _phrases(rows) for cause, rows in {ANY: loaded[ANY], **nested}.items()}


@cache
def question(key: str) -> Phrase | None:
    """The question with that key."""
    return next((q for asked in questions().values() for q in asked if q.key == key), None)


@cache
def signal_causes() -> dict[str, Shares]:
    """What each kind of signal speaks for."""
    return _load("signal_causes")


@cache
def choices() -> dict[str, Phrase]:
    """What a customer can tick, by key, in the form's order."""
    return {phrase.key: phrase for phrase in _phrases(_load("choices")["choices"])}


@cache
def ways() -> dict[str, Phrase]:
    """How a customer may want to be contacted, by key, in the form's order."""
    return {phrase.key: phrase for phrase in _phrases(_load("choices")["ways"])}


def _phrases(rows: Mapping[str, Mapping[str, Any]]) -> list[Phrase]:
    return [Phrase(key, **row) for key, row in rows.items()]


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))
