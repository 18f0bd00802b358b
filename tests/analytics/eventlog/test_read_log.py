"""From files to an event log: what users rely on beyond single cells."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, Kind, Outcome
from tsunagu.analytics.errors import InputError, TsunaguError
from tsunagu.analytics.eventlog.mapping import (
    AtRisk,
    BeforeCreation,
    Condition,
    DealTable,
    EventTable,
    FileChoice,
    LatestDeal,
    Mapping,
    RowsOf,
    Rule,
    Unlinked,
    Unmatched,
)
from tsunagu.analytics.eventlog.reader import read_log
from tsunagu.analytics.eventlog.store import open_log

DEALS = """deal_id,customer_id,owner_id,created_at,at_risk_from,industry,size,new
D1,C1,O1,2024-01-05T00:00:00Z,,製造,12.5,true
D2,C2,O2,2024-01-06T01:02:03.000004Z,2024-02-01T00:00:00Z,"小売, 卸",,false
D3,,,2024-01-07T00:00:00Z,,,-3,
"""
EVENTS = """deal_id,at,kind,value,amount,actor,direction,text
D1,2024-01-10T10:00:00Z,call,,,O1,both,"話した。
よい感触 ""前向き""です"
D1,2024-01-10T10:00:00.000001Z,stage,提案,,O1,,
D1,2024-02-10T00:00:00Z,amount,,1200000.25,,,
D1,2024-03-01T09:00:00Z,outcome,won,,,,価格
D2,2024-02-01T00:00:00Z,close_date,2024-05-31,,,,
D2,2024-02-02T00:00:00Z,note,,,,,=1+1
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def own(tmp_path: Path) -> list[Path]:
    return [write(tmp_path, "deals.csv", DEALS), write(tmp_path, "events.csv", EVENTS)]


def tables(folder: Path) -> tuple[pa.Table, pa.Table]:
    return pq.read_table(folder / "deals.parquet"), pq.read_table(folder / "events.parquet")


# ---- our own columns ------------------------------------------------------------------------


def test_our_own_columns_need_no_mapping(own: list[Path], tmp_path: Path) -> None:
    report = read_log(own, None, tmp_path / "log")
    assert (report.deals, report.events, report.rejected_rows) == (3, 6, 0)
    assert report.outcomes == {Outcome.WON: 1, Outcome.BROKEN_OFF: 0, Outcome.LOST: 0}
    assert report.open_deals == 2
    deals, events = tables(tmp_path / "log")
    assert events.schema.equals(EVENT_SCHEMA)
    assert deals.schema.names[:5] == DEAL_SCHEMA.names
    assert [deals.schema.field(n).type for n in ("industry", "size", "new")] == [
        pa.string(),
        pa.float64(),
        pa.bool_(),
    ]
    assert events.column("text")[0].as_py() == '話した。\nよい感触 "前向き"です'
    log = open_log(tmp_path / "log")
    assert log.observed_until == datetime(2024, 3, 1, 9, tzinfo=UTC)
    assert log.attributes == ("industry", "size", "new")


@pytest.mark.parametrize("kind", ["folder", "parquet", "csv"])
def test_export_then_import_is_the_identity(kind: str, own: list[Path], tmp_path: Path) -> None:
    read_log(own, None, tmp_path / "one")
    first = tables(tmp_path / "one")
    sources = [tmp_path / "one"]
    if kind != "folder":
        sources = [tmp_path / f"{name}.{kind}" for name in ("deals_export", "events_export")]
        for path, table in zip(sources, first, strict=True):
            write_table = pq.write_table if kind == "parquet" else pyarrow.csv.write_csv
            write_table(table, path)
    report = read_log(sources, None, tmp_path / "two")
    second = tables(tmp_path / "two")
    assert report.rejected_rows == 0
    assert all(one.equals(two) for one, two in zip(first, second, strict=True))
    assert open_log(tmp_path / "two").observed_until == open_log(tmp_path / "one").observed_until


