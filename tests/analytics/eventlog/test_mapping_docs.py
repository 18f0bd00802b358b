"""The reference of mapping files is complete, and its examples work."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from tsunagu.analytics.contracts import Kind, Outcome
from tsunagu.analytics.eventlog import mapping
from tsunagu.analytics.eventlog.mapping_file import load_mapping

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "mapping.md"
RENAMED = {"one_of", "none_of", "replaced", "source", "other_attributes", "type", "column"}


def text() -> str:
    return REFERENCE.read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_are_valid(number: int, tmp_path: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", text(), re.DOTALL)[number]
    path = tmp_path / "mapping.toml"
    path.write_text(example, encoding="utf-8")
    assert load_mapping(path).deals.id


def test_every_key_and_word_is_in_the_reference() -> None:
    kinds = (mapping.Mapping, mapping.DealTable, mapping.EventTable, mapping.Rule)
    tables = (*kinds, mapping.Condition, mapping.FileChoice, mapping.AtRisk)
    keys = {field.name for table in tables for field in fields(table)} - RENAMED
    words = {word.value for words in (Kind, Outcome) for word in words}
    missing = [
        word for word in sorted(keys | words) if not re.search(rf"[`.\[]{word}[`\]]", text())
    ]
    assert missing == []


@pytest.mark.parametrize("name", ["bpic2012", "school_crm", "maven_crm"])
def test_the_shipped_mappings_are_valid(name: str) -> None:
    folder = REFERENCE.parents[2] / "benchmarks" / "mappings"
    assert load_mapping(folder / f"{name}.toml").deals.id
