"""The reference names every address and every table: what is new is listed or left out with why."""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps
from tests.app.api.test_examples import described

PAGE = Path(__file__).parents[3] / "docs/reference/api.md"


def written() -> set[str]:
    """What stands on the page as code."""
    return set(re.findall(r"`([^`\n]+)`", PAGE.read_text(encoding="utf-8")))


def test_every_noun_of_the_api_is_listed() -> None:
    names = {part for said in written() for part in said.split("/")}
    nouns = {path.removeprefix("/api/v1/").split("/")[0] for path in described()["paths"]}
    assert nouns - names == set()


def test_every_table_stands_in_a_noun_or_is_left_out_with_a_reason() -> None:
    models = [m for m in apps.get_models() if m.__module__.startswith("tsunagu.")]
    tables = {f"{model._meta.app_label}.{model.__name__}" for model in models}
    listed = {said for said in written() if re.fullmatch(r"[a-z]+\.[A-Z]\w+", said)}
    assert tables == listed