def test_a_logs_folder_brings_its_settings_along(own: list[Path], tmp_path: Path) -> None:
    mapping = Mapping(
        DealTable("deal_id", FileChoice("deals"), created="created_at"),
        (EventTable("at", FileChoice("events"), deal="deal_id", kind="kind", value="value",
                    amount="amount"),),
        time_zone="Europe/Berlin",
        observed_until="2024-12-31",
        stages=("提案", "交渉"),
    )  # fmt: skip
    read_log(own, mapping, tmp_path / "one")
    read_log([tmp_path / "one"], None, tmp_path / "two")
    one, two = open_log(tmp_path / "one"), open_log(tmp_path / "two")
    assert (one.time_zone, one.stages, one.observed_until) == (
        two.time_zone,
        two.stages,
        two.observed_until,
    )


def test_the_order_of_rows_and_files_does_not_matter(own: list[Path], tmp_path: Path) -> None:
    read_log(own, None, tmp_path / "one")
    lines = DEALS.splitlines()
    own[0].write_text("\n".join([lines[0], *reversed(lines[1:])]), encoding="utf-8")
    read_log(list(reversed(own)), None, tmp_path / "two")
    first, second = tables(tmp_path / "one"), tables(tmp_path / "two")
    assert all(one.equals(two) for one, two in zip(first, second, strict=True))


# ---- mending --------------------------------------------------------------------------------


def mend(path: Path, row: str, column: str, value: str) -> None:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for each in rows:
        if each["tsunagu_row"] == row:
            each[column] = value
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


BROKEN_EVENTS = """deal_id,at,kind,value,text
D1,2024-01-10,note,,=HYPERLINK("http://x")
D1,gestern,note,,=cmd|'/c calc'!A1
D2,2024-01-12,note,,ok
D2,2024-01-13,phone,,-5
D2,2024-01-14,note,,'=quoted
"""


def test_a_mended_reject_file_is_read_beside_its_original(tmp_path: Path) -> None:
    deals = write(tmp_path, "deals.csv", DEALS)
    events = write(tmp_path, "events.csv", BROKEN_EVENTS)
    out = tmp_path / "log"
    first = read_log([deals, events], None, out)
    assert [p.row for p in first.problems] == [3, 5]
    (reject,) = first.reject_files
    assert reject == out / "rejects" / "events.csv"
    text = reject.read_text("utf-8-sig")
    assert "'=cmd|" in text
    assert "'-5" in text
    mend(reject, "3", "at", "2024-01-11")
    second = read_log([deals, events, reject], None, out)
    assert [p.row for p in second.problems] == [5]
    assert second.events == first.events + 1
    texts = tables(out)[1].column("text").to_pylist()
    assert texts == ['=HYPERLINK("http://x")', "=cmd|'/c calc'!A1", "ok", "'=quoted"]


def test_mending_in_the_logs_own_folder_loses_nobodys_work(tmp_path: Path) -> None:
    deals = write(tmp_path, "deals.csv", DEALS)
    events = write(tmp_path, "events.csv", BROKEN_EVENTS)
    out = tmp_path / "log"
    read_log([deals, events], None, out)
    mend(out / "rejects" / "events.csv", "3", "at", "2024-01-11")
    read_log([deals, events, out / "rejects" / "events.csv"], None, out)
    kept = out / "mended" / "events.csv"
    mend(out / "rejects" / "events.csv", "5", "kind", "note")
    both = [kept, out / "rejects" / "events.csv"]
    report = read_log([deals, events, *both], None, tmp_path / "all")
    assert report.rejected_rows == 0
    assert report.events == 5
    again = read_log([deals, events, *both], None, tmp_path / "all")
    assert again.events == 5


def test_an_unmended_reject_file_changes_nothing(tmp_path: Path) -> None:
    deals = write(tmp_path, "deals.csv", DEALS)
    events = write(tmp_path, "events.csv", BROKEN_EVENTS + "D2,2024-01-15\n")
    first = read_log([deals, events], None, tmp_path / "one")
    second = read_log([deals, events, *first.reject_files], None, tmp_path / "two")
    assert [p.row for p in first.problems] == [p.row for p in second.problems] == [3, 5, 7]
    assert tables(tmp_path / "one")[1].equals(tables(tmp_path / "two")[1])


def test_a_mended_file_without_its_original_is_refused(tmp_path: Path) -> None:
    deals = write(tmp_path, "deals.csv", DEALS)
    events = write(tmp_path, "events.csv", BROKEN_EVENTS)
    first = read_log([deals, events], None, tmp_path / "one")
    with pytest.raises(InputError, match=r"rows of events\.csv, which is not among"):
        read_log([deals, *first.reject_files], None, tmp_path / "two")


