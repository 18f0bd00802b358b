"""How one file is meant: which column is what, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping as Mappable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tsunagu.app.exchange import fields, ranks
from tsunagu.app.exchange.models import Import

DATE_FORMATS = ("", "day_first", "month_first")


@dataclass
class Mapping:
    """The user's choices; kept as JSON on the import.

    Attributes:
        preset: key of the system whose headers were tried first.
        columns: header by field.
        words: for each vocabulary (``outcome``, ``kind``, ...) meaning by word.
        date_format: how 03/04/2024 is meant.
        team: id of the team that new owners join.
        ranks: percentage by plain rank, as the organisation had it when the mapping was made, so
            that the import does what its dry run said even if the map is edited in between.
    """

    preset: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    date_format: str = ""
    team: int | None = None
    ranks: dict[str, int] = field(default_factory=ranks.by_plain_word)

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    def column(self, key: str) -> str | None:
        """The header of a field, or None."""
        return self.columns.get(key)

    def meaning(self, words: str, word: str) -> str:
        """What a cell's word means: what the user said, or else what it means by itself."""
        said = self.words.get(words, {})
        if word in said:
            return said[word]
        if words == "confidence":
            return ranks.meaning(self.ranks, word)
        return fields.guess_meaning(words, word)

    def missing(self, kind: str) -> list[fields.Field]:
        """Required fields without a column, nor one that does as well."""
        return [
            f
            for f in fields.FIELDS[kind]
            if f.required and not {f.key, f.instead} & self.columns.keys()
        ]


def kept(source: Import) -> Mapping:
    """The mapping that was saved, or the guess."""
    return Mapping(**source.mapping) if source.mapping else guess(source)


def guess(source: Import, preset: str | None = None) -> Mapping:
    """What the headers say; ``preset`` None: recognise the system too."""
    headers = [column["header"] for column in source.columns]
    system = fields.recognised_preset(source.kind, headers) if preset is None else preset
    return Mapping(preset=system, columns=fields.recognise(source.kind, headers, system))


def from_form(source: Import, data: Mappable[str, str]) -> Mapping:
    """What a form says; what the file lacks is ignored. Another preset guesses the columns anew."""
    preset = data.get("preset", "")
    if preset != data.get("preset_before", ""):
        return guess(source, preset if preset in dict(fields.presets()) else "")
    headers = {column["header"] for column in source.columns}
    columns = {
        f.key: chosen
        for f in fields.FIELDS[source.kind]
        if (chosen := data.get(f"column-{f.key}", "")) in headers
    }
    team, date_format = data.get("team", ""), data.get("date_format", "")
    return Mapping(
        preset=preset,
        columns=columns,
        words=_said(data),
        date_format=date_format if date_format in DATE_FORMATS else "",
        team=int(team) if team.isascii() and team.isdigit() and len(team) < 18 else None,
    )


def _said(data: Mappable[str, str]) -> dict[str, dict[str, str]]:
    """Fields named ``word:VOCABULARY:WORD``."""
    said: dict[str, dict[str, str]] = {}
    for name in data:
        if name.startswith("word:"):
            _mark, words, word = name.split(":", 2)
            if _is_meaning(words, data[name]):
                said.setdefault(words, {})[word] = data[name]
    return said


def _is_meaning(words: str, meaning: str) -> bool:
    if words == "confidence":
        return meaning == "" or (meaning.isascii() and meaning.isdigit() and int(meaning) <= 100)
    return meaning in {key for key, _label in fields.MEANINGS.get(words, ())}


def word_maps(source: Import, mapping: Mapping) -> list[dict[str, Any]]:
    """For the form: each vocabulary in use with the file's words and their meanings now."""
    known = {column["header"]: column["words"] for column in source.columns}
    maps = []
    for f in fields.FIELDS[source.kind]:
        words = known.get(mapping.columns.get(f.key, ""), [])
        if f.words and words:
            rows = [(word, mapping.meaning(f.words, word)) for word in words]
            choices = fields.MEANINGS.get(f.words)
            maps.append({"field": f, "vocabulary": f.words, "rows": rows, "choices": choices})
    return maps


def check(source: Import, chosen: Mapping) -> None:
    """Refuse fields, columns and meanings that there are not.

    Raises:
        ValidationError: naming what there is.
    """
    known = {field.key for field in fields.FIELDS[source.kind]}
    headers = {column["header"] for column in source.columns}
    for key, header in chosen.columns.items():
        if key not in known:
            names = ", ".join(sorted(known))
            raise ValidationError(
                _("There is no field {key}; there are {names}.").format(key=key, names=names)
            )
        if header not in headers:
            names = ", ".join(sorted(headers))
            raise ValidationError(
                _("There is no column {key}; there are {names}.").format(key=header, names=names)
            )
    for words, meant in chosen.words.items():
        for word, meaning in meant.items():
            if not _is_meaning(words, meaning):
                said = _("“{word}” cannot mean “{meaning}”.")
                raise ValidationError(said.format(word=word, meaning=meaning))
    if chosen.date_format not in DATE_FORMATS:
        names = ", ".join(DATE_FORMATS[1:])
        raise ValidationError(_("A date is written as one of {names}.").format(names=names))
