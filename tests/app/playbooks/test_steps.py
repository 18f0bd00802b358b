"""What a playbook may say, and how a wrong one is refused."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.app.playbooks.making import a_step, content, said

from tsunagu.app.playbooks.business_days import business_day, business_days_ago
from tsunagu.app.playbooks.changes import changes
from tsunagu.app.playbooks.filling import MISSING, fill, fill_html
from tsunagu.app.playbooks.shipping import shipped
from tsunagu.app.playbooks.steps import SchemaError, as_json, load, parse


def test_every_shipped_playbook_is_right_and_survives_the_database() -> None:
    found = list(shipped())

    assert found
    for one in found:
        assert parse(json.loads(json.dumps(as_json(one)))) == one


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"day": -1}, "step 1, day"),
        ({"day": "2"}, "step 1, day"),
        ({"role": "boss"}, "step 1, role"),
        ({"channel": "fax"}, "step 1, channel"),
        ({"key": "Call them"}, "step 1, key"),
        ({"condition": "value_at_least"}, "step 1, amount"),
        ({"channel": "telephone"}, "step 1, script.ja"),
        ({"script": {"ja": "{customre}様", "en": "x"}}, "step 1, script.ja"),
        ({"script": {"ja": "{customer", "en": "x"}}, "step 1, script.ja"),
        ({"subject": said("件名")}, "step 1, subject"),
        ({"colour": "red"}, "step 1, colour"),
        ({"name": {"fr": "Appeler"}}, "step 1, name.fr"),
        ({"text": said("あ" * 4000)}, "step 1, text.ja"),
    ],
)
def test_a_wrong_step_is_refused_with_its_place(wrong: dict[str, Any], place: str) -> None:
    with pytest.raises(SchemaError) as refused:
        content(a_step("one", **wrong))

    assert place.split(", ")[1] in [p.field for p in refused.value.problems]
    assert all(p.step == 0 for p in refused.value.problems)


def test_two_steps_cannot_share_a_key() -> None:
    with pytest.raises(SchemaError) as refused:
        content(a_step("one"), a_step("one"))

    assert [(p.step, p.field) for p in refused.value.problems] == [(1, "key")]


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(SchemaError) as refused:
        content(a_step("one", day=-1), a_step("two", role="boss"), causes=["bad.luck"])

    assert {(p.step, p.field) for p in refused.value.problems} == {
        (0, "day"),
        (1, "role"),
        (None, "causes"),
    }


def test_one_language_is_enough_for_a_team_but_not_for_a_shipped_file(tmp_path: Path) -> None:
    only_japanese = a_step("one", name={"ja": "電話"}, text={"ja": "かける"})
    assert str(content(only_japanese).steps[0].name.in_language("en")) == "電話"

    file = tmp_path / "plain.toml"
    file.write_text(
        'key="plain"\nversion=1\ncauses=["any"]\n[name]\nja="名"\n[purpose]\nja="目的"\nen="x"\n'
        '[[steps]]\nkey="a"\nday=0\nrole="owner"\nchannel="internal"\n'
        '[steps.name]\nja="a"\nen="a"\n[steps.text]\nja="a"\nen="a"\n[steps.done]\nja="a"\nen="a"\n',
        encoding="utf-8",
    )
    with pytest.raises(SchemaError, match=r"plain\.toml:\n- name\.en"):
        load(file)


def test_business_days_skip_weekends_holidays_and_new_year() -> None:
    assert business_day(date(2026, 11, 20), 1) == date(2026, 11, 24)  # 23 November is a holiday
    assert business_day(date(2026, 11, 21), 0) == date(2026, 11, 24)
    assert business_day(date(2026, 12, 28), 1) == date(2027, 1, 4)
    assert business_days_ago(date(2026, 11, 24), 1) == date(2026, 11, 20)


def test_a_missing_value_is_shown_as_a_gap_and_named() -> None:
    filled = fill("{customer}\n{contact}様", {"customer": "山川商事", "contact": ""})

    assert filled.text == f"山川商事\n{MISSING}様"
    assert filled.missing == ("contact",)


def test_values_cannot_bring_markup_into_a_page() -> None:
    page = fill_html("<b>{customer}</b>", {"customer": "<script>alert(1)</script>"})

    assert "<script>" not in page
    assert "<b>" not in page


def test_changes_are_told_step_by_step() -> None:
    before = content(a_step("one"), a_step("two"), a_step("three"))
    after = content(a_step("three", day=3), a_step("one"), a_step("four"))

    told = changes(before, after)

    assert len(told) == 4
    assert any("two" in line for line in told)
    assert any("four" in line for line in told)
    assert any(line.startswith("手順 three") for line in told)