def test_rows_of_a_workbook_can_be_mended_too(tmp_path: Path) -> None:
    events = write(tmp_path, "events.csv", EVENTS)
    book = openpyxl.Workbook()
    for row in (["deal_id", "created_at"], ["D1", "2024-01-05"], ["D2", "2024-02-30"]):
        book.active.append(row)
    book.save(tmp_path / "deals.xlsx")
    sources = [tmp_path / "deals.xlsx", events]
    first = read_log(sources, None, tmp_path / "one")
    assert first.deals == 1
    (of_deals, _of_events) = first.reject_files
    assert of_deals.name == "deals.xlsx.csv"
    mend(of_deals, "3", "created_at", "2024-01-29")
    second = read_log([*sources, of_deals], None, tmp_path / "two")
    assert (second.deals, second.rejected_rows, second.events) == (2, 0, 6)


# ---- whole or not at all --------------------------------------------------------------------


class StopError(Exception):
    pass


@pytest.mark.parametrize("moment", range(7))
@pytest.mark.parametrize("older", [False, True])
def test_a_stopped_reading_leaves_nothing_half_written(
    moment: int, older: bool, own: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "logs" / "log"
    if older:
        read_log(own, None, out)
        before = tables(out)
    calls = 0

    def stop(_step: str, _share: float) -> None:
        nonlocal calls
        calls += 1
        if calls > moment:
            raise StopError

    own[0].write_text(DEALS + "D4,,,2024-01-08T00:00:00Z,,,,\n", encoding="utf-8")
    with pytest.raises(StopError):
        read_log(own, None, out, progress=stop)
    left = sorted(path.name for path in out.parent.iterdir()) if out.parent.exists() else []
    assert left == (["log"] if older else [])
    if older:
        assert all(one.equals(two) for one, two in zip(before, tables(out), strict=True))


KILLED = """
import os, signal, sys
from pathlib import Path
from tsunagu.analytics.eventlog.reader import read_log

def kill(step, share):
    if share >= 1.0:
        os.kill(os.getpid(), signal.SIGKILL)

deals, events, out = map(Path, sys.argv[1:])
read_log([deals, events], None, out, progress=kill)
"""


def test_a_killed_reading_leaves_the_older_log_whole(own: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "log"
    read_log(own, None, out)
    before = tables(out)
    own[0].write_text(DEALS + "D4,,,2024-01-08T00:00:00Z,,,,\n", encoding="utf-8")
    command = [sys.executable, "-c", KILLED, *map(str, own), str(out)]
    done = subprocess.run(command, check=False)  # noqa: S603 - our own interpreter and code
    assert done.returncode == -signal.SIGKILL
    assert all(one.equals(two) for one, two in zip(before, tables(out), strict=True))
    assert read_log(own, None, out).deals == 4


def test_a_folder_that_cannot_be_written_is_told(
    own: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(TsunaguError, match=r"No space left.*Free some space"):
        read_log(own, None, tmp_path / "log")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deals.csv", "events.csv"]


def test_progress_rises_to_the_end(own: list[Path], tmp_path: Path) -> None:
    shares: list[float] = []
    read_log(own, None, tmp_path / "log", progress=lambda _step, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_folder_of_something_else_is_never_replaced(own: list[Path], tmp_path: Path) -> None:
    write(tmp_path, "diary.txt", "dear diary")
    with pytest.raises(InputError, match="in the way"):
        read_log(own, None, tmp_path)
    assert (tmp_path / "diary.txt").exists()


# ---- meaning --------------------------------------------------------------------------------

CRM_DEALS = """id,contact,created,ended,stage,reason
D1,C1,2024-01-01 09:00,2024-02-01,Lost,Doesn't Answer
D2,C1,2024-03-01 09:00,2024-04-01,Lost,Expensive
D3,C2,2024-03-01 09:00,,Open,
D4,C3,2024-03-01 09:00,,Open,
D5,C1,2024-05-01 09:00,,Lost,Expensive
"""
CALLS = """who,start,type,dur
C1,2023-12-31 10:00,Outbound,90
C1,2024-01-02 10:00,Outbound,0
C1,2024-01-03 10:00,Outbound,60
C1,2024-03-02 10:00,Inbound,59
C1,2024-05-02 10:00,Outbound,300
C2,2024-03-01 09:00,Outbound,61.5
C3,2024-03-02 10:00,Missed,
C9,2024-03-02 10:00,Outbound,90
C3,2024-03-03 10:00,Test,90
C3,2024-03-03 10:00,Outbound,lang
"""
CRM = Mapping(
    deals=DealTable(
        id="id",
        source=FileChoice("deals"),
        customer="contact",
        created="created",
        end="ended",
        reason="reason",
        outcomes=(
            Rule(
                (
                    Condition("stage", one_of=("Lost",)),
                    Condition("reason", one_of=("Doesn't Answer", "Stopped Answering")),
                ),
                Kind.OUTCOME,
                outcome=Outcome.BROKEN_OFF,
            ),
            Rule((Condition("stage", one_of=("Lost",)),), Kind.OUTCOME, outcome=Outcome.LOST),
        ),
    ),
    events=(
        EventTable(
            at="start",
            source=FileChoice("calls"),
            latest_deal_of=LatestDeal("who", "contact"),
            unlinked=Unlinked.LEAVE_OUT,
            rules=(
                Rule((Condition("type", one_of=("Test",)),)),
                Rule((Condition("dur", at_least=60),), Kind.CALL, direction="both"),
                Rule((Condition("type", matches="^Out"),), Kind.CALL, direction="out"),
                Rule((), Kind.CALL, direction="in"),
            ),
        ),
    ),
    observed_until="2024-06-30",
)


def crm(folder: Path) -> Sequence[Path]:
    return [write(folder, "deals.csv", CRM_DEALS), write(folder, "calls.csv", CALLS)]


def test_a_call_belongs_to_the_latest_deal_of_its_contact(tmp_path: Path) -> None:
    report = read_log(crm(tmp_path), CRM, tmp_path / "log")
    _, events = tables(tmp_path / "log")
    facts = [
        (row["deal_id"], row["kind"], row["direction"] or row["value"], row["text"])
        for row in events.to_pylist()
    ]
    assert facts == [
        ("D1", "call", "out", None),
        ("D1", "call", "both", None),
        ("D1", "outcome", "broken_off", "Doesn't Answer"),
        ("D2", "call", "in", None),
        ("D2", "outcome", "lost", "Expensive"),
        ("D3", "call", "both", None),
        ("D4", "call", "in", None),
    ]
    assert [(p.file, p.row, p.column) for p in report.problems] == [
        ("deals.csv", 6, "ended"),
        ("calls.csv", 11, "dur"),
    ]
    assert "1 row of calls.csv is ignored." in report.notices
    assert "3 events belong to no deal and are left out." in report.notices


def test_a_deal_enters_the_task_with_its_first_real_talk(tmp_path: Path) -> None:
    mapping = replace(CRM, at_risk=AtRisk(Kind.CALL, "both"))
    report = read_log(crm(tmp_path), mapping, tmp_path / "log")
    deals, events = tables(tmp_path / "log")
    assert deals.column("deal_id").to_pylist() == ["D1", "D3"]
    assert set(events.column("deal_id").to_pylist()) == {"D1", "D3"}
    assert deals.column("at_risk_from")[0].as_py() == datetime(2024, 1, 3, 1, tzinfo=UTC)
    assert "2 deals never had “call both” while open and are left out." in report.notices


def test_a_talk_after_the_end_does_not_bring_a_deal_into_the_task(tmp_path: Path) -> None:
    late = CALLS.replace("C1,2024-01-03 10:00", "C1,2024-02-03 10:00")
    paths = [write(tmp_path, "deals.csv", CRM_DEALS), write(tmp_path, "calls.csv", late)]
    read_log(paths, replace(CRM, at_risk=AtRisk(Kind.CALL, "both")), tmp_path / "log")
    assert tables(tmp_path / "log")[0].column("deal_id").to_pylist() == ["D3"]


def test_a_rule_may_take_its_time_from_a_column_of_its_own(tmp_path: Path) -> None:
    deals = write(tmp_path, "deals.csv", "id,created\nD1,2024-01-05\n")
    visits = "deal,planned,done,took\nD1,2024-01-09 10:00,2024-01-10 10:00,01:30:00\nD1,,,\n"
    calls = write(tmp_path, "visits.csv", visits + "D1,2024-01-12 10:00,,00:10:00\n")
    rule = Rule((), Kind.VISIT, direction="both", at="done", after="took")
    mapping = Mapping(
        DealTable("id", FileChoice("deals"), created="created"),
        (EventTable("planned", FileChoice("visits"), deal="deal", rules=(rule,)),),
        time_zone="UTC",
    )
    report = read_log([deals, calls], mapping, tmp_path / "log")
    (visit,) = tables(tmp_path / "log")[1].to_pylist()
    assert visit["at"] == datetime(2024, 1, 10, 11, 30, tzinfo=UTC)
    assert [(p.row, p.column, p.message) for p in report.problems] == [
        (3, "done", "the event has no time."),
        (4, "done", "the event has no time."),
    ]


GENERIC = """case,act,phase,time,who,size
K2,Submit,complete,2024-01-02 10:00,u1,20
K1,Submit,complete,2024-01-01 10:00,u1,10
K1,Call,start,2024-01-03 10:00,u2,10
K1,Call,complete,2024-01-03 10:10,u2,10
K1,Cancel,complete,2024-01-05 10:00,u3,10
K2,Call,complete,2024-01-01 08:00,,20
"""
GENERIC_MAPPING = Mapping(
    deals=DealTable(id="case", rows=RowsOf.EVENT, events=(Rule((), Kind.AMOUNT, amount="size"),)),
    events=(
        EventTable(
            at="time",
            deal="case",
            activity="act",
            lifecycle="phase",
            actor="who",
            unmatched=Unmatched.ACTIVITY,
            rules=(
                Rule((Condition("act", one_of=("Submit",)),), Kind.STAGE, value="act"),
                Rule(
                    (Condition("act", one_of=("Cancel",)),),
                    Kind.OUTCOME,
                    outcome=Outcome.BROKEN_OFF,
                ),
            ),
        ),
    ),
    time_zone="UTC",
)


def test_a_generic_log_keeps_the_names_of_what_no_rule_names(tmp_path: Path) -> None:
    read_log([write(tmp_path, "any.csv", GENERIC)], GENERIC_MAPPING, tmp_path / "log")
    deals, events = tables(tmp_path / "log")
    created = dict(
        zip(*(deals.column(n).to_pylist() for n in ("deal_id", "created_at")), strict=True)
    )
    assert created["K2"] == datetime(2024, 1, 1, 8, tzinfo=UTC)
    facts = [(r["deal_id"], r["kind"], r["value"], r["amount"]) for r in events.to_pylist()]
    assert facts == [
        ("K1", "stage", "Submit", None),
        ("K1", "amount", None, 10.0),
        ("K1", "activity", "Call+start", None),
        ("K1", "activity", "Call+complete", None),
        ("K1", "outcome", "broken_off", None),
        ("K2", "amount", None, 20.0),
        ("K2", "activity", "Call+complete", None),
        ("K2", "stage", "Submit", None),
    ]


def test_creation_may_move_to_the_first_event(tmp_path: Path) -> None:
    deals = write(tmp_path, "deals.csv", "deal_id,created_at\nD1,2024-01-05\n")
    events = write(tmp_path, "events.csv", "deal_id,at,kind\nD1,2024-01-02T00:00:00Z,note\n")
    mapping = Mapping(
        DealTable("deal_id", FileChoice("deals"), created="created_at"),
        (EventTable("at", FileChoice("events"), deal="deal_id", kind="kind"),),
        before_creation=BeforeCreation.MOVE_CREATION,
    )
    report = read_log([deals, events], mapping, tmp_path / "log")
    assert tables(tmp_path / "log")[0].column("created_at")[0].as_py() == datetime(
        2024, 1, 2, tzinfo=UTC
    )
    assert "1 deal starts earlier than written, at its first event." in report.notices


def test_the_same_day_comes_before_the_end_of_the_day(tmp_path: Path) -> None:
    deals = write(tmp_path, "deals.csv", "id,created,ended,stage\nD1,2024-01-05,2024-01-09,Lost\n")
    calls = write(tmp_path, "events.csv", "deal_id,at,kind\nD1,2024-01-09,note\nD1,2024-01-05,note")
    mapping = Mapping(
        replace(CRM.deals, customer=None, reason=None, outcomes=(CRM.deals.outcomes[1],)),
        (EventTable("at", FileChoice("events"), deal="deal_id", kind="kind"),),
    )
    read_log([deals, calls], mapping, tmp_path / "log")
    assert tables(tmp_path / "log")[1].column("kind").to_pylist() == ["note", "note", "outcome"]


def test_a_source_that_no_table_takes_and_a_table_without_source_are_told(tmp_path: Path) -> None:
    deals, calls = crm(tmp_path)
    other = write(tmp_path, "other.csv", "a\n1\n")
    with pytest.raises(InputError, match=r"other\.csv: no table"):
        read_log([deals, calls, other], CRM, tmp_path / "log")
    with pytest.raises(InputError, match="no source is named like"):
        read_log([deals], CRM, tmp_path / "log")
    with pytest.raises(InputError, match="does not exist"):
        read_log([tmp_path / "none.csv"], CRM, tmp_path / "log")


def test_columns_of_unusual_types_are_left_out_with_a_notice(tmp_path: Path) -> None:
    table = pa.table(
        {
            "deal_id": pa.array(["D1"]).dictionary_encode(),
            "created_at": [datetime(2024, 1, 5, tzinfo=UTC)],
            "tags": [["a", "b"]],
            "raw": [b"\xff"],
        }
    )
    pq.write_table(table, tmp_path / "deals.parquet")
    report = read_log([tmp_path / "deals.parquet"], None, tmp_path / "log")
    assert tables(tmp_path / "log")[0].column_names == DEAL_SCHEMA.names
    assert "unusual types are left out: tags, raw." in report.notices[0]


# ---- without a mapping ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "row", "outcome"),
    [
        (
            "Id,Name,AccountId,StageName,Amount,CloseDate,OwnerId,CreatedDate",
            "0061,新規,001A,Closed Won,100,2024-03-01,005B,2024-01-01T00:00:00Z",
            "won",
        ),
        (
            "Record ID,dealname,dealstage,closedate,createdate,hubspot_owner_id,closed_lost_reason",
            "99,x,closedlost,2024-03-01,2024-01-01,7,Budget",
            "lost",
        ),
        (
            "ID,title,status,add_time,won_time,lost_time,owner_name,org_name,lost_reason",
            "5,x,lost,2024-01-01 10:00:00,,2024-03-01 10:00:00,Ann,Acme,price",
            "lost",
        ),
        (
            "案件番号,営業ステージ,完了予定日,担当者,顧客企業名,作成日",
            "A-1,失注,2024/3/1,佐藤,つなぐ商事,2024/1/1",
            "lost",
        ),
        (
            "案件ID,フェーズ(管理番号:12),契約予定日,担当者,取引先ID,登録日",
            "7,受注,2024年3月1日,佐藤,55,令和6年1月1日",
            "won",
        ),
        (
            "レコード番号,取引先,商談開始日,完了予定日,フェーズ,担当営業",
            "3,つなぐ商事,2024-01-01,2024-03-01,受注,佐藤",
            "won",
        ),
    ],
)
def test_well_known_exports_are_recognised(
    header: str, row: str, outcome: str, tmp_path: Path
) -> None:
    path = write(tmp_path, "export.csv", f"{header}\n{row}\n")
    report = read_log([path], None, tmp_path / "log")
    assert report.outcomes[Outcome(outcome)] == 1
    (deal,) = tables(tmp_path / "log")[0].to_pylist()
    assert deal["deal_id"] == row.split(",", maxsplit=1)[0]
    assert deal["created_at"].date() in {datetime(2023, 12, 31).date(), datetime(2024, 1, 1).date()}


def test_open_deals_need_no_end_but_finished_ones_do(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "案件番号,作成日,フェーズ\n1,2024-01-01,交渉\n")
    assert read_log([path], None, tmp_path / "log").open_deals == 1
    path = write(tmp_path, "x.csv", "案件番号,作成日,フェーズ\n1,2024-01-01,失注\n")
    with pytest.raises(InputError, match="date on which deals ended"):
        read_log([path], None, tmp_path / "log")


def test_unknown_headers_ask_for_a_mapping(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "foo,bar\n1,2\n")
    with pytest.raises(InputError, match=r"“foo”, “bar”.*mapping\.md"):
        read_log([path], None, tmp_path / "log")
