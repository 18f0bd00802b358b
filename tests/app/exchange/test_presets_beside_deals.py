"""Companies, people, activities and stages of each system come in under its own headers too.

The headers are those of the sources that ``columns.toml`` names; the rows are made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.app.exchange.files import upload

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.deals.models import Event
from tsunagu.app.exchange import actions, mapping
from tsunagu.app.exchange.models import Import
from tsunagu.app.people.models import User

FIXTURES = Path(__file__).with_name("fixtures")


@dataclass(frozen=True)
class Sheet:
    """One file: of which system, what its rows are, and what becomes of its only row.

    ``deals`` is the file with the deals that it tells about; not ``told``: too few of the headers
    are documented for the system to be recognised by itself.
    """

    system: str
    kind: str
    header: str
    row: str
    like: dict[str, Any]
    encoding: str = "utf-8"
    deals: str = ""
    told: bool = True


SHEETS = (
    Sheet(
        "salesforce",
        "customers",
        "ID,NAME,INDUSTRY,NUMBEROFEMPLOYEES,BILLINGSTATE,OWNERID,CREATEDDATE",
        "0015G00000C1AAAQA1,Takahashi Works,Machinery,120,Tokyo,0055G1,2026-04-01T00:00:00.000Z",
        {"external_id": "0015G00000C1AAAQA1", "name": "Takahashi Works", "size": "120"},
    ),
    Sheet(
        "salesforce",
        "contacts",
        '"取引先責任者 ID","取引先 ID","取引先名","姓","名","役職","部署","メール","電話"',
        '"0035g1","0015g1","株式会社髙橋製作所","神崎","由紀子","課長","購買部","k@x.example","03-1"',
        {"external_id": "0035g1", "name": "神崎 由紀子", "title": "課長", "department": "購買部"},
        "cp932",
    ),
    Sheet(
        "hubspot",
        "customers",
        '"Record ID","Company name","Company owner","Industry","State/Region"',
        '"7001","Midori Logistics","Hanako Sato","LOGISTICS_AND_SUPPLY_CHAIN","Osaka"',
        {"external_id": "7001", "name": "Midori Logistics", "region": "Osaka"},
    ),
    Sheet(
        "hubspot",
        "contacts",
        '"Record ID","First Name","Last Name","Email","Phone Number","Associated Company"',
        '"801","Jiro","Abe","j.abe@x.example","+81-6-0000","Midori Logistics"',
        {"external_id": "801", "email": "j.abe@x.example", "phone": "+81-6-0000"},
    ),
    Sheet(
        "pipedrive",
        "customers",
        "Organization - ID,Organization - Name,Organization - Owner,Organization - Address",
        "12,Takahashi Works,Hanako Sato,Tokyo",
        {"external_id": "12", "name": "Takahashi Works"},
        told=False,
    ),
    Sheet(
        "pipedrive",
        "contacts",
        "Person - ID,Person - Name,Person - Email - Work,Person - Phone,Person - Organization",
        "31,Jiro Abe,j.abe@x.example,03-1,Takahashi Works",
        {"external_id": "31", "name": "Jiro Abe", "email": "j.abe@x.example", "phone": "03-1"},
    ),
    Sheet(
        "zoho",
        "customers",
        "Record Id,Account Owner.id,Account Owner,Account Name,Industry,Employees,Billing State",
        "zcrm_5201,zcrm_5001,Hanako Sato,Takahashi Works,Manufacturing,120,Tokyo",
        {"external_id": "zcrm_5201", "name": "Takahashi Works", "industry": "Manufacturing"},
    ),
    Sheet(
        "zoho",
        "contacts",
        "Record Id,First Name,Last Name,Account Name.id,Account Name,Email,Phone,Title,Department",
        "zcrm_5301,Jiro,Abe,zcrm_5201,Takahashi Works,j.abe@x.example,03-1,Buyer,Purchasing",
        {"external_id": "zcrm_5301", "title": "Buyer", "department": "Purchasing"},
    ),
    Sheet(
        "mazrica",
        "customers",
        "取引先ID,取引先名,所属業界,従業員数,住所",
        "501,株式会社髙橋製作所,製造,120名,東京都大田区",
        {"external_id": "501", "name": "株式会社髙橋製作所", "industry": "製造"},
        "cp932",
    ),
    Sheet(
        "mazrica",
        "contacts",
        "コンタクトID,取引先ID,取引先名,姓,名,役職,部署,メールアドレス,電話番号",
        "901,501,株式会社髙橋製作所,神崎,由紀子,課長,購買部,k@x.example,03-1",
        {"external_id": "901", "name": "神崎 由紀子", "email": "k@x.example"},
        "cp932",
    ),
    Sheet(
        "esm",
        "customers",
        "顧客コード,顧客名(※必須項目です),業種,都道府県",
        "20001,株式会社髙橋製作所,製造,東京都",
        {"external_id": "20001", "name": "株式会社髙橋製作所", "region": "東京都"},
        "cp932",
        told=False,
    ),
    Sheet(
        "esm",
        "contacts",
        "名刺コード,顧客コード,企業名,氏名,部署,役職",
        "80001,20001,株式会社髙橋製作所,神崎 由紀子,購買部,課長",
        {"external_id": "80001", "name": "神崎 由紀子", "department": "購買部"},
        "cp932",
        told=False,
    ),
    Sheet(
        "kintone",
        "contacts",
        "レコード番号\t会社名\t部署名\t担当者名\tTEL\tメールアドレス",
        "１２\t株式会社髙橋製作所\t購買部\t神崎 由紀子\t03-1\tk@x.example",
        {"external_id": "12", "name": "神崎 由紀子", "department": "購買部"},
        "cp932",
    ),
    Sheet(
        "salesforce",
        "stages",
        "ID,OPPORTUNITYID,STAGENAME,AMOUNT,CLOSEDATE,CREATEDBYID,CREATEDDATE",
        "0085G1,0065G00000B1AAAQA1,Qualification,1,2026-12-20,0055G1,2026-04-20T01:00:00.000Z",
        {"kind": "stage", "value": "Qualification"},
        deals="salesforce_data_loader.csv",
    ),
    Sheet(
        "pipedrive",
        "activities",
        "Activity - ID,Activity - Type,Activity - Subject,Activity - Due date,Activity - Deal ID",
        "77,Call,Went through the quote,2026-05-12,41",
        {"kind": "call", "text": "Went through the quote"},
        deals="pipedrive_deals.csv",
    ),
)


def brought(user: User, content: bytes, kind: str) -> Import:
    source = upload(user, content, kind, f"{kind}.csv")
    actions.map_columns(user, source, mapping.guess(source))
    actions.start(user, source)
    assert source.written["rejected"] == 0, list(source.problems.all())
    return source


MODELS = {"customers": Customer, "contacts": Contact, "activities": Event, "stages": Event}


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: f"{sheet.system}-{sheet.kind}")
def test_rows_come_in_under_the_systems_own_headers(user: User, sheet: Sheet) -> None:
    if sheet.deals:
        brought(user, (FIXTURES / sheet.deals).read_bytes(), "deals")
    content = f"{sheet.header}\r\n{sheet.row}\r\n".encode(sheet.encoding)
    rows = MODELS[sheet.kind]._default_manager.values(*sheet.like)
    assert sheet.like not in rows

    source = brought(user, content, sheet.kind)

    assert source.mapping["preset"] == (sheet.system if sheet.told else "")
    assert source.written["new"] == 1
    assert sheet.like in rows.all()
