"""Broken files: each gives the promised error or reject row, and good rows keep their numbers."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsunagu.analytics.contracts import Kind, Outcome
from tsunagu.analytics.errors import InputError
from tsunagu.analytics.eventlog.delimited import read_delimited
from tsunagu.analytics.eventlog.mapping import (
    Attribute,
    AttributeType,
    Condition,
    DealTable,
    EventTable,
    FileChoice,
    Mapping,
    Rule,
)
from tsunagu.analytics.eventlog.reader import ReadReport, read_log

MAPPING = Mapping(
    deals=DealTable(
        id="id",
        source=FileChoice("deals"),
        owner="owner",
        created="created",
        end="ended",
        attributes=(Attribute("amount", "amount", AttributeType.NUMBER),),
        outcomes=(
            Rule((Condition("stage", one_of=("受注",)),), Kind.OUTCOME, outcome=Outcome.WON),
            Rule((Condition("stage", one_of=("失注",)),), Kind.OUTCOME, outcome=Outcome.LOST),
        ),
    ),
    events=(
        EventTable(
            at="at",
            source=FileChoice("events"),
            deal="deal",
            kind="kind",
            direction="direction",
            value="value",
        ),
    ),
    observed_until="2024-12-31",
)

DEALS = "id,owner,created,amount,stage,ended"
GOOD_DEALS = [
    'D1,佐藤,2024-01-05,"1,000,000",受注,2024-03-01',
    "D2,田中,2024-01-06,200万円,交渉,",
    "D3,鈴木,令和6年1月7日,300,失注,2024-04-01",
]
EVENTS = "deal,at,kind,direction,value"
GOOD_EVENTS = [
    "D1,2024-01-10 10:00,call,both,",
    "D2,2024-01-11 11:00,email,out,",
    "D3,2024-01-12 12:00,stage,,提案",
]


@dataclass(frozen=True)
class Broken:
    """One kind of broken row, put into the middle of good ones."""

    file: str
    row: str
    column: str | None
    value: str | None
    says: str
    remedy: str


ROWS = {
    "too many cells": Broken(
        "deals", "D9,高橋,2024-01-08,1,2,3,4", None, None, "too many", "quotes"
    ),
    "too few cells": Broken("deals", "D9,高橋,2024-01-08", None, None, "too few", "all its cells"),
    "quotes that do not match": Broken(
        "deals", 'D9,"高"橋,2024-01-08,1,,', None, 'D9,"高"橋,2024-01-08,1,,', "quotes", "double"
    ),
    "a quote that is never closed": Broken(
        "deals", 'D9,"高橋,2024-01-08,1,,', None, 'D9,"高橋,2024-01-08,1,,', "quote", "double"
    ),
    "a date that does not exist": Broken(
        "deals", "D9,高橋,2024-02-30,1,,", "created", "2024-02-30", "does not exist", "Correct"
    ),
    "a time that does not exist": Broken(
        "events", "D1,2024-01-10 25:00,call,out,", "at", "2024-01-10 25:00", "time of day", "hour"
    ),
    "a day outside its era": Broken(
        "deals", "D9,高橋,H31/5/1,1,,", "created", "H31/5/1", "era", "Correct the era"
    ),
    "a date that may be two": Broken(
        "deals", "D9,高橋,03/04/2024,1,,", "created", "03/04/2024", "day and which", "date_format"
    ),
    "a date that is none": Broken(
        "deals", "D9,高橋,来週,1,,", "created", "来週", "not a date", "2024-04-01"
    ),
    "an implausible year": Broken(
        "deals", "D9,高橋,9999-12-31,1,,", "created", "9999-12-31", "plausible", "year"
    ),
    "no creation date": Broken(
        "deals", "D9,高橋,,1,,", "created", None, "no creation date", "Fill"
    ),
    "no id": Broken("deals", ",高橋,2024-01-08,1,,", "id", None, "no id", "Fill"),
    "a number that is none": Broken(
        "deals", "D9,高橋,2024-01-08,約百万,,", "amount", "約百万", "not a number", "digits"
    ),
    "a European number": Broken(
        "deals", 'D9,高橋,2024-01-08,"1.000,5",,', "amount", "1.000,5", "not a number", "digits"
    ),
    "a formula's error": Broken(
        "deals", "D9,高橋,2024-01-08,#REF!,,", "amount", "#REF!", "formula", "Mend the formula"
    ),
    "a deal twice, differing": Broken(
        "deals", "D1,別人,2024-01-05,5,,", "id", "D1", "same deal id", "one row a deal"
    ),
    "a final stage without an end": Broken(
        "deals", "D9,高橋,2024-01-08,1,受注,", "ended", None, "no end date", "Fill"
    ),
    "an end before the creation": Broken(
        "deals", "D9,高橋,2024-01-08,1,受注,2023-12-31", "ended", "2023-12-31",
        "before the deal's creation", "Correct the date",
    ),
    "an end after the records end": Broken(
        "deals", "D9,高橋,2024-01-08,1,受注,2025-06-01", "ended", "2025-06-01",
        "when the records end", "observed_until",
    ),
    "an event of no known deal": Broken(
        "events", "D404,2024-01-10,call,out,", "deal", "D404", "not known", "Add or mend"
    ),
    "an event without a deal": Broken(
        "events", ",2024-01-10,call,out,", "deal", None, "names no deal", "Fill"
    ),
    "an event without a time": Broken("events", "D1,,call,out,", "at", None, "no time", "Fill"),
    "an event before the deal": Broken(
        "events", "D1,2023-12-01,call,out,", "at", "2023-12-01", "before the deal's creation",
        "move_creation",
    ),
    "an event in the future": Broken(
        "events", "D1,2025-02-01,call,out,", "at", "2025-02-01", "when the records end", "observed"
    ),
    "an unknown kind": Broken(
        "events", "D1,2024-01-10,phone,out,", "kind", "phone", "not known", "call"
    ),
    "an unknown direction": Broken(
        "events", "D1,2024-01-10,call,up,", "direction", "up", "not known", "in, out, both"
    ),
    "an unknown outcome": Broken(
        "events", "D2,2024-05-10,outcome,,paused", "value", "paused", "not known", "broken_off"
    ),
    "another outcome after the end": Broken(
        "events", "D1,2024-05-10,outcome,,broken_off", "at", "2024-05-10", "another way",
        "one outcome",
    ),
    "a NUL character": Broken(
        "events", "D1,2024-01-10,call,out,a\0b", "value", "a\ufffdb", "no text", "Write the cell"
    ),
}  # fmt: skip


def write(folder: Path, name: str, header: str, rows: list[str], encoding: str = "utf-8") -> Path:
    path = folder / f"{name}.csv"
    path.write_bytes(("\n".join([header, *rows]) + "\n").encode(encoding))
    return path


def good(folder: Path) -> list[Path]:
    deals = write(folder, "deals", DEALS, GOOD_DEALS)
    return [deals, write(folder, "events", EVENTS, GOOD_EVENTS)]


def with_row(folder: Path, broken: Broken) -> list[Path]:
    good(folder)
    header, rows = (DEALS, GOOD_DEALS) if broken.file == "deals" else (EVENTS, GOOD_EVENTS)
    write(folder, broken.file, header, [rows[0], broken.row, *rows[1:]])
    return [folder / "deals.csv", folder / "events.csv"]


def table(out: Path, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(out / f"{name}.parquet").to_pylist()
    return rows


def assert_good_rows(out: Path) -> None:
    deals = {row["deal_id"]: row for row in table(out, "deals")}
    assert {key: row["amount"] for key, row in deals.items()} == {
        "D1": 1_000_000.0,
        "D2": 2_000_000.0,
        "D3": 300.0,
    }
    assert deals["D3"]["created_at"] == datetime(2024, 1, 6, 15, tzinfo=UTC)
    events = [(row["deal_id"], row["kind"], row["value"]) for row in table(out, "events")]
    assert events == [
        ("D1", "call", None),
        ("D1", "outcome", "won"),
        ("D2", "email", None),
        ("D3", "stage", "提案"),
        ("D3", "outcome", "lost"),
    ]


@pytest.mark.parametrize("broken", ROWS.values(), ids=ROWS.keys())
def test_a_broken_row_is_rejected_with_its_reason_and_the_others_stay(
    broken: Broken, tmp_path: Path
) -> None:
    report = read_log(with_row(tmp_path, broken), MAPPING, tmp_path / "log")
    (problem,) = report.problems
    assert (problem.file, problem.row) == (f"{broken.file}.csv", 3)
    assert (problem.column, problem.value) == (broken.column, broken.value)
    assert broken.says in problem.message
    assert broken.remedy in problem.remedy
    assert_good_rows(tmp_path / "log")
    assert report.rejected_rows == 1
    (reject,) = _rejects(tmp_path / "log" / "rejects" / f"{broken.file}.csv")
    assert reject["tsunagu_row"] == "3"
    assert broken.says in reject["tsunagu_problem"]


@pytest.mark.parametrize("broken", ROWS.values(), ids=ROWS.keys())
def test_all_or_nothing_leaves_nothing(broken: Broken, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_log(with_row(tmp_path, broken), MAPPING, tmp_path / "log", all_or_nothing=True)
    assert caught.value.problem.row == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deals.csv", "events.csv"]


def _rejects(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_any_usual_encoding_reads_the_same(encoding: str, tmp_path: Path) -> None:
    events = write(tmp_path, "events", EVENTS, GOOD_EVENTS, encoding)
    deals = write(tmp_path, "deals", DEALS, GOOD_DEALS, encoding)
    read_log([deals, events], MAPPING, tmp_path / "log")
    assert_good_rows(tmp_path / "log")


def test_names_that_strict_shift_jis_lacks_are_kept(tmp_path: Path) -> None:
    events = write(tmp_path, "events", EVENTS, GOOD_EVENTS)
    rows = ["D9,髙橋﨑①,2024-01-08,1,,", *GOOD_DEALS]
    read_log([write(tmp_path, "deals", DEALS, rows, "cp932"), events], MAPPING, tmp_path / "log")
    owners = {row["deal_id"]: row["owner_id"] for row in table(tmp_path / "log", "deals")}
    assert owners["D9"] == "髙橋﨑①"


def test_a_european_encoding_is_guessed(tmp_path: Path) -> None:
    name = "Café Müller à côté, naïve Straße"
    rows = [f'D{place},"{name}",2024-01-08,1,,' for place in range(9)]
    deals = write(tmp_path, "deals", DEALS, rows, "latin-1")
    events = write(tmp_path, "events", EVENTS, [])
    report = read_log([deals, events], MAPPING, tmp_path / "log")
    assert {row["owner_id"] for row in table(tmp_path / "log", "deals")} == {name}
    assert "guessed to be cp1252" in _notices(report)


@pytest.mark.parametrize("place", [0, 2])
def test_a_byte_that_is_no_utf8_rejects_its_row_only(place: int, tmp_path: Path) -> None:
    deals, events = good(tmp_path)
    rows = [*GOOD_DEALS[:place], "D9,高橋,2024-01-08,1,,", *GOOD_DEALS[place:]]
    text = "\n".join([DEALS, *rows])
    deals.write_bytes(text.encode().replace("高橋".encode(), b"\xe9\xab\xff\xe6\xa9\x8b"))
    report = read_log([deals, events], MAPPING, tmp_path / "log")
    (problem,) = report.problems
    assert (problem.row, problem.column) == (place + 2, "owner")
    assert_good_rows(tmp_path / "log")


def test_other_separators_and_packing_read_the_same(tmp_path: Path) -> None:
    deals, events = good(tmp_path)
    rows = list(csv.reader(io.StringIO(deals.read_text("utf-8"))))
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(rows)
    deals.write_text("sep=;\n" + stream.getvalue(), "utf-8")
    packed = tmp_path / "events.tsv.gz"
    packed.write_bytes(gzip.compress(events.read_text("utf-8").replace(",", "\t").encode()))
    read_log([deals, packed], MAPPING, tmp_path / "log")
    assert_good_rows(tmp_path / "log")


def test_blank_lines_and_line_breaks_in_cells_do_not_shift_row_numbers(tmp_path: Path) -> None:
    deals, events = good(tmp_path)
    rows = ['D8,"二行の\n名前",2024-01-08,1,,', "", GOOD_DEALS[0], "D9,x,昨日,1,,", *GOOD_DEALS[1:]]
    write(tmp_path, "deals", DEALS, rows)
    report = read_log([deals, events], MAPPING, tmp_path / "log")
    assert [problem.row for problem in report.problems] == [5]
    assert report.deals == 4


Writer = Callable[[Path], Path]


def _text(name: str, content: bytes) -> Writer:
    def write_it(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write_it


def _locked(folder: Path) -> Path:
    path = folder / "deals.xlsx"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2048))
    return path


def _hollow_zip(folder: Path) -> Path:
    path = folder / "deals.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "no workbook")
    return path


HEADER = DEALS.encode() + b"\n"
WHOLE_FILES: dict[str, tuple[Writer, str]] = {
    "an empty file": (_text("deals.csv", b""), "empty"),
    "blank lines only": (_text("deals.csv", b"\n\n \n"), "empty"),
    "a header only": (_text("deals.csv", HEADER), "no deal"),
    "an empty header": (_text("deals.csv", b",,,\n1,2,3,4\n"), "not in the file"),
    "a header with an open quote": (_text("deals.csv", b'"id,owner\n1,2\n'), "header is broken"),
    "a missing column": (_text("deals.csv", b"id,owner,creatd\n1,2,3\n"), "not in the file"),
    "a column twice": (
        _text("deals.csv", b"id,owner,created,amount,stage,ended,id\n1,2,3,4,5,6,7\n"),
        "more than once",
    ),
    "no known encoding": (
        _text("deals.csv", HEADER + bytes(range(128, 256)) * 3 + b"\x81\xfd\xff\xfe\xa0"),
        "encoding",
    ),
    "a damaged gzip": (_text("deals.csv.gz", gzip.compress(HEADER * 99)[:-20]), "gzip"),
    "no gzip at all": (_text("deals.csv.gz", HEADER), "gzip"),
    "a locked or old workbook": (_locked, "workbook"),
    "a zip that is no workbook": (_hollow_zip, "no Excel workbook"),
    "text named xlsx": (_text("deals.xlsx", HEADER), "no Excel workbook"),
    "text named parquet": (_text("deals.parquet", HEADER), "no Parquet"),
    "a type that is not known": (_text("deals.docx", HEADER), "not known"),
    "an XML bomb": (
        _text(
            "deals.xes",
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]>'
            b"<log>&c;</log>",
        ),
        "DOCTYPE",
    ),
    "no XML": (_text("deals.xes", b"hello"), "well-formed XML"),
}


@pytest.mark.parametrize(("writer", "says"), WHOLE_FILES.values(), ids=WHOLE_FILES.keys())
def test_a_file_that_cannot_be_used_is_named_with_a_remedy(
    writer: Writer, says: str, tmp_path: Path
) -> None:
    _, events = good(tmp_path)
    (tmp_path / "deals.csv").unlink()
    path = writer(tmp_path)
    with pytest.raises(InputError) as caught:
        read_log([path, events], MAPPING, tmp_path / "log")
    problem = caught.value.problem
    assert path.name in problem.file
    assert says.casefold() in problem.message.casefold()
    assert problem.remedy
    assert not (tmp_path / "log").exists()


def test_an_endless_line_is_refused_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(HEADER)
        for _ in range(64):
            stream.write(b"x" * (1 << 20))
    with pytest.raises(InputError, match="line 2 is longer than 1,048,576 bytes"):
        read_delimited(path)


def test_a_giant_cell_is_rejected_at_the_limit(tmp_path: Path) -> None:
    path = write(tmp_path, "deals", "a,b", ["1,x", '2,"' + "y\n" * 200 + '"', "3,z"])
    source = read_delimited(path, cell_limit=100)
    assert [row for row in source.table.column("b").to_pylist() if row in ("x", "z")] == ["x", "z"]
    assert "too long" in source.rejected[0].problem.message


def workbook(path: Path, rows: list[list[object]], title: str = "案件") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    hidden = book.create_sheet("作業用", 0)
    hidden.sheet_state = "hidden"
    hidden.append(["not", "this"])
    book.active = 1
    book.save(path)
    return path


def test_a_workbook_reads_like_a_csv(tmp_path: Path) -> None:
    _, events = good(tmp_path)
    rows: list[list[object]] = [
        ["案件一覧（2024年度）"],
        [],
        DEALS.split(","),
        ["D1", "佐藤", datetime(2024, 1, 5), 1_000_000, "受注", datetime(2024, 3, 1)],
        ["D9", "高橋", datetime(2024, 1, 8), "#REF!", None, None],
        ["D2", "田中", 45297, "200万円", "交渉", None],
        ["D3", "鈴木", "令和6年1月7日", 300, "失注", "2024-04-01"],
        ["合計", None, None, 3_000_300, None, None],
    ]
    path = workbook(tmp_path / "deals.xlsx", rows)
    report = read_log([path, events], MAPPING, tmp_path / "log")
    assert_good_rows(tmp_path / "log")
    assert [(p.row, p.column) for p in report.problems] == [(5, "amount")]
    assert any("totals" in notice and "row 8" in notice for notice in report.notices)
    assert any("“案件” was read" in notice for notice in report.notices)


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    from dataclasses import replace

    _, events = good(tmp_path)
    path = workbook(tmp_path / "deals.xlsx", [["id"]])
    deals = replace(MAPPING.deals, source=FileChoice("deals", sheet="商談"))
    with pytest.raises(InputError, match=r"no sheet “商談”.*“案件”"):
        read_log([path, events], replace(MAPPING, deals=deals), tmp_path / "log")


def test_mixed_offsets_become_one_clock(tmp_path: Path) -> None:
    deals, _ = good(tmp_path)
    rows = [
        "D1,2024-01-10T10:00:00+09:00,call,out,a",
        "D1,2024-01-10T01:30:00Z,call,out,b",
        "D1,2024-01-10 11:00,call,out,c",
        "D1,2024-01-09T21:30:00-05:00,call,out,d",
    ]
    events = write(tmp_path, "events", EVENTS, rows)
    read_log([deals, events], MAPPING, tmp_path / "log")
    calls = [row["value"] for row in table(tmp_path / "log", "events") if row["kind"] == "call"]
    assert calls == ["a", "b", "c", "d"]


def _notices(report: ReadReport) -> str:
    return " ".join(report.notices)


def test_the_same_row_again_is_read_once_and_told(tmp_path: Path) -> None:
    write(tmp_path, "deals", DEALS, [*GOOD_DEALS, GOOD_DEALS[0]])
    write(tmp_path, "events", EVENTS, [*GOOD_EVENTS, GOOD_EVENTS[1]])
    paths = [tmp_path / "deals.csv", tmp_path / "events.csv"]
    report = read_log(paths, MAPPING, tmp_path / "log")
    assert_good_rows(tmp_path / "log")
    assert "1 repeated row of a deal" in _notices(report)
    assert "1 repeated row of an event" in _notices(report)


def test_the_same_outcome_again_is_read_once_and_later_facts_are_kept(tmp_path: Path) -> None:
    rows = [*GOOD_EVENTS, "D1,2024-05-01,outcome,,won", "D1,2024-06-01,note,,"]
    deals, _ = good(tmp_path)
    report = read_log([deals, write(tmp_path, "events", EVENTS, rows)], MAPPING, tmp_path / "log")
    kinds = [row["kind"] for row in table(tmp_path / "log", "events") if row["deal_id"] == "D1"]
    assert kinds == ["call", "outcome", "note"]
    assert "1 repeated outcome was" in _notices(report)


def test_ties_keep_the_order_of_the_file_a_microsecond_apart(tmp_path: Path) -> None:
    rows = [f"D2,2024-02-01 10:00,stage,,s{number}" for number in (3, 1, 2)]
    deals, _ = good(tmp_path)
    read_log([deals, write(tmp_path, "events", EVENTS, rows)], MAPPING, tmp_path / "log")
    stages = [row for row in table(tmp_path / "log", "events") if row["kind"] == "stage"]
    assert [row["value"] for row in stages] == ["s3", "s1", "s2"]
    instants = [row["at"] for row in stages]
    assert len(set(instants)) == 3
    assert instants == sorted(instants)  # type: ignore[type-var]


def test_what_is_told_at_the_instant_of_the_end_was_not_known_before_it(tmp_path: Path) -> None:
    rows = ["D2,2024-02-01 10:00,note,,", "D2,2024-02-01 10:00,outcome,,lost"]
    deals, _ = good(tmp_path)
    read_log([deals, write(tmp_path, "events", EVENTS, rows)], MAPPING, tmp_path / "log")
    facts = [row for row in table(tmp_path / "log", "events") if row["deal_id"] == "D2"]
    assert [row["kind"] for row in facts] == ["outcome", "note"]
    assert facts[0]["at"] == datetime(2024, 2, 1, 1, tzinfo=UTC)


def test_a_rejected_deal_takes_its_events_along_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path, "deals", DEALS, [*GOOD_DEALS, "D9,高橋,昨日,1,,"])
    write(tmp_path, "events", EVENTS, [*GOOD_EVENTS, "D9,2024-02-01,call,out,"])
    paths = [tmp_path / "deals.csv", tmp_path / "events.csv"]
    report = read_log(paths, MAPPING, tmp_path / "log")
    assert [(p.file, p.row) for p in report.problems] == [("deals.csv", 5), ("events.csv", 5)]
    assert "its row was rejected" in report.problems[1].message
    assert_good_rows(tmp_path / "log")


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.text(alphabet='D1,"\n\r;\t\x00=日2024-0:あ', max_size=40), max_size=8),
    st.sampled_from(["utf-8", "cp932", "utf-16"]),
)
def test_no_text_breaks_the_reader(lines: list[str], encoding: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _, events = good(folder)
        write(folder, "deals", DEALS, [*GOOD_DEALS[:1], *lines], encoding)
        with suppress(InputError):
            report = read_log([folder / "deals.csv", events], MAPPING, folder / "log")
            assert report.deals >= 1


@settings(deadline=None, max_examples=25)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "deals.csv"
        path.write_bytes(content)
        with suppress(InputError):
            read_delimited(path)
