"""What all calls have in common: pages, fields, conditions, keys, problems."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from django.test import Client
from django.utils import timezone
from tests.app.api.calling import ROOT, Program
from tests.app.factories import Organisation, make_deal, make_user
from tests.app.scores import make_score

from tsunagu.app.deals.actions import LOGGABLE_KINDS
from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.exchange.api import idempotency
from tsunagu.app.exchange.api.activities import LoggableKind
from tsunagu.app.exchange.api.deals import Sort
from tsunagu.app.exchange.api.models import KeptAnswer


@pytest.fixture
def program(organisation: Organisation) -> Program:
    return Program(organisation.operations)


@pytest.fixture
def deal(organisation: Organisation) -> str:
    return f"/deals/{organisation.own.pk}"


# ---- pages --------------------------------------------------------------------------------------


def all_pages(program: Program, path: str, **query: Any) -> list[int]:
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = program.get(path, {**query, "cursor": cursor, "limit": 2}).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next"]
    return found


@pytest.mark.parametrize("sort", get_args(Sort))
def test_pages_hold_every_row_once_in_their_order(
    organisation: Organisation, program: Program, sort: str
) -> None:
    five, december = Decimal(5), date(2026, 12, 1)
    for amount, close in (
        (five, None),
        (five, december),
        (None, december),
        (Decimal(7), date(2027, 1, 1)),
    ):
        make_deal(organisation.colleague, amount=amount, close_date=close)

    found = all_pages(program, "/deals", sort=sort)

    name, descends = sort.removeprefix("-"), sort.startswith("-")
    rows = {d.pk: getattr(d, name) for d in Deal.objects.all()}
    known = [pk for pk in found if rows[pk] is not None]
    assert sorted(found) == sorted(rows)
    assert known == sorted(known, key=lambda pk: (rows[pk], pk), reverse=descends)
    assert found[: len(known)] == known  # empty values come last both ways


def test_new_rows_do_not_move_the_pages_that_follow(
    organisation: Organisation, program: Program
) -> None:
    first = program.get("/deals", {"limit": 2, "sort": "title"}).json()
    make_deal(organisation.colleague, title="0 stands before all others")

    second = program.get("/deals", {"limit": 2, "sort": "title", "cursor": first["next"]}).json()

    ids = [item["id"] for item in first["items"] + second["items"]]
    assert len(set(ids)) == 4


@pytest.mark.parametrize("cursor", ["x", "bnVsbA==", "WyJ0aXRsZSIsMSwyXQ==", "WyJpZCIsMSwtMl0="])
def test_a_foreign_cursor_is_refused(program: Program, cursor: str) -> None:
    answer = program.get("/deals", {"cursor": cursor})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"


# ---- fields -------------------------------------------------------------------------------------


def test_only_the_fields_asked_for_are_sent(program: Program, deal: str) -> None:
    assert program.get(deal, {"fields": "title,stage"}).json().keys() == {"id", "title", "stage"}
    listed = program.get("/deals", {"fields": "title"}).json()["items"]
    assert all(item.keys() == {"id", "title"} for item in listed)


def test_a_field_that_there_is_not_is_named(program: Program, deal: str) -> None:
    answer = program.get(deal, {"fields": "colour"}, **{"accept-language": "en"})

    assert answer.status_code == 422
    assert "there are id, external_id, title" in answer.json()["detail"]


# ---- conditions ---------------------------------------------------------------------------------


def test_what_is_known_already_is_not_sent_again(program: Program, deal: str) -> None:
    tag = program.get(deal).headers["ETag"]

    again = program.get(deal, **{"if-none-match": tag})
    assert again.status_code == 304
    assert again.content == b""

    program.patch(deal, {"title": "別名"}, **{"if-match": "*"})
    assert program.get(deal, **{"if-none-match": tag}).status_code == 200


def test_nobody_overwrites_what_they_never_saw(program: Program, deal: str) -> None:
    tag = program.get(deal).headers["ETag"]

    assert program.patch(deal, {"title": "一"}).status_code == 428
    changed = program.patch(deal, {"title": "二"}, **{"if-match": tag})
    assert changed.status_code == 200
    late = program.patch(deal, {"title": "三"}, **{"if-match": tag})
    assert late.status_code == 412
    assert program.get(deal).json()["title"] == "二"
    assert late.headers["ETag"] == changed.headers["ETag"]


# ---- keys ---------------------------------------------------------------------------------------

KEY = {"idempotency-key": "0f1e"}


def test_the_same_call_with_a_key_acts_once(program: Program, deal: str) -> None:
    said = {"kind": "call", "direction": "both"}

    first = program.post(f"{deal}/activities", said, **KEY)
    again = program.post(f"{deal}/activities", said, **KEY)

    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Event.objects.filter(kind="call").count() == 1


def test_a_key_is_for_one_call(program: Program, deal: str) -> None:
    program.post(f"{deal}/activities", {"kind": "call"}, **KEY)

    answer = program.post(f"{deal}/activities", {"kind": "visit"}, **KEY)

    assert answer.status_code == 422
    assert answer.json()["type"].endswith("#key-reused")


def test_a_call_that_failed_may_be_sent_again_with_its_key(program: Program, deal: str) -> None:
    assert program.post(f"{deal}/close", {"outcome": "lost"}, **KEY).status_code == 422
    assert program.post(f"{deal}/close", {"outcome": "won"}, **KEY).status_code == 200


def test_keys_are_each_persons_own(organisation: Organisation, program: Program, deal: str) -> None:
    other = Program(organisation.administrator)

    program.post(f"{deal}/activities", {"kind": "call"}, **KEY)
    other.post(f"{deal}/activities", {"kind": "call"}, **KEY)

    assert Event.objects.filter(kind="call").count() == 2


def test_a_key_is_forgotten_after_a_day(program: Program, deal: str) -> None:
    program.post(f"{deal}/activities", {"kind": "call"}, **KEY)
    KeptAnswer.objects.update(at=timezone.now() - timedelta(hours=25))

    assert program.post(f"{deal}/activities", {"kind": "visit"}, **KEY).status_code == 201
    KeptAnswer.objects.update(at=timezone.now() - timedelta(hours=25))
    assert idempotency.forget_old() == 1


# ---- problems -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{", 400, "malformed"),
        (b"[]", 422, "invalid"),
        (b'{"kind": "call", "amount": NaN}', 400, "malformed"),
        (b'{"kind": "call", "text": "\\u0000"}', 400, "malformed"),
        (b'{"kind": "call", "text": "\\ud800"}', 400, "malformed"),
        (b'{"kind": "stage"}', 422, "invalid"),
        (b'{"kind": "call", "colour": 1}', 422, "invalid"),
        (b'{"kind": "call", "at": "2999-01-01T00:00:00Z"}', 422, "invalid"),
        (b'{"kind": "call", "at": "2026-05-01T00:00:00"}', 422, "invalid"),
    ],
)
def test_a_body_that_cannot_be_is_a_problem(
    program: Program, deal: str, body: bytes, status: int, kind: str
) -> None:
    answer = program.client.post(f"{ROOT}{deal}/activities", body, content_type="application/json")

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].endswith(f"#{kind}")
    assert answer.json()["status"] == status


def test_problems_speak_the_language_asked_for_else_the_persons(
    organisation: Organisation,
) -> None:
    organisation.manager.language = "en"
    organisation.manager.save()
    english = Program(organisation.manager)
    path = f"/deals/{organisation.unshared.pk}/close"

    plain = english.post(path, {"outcome": "lost"})
    asked = english.post(path, {"outcome": "lost"}, **{"accept-language": "ja"})

    assert plain.json()["detail"] == "Say why, so that the next deal can learn from it."
    assert plain.headers["Content-Language"] == "en"
    assert asked.headers["Content-Language"] == "ja"
    assert "次の" in asked.json()["detail"]


def test_an_unexpected_failure_tells_nothing_and_leaves_nothing(
    program: Program, deal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("tsunagu.app.exchange.api.answers.one", fail)
    before = Event.objects.count()

    answer = program.post(f"{deal}/activities", {"kind": "call"}, **KEY)

    assert answer.status_code == 500
    assert "secret" not in answer.content.decode()
    assert Event.objects.count() == before
    assert not KeptAnswer.objects.exists()


def test_the_wrong_method_names_the_right_ones(program: Program) -> None:
    answer = program.delete("/deals")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_what_can_be_logged_is_what_the_action_takes() -> None:
    assert set(get_args(LoggableKind)) == {str(kind) for kind in LOGGABLE_KINDS}


def test_every_operation_has_an_example_of_what_is_sent(client: Client, db: None) -> None:
    page = client.get(f"{ROOT}/openapi.json").json()

    assert page["openapi"].startswith("3.1")
    for path, operations in page["paths"].items():
        for method, operation in operations.items():
            assert operation["x-scope"], (method, path)
            assert "default" in operation["responses"], (method, path)


# ---- rules that the pages' forms used to have alone ----------------------------------------------


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("plan", {"on": "2026-01-01"}),
        ("move", {"stage": "retired"}),
        ("hand-over", {"owner": "inactive"}),
    ],
)
def test_what_no_form_offers_no_program_does(
    organisation: Organisation, program: Program, deal: str, act: str, said: dict[str, Any]
) -> None:
    retired = organisation.own.process.stages.last()
    assert retired is not None
    retired.retired = True
    retired.save()
    organisation.colleague.is_active = False
    organisation.colleague.save()
    ids = {"retired": retired.pk, "inactive": organisation.colleague.pk}

    answer = program.post(f"{deal}/{act}", {k: ids.get(v, v) for k, v in said.items()})

    assert answer.status_code == 422
    assert Event.objects.filter(deal=organisation.own).count() == 1


# ---- risks --------------------------------------------------------------------------------------


def test_a_risk_says_what_can_be_told_and_which_step_goes_with_less(
    organisation: Organisation, program: Program, deal: str
) -> None:
    step = {"step": "talk", "before": 0.41, "after": 0.23, "ja": "やり取りをする", "en": "A talk"}
    said = ["holds", "holds", "not_enough_evidence", "not_enough_evidence", "breaks_off"]
    make_score(organisation.own, 0.41, verdicts=said, next_steps=[step])

    found = program.get(f"{deal}/risk", **{"accept-language": "en"}).json()

    assert found["next_steps"] == [
        {"step": "talk", "words": "A talk", "before": 0.41, "after": 0.23}
    ]
    assert [(v["days"], v["said"]) for v in found["verdicts"]] == list(
        zip((7, 14, 30, 60, 90), said, strict=True)
    )
    assert Program(make_user()).get(f"{deal}/risk").status_code == 404


def test_a_risk_from_outside_says_neither(
    organisation: Organisation, program: Program, deal: str
) -> None:
    make_score(organisation.own, 0.41)
    found = program.get(f"{deal}/risk").json()
    assert found["verdicts"] == found["next_steps"] == []
