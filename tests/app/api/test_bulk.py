"""Many rows at once: as imports take them, in one call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.app.api.calling import ROOT, Program
from tests.app.factories import Organisation

from tsunagu.app.customers.models import Customer
from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.exchange import actions, running
from tsunagu.app.exchange.models import Import, State
from tsunagu.app.people.models import AuditEntry, User

ROW = {"at": "2026-05-01T10:00:00+09:00", "type": "call", "direction": "both", "text": "確認"}


@pytest.fixture(autouse=True)
def _scores_wait(settings: Any) -> None:
    settings.DEALS_CHANGED = []


@pytest.fixture
def program(organisation: Organisation) -> Program:
    return Program(organisation.operations, **{"accept-language": "en"})


def of(organisation: Organisation, **changed: Any) -> dict[str, Any]:
    return {"id": "V-1", "deal": organisation.own.external_id, **ROW, **changed}


def activities(organisation: Organisation) -> int:
    return Event.objects.filter(deal=organisation.own, kind__in=("call", "email")).count()


def test_rows_that_cannot_be_taken_do_not_stop_the_others(
    organisation: Organisation, program: Program
) -> None:
    rows = [
        of(organisation),
        of(organisation, id="V-2", at="明日"),
        of(organisation, id="V-3", deal="nowhere"),
        of(organisation, id="V-4", actor="nobody"),
        of(organisation, id="V-5", at="2026-05-02", type="email"),
    ]

    said = program.post("/bulk/activities", rows).json()

    assert said["counts"] == {"new": 2, "changed": 0, "unchanged": 0, "rejected": 3}
    assert [(r["index"], r["column"], r["value"]) for r in said["rejected"]] == [
        (1, "at", "明日"),
        (2, "deal", "nowhere"),
        (3, "actor", "nobody"),
    ]
    assert all(r["message"] and r["remedy"] for r in said["rejected"])
    assert activities(organisation) == 2


def test_all_or_nothing(organisation: Organisation, program: Program) -> None:
    rows = [of(organisation), of(organisation, id="V-2", at="明日")]

    answer = program.post("/bulk/activities?all_or_nothing=true", rows)

    assert answer.status_code == 422
    assert [r["index"] for r in answer.json()["rejected"]] == [1]
    assert activities(organisation) == 0
    assert not Import.objects.exists()


def test_the_same_rows_again_change_nothing_and_leave_no_trace(
    organisation: Organisation, program: Program
) -> None:
    program.post("/bulk/activities", [of(organisation)])

    again = program.post("/bulk/activities", [of(organisation)]).json()

    assert again == {
        "counts": {"new": 0, "changed": 0, "unchanged": 1, "rejected": 0},
        "rejected": [],
        "import_id": None,
    }
    assert Import.objects.count() == 1


def test_rows_can_come_a_line_each(organisation: Organisation, program: Program) -> None:
    rows = [of(organisation), of(organisation, id="V-2", at="2026-05-03")]
    lines = "\n".join(json.dumps(row) for row in rows) + "\n\n"

    answer = program.client.post(
        f"{ROOT}/bulk/activities", lines, content_type="application/x-ndjson"
    )

    assert answer.json()["counts"]["new"] == 2


def test_a_deal_is_made_and_then_changed_by_its_own_number(program: Program) -> None:
    row = {"id": "D-9", "title": "新規", "customer": "C-9", "created": "2026-05-01", "amount": 12.5}
    program.post("/bulk/customers", [{"id": "C-9", "name": "みどり物流"}])
    program.post("/bulk/deals", [row])

    said = program.post("/bulk/deals", [{**row, "amount": 1_300_000}]).json()

    deal = Deal.objects.get(external_id="D-9")
    assert said["counts"]["changed"] == 1
    assert deal.amount == 1_300_000
    assert deal.customer == Customer.objects.get(external_id="C-9")


def test_whom_a_row_names_must_exist_unless_asked_for(program: Program) -> None:
    row = {"id": "D-9", "created": "2026-05-01", "owner": "新人 一郎", "stage": "検収"}

    refused = program.post("/bulk/deals", [row]).json()
    made = program.post("/bulk/deals?create_missing=true", [row]).json()

    assert refused["counts"]["rejected"] == 1
    assert made["counts"]["new"] == 1
    assert Deal.objects.get(external_id="D-9").owner == User.objects.get(name="新人 一郎")


def test_what_came_can_be_undone(organisation: Organisation, program: Program) -> None:
    said = program.post("/bulk/activities", [of(organisation)]).json()
    source = Import.objects.get(pk=said["import_id"])
    assert source.state == State.DONE

    actions.request_undo(organisation.operations, source)
    running.work(source.pk)

    source.refresh_from_db()
    assert source.state == State.UNDONE
    assert activities(organisation) == 0


def test_it_is_on_record_who_sent_it_and_through_what(
    organisation: Organisation, program: Program
) -> None:
    program.post("/bulk/activities", [of(organisation)])

    entry = AuditEntry.objects.get(action="bring_rows")
    assert entry.actor == organisation.operations
    assert entry.through == f"api.apitoken {program.token.pk}: 試験"
    assert entry.after["new"] == 1


@pytest.mark.parametrize(
    ("rows", "status", "words"),
    [
        ([], 400, "no rows"),
        ({}, 400, "array"),
        ([1], 400, "object"),
        ([{"id": "1", "colour": "red"}], 422, "colour"),
        ([{"id": "1"}], 422, "needs"),
        ([{"id": {"a": 1}}], 422, "text"),
        ([{"id": "1", "name": "x"}] * 10_001, 413, "10000"),
    ],
)
def test_a_body_that_cannot_be_is_refused_as_a_whole(
    program: Program, rows: Any, status: int, words: str
) -> None:
    answer = program.post("/bulk/customers", rows)

    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_only_who_imports_brings_many_rows(organisation: Organisation) -> None:
    answer = Program(organisation.manager).post("/bulk/customers", [{"name": "x"}])

    assert answer.status_code == 403
    assert not Customer.objects.filter(name="x").exists()
