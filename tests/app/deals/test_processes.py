"""Sales operations set the processes; what happened in a stage stays readable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_deal, make_process, make_user

from tsunagu.app.deals import process_actions as actions
from tsunagu.app.deals.actions import move_stage
from tsunagu.app.deals.forms import MoveForm
from tsunagu.app.deals.models import Deal, Process, Stage
from tsunagu.app.exchange import parents
from tsunagu.app.people.models import AuditEntry, Role, User


@pytest.fixture
def process(organisation: Organisation) -> Process:
    return organisation.own.process


@pytest.fixture
def operations(organisation: Organisation) -> Client:
    return browser(organisation.operations)


def names(process: Process) -> list[str]:
    return list(process.stages.values_list("name", flat=True))


ACTS: dict[str, Callable[[User, Process], Any]] = {
    "add_process": lambda u, _: actions.add_process(u, "代理店"),
    "rename_process": lambda u, p: actions.rename_process(u, p, "直販"),
    "make_default": actions.make_default,
    "set_archived": lambda u, p: actions.set_archived(u, p, False),
    "add_stage": lambda u, p: actions.add_stage(u, p, name="契約"),
    "edit_stage": lambda u, p: actions.edit_stage(u, p.stages.all()[0], name="初回", usual_days=3),
    "set_retired": lambda u, p: actions.set_retired(u, p.stages.all()[0], True),
    "reorder_stages": lambda u, p: actions.shift_stage(u, p.stages.all()[0], 1),
}


@pytest.mark.parametrize("name", sorted(ACTS))
def test_operations_may_and_the_audit_trail_says_so(
    organisation: Organisation, process: Process, name: str
) -> None:
    ACTS[name](organisation.operations, process)

    assert AuditEntry.objects.get(action=name, actor=organisation.operations)


@pytest.mark.parametrize("who", ["representative", "manager", "head"])
@pytest.mark.parametrize("name", sorted(ACTS))
def test_others_may_not(organisation: Organisation, process: Process, name: str, who: str) -> None:
    with pytest.raises(PermissionDenied):
        ACTS[name](getattr(organisation, who), process)


def test_a_renamed_stage_keeps_its_history_and_its_files(
    organisation: Organisation, process: Process, operations: Client
) -> None:
    stage = process.stages.get(name="発掘")

    operations.post(
        f"/settings/stages/{stage.pk}/",
        {"do": "save", f"stage-{stage.pk}-name": "初回訪問", f"stage-{stage.pk}-usual_days": "10"},
    )

    page = browser(organisation.representative).get(f"/deals/{organisation.own.pk}/")
    assert "初回訪問" in page.content.decode()
    assert organisation.own.events.get(kind="stage").value == "発掘"
    assert parents.find_stages(["発掘"]) == {"発掘": stage}


def test_stages_are_reordered_with_the_arrows(process: Process, operations: Client) -> None:
    first = process.stages.get(name="発掘")

    operations.post(f"/settings/stages/{first.pk}/", {"do": "down"})
    assert names(process) == ["提案", "発掘", "交渉"]

    operations.post(f"/settings/stages/{first.pk}/", {"do": "up"})
    operations.post(f"/settings/stages/{first.pk}/", {"do": "up"})
    assert names(process) == ["発掘", "提案", "交渉"]


def test_stages_are_reordered_by_dragging(process: Process, operations: Client) -> None:
    ids = [str(stage.pk) for stage in process.stages.all()]
    url = f"/settings/processes/{process.pk}/order/"

    assert operations.post(url, {"order": ",".join(ids[::-1])}).status_code == 204
    assert names(process) == ["交渉", "提案", "発掘"]
    assert operations.post(url, {"order": ids[0]}).status_code == 422
    assert names(process) == ["交渉", "提案", "発掘"]


def test_a_retired_stage_keeps_its_deals_but_takes_no_more(
    organisation: Organisation, process: Process
) -> None:
    stage = process.stages.get(name="発掘")

    actions.set_retired(organisation.operations, stage, True)

    organisation.own.refresh_from_db()
    assert organisation.own.stage == stage
    assert (
        stage
        not in MoveForm(organisation.representative, organisation.own).fields["stage"].queryset
    )  # type: ignore[attr-defined]
    assert make_deal(organisation.representative).stage == process.stages.get(name="提案")
    assert "発掘" in browser(organisation.representative).get("/deals/board/").content.decode()
    for deal in Deal.objects.filter(stage=stage):
        move_stage(organisation.operations, deal, process.stages.get(name="提案"))
    assert (
        f'id="stage-{stage.pk}"'
        not in browser(organisation.operations).get("/deals/board/").content.decode()
    )


def test_the_last_stage_is_not_retired(organisation: Organisation, process: Process) -> None:
    first, *rest = process.stages.all()
    for stage in rest:
        actions.set_retired(organisation.operations, stage, True)

    with pytest.raises(ValidationError):
        actions.set_retired(organisation.operations, first, True)


def test_no_word_means_two_stages(organisation: Organisation, process: Process) -> None:
    actions.edit_stage(
        organisation.operations, process.stages.get(key="発掘"), name="初回", usual_days=None
    )

    for taken in ("発掘", "初回", "提案"):
        with pytest.raises(ValidationError):
            actions.add_stage(organisation.operations, process, name=taken)


def test_an_archived_process_takes_no_new_deals_but_its_own_go_on(
    organisation: Organisation, process: Process, operations: Client
) -> None:
    other = actions.add_process(organisation.operations, "代理店")
    actions.add_stage(organisation.operations, other, name="紹介")
    actions.make_default(organisation.operations, other)

    operations.post(f"/settings/processes/{process.pk}/change/", {"do": "archive"})

    process.refresh_from_db()
    assert process.archived
    with pytest.raises(ValidationError):
        make_deal(organisation.representative, process=process)
    assert parents.default_process() == other
    move_stage(organisation.operations, organisation.own, process.stages.get(name="提案"))
    board = browser(organisation.representative).get(f"/deals/board/?process={process.pk}")
    assert organisation.own.title in board.content.decode()


def test_the_standard_process_is_not_archived(organisation: Organisation, process: Process) -> None:
    actions.make_default(organisation.operations, process)

    with pytest.raises(ValidationError):
        actions.set_archived(organisation.operations, process, True)


def test_a_deal_says_when_it_stays_longer_than_usual(organisation: Organisation) -> None:
    stage = organisation.own.stage
    assert stage is not None
    client = browser(organisation.representative)
    Deal.objects.filter(pk=organisation.own.pk).update(
        stage_since=timezone.now() - timedelta(days=11)
    )

    Stage.objects.filter(pk=stage.pk).update(usual_days=10)
    assert "標準より長い" in client.get(f"/deals/{organisation.own.pk}/").content.decode()

    Stage.objects.filter(pk=stage.pk).update(usual_days=11)
    assert "標準より長い" not in client.get(f"/deals/{organisation.own.pk}/").content.decode()


def test_a_wrong_number_of_days_is_said_and_nothing_saved(
    process: Process, operations: Client
) -> None:
    stage = process.stages.all()[0]
    said = {"do": "save", f"stage-{stage.pk}-name": "別名", f"stage-{stage.pk}-usual_days": "0"}

    page = operations.post(f"/settings/stages/{stage.pk}/", said, follow=True).content.decode()

    assert "標準日数" in page
    assert 'class="alert alert-danger"' in page
    assert names(process) == ["発掘", "提案", "交渉"]


def test_the_first_process_is_asked_for(db: None) -> None:
    page = browser(make_user(Role.OPERATIONS)).get("/settings/processes/").content.decode()

    assert "営業プロセスはまだありません" in page


@pytest.mark.parametrize("address", ["/settings/processes/", "/settings/processes/{pk}/"])
def test_the_number_of_queries_does_not_grow(
    organisation: Organisation, process: Process, operations: Client, address: str
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            operations.get(address.format(pk=process.pk))
        return len(seen)

    few = count()
    for number in range(10):
        make_process(f"手順{number}")
        actions.add_stage(organisation.operations, process, name=f"段階{number}")

    assert count() == few
    assert few <= 6
