"""The shipped playbooks: one for every cause, in both languages, each with its own words."""

from __future__ import annotations

from pathlib import Path

import pytest

import tsunagu.app.playbooks
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.playbooks.steps import ANY, SCRIPTED, Content, Gate, load

FILES = sorted((Path(tsunagu.app.playbooks.__file__).parent / "shipped").glob("*.toml"))
ORDER = [Gate.EXPLAIN, Gate.CONTACT, Gate.NEEDS, Gate.PROPOSAL, Gate.RESUMED]


@pytest.fixture(scope="module")
def contents() -> list[Content]:
    """Each is read as the application reads it: unknown variables and gaps are refused."""
    return [load(file) for file in FILES]


def test_every_cause_has_one_and_a_general_one_is_there(contents: list[Content]) -> None:
    causes = [cause for content in contents for cause in content.causes]
    assert sorted(causes) == sorted([ANY, *Cause.values])


def test_each_returns_in_stages_and_sells_only_after_the_needs(contents: list[Content]) -> None:
    for content in contents:
        gates = [step.gate for step in content.steps if step.gate]
        assert list(dict.fromkeys(gates)) == ORDER, content.key
        assert [ORDER.index(gate) for gate in gates] == sorted(map(ORDER.index, gates))
        days = [step.day for step in content.steps]
        assert days == sorted(days), content.key
        assert 5 <= len(days) <= 8, content.key
        needs = next(i for i, step in enumerate(content.steps) if step.gate == Gate.NEEDS)
        quotes = [i for i, step in enumerate(content.steps) if step.done_by == "quote"]
        assert quotes, content.key
        assert min(quotes) > needs, content.key


def test_each_has_something_to_say_and_to_write(contents: list[Content]) -> None:
    for content in contents:
        channels = {step.channel for step in content.steps}
        assert "telephone" in channels, content.key
        assert channels & {"email", "letter"}, content.key


def test_causes_are_answered_differently(contents: list[Content]) -> None:
    for language in ("ja", "en"):
        scripts = [
            getattr(step.script, language)
            for content in contents
            for step in content.steps
            if step.channel in SCRIPTED
        ]
        assert len(scripts) == len(set(scripts))
        purposes = [getattr(content.purpose, language) for content in contents]
        assert len(purposes) == len(set(purposes))


def test_a_discount_is_never_offered_without_approval(contents: list[Content]) -> None:
    [content] = [c for c in contents if Cause.DISCOUNT in c.causes]
    approved = next(i for i, step in enumerate(content.steps) if step.approval == "manager")
    offered = next(i for i, step in enumerate(content.steps) if step.done_by == "quote")
    assert approved < offered
