"""A file of each system, in the form that its documentation tells of, comes in without a word."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tests.app.exchange.files import imported, upload

from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.exchange import actions, fields, mapping
from tsunagu.app.exchange.models import Import
from tsunagu.app.people.models import User

FIXTURES = Path(__file__).with_name("fixtures")
REFERENCE = Path(__file__).parents[3] / "docs/reference/presets.md"


@dataclass(frozen=True)
class Export:
    """What comes of a file: its system, how many deals, and what one of them is like."""

    system: str
    deals: int
    one: str
    like: dict[str, Any]
    columns: dict[str, str] = field(default_factory=dict)


EXPORTS = {
    "salesforce_report.csv": Export(
        "salesforce",
        3,
        "0065g00000A1AAB",
        {
            "title": "保守契約 （二年目）",
            "outcome": "won",
            "amount": 800_000,
            "customer": "みどり物流株式会社",
        },
    ),
    "salesforce_data_loader.csv": Export(
        "salesforce",
        2,
        "0065G00000B1AAAQA1",
        {"stage": "Proposal/Price Quote", "amount": 1_200_000, "close_date": date(2026, 12, 20)},
    ),
    "hubspot_deals.csv": Export(
        "hubspot",
        2,
        "9002",
        {"outcome": "lost", "owner": "Ichiro Suzuki", "customer": "Aoba Trading", "amount": None},
    ),
    "pipedrive_deals.csv": Export(
        "pipedrive",
        3,
        "43",
        {"outcome": "broken_off", "amount": 300_000, "customer": "Aoba Trading"},
    ),
    "zoho_deals.csv": Export(
        "zoho",
        3,
        "zcrm_554000000102",
        {"outcome": "won", "customer": "Midori Logistics", "owner": "Ichiro Suzuki"},
    ),
    "kintone_deals.csv": Export(
        "kintone",
        2,
        "101",
        {
            "customer": "株式会社髙橋製作所",
            "amount": 1_200_000,
            "close_date": date(2026, 12, 20),
            "created": date(2026, 4, 1),
        },
    ),
    "mazrica_deals.csv": Export(
        "mazrica",
        2,
        "1001",
        {"stage": "見積・提案", "amount": 1_200_000, "customer": "株式会社髙橋製作所"},
    ),
    "esm_deals.csv": Export(
        "esm",
        2,
        "30001",
        {"title": "検査装置の更新", "owner": "佐藤 花子", "stage": "提案"},
        columns={"amount": "受注見込金額(案件)"},
    ),
    "geniee_deals.csv": Export(
        "geniee",
        2,
        "502",
        {
            "customer": "㈱みどり物流",
            "amount": 800_000,
            "owner": "鈴木一郎",
            "outcome": "won",
            "created": date(2026, 5, 7),
        },
    ),
    "f_revocrm_deals.csv": Export(
        "f_revocrm",
        3,
        "案件12",
        {
            "stage": "提案/見積り",
            "amount": 1_200_000,
            "customer": "株式会社髙橋製作所",
            "close_date": date(2026, 12, 20),
        },
    ),
    "yomi.xlsx": Export(
        "",
        2,
        "Y-1",
        {
            "customer": "株式会社髙橋製作所",
            "amount": 1_200_000,
            "close_date": date(2026, 12, 20),
            "created": date(2026, 4, 1),
            "owner": "佐藤 花子",
        },
        columns={"customer": "コード", "customer_name": "名称", "amount": "金額（千円）"},
    ),
}


def brought(user: User, name: str, kind: str, **changes: str) -> Import:
    source = upload(user, (FIXTURES / name).read_bytes(), kind, name)
    chosen = mapping.guess(source)
    chosen.columns |= changes
    actions.map_columns(user, source, chosen)
    actions.start(user, source)
    return source


@pytest.mark.parametrize("name", EXPORTS)
def test_a_systems_own_export_comes_in_whole(user: User, name: str) -> None:
    export = EXPORTS[name]

    source = brought(user, name, "deals", **export.columns)

    assert source.mapping["preset"] == export.system
    assert source.written["new"] == export.deals
    assert source.written["rejected"] == 0, list(source.problems.all())
    deal = Deal.objects.get(external_id=export.one)
    found = {
        "title": deal.title,
        "outcome": deal.outcome,
        "amount": None if deal.amount is None else int(deal.amount),
        "customer": deal.customer.name,
        "owner": deal.owner.name,
        "stage": deal.stage.name if deal.stage else None,
        "close_date": deal.close_date,
        "created": timezone.localdate(deal.created_at),
    }
    assert {key: found[key] for key in export.like} == export.like


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("salesforce_report.csv", "7, 9, 10, 11, 12"),
        ("mazrica_deals.csv", "4"),
        ("yomi.xlsx", "7, 8"),
    ],
)
def test_what_is_no_record_is_left_out_with_a_word(user: User, name: str, rows: str) -> None:
    source = upload(user, (FIXTURES / name).read_bytes(), "deals", name)

    assert source.notices[-1].endswith(f"left out: row {rows}")


def test_activities_of_a_deal_follow_it(user: User) -> None:
    brought(user, "mazrica_deals.csv", "deals")
    brought(user, "salesforce_data_loader.csv", "deals")

    actions_done = brought(user, "mazrica_actions.csv", "activities")
    tasks = brought(user, "salesforce_tasks.csv", "activities")

    assert (actions_done.written["new"], tasks.written["new"]) == (2, 2)
    assert (actions_done.written["rejected"], tasks.written["rejected"]) == (0, 0)
    visit = Event.objects.get(deal__external_id="1001", kind="visit")
    assert visit.text == "予算を確認。\r\n来週見積を出す"
    kinds = Event.objects.filter(deal__external_id="0065G00000B1AAAQA1")
    assert {"call", "email"} <= set(kinds.values_list("kind", flat=True))


def test_an_amount_in_thousands_is_that_much(user: User) -> None:
    brought(user, "yomi.xlsx", "deals", **EXPORTS["yomi.xlsx"].columns)

    assert Deal.objects.get(external_id="Y-2").amount == Decimal(80_000)


def test_each_preset_is_described_with_its_sources() -> None:
    described = REFERENCE.read_text(encoding="utf-8")

    for _key, name in fields.presets():
        assert f"| {name} |" in described


def test_a_list_that_was_exported_comes_in_again(user: User) -> None:
    """Our own columns are recognised, and nothing changes."""
    from tsunagu.app.exports import actions as exports
    from tsunagu.app.exports import store

    imported(user, (FIXTURES / "mazrica_deals.csv").read_bytes())
    for form in ("csv", "cp932", "xlsx"):
        export = exports.export_list(user, "deals", form, "status=all")
        name = "deals.xlsx" if form == "xlsx" else "deals.csv"
        source = upload(user, store.file_of(export).read_bytes(), "deals", name)
        actions.map_columns(user, source, mapping.guess(source))
        assert source.counts["new"] == 0, form
        assert source.counts["rejected"] == 0, list(source.problems.all())
