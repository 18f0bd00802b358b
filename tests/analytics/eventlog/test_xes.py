"""A user reads an XES log: every event, exactly as recorded, or a clear error and nothing."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.real_data import real_data

from tsunagu.analytics.errors import InputError
from tsunagu.analytics.eventlog.xes import read_xes
from tsunagu.analytics.eventlog.xes.general import walk
from tsunagu.analytics.eventlog.xes.plain import NotPlain, scan
from tsunagu.analytics.eventlog.xes.table import TableBuilder

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<log xmlns="http://www.xes-standard.org/">\n'
TEN = "2020-01-01T10:00:00.123+09:00"


def string(key: str, value: str) -> str:
    return f'<string key="{key}" value="{value}"/>'


def event(name: str = "受付", at: str = TEN, more: str = "") -> str:
    date = f'<date key="time:timestamp" value="{at}"/>'
    return f"<event>{string('concept:name', name)}{date}{more}</event>\n"


def trace(name: str, *inside: str) -> str:
    return f"<trace>\n{string('concept:name', name)}{''.join(inside)}</trace>\n"


def log(*traces: str) -> str:
    return HEAD + "".join(traces) + "</log>\n"


GOOD = log(
    trace(
        "1", event(), event("提案 &amp; 見積&#x3042;", "2020-01-01T10:00:01Z", string("who", "田"))
    ),
    trace("2"),
    trace("3", event("受注")),
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., pa.Table]:
    def write_and_read(content: str | bytes, name: str = "a.xes") -> pa.Table:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_xes(path)

    return write_and_read


def test_one_row_an_event_with_the_attributes_of_its_case(read):
    table = read(GOOD)
    assert table.column_names == [
        "case:concept:name",
        "concept:name",
        "time:timestamp",
        "who",
        "tsunagu_row",
    ]
    assert table.column("case:concept:name").to_pylist() == ["1", "1", "2", "3"]
    assert table.column("concept:name").to_pylist() == ["受付", "提案 & 見積あ", None, "受注"]
    assert table.column("who").to_pylist() == [None, "田", None, None]


def test_dates_are_instants_to_the_millisecond_whatever_their_offset(read):
    at = read(GOOD).column("time:timestamp")
    assert at.type == pa.timestamp("us", tz="UTC")
    assert at.to_pylist()[:2] == [
        datetime(2020, 1, 1, 1, 0, 0, 123000, tzinfo=UTC),
        datetime(2020, 1, 1, 10, 0, 1, tzinfo=UTC),
    ]


def test_a_trace_without_events_is_a_row_without_a_number(read):
    assert read(GOOD).column("tsunagu_row").to_pylist() == [1, 2, None, 3]


@pytest.mark.parametrize("date", ["2020-01-01T10:00:00", "2020-02-30T10:00:00Z", "昨日", ""])
def test_a_date_that_is_no_instant_stays_as_written(read, date):
    table = read(log(trace("1", event(), event(at=date))))
    assert table.column("time:timestamp").to_pylist() == [TEN, date]


def test_numbers_stay_as_written(read):
    numbers = '<int key="i" value="007"/><float key="f" value="0.10"/><int key="bad" value="x7"/>'
    table = read(log(trace("1", event(more=numbers))))
    assert [table.column(c)[0].as_py() for c in ("i", "f", "bad")] == ["007", "0.10", "x7"]


def test_an_event_without_name_or_time_is_kept_with_nulls(read):
    table = read(log(trace("1", f"<event>{string('k', 'v')}</event>", event())))
    assert table.column("concept:name").to_pylist() == [None, "受付"]
    assert table.column("time:timestamp").null_count == 1


LEGAL = {
    "attribute below an attribute": event(
        more='<string key="k" value="v"><string key="m" value="w"/></string>'
    ),
    "attribute with an end tag": event(more='<string key="k" value="v"></string>'),
    "list": event(
        more='<list key="l"><values><string key="k" value="no"/></values></list>' + string("k", "v")
    ),
    "comment with tags": "<!-- <event> </trace> -->" + event(more=string("k", "v")),
    "cdata": "<![CDATA[</trace><event>]]>" + event(more=string("k", "v")),
    "single quotes": event(more="<string key='k' value='v'/>"),
    "value before key": event(more='<string value="v" key="k"/>'),
    "spaces in tags": event(more='<string  key = "k"\n value="v"  />'),
    "text between tags": event(more="words > “words”" + string("k", "v")),
}


@pytest.mark.parametrize("inside", LEGAL.values(), ids=LEGAL.keys())
def test_every_legal_way_to_write_an_attribute_is_understood(read, inside):
    table = read(log(trace("1", inside), trace("2", event())))
    assert table.column("k").to_pylist() == ["v", None]
    assert "m" not in table.column_names


def test_a_line_break_in_a_value_is_a_space_and_a_written_one_a_line_break(read):
    table = read(log(trace("1", event("a\nb&#10;c\td"))))
    assert table.column("concept:name").to_pylist() == ["a b\nc d"]


ENCODINGS = [
    ("Shift_JIS", "cp932"),
    ("UTF-16", "utf-16"),
    ("EUC-JP", "euc-jp"),
    ("x-sjis", "cp932"),
]


@pytest.mark.parametrize(("declared", "codec"), ENCODINGS)
def test_the_declared_encoding_is_followed(read, declared, codec):
    text = GOOD.replace("UTF-8", declared).replace("受注", "髙橋")
    if codec == "euc-jp":
        text = text.replace("髙", "高")
    names = read(text.encode(codec)).column("concept:name").to_pylist()
    assert names[0] == "受付"
    assert names[-1].endswith("橋")


def test_a_byte_order_mark_does_no_harm(read):
    assert read(GOOD.encode("utf-8-sig")) == read(GOOD)


def test_gzip_is_known_by_its_content_not_by_its_name(read):
    packed = gzip.compress(GOOD.encode())
    assert read(packed, "a.xes.gz") == read(packed, "a.xes") == read(GOOD, "b.xes.gz") == read(GOOD)


def bomb(doctype: str) -> str:
    return GOOD.replace("<log", f"<!DOCTYPE log [{doctype}]>\n<log").replace("受付", "&x;")


LAUGHS = '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghx", strict=True)
)
BROKEN: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "is empty"),
    "blank": ("\n\n", "no element found"),
    "not XML": ("deal,at\n1,2020-01-01\n", "not well-formed"),
    "another XML": ("<html><body/></html>", "root element is <html>"),
    "no trace": (log(), "has no trace"),
    "cut within a tag": (GOOD[:-40], "not well-formed"),
    "cut between traces": (log(trace("1", event()))[: -len("</log>\n")], "no element found"),
    "cut within a trace": (GOOD[: GOOD.rindex("</trace>")], "no element found"),
    "tag not closed": (GOOD.replace("</event>", "", 1), "event 1"),
    "tags crossed": (GOOD.replace("</trace>", "</tracex>", 1), "mismatched tag"),
    "two documents": (GOOD + "<log/>", "junk after"),
    "cut gzip": (gzip.compress(GOOD.encode())[:-30], "gzip data is cut"),
    "gzip without its checksum": (gzip.compress(GOOD.encode())[:-8], "gzip data is cut"),
    "damaged gzip": (b"\x1f\x8b" + b"abc" * 40, "damaged gzip"),
    "wrong checksum": (gzip.compress(GOOD.encode())[:-8] + bytes(8), "damaged gzip"),
    "junk after gzip": (gzip.compress(GOOD.encode()) + b"junk", "damaged gzip"),
    "billion laughs": (bomb(LAUGHS), "DOCTYPE"),
    "quadratic blowup": (bomb(f'<!ENTITY x "{"a" * 100_000}">'), "DOCTYPE"),
    "external entity": (bomb('<!ENTITY x SYSTEM "file:///etc/passwd">'), "DOCTYPE"),
    "external doctype": (
        GOOD.replace("<log", '<!DOCTYPE log SYSTEM "http://a/b.dtd"><log'),
        "DOCTYPE",
    ),
    "undeclared entity": (GOOD.replace("受付", "&x;"), "undefined entity"),
    "bare ampersand": (GOOD.replace("&amp;", "&"), "not well-formed"),
    "null character": (GOOD.replace("受付", "a&#0;"), "invalid character number"),
    "control character": (GOOD.replace("受付", "a\x01"), "invalid token"),
    "less-than in a value": (GOOD.replace("受付", "a<b"), "not well-formed"),
    "CP932 declared as UTF-8": (GOOD.encode("cp932"), "Shift_JIS"),
    "UTF-8 declared as CP932": (
        GOOD.replace("UTF-8", "Shift_JIS").replace("受付", "受付\N{COPYRIGHT SIGN}あ").encode(),
        "not cp932",
    ),
    "unknown encoding": (GOOD.replace("UTF-8", "klingon"), "unknown encoding"),
    "encoding that is no text": (GOOD.replace("UTF-8", "zlib"), "unknown encoding"),
    "attribute without value": (log(trace("1", event(more='<int key="k"/>'))), "event 1"),
    "attribute without key": (log(trace("1", event(more='<int value="1"/>'))), "event 1"),
    "unknown element": (
        log(trace("1", event(), event(more='<money key="k" value="1"/>'))),
        "event 2",
    ),
    "attribute twice": (
        log(trace("1", event(), event(more=string("concept:name", "b")))),
        "event 2",
    ),
    "event outside a trace": (log(trace("1", event()), event()), "outside any trace"),
    "event before any trace": (log(event(), trace("1", event())), "outside any trace"),
    "event key that looks like a case's": (
        log(trace("1", event(more=string("case:concept:name", "x")))),
        "share the column",
    ),
    "event key of ours": (
        log(trace("1", event(more=string("tsunagu_row", "1")))),
        "share the column",
    ),
    "keys that are data": (
        log(trace("1", *[event(more=string(f"k{i}", "v")) for i in range(1100)])),
        "more than 1000 attribute keys",
    ),
    "endless depth": (log(trace("1", '<list key="l">' * 300)), "nests more than"),
    "value of 20 MB": (log(trace("1", event("a" * (20 << 20)))), "more than 16 MB"),
    "comment of 20 MB": (log(trace("1", event(), f"<!--{'a' * (20 << 20)}-->")), "more than 16 MB"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_gives_a_clear_error_and_nothing_else(read, tmp_path, kind):
    content, expected = BROKEN[kind]
    with pytest.raises(InputError, match=expected) as caught:
        read(content)
    problem = caught.value.problem
    assert problem.file == str(tmp_path / "a.xes")
    assert problem.remedy


def test_a_malformed_tag_is_found_at_its_line(read):
    with pytest.raises(InputError) as caught:
        read(log(*[trace(str(i), event()) for i in range(50)], "<trace></log>"))
    assert caught.value.problem.row == 2 + 50 * 3 + 1


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.xes: cannot be read"):
        read_xes(tmp_path / "nowhere.xes")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_xes(tmp_path)


def test_a_gzip_bomb_is_refused_soon(read):
    big = gzip.compress((log()[:-8] + " " * (200 << 20) + "</log>").encode())
    start = time.perf_counter()
    with pytest.raises(InputError, match="gzip bomb"):
        read(big, "bomb.xes.gz")
    assert time.perf_counter() - start < 10


def test_a_long_text_of_a_case_does_not_eat_the_memory_once_per_event(read):
    long = string("note", "長" * 2_000_000)
    events = f"<event>{string('k', 'v')}</event>" * 400
    with pytest.raises(InputError, match="too long to be repeated"):
        read(log(trace("1", long, events)))


def test_progress_is_told_and_may_stop_the_reading(tmp_path):
    path = tmp_path / "a.xes"
    path.write_text(GOOD, encoding="utf-8")
    told: list[float] = []
    read_xes(path, progress=lambda _step, share: told.append(share))
    assert told[-1] == 1.0

    def stop(_step: str, _share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_xes(path, progress=stop)


def build(reading, content: bytes, pieces: int) -> pa.Table:
    builder = TableBuilder(Path("x"))
    size = max(len(content) // pieces, 1)
    blocks = iter([content[i : i + size] for i in range(0, len(content), size)])
    for attributes in reading(Path("x"), blocks):
        builder.add(attributes)
    return builder.finish()


PIECES = [*"ab あ髙>'/= ", "&amp;", "&#x3042;", "&quot;", "&#10;"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
KEYS = st.sampled_from(["a", "b:c", "d", "e"])
TAGS = st.sampled_from(["string", "date", "int", "float", "boolean", "id"])
SPACES = st.sampled_from(["", "\n", "\r\n\t", " "])


@st.composite
def plain_logs(draw):
    def attributes() -> str:
        keys = draw(st.lists(KEYS, unique=True, max_size=3))
        ends = st.sampled_from(["/>", " />"])
        return "".join(
            f'<{draw(TAGS)} key="{k}" value="{draw(TEXTS)}"{draw(ends)}{draw(SPACES)}' for k in keys
        )

    def events() -> str:
        return "".join(
            f"<event>{draw(SPACES)}{attributes()}</event>{draw(SPACES)}"
            for _ in range(draw(st.integers(0, 3)))
        )

    traces = [
        f"<trace>{attributes()}{events()}{attributes_after}</trace>"
        for attributes_after in draw(
            st.lists(st.sampled_from(["", string("z", "z")]), min_size=1, max_size=4)
        )
    ]
    return log(*[t + draw(SPACES) for t in traces], draw(st.sampled_from(["", string("l", "l")])))


@settings(max_examples=150, deadline=None)
@given(text=plain_logs(), pieces=st.integers(1, 5))
def test_the_fast_road_reads_exactly_what_the_thorough_one_reads(text, pieces):
    thorough = build(walk, text.encode(), 1)
    try:
        fast = build(scan, text.encode(), pieces)
    except NotPlain:
        return
    assert fast.schema == thorough.schema
    assert fast.equals(thorough)


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(GOOD) - 1), change=st.sampled_from(["", "<", '"', "/", "&", "x", " "]))
def test_one_damaged_character_never_makes_the_fast_road_accept_what_the_thorough_refuses(
    at, change
):
    text = (GOOD[:at] + change + GOOD[at + 1 :]).encode()
    try:
        fast = build(scan, text, 1)
    except (NotPlain, InputError):
        return
    assert fast.equals(build(walk, text, 1))


def test_the_fast_road_is_taken_for_the_common_shape():
    assert build(scan, GOOD.encode(), 2).num_rows == 4


@pytest.mark.real
def test_bpi_challenge_2012_is_read_whole():
    table = read_xes(real_data("bpic2012/BPI_Challenge_2012.xes.gz"))
    assert table.num_rows == 262_200
    assert table.column("tsunagu_row").to_pylist() == list(range(1, 262_201))
    assert len(table.column("case:concept:name").unique()) == 13_087
    assert table.column("org:resource").null_count == 18_010
    assert len(table.column("concept:name").unique()) == 24
    first = datetime(2011, 9, 30, 22, 38, 44, 546000, tzinfo=UTC)
    assert table.column("time:timestamp")[0].as_py() == first
