"""The description shows an example of whatever is sent and answered; each can be as it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from tests.app.api.calling import Program
from tests.app.factories import Organisation

from tsunagu.app.exchange.api import describing, examples, urls
from tsunagu.app.exchange.api.examples import REF
from tsunagu.app.playbooks.steps import parse

JSON = ("application/json", "application/problem+json")


def described() -> dict[str, Any]:
    return describing.describe(urls.api)


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body that is sent or answered as JSON, with the operation that it belongs to."""
    for operations in described()["paths"].values():
        for operation in operations.values():
            said = [operation.get("requestBody", {}), *operation["responses"].values()]
            for each in said:
                for kind, content in each.get("content", {}).items():
                    if kind in JSON:
                        yield operation["operationId"], content


def test_whatever_is_sent_and_answered_has_an_example() -> None:
    assert not [name for name, content in bodies() if "example" not in content]


def test_examples_can_be_as_they_are_shown() -> None:
    components = described()["components"]
    for name, content in bodies():
        schema = {**content["schema"], "components": components}
        faults = list(
            Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(
                content["example"]
            )
        )
        assert not faults, (name, faults[0].json_path, faults[0].message)


@pytest.mark.parametrize("name", sorted(examples.known()))
def test_examples_show_fields_that_there_are(name: str) -> None:
    schema = described()["components"]["schemas"][name]
    fields = schema["properties"].keys()
    example = examples.known()[name].keys()

    assert example == fields if name.endswith("Out") else example <= fields


def test_no_example_is_left_over() -> None:
    used = {
        part
        for _name, content in bodies()
        for part in str(content["schema"]).replace("Listed_", "").split("'")
        if part.startswith(REF)
    }
    assert examples.known().keys() == {part.removeprefix(REF).rstrip("_") for part in used}


@pytest.mark.parametrize("name", ["PlaybookIn", "PlaybookOut", "VersionIn", "VersionOut"])
def test_the_playbook_shown_is_one(name: str) -> None:
    assert parse(examples.known()[name]["content"], complete=True).key == "budget-reviewed"


def test_the_deal_shown_can_be_begun(organisation: Organisation) -> None:
    said = {**examples.known()["DealIn"], "customer": organisation.own.customer_id}

    assert Program(organisation.operations).post("/deals", said).status_code == 201
