"""Work that is stopped in the middle goes on where it stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from tests.app.exchange.files import DEALS, HEADER, checked, csv_of, imported, upload
from tests.app.factories import make_user

from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.exchange import actions, deal_book, running, store, tasks
from tsunagu.app.exchange.models import Import, State
from tsunagu.app.people.models import AuditEntry, Role, User

MANY = [
    f"D-{n},案件{n},顧客{n % 7},担当{n % 3},2026-04-01,提案,{n},2026-12-01,," for n in range(30)
]


@pytest.fixture
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deal_book, "CHUNK", 10)


class PowerCutError(BaseException):
    """Not an Exception: no handler of ours may tidy up after it."""


def fail_in(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """The process ends in the middle of the given chunk, after its rows were written."""
    calls = iter(range(100))
    remember = deal_book.source_rows.remember

    def cut(*args: Any) -> None:
        remember(*args)
        if next(calls) == chunk:
            raise PowerCutError

    monkeypatch.setattr(deal_book.source_rows, "remember", cut)


@pytest.mark.usefixtures("_small_chunks")
@pytest.mark.parametrize("chunk", [0, 1, 2])
def test_a_cut_in_any_chunk_loses_and_repeats_nothing(
    user: User, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    source = checked(user, csv_of(HEADER, MANY))
    with monkeypatch.context() as patched:
        fail_in(patched, chunk)
        patched.setattr(running.lease, "give_back", lambda *_: None)  # a killed worker does not
        actions.start(user, source)
    source.refresh_from_db()
    assert (source.state, source.done, Deal.objects.count()) == (
        State.RUNNING,
        10 * chunk,
        10 * chunk,
    )

    Import.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert actions.resume_interrupted() == 1

    source.refresh_from_db()
    assert source.state == State.DONE
    assert source.written["new"] == Deal.objects.count() == 30
    assert Event.objects.count() == 3 * 30


def test_work_that_somebody_is_at_is_not_begun_again(user: User) -> None:
    source = checked(user, csv_of(HEADER, DEALS))
    later = timezone.now() + timedelta(seconds=60)
    Import.objects.update(run_asked_at=timezone.now(), token=source.folder, held_until=later)

    running.work(source.pk)

    assert not Deal.objects.exists()
    assert actions.resume_interrupted() == 0


@pytest.mark.usefixtures("_small_chunks")
def test_a_cancelled_import_stops_and_can_go_on(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = checked(user, csv_of(HEADER, MANY))
    remember = deal_book.source_rows.remember
    with monkeypatch.context() as patched:

        def cancel(*args: Any) -> None:
            remember(*args)
            Import.objects.filter(done=10).update(cancelled_at=timezone.now())

        patched.setattr(deal_book.source_rows, "remember", cancel)
        actions.start(user, source)
    assert source.state == State.CANCELLED
    assert Deal.objects.count() == source.done < 30

    actions.start(user, source)

    assert source.state == State.DONE
    assert Deal.objects.count() == source.written["new"] == 30


def test_an_unexpected_failure_is_said_and_can_be_tried_again(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = checked(user, csv_of(HEADER, DEALS))
    with monkeypatch.context() as patched:
        patched.setattr(deal_book.fold, "rebuild", lambda _deals: 1 / 0)
        actions.start(user, source)
    assert source.state == State.FAILED
    assert "went wrong" in source.error["message"]
    assert not Deal.objects.exists()

    actions.start(user, source)

    assert source.state == State.DONE


def test_a_file_that_is_gone_is_said(user: User) -> None:
    source = checked(user, csv_of(HEADER, DEALS))
    store.drop(source)

    actions.start(user, source)

    assert source.state == State.FAILED


def test_the_rest_of_the_application_hears_of_the_deals(
    user: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[list[int]] = []
    monkeypatch.setattr(tasks, "heard", heard.append, raising=False)
    settings.DEALS_CHANGED = ["tsunagu.app.exchange.tasks.heard"]

    imported(user, csv_of(HEADER, DEALS))

    assert heard == [sorted(Deal.objects.values_list("pk", flat=True))]


def test_what_was_done_is_on_record(user: User) -> None:
    source = imported(user, csv_of(HEADER, DEALS))
    actions.request_undo(user, source)

    done = AuditEntry.objects.filter(object_type="exchange.import").values_list("action", flat=True)
    assert list(done.order_by("pk")) == [
        "upload_import",
        "map_import",
        "start_import",
        "run_import",
        "request_undo_import",
        "undo_import",
    ]


@pytest.mark.parametrize("role", [Role.REPRESENTATIVE, Role.MANAGER])
def test_only_operations_and_administrators_import(user: User, role: str) -> None:
    stranger = make_user(role)
    source = checked(user, csv_of(HEADER, DEALS))

    with pytest.raises(PermissionDenied):
        upload(stranger, csv_of(HEADER, DEALS))
    for action in (actions.start, actions.cancel, actions.request_undo):
        with pytest.raises(PermissionDenied):
            action(stranger, source)


def test_what_is_not_possible_now_is_refused(user: User) -> None:
    source = upload(user, csv_of(HEADER, DEALS))

    for action in (actions.start, actions.cancel, actions.request_undo):
        with pytest.raises(ValidationError):
            action(user, source)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "deals.csv", "空"),
        (b"a,b\r\n", "deals.csv", "空"),
        (b"not a workbook", "deals.xlsx", "Excel"),
        (b"x", "deals.exe", ".csv"),
        (b"id,na\x00me\r\n1,2\r\n", "deals.csv", "見出し"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(
    user: User, content: bytes, name: str, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        upload(user, content, name=name)
    assert not Import.objects.exists()


def test_a_file_over_the_limit_is_refused(user: User) -> None:
    with pytest.raises(ValidationError, match="200"):
        actions.upload(user, kind="deals", name="d.csv", size=store.SIZE_LIMIT + 1, blocks=[])


def test_a_file_name_leads_nowhere_else(user: User) -> None:
    source = upload(user, csv_of(HEADER, DEALS), name="../../etc/案件 一覧.csv")

    assert store.file_of(source).parent == store.folder_of(source)
    assert source.file_name == "案件_一覧.csv"
