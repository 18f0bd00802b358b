"""The organisation says what its ranks mean, and imports believe it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from tests.app.conftest import browser
from tests.app.exchange.files import csv_of, upload
from tests.app.factories import make_user

from tsunagu.app.exchange import actions, mapping, ranks, running
from tsunagu.app.exchange.models import Import
from tsunagu.app.people.models import AuditEntry, Role, User

HEADER = "案件番号,案件名,作成日,確度"


def a_file(user: User, rank: str) -> Import:
    return upload(user, csv_of(HEADER, [f"R-1,導入,2026-04-01,{rank}"]))


def form_of(rows: list[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": 0}
    for place, (word, percent) in enumerate(rows):
        data |= {f"form-{place}-word": word, f"form-{place}-percent": percent}
    return data


def test_a_new_import_begins_with_the_organisations_ranks(user: User) -> None:
    ranks.save(user, {"Ａ": 95, "松": 60})

    meant = mapping.guess(a_file(user, "松"))

    assert meant.meaning("confidence", "松") == "60"
    assert meant.meaning("confidence", "a") == "95"
    assert meant.meaning("confidence", "80%") == "80"
    assert meant.meaning("confidence", "B") == ""


def test_a_rank_that_is_a_number_is_no_percentage(user: User) -> None:
    ranks.save(user, {"1": 90, "2": 60})

    assert mapping.guess(a_file(user, "1")).meaning("confidence", "１") == "90"


def test_an_import_under_way_does_what_its_dry_run_said(user: User) -> None:
    source = a_file(user, "A")
    actions.map_columns(user, source, mapping.guess(source))
    running.work(source.pk)
    ranks.save(user, {"A": 10})

    source.refresh_from_db()
    assert mapping.kept(source).meaning("confidence", "A") == "90"


def test_the_page_saves_the_map_and_leaves_out_emptied_rows(user: User) -> None:
    page = browser(user)

    page.post("/settings/ranks/", form_of([("Ａヨミ", 88), ("", ""), ("ネタ", 5)]))

    assert ranks.current() == {"Aヨミ": 88, "ネタ": 5}
    assert AuditEntry.objects.get(action="save_ranks").actor == user
    page.post("/settings/ranks/restore/")
    assert ranks.current()["A"] == 90


@pytest.mark.parametrize(
    "rows",
    [[("A", 90), ("ａ", 80)], [("A", "")], [("A", 101)], [("A", -1)], [("A", "たぶん")]],
    ids=["twice", "no percentage", "over 100", "below 0", "no number"],
)
def test_a_map_with_a_fault_is_not_saved(user: User, rows: list[tuple[str, Any]]) -> None:
    answer = browser(user).post("/settings/ranks/", form_of(rows))

    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()
    assert not ranks.is_own()


def test_a_map_without_any_rank_is_refused(user: User) -> None:
    with pytest.raises(ValidationError):
        ranks.save(user, {})


@pytest.mark.parametrize("role", [Role.REPRESENTATIVE, Role.MANAGER])
def test_others_may_not(role: str) -> None:
    with pytest.raises(PermissionDenied):
        ranks.save(make_user(role), {"A": 50})
