"""Columns and words are recognised, and everything is said in both languages."""

from __future__ import annotations

import pytest
from django.utils import translation
from tests.app.exchange.files import DEALS, HEADER, csv_of, upload

from tsunagu.app.exchange import fields, mapping, ranks
from tsunagu.app.exchange.models import FileKind
from tsunagu.app.exchange.reading import CELL_TROUBLES
from tsunagu.app.exchange.wording import words_of
from tsunagu.app.people.models import User

EXPORTS = {
    "salesforce": (
        ["Id", "Name", "AccountId", "StageName", "Amount", "CloseDate", "OwnerId", "CreatedDate"],
        {"id": "Id", "title": "Name", "stage": "StageName", "created": "CreatedDate"},
    ),
    "hubspot": (
        ["Record ID", "dealname", "dealstage", "amount", "closedate", "createdate"],
        {
            "id": "Record ID",
            "title": "dealname",
            "created": "createdate",
            "close_date": "closedate",
        },
    ),
    "pipedrive": (
        ["id", "title", "value", "status", "stage_id", "add_time", "won_time", "lost_time"],
        {"id": "id", "status": "status", "amount": "value", "won_at": "won_time"},
    ),
    "mazrica": (
        [
            "案件ID",
            "案件名(管理番号:12)",
            "取引先ID",
            "担当者",
            "フェーズ",
            "契約金額",
            "契約予定日",
        ],
        {"id": "案件ID", "title": "案件名(管理番号:12)", "amount": "契約金額"},
    ),
    "kintone": (
        ["レコード番号", "商談名", "取引先", "担当営業", "商談開始日", "フェーズ", "金額", "確度"],
        {"id": "レコード番号", "created": "商談開始日", "confidence": "確度"},
    ),
}


@pytest.mark.parametrize("system", EXPORTS)
def test_a_systems_export_is_recognised(system: str) -> None:
    headers, wanted = EXPORTS[system]

    assert fields.recognised_preset("deals", headers) == system
    found = fields.recognise("deals", headers, system)
    assert {key: found.get(key) for key in wanted} == wanted
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize("kind", FileKind.values)
def test_no_header_is_taken_for_a_field_that_there_is_not(kind: str) -> None:
    known = {field.key for field in fields.FIELDS[kind]}

    assert set(fields.known()["headers"][kind]) <= known
    for preset in fields.known()["presets"].values():
        assert set(preset.get(kind, ())) <= known


@pytest.mark.parametrize(
    ("words", "word", "meaning"),
    [
        ("outcome", "Closed Won", "won"),
        ("outcome", "受注", "won"),
        ("outcome", "失注", "lost"),
        ("outcome", "音信不通", "broken_off"),
        ("outcome", "提案", "running"),
        ("ending", "Doesn't Answer", "broken_off"),
        ("ending", "音信不通", "broken_off"),
        ("ending", "価格", ""),
        ("confidence", "Ａ", "90"),
        ("confidence", "Bヨミ", "70"),
        ("confidence", "80%", "80"),
        ("confidence", "0.35", "35"),
        ("confidence", "謎", ""),
        ("kind", "訪問", "visit"),
        ("kind", "Call", "call"),
        ("kind", "草むしり", "activity"),
        ("direction", "Inbound", "in"),
    ],
)
def test_words_mean_what_people_mean_by_them(words: str, word: str, meaning: str) -> None:
    plain = {ranks.plain(word): percent for word, percent in ranks.shipped().items()}

    assert mapping.Mapping(ranks=plain).meaning(words, word) == meaning


def test_the_users_word_counts_more_than_the_guess(user: User) -> None:
    source = upload(user, csv_of(HEADER, DEALS))
    form = {"column-id": "案件番号", "column-stage": "フェーズ", "word:outcome:提案": "broken_off"}

    chosen = mapping.from_form(source, form)

    assert chosen.columns == {"id": "案件番号", "stage": "フェーズ"}
    assert chosen.meaning("outcome", "提案") == "broken_off"
    assert chosen.meaning("outcome", "失注") == "lost"


def test_a_form_cannot_name_what_there_is_not(user: User) -> None:
    source = upload(user, csv_of(HEADER, DEALS))
    form = {
        "column-id": "無い列",
        "word:outcome:提案": "nonsense",
        "word:confidence:A": "900",
        "date_format": "x",
        "team": "x",
    }

    chosen = mapping.from_form(source, form)

    assert (chosen.columns, chosen.words, chosen.date_format, chosen.team) == ({}, {}, "", None)


def test_all_that_the_readers_say_about_cells_is_said_in_japanese() -> None:
    with translation.override("ja"):
        for message in {text for pair in CELL_TROUBLES for text in pair}:
            assert words_of(message) != message
