"""A mapping that is wrong says which key of which file, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsunagu.analytics.contracts import Kind, Outcome
from tsunagu.analytics.errors import InputError
from tsunagu.analytics.eventlog.mapping import AttributeType, Condition, RowsOf, Unmatched
from tsunagu.analytics.eventlog.mapping_file import load_mapping

DEALS = '[deals]\nid = "id"\ncreated = "created"\n'
EVENTS = '[[events]]\nat = "at"\ndeal = "id"\nkind = "kind"\n'


def load(folder: Path, text: str):  # type: ignore[no-untyped-def]
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("deals = [", None, "not TOML"),
        ("", "deals", "[deals]"),
        ('[deals]\ncreated = "c"\n', "deals.id", 'id = "…"'),
        ('[deals]\nid = "id"\n', "deals.created", "rows"),
        (DEALS.replace("created =", "craeted ="), "deals.craeted", "“created”"),
        ("tme_zone = 'UTC'\n" + DEALS, "tme_zone", "“time_zone”"),
        ("time_zone = 'Asia/Edo'\n" + DEALS, "time_zone", "IANA"),
        ("date_format = 'day'\n" + DEALS, "date_format", "day_first"),
        ("stages = 'a'\n" + DEALS, "stages", "a list of texts"),
        ("before_creation = 'ignore'\n" + DEALS, "before_creation", "move_creation"),
        ("[deals]\nid = 7\n", "deals.id", "not 7"),
        ('[deals]\nid = ""\n', "deals.id", "empty"),
        ('[deals]\nid = "i"\nrows = "week"\n', "deals.rows", "event"),
        (DEALS + 'encoding = "utf-99"\n', "deals.encoding", "cp932"),
        (DEALS + "header_row = 0\n", "deals.header_row", "1 or more"),
        (DEALS + "header_row = true\n", "deals.header_row", "row number"),
        (DEALS + '[[deals.outcomes]]\noutcome = "won"\n', "deals.end", "end"),
        (DEALS + 'end = "e"\n[[deals.outcomes]]\noutcome = "vanished"\n', None, "broken_off"),
        (DEALS + 'end = "e"\n[[deals.outcomes]]\nreason = "x"\n', None, "not a known key"),
        (DEALS + '[[deals.events]]\nkind = "fax"\n', "deals.events[1].kind", "call"),
        (DEALS + '[[deals.events]]\nvalue = "x"\n', "deals.events[1].kind", "ignore"),
        (DEALS + '[deals.attributes]\ndeal_id = "x"\n', "deals.attributes.deal_id", "another name"),
        (DEALS + '[deals.attributes]\nsize = {column = "s", type = "int"}\n', None, "number"),
        (DEALS + '[[events]]\nat = "at"\nkind = "k"\n', "events[1].deal", "latest_deal_of"),
        (DEALS + '[[events]]\nat = "at"\ndeal = "d"\n', "events[1].rules", "[[events.rules]]"),
        (DEALS + EVENTS + 'unmatched = "activity"\n', "events[1].activity", "activity"),
        (
            DEALS + EVENTS + '[[events.rules]]\nkind = "call"\ndirection = "sideways"\n',
            "events[1].rules[1].direction",
            "both",
        ),
        (
            DEALS + EVENTS + '[[events.rules]]\nkind = "call"\nwhen = {a = {matches = "("}}\n',
            "events[1].rules[1].when.a.matches",
            "regular expression",
        ),
        (
            DEALS + EVENTS + '[[events.rules]]\nkind = "call"\nwhen = {a = {atleast = 3}}\n',
            "events[1].rules[1].when.a.atleast",
            "“at_least”",
        ),
        (DEALS + EVENTS + '[[events.rules]]\nkind = "call"\nwhen = {a = []}\n', None, "texts or"),
        (DEALS + EVENTS + '[[events.rules]]\nkind = "call"\nwhen = {a = {}}\n', None, "no test"),
        (
            DEALS + EVENTS + '[[events.rules]]\nkind = "call"\nwhen = {a = {matches = "(?=b)"}}\n',
            "events[1].rules[1].when.a.matches",
            "RE2",
        ),
        ('[deals]\nid = "i"\nrows = "event"\n', "events", "needs [[events]]"),
        (
            '[deals]\nid = "i"\nrows = "event"\n'
            '[[events]]\nat = "t"\nlatest_deal_of = "k"\nkind = "kind"\n',
            "events",
            "deal = ",
        ),
        (DEALS + '[at_risk]\ndirection = "both"\n', "at_risk.kind", "call"),
    ],
)
def test_a_wrong_mapping_names_file_key_and_remedy(
    text: str, key: str | None, says: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    problem = caught.value.problem
    assert problem.file.endswith("mapping.toml")
    assert key is None or problem.column == key
    assert says in f"{problem.message} {problem.remedy}"
    assert problem.remedy


def test_a_missing_or_undecodable_mapping_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_mapping(tmp_path / "none.toml")
    (tmp_path / "sjis.toml").write_bytes("# 商談".encode("cp932"))
    with pytest.raises(InputError, match="UTF-8"):
        load_mapping(tmp_path / "sjis.toml")


def test_each_key_arrives_where_it_belongs(tmp_path: Path) -> None:
    mapping = load(
        tmp_path,
        """
        time_zone = "Europe/Berlin"
        observed_until = 2024-06-21
        [deals]
        created = "since"
        id = "case"
        [deals.attributes]
        source = "Source"
        size = { column = "Size", type = "number" }
        [[events]]
        file = "calls*"
        at = "start"
        latest_deal_of = { column = "contact", deals_column = "contact_id" }
        activity = "type"
        [[events.rules]]
        when = { type = ["Outbound", "Inbound"], dur_s = { at_least = 60, below = 900 } }
        kind = "call"
        direction = "both"
        [[events.rules]]
        when = { type = { not = "Paid", matches = "^P" } }
        kind = "outcome"
        outcome = "broken_off"
        """,
    )
    assert mapping.observed_until == "2024-06-21"
    assert mapping.deals.rows is RowsOf.DEAL
    assert [a.type for a in mapping.deals.attributes] == [AttributeType.TEXT, AttributeType.NUMBER]
    (events,) = mapping.events
    assert events.source.takes("calls_2024.csv.gz")
    assert not events.source.takes("deals.csv")
    assert events.unmatched is Unmatched.ACTIVITY
    assert events.latest_deal_of is not None
    assert events.latest_deal_of.deals_column == "contact_id"
    talk, end = events.rules
    assert (talk.kind, talk.direction) == (Kind.CALL, "both")
    assert talk.when == (
        Condition("type", one_of=("Outbound", "Inbound")),
        Condition("dur_s", at_least=60, below=900),
    )
    assert end.outcome is Outcome.BROKEN_OFF
    assert end.when == (Condition("type", none_of=("Paid",), matches="^P"),)
