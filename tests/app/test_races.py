"""Two do the same at the same time, on a database that lets several write at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from tests.app.exchange.files import HEADER, checked, csv_of
from tests.app.factories import make_deal, make_process, make_user
from tests.databases import on_server_only

from tsunagu.app.customers.models import Customer
from tsunagu.app.deals import actions
from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.deals.new_deal import NewDealForm
from tsunagu.app.exchange import deal_book, lease, running
from tsunagu.app.exchange.models import Import, State
from tsunagu.app.people.actions import deactivate_user
from tsunagu.app.people.models import Role, User
from tsunagu.app.scoring import bridge, lifecycle, registry, runs, schedule
from tsunagu.app.scoring.actions import request_rescore
from tsunagu.app.scoring.models import RescoreRequest, RiskModelVersion, Run, RunKind, Schedule

pytestmark = [
    on_server_only("SQLite has one writer at a time"),
    pytest.mark.django_db(transaction=True),
]

Result = TypeVar("Result")


@pytest.fixture(autouse=True)
def nobody_works(settings: Any) -> None:
    backend = "django_tasks.backends.dummy.DummyBackend"
    settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": ["default", "scores", "outward"]}}
    settings.DEALS_CHANGED = settings.DEAL_CHANGED = []


def at_once(*works: Callable[[], Result]) -> list[Result]:
    """What each gave; all begin together, each on a connection of its own."""
    start = Barrier(len(works))

    def alone(work: Callable[[], Result]) -> Result:
        start.wait(20)
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as together:
        return [future.result(60) for future in [together.submit(alone, w) for w in works]]


def test_one_form_sent_six_times_at_once_is_one_activity() -> None:
    owner = make_user()
    deal = make_deal(owner)
    once = lambda: actions.log_activity(owner, deal, "call", direction="both", once="k").pk  # noqa: E731
    assert len(set(at_once(*[once] * 6))) == 1
    assert deal.events.filter(kind="call").count() == 1


def test_one_form_sent_six_times_at_once_begins_one_deal_with_one_customer() -> None:
    owner = make_user()
    stage = make_process().stages.all()[0]
    said = {"title": "新規", "name": "北海精機", "customer": "new", "once": str(uuid4())}
    data = {**said, "owner": str(owner.pk), "stage": str(stage.pk)}

    def send() -> Any:
        form = NewDealForm(owner, data)
        assert form.act(), form.errors
        return form.done.pk

    assert len(set(at_once(*[send] * 6))) == 1
    assert Deal.objects.count() == Customer.objects.count() == 1


def test_activities_of_the_same_instant_find_instants_of_their_own() -> None:
    owner = make_user()
    deal, now = make_deal(owner), timezone.now()
    at_once(*[lambda: actions.log_activity(owner, deal, "call", direction="both", at=now)] * 6)
    assert deal.events.filter(kind="call").values("at").distinct().count() == 6


def test_two_administrators_cannot_dismiss_each_other() -> None:
    one, other = make_user(Role.ADMINISTRATOR), make_user(Role.ADMINISTRATOR)

    def dismiss(actor: User, user: User) -> bool:
        try:
            deactivate_user(actor, user)
        except ValidationError:
            return False
        return True

    assert sorted(at_once(lambda: dismiss(one, other), lambda: dismiss(other, one))) == [
        False,
        True,
    ]
    assert User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).count() == 1


def rows(name: str, numbers: range) -> bytes:
    lines = [
        f"D-{n},{name}{n},顧客{n % 3},担当{n % 4},2026-04-01,提案,{n},2026-12-01,," for n in numbers
    ]
    return csv_of(HEADER, lines)


def waiting_import(user: User, content: bytes) -> Import:
    """Checked, and asked to run."""
    source = checked(user, content)
    running.work(source.pk)
    source.refresh_from_db()
    from tsunagu.app.exchange.actions import start

    start(user, source)
    return source


def test_two_imports_of_the_same_new_deals_both_end_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deal_book, "CHUNK", 7)
    user, numbers = make_user(Role.OPERATIONS), range(60)
    files = [rows("案件", numbers), rows("案件", numbers[::-1])]
    sources = [waiting_import(user, content) for content in files]

    at_once(*[lambda pk=source.pk: running.work(pk) for source in sources])  # type: ignore[misc]

    for source in sources:
        source.refresh_from_db()
        assert source.state == State.DONE, source.error
    assert sum(source.written["new"] for source in sources) == Deal.objects.count() == 60
    assert User.objects.filter(name__startswith="担当").count() == 4
    assert Event.objects.values("deal", "at").distinct().count() == Event.objects.count()


def test_one_import_is_taken_by_one_of_six_workers() -> None:
    source = waiting_import(make_user(Role.OPERATIONS), rows("案件", range(5)))
    held = at_once(*[lambda: lease.take(source.pk)] * 6)
    assert sum(token is not None for token in held) == 1


def test_of_six_workers_one_opens_and_takes_a_run() -> None:
    claims = at_once(*[lambda: runs.Worker.claim(runs.open_run(RunKind.RESCORE))] * 6)
    assert sum(claim is not None for claim in claims) == 1
    assert Run.objects.count() == 1


def test_of_six_servers_one_does_what_is_due(settings: Any) -> None:
    settings.SCHEDULE = {"x": ("daily 02:30", "tsunagu.app.scoring.tasks.tidy_up")}
    now = timezone.now()
    Schedule.objects.create(name="x", due_at=now - timedelta(hours=1))
    assert sorted(at_once(*[lambda: schedule.enqueue_due(now)] * 6)) == [[]] * 5 + [["x"]]


def test_many_changes_at_once_make_one_request() -> None:
    deal = make_deal(make_user())
    at_once(*[lambda: request_rescore(deal.pk)] * 6)
    assert RescoreRequest.objects.count() == 1


def test_a_deal_that_is_being_changed_holds_up_no_score() -> None:
    """A score points at its deal: writing it must not wait for who holds the deal."""
    deal = make_deal(make_user())
    with transaction.atomic():
        from tsunagu.app.deals.locking import locked_deals

        locked_deals().get(pk=deal.pk)
        at_once(lambda: request_rescore(deal.pk))
    assert RescoreRequest.objects.count() == 1


def test_of_two_fits_that_end_at_once_one_model_is_used_and_the_other_kept_as_overtaken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verdict = {"promoted": True, "reason": "not_worse", "difference": None, "break_offs": 40}
    compared = Barrier(2)

    class Quick:
        def fitted(self) -> bridge.Fitted:
            return bridge.Fitted(b"x", {"observed_until": "2026-10-01T00:00:00+00:00"}, 0.5)

        def fingerprint(self) -> str:
            return "f" * 64

        def judge(self, *_: Any) -> lifecycle.Judged:
            compared.wait(20)
            return lifecycle.Judged(verdict, {"format": 1}, {})

    monkeypatch.setattr(lifecycle.Challenger, "fit", lambda *_: Quick())
    monkeypatch.setattr(registry, "model_of", lambda _: None)
    champion = registry.first()

    made = at_once(registry.challenge, registry.challenge)

    assert sorted(version.verdict["reason"] for version in made) == ["not_worse", "overtaken"]
    assert sorted(version.state for version in made) == ["champion", "rejected"]
    assert RiskModelVersion.objects.get(pk=champion.pk).state == "retired"
    assert all(version.card and version.against == champion for version in made)


def test_of_two_first_models_one_is_used_and_the_other_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fitted = bridge.Fitted(b"x", {"observed_until": "2026-10-01T00:00:00+00:00"}, 0.5)

    class Quick:
        def fitted(self) -> bridge.Fitted:
            return fitted

        def fingerprint(self) -> str:
            return "f" * 64

    monkeypatch.setattr(lifecycle.Challenger, "fit", lambda *_: Quick())
    made = at_once(*[registry.first] * 4)
    assert len({version.pk for version in made}) == RiskModelVersion.objects.count() == 1
