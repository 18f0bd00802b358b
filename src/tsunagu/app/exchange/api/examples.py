"""Examples of what is sent and answered, from ``examples.json``, by the name of their schema."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

REF = "#/components/schemas/"

_PAGE = re.compile(r"Listed_(\w+)_")


@cache
def known() -> dict[str, Any]:
    """Every example by its schema's name."""
    content = Path(__file__).with_name("examples.json").read_text(encoding="utf-8")
    examples: dict[str, Any] = json.loads(content)
    return examples


def of(schema: dict[str, Any]) -> Any:
    """An example of a body that is described by name, or as a list; None where there is none."""
    if schema.get("type") == "array":
        each = of(schema["items"])
        return None if each is None else [each]
    name = schema.get("$ref", "").removeprefix(REF)
    if page := _PAGE.fullmatch(name):
        return {"items": [known()[page[1]]], "next": None}
    return known().get(name)


def shown(said: dict[str, Any]) -> dict[str, Any]:
    """A request body or a response, with an example for each type of content that has one."""
    if "content" not in said:
        return said
    content = {kind: _illustrated(described) for kind, described in said["content"].items()}
    return {**said, "content": content}


def _illustrated(described: dict[str, Any]) -> dict[str, Any]:
    example = of(described["schema"])
    return described if example is None else {"example": example, **described}
