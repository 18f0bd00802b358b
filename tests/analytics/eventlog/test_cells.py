"""Cells say what people mean by them, in Japanese and English."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsunagu.analytics.eventlog.cells import (
    WORDS,
    Trouble,
    to_ids,
    to_numbers,
    to_seconds,
    to_text,
    to_truths,
)
from tsunagu.analytics.eventlog.times import Clock, DayPart, to_dates, to_instants

TOKYO = Clock("Asia/Tokyo")
BERLIN = Clock("Europe/Berlin")


def number(text: str) -> tuple[float | None, Trouble]:
    read = to_numbers(pa.array([text]))
    return read.values[0].as_py(), Trouble(int(read.troubles[0]))


def instant(
    text: str, clock: Clock = TOKYO, part: DayPart = DayPart.START
) -> tuple[datetime | None, Trouble]:
    read = to_instants(pa.array([text]), clock, part)
    return read.values[0].as_py(), Trouble(int(read.troubles[0]))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1234.5", 1234.5),
        (" 42 ", 42),
        ("+7", 7),
        ("-5", -5),
        ("−5", -5),
        ("1.5E+3", 1500),
        ("1,234", 1234),
        ("1,234,567.8", 1234567.8),
        ("１２３４", 1234),
        ("１，２３４．５", 1234.5),
        ("¥1,234", 1234),
        ("￥１，２３４", 1234),
        ("\\1,234", 1234),
        ("1,234円", 1234),
        ("$99.5", 99.5),
        ("12千円", 12_000),
        ("123万円", 1_230_000),
        ("1.5万", 15_000),
        ("12百万円", 12_000_000),
        ("3億", 300_000_000),
        ("1億2,000万円", 120_000_000),
        ("△500", -500),
        ("▲1,000", -1000),
        ("▲ 1,000円", -1000),
        ("(500)", -500),
        ("（５００）", -500),
        ("¥-500", -500),
        ("3%", 0.03),
        ("１２．５％", 0.125),
        ("0", 0),
    ],
)
def test_numbers_are_read_as_written(text: str, wanted: float) -> None:
    value, trouble = number(text)
    assert trouble is Trouble.NONE
    assert value == pytest.approx(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "1,23",
        "1 234",
        "nan",
        "inf",
        "1e999",
        "12万3億",
        "--5",
        "5円円",
        "約100",
        "1.2.3",
        "-",
    ],
)
def test_what_is_no_number_is_never_a_number(text: str) -> None:
    assert number(text) == (None, Trouble.NOT_A_NUMBER)


def test_formula_errors_are_named_as_such() -> None:
    assert number("#REF!") == (None, Trouble.ERROR_CELL)
    assert instant("#N/A") == (None, Trouble.ERROR_CELL)
    assert to_text(pa.array(["#DIV/0!"])).troubles[0] == Trouble.ERROR_CELL


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_every_finite_number_reads_back(value: float) -> None:
    assert number(repr(value)) == (value, Trouble.NONE)


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_grouped_full_width_numbers_read_back(value: int) -> None:
    wide = f"{value:,}".translate({ord(a): chr(ord(a) + 0xFEE0) for a in "0123456789,-"})
    assert number(wide) == (value, Trouble.NONE)


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_a_trouble_never_both(text: str) -> None:
    value, trouble = number(text)
    assert value is None or (math.isfinite(value) and trouble is Trouble.NONE)


APRIL = datetime(2024, 4, 1, tzinfo=ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2024-04-01", APRIL),
        ("2024/4/1", APRIL),
        ("2024.04.01", APRIL),
        ("２０２４／０４／０１", APRIL),
        ("20240401", APRIL),
        ("2024年4月1日", APRIL),
        ("2024年4月1日(月)", APRIL),
        ("令和6年4月1日", APRIL),
        ("令和６年４月１日", APRIL),
        ("R6.4.1", APRIL),
        ("r6/4/1", APRIL),
        ("H30/1/5", datetime(2018, 1, 5, tzinfo=ZoneInfo("Asia/Tokyo"))),
        ("令和元年5月1日", datetime(2019, 5, 1, tzinfo=ZoneInfo("Asia/Tokyo"))),
        ("昭和64年1月7日", datetime(1989, 1, 7, tzinfo=ZoneInfo("Asia/Tokyo"))),
        ("45383", APRIL),
        ("45383.75", APRIL + timedelta(hours=18)),
        ("2024-04-01 13:05", APRIL + timedelta(hours=13, minutes=5)),
        ("2024-04-01T13:05:06.789", APRIL + timedelta(hours=13, minutes=5, seconds=6.789)),
        ("2024/4/1 9:05:00", APRIL + timedelta(hours=9, minutes=5)),
        ("2024年4月1日 午後3時", APRIL + timedelta(hours=15)),
        ("2024年4月1日 午前0時30分", APRIL + timedelta(minutes=30)),
        ("2024年4月1日15時30分5秒", APRIL + timedelta(hours=15, minutes=30, seconds=5)),
        ("令和6年4月1日 午後12時", APRIL + timedelta(hours=12)),
        ("2024-04-01 12:30 AM", APRIL + timedelta(minutes=30)),
        ("2024-04-01T00:00:00Z", datetime(2024, 4, 1, tzinfo=UTC)),
        ("2024-04-01T09:00:00+02:00", datetime(2024, 4, 1, 7, tzinfo=UTC)),
        ("2024-04-01 09:00:00-0530", datetime(2024, 4, 1, 14, 30, tzinfo=UTC)),
        ("2024-04-01 00:00:00+00", datetime(2024, 4, 1, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=ZoneInfo("Asia/Tokyo"))),
    ],
)
def test_dates_are_read_as_written(text: str, wanted: datetime) -> None:
    assert instant(text) == (wanted, Trouble.NONE)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("2024-02-30", Trouble.NO_SUCH_DATE),
        ("2023-02-29", Trouble.NO_SUCH_DATE),
        ("2024-13-01", Trouble.NO_SUCH_DATE),
        ("2024-00-10", Trouble.NO_SUCH_DATE),
        ("2024-04-01 25:00", Trouble.NO_SUCH_TIME),
        ("2024-04-01 12:61", Trouble.NO_SUCH_TIME),
        ("2024-04-01 午後13時", Trouble.NO_SUCH_TIME),
        ("2024-04-01T00:00:00+19:00", Trouble.NO_SUCH_TIME),
        ("H31/5/1", Trouble.OUTSIDE_ERA),
        ("平成元年1月7日", Trouble.OUTSIDE_ERA),
        ("昭和65年1月1日", Trouble.OUTSIDE_ERA),
        ("R0.4.1", Trouble.OUTSIDE_ERA),
        ("03/04/2024", Trouble.DAY_OR_MONTH_FIRST),
        ("25.12.2024", Trouble.DAY_OR_MONTH_FIRST),
        ("9999-12-31", Trouble.IMPLAUSIBLE_YEAR),
        ("1024-01-01", Trouble.IMPLAUSIBLE_YEAR),
        ("24/04/01", Trouble.NOT_A_DATE),
        ("tomorrow", Trouble.NOT_A_DATE),
        ("2024-04-01 noonish", Trouble.NOT_A_DATE),
        ("12", Trouble.NOT_A_DATE),
    ],
)
def test_dates_that_cannot_be_are_told_why(text: str, trouble: Trouble) -> None:
    assert instant(text) == (None, trouble)


def test_the_mapping_says_whether_day_or_month_comes_first() -> None:
    day, _ = instant("03/04/2024", Clock("UTC", "day_first"))
    month, _ = instant("03/04/2024", Clock("UTC", "month_first"))
    assert day == datetime(2024, 4, 3, tzinfo=UTC)
    assert month == datetime(2024, 3, 4, tzinfo=UTC)


def test_a_time_that_the_clock_skipped_is_refused_and_the_first_of_two_is_taken() -> None:
    assert instant("2024-03-31 02:30", BERLIN) == (None, Trouble.SKIPPED_BY_CLOCK)
    twice, _ = instant("2024-10-27 02:30", BERLIN)
    assert twice == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)


def test_a_date_without_time_is_known_when_its_day_is_over() -> None:
    start, fact, end = (instant("2024-04-01", part=part)[0] for part in DayPart)
    assert start == APRIL
    assert start < fact < end < APRIL + timedelta(days=1)  # type: ignore[operator]


@given(
    st.datetimes(min_value=datetime(1901, 1, 1), max_value=datetime(2199, 1, 1)),
    st.sampled_from([timedelta(hours=h) for h in (-11, -3, 0, 5.5, 9, 14)]),
)
def test_every_instant_with_an_offset_reads_back(moment: datetime, offset: timedelta) -> None:
    from datetime import timezone

    aware = moment.replace(tzinfo=timezone(offset))
    assert instant(aware.isoformat()) == (aware, Trouble.NONE)


@given(st.dates(min_value=date(2019, 5, 1), max_value=date(2099, 12, 31)))
def test_era_dates_are_the_same_as_western_ones(day: date) -> None:
    era = f"令和{day.year - 2018}年{day.month}月{day.day}日"
    assert instant(era) == instant(day.isoformat())
    assert to_dates(pa.array([era]), TOKYO).values[0].as_py() == day.isoformat()


@given(st.text(alphabet="0123456789-/.:年月日時令和TZ+ ", max_size=20))
def test_no_text_breaks_the_date_reader(text: str) -> None:
    value, trouble = instant(text)
    assert value is None or trouble is Trouble.NONE


def test_typed_columns_need_no_parsing() -> None:
    naive = pa.array([datetime(2024, 4, 1, 9)], pa.timestamp("ns"))
    assert to_instants(naive, TOKYO, DayPart.FACT).values[0].as_py() == datetime(
        2024, 4, 1, tzinfo=UTC
    )
    days = pa.array([date(2024, 4, 1)])
    assert to_instants(days, TOKYO, DayPart.START).values[0].as_py() == APRIL
    assert to_numbers(pa.array([1, None])).values.to_pylist() == [1.0, None]
    assert to_numbers(pa.array([math.nan])).values.to_pylist() == [None]


def test_ids_lose_only_white_space_and_width() -> None:
    assert to_ids(pa.array([" Ａ０１２ ", "ｱｲ-1", None, " "])).values.to_pylist() == [
        "A012",
        "ｱｲ-1",
        None,
        None,
    ]


def test_text_stays_as_it_is() -> None:
    assert to_text(pa.array([" ㈱つなぐ １号 ", ""])).values.to_pylist() == [
        " ㈱つなぐ １号 ",
        None,
    ]


def test_truths_and_durations() -> None:
    truths = to_truths(pa.array(["はい", "FALSE", "○", "maybe", None]))
    assert truths.values.to_pylist() == [True, False, True, None, None]
    assert Trouble(int(truths.troubles[3])) is Trouble.NOT_A_TRUTH
    seconds = to_seconds(pa.array(["4 days, 22:47:14", "00:17:08", "3日", "60", "soon"]))
    assert seconds.values.to_pylist() == [427_634, 1028, 259_200, 60, None]
    assert Trouble(int(seconds.troubles[4])) is Trouble.NOT_A_DURATION


def test_each_trouble_has_words_and_a_remedy() -> None:
    assert set(WORDS) == set(Trouble) - {Trouble.NONE}
    assert all(message and remedy for message, remedy in WORDS.values())
