"""Words in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language

LANGUAGES = ("ja", "en")


@dataclass(frozen=True)
class Words:
    """One text in Japanese and English; either may be empty, then the other stands for it."""

    ja: str = ""
    en: str = ""

    @property
    def words(self) -> str:
        """In the reader's language."""
        return self.in_language(get_language() or "ja")

    def in_language(self, language: str) -> str:
        """In ``language`` (``ja`` or ``en``)."""
        return (self.ja or self.en) if language == "ja" else (self.en or self.ja)

    def __str__(self) -> str:
        return self.words

    def __bool__(self) -> bool:
        return bool(self.ja or self.en)
