"""What people do to deals: who may, what is written down, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from tests.app.factories import BEGAN, Organisation, make_deal, make_process, make_user

from tsunagu.app.deals import actions
from tsunagu.app.deals.models import Deal, Event, Kind, Outcome
from tsunagu.app.people.models import AuditEntry, User

ANNOUNCED: list[int] = []


def listen(deal_id: int) -> None:
    ANNOUNCED.append(deal_id)


def fail(deal_id: int) -> None:
    raise RuntimeError("the scorer is down")


def kinds(deal: Deal) -> list[str]:
    return list(deal.events.order_by("at").values_list("kind", flat=True))


def test_a_new_deal_stands_in_the_first_stage_with_its_amount_and_date(
    organisation: Organisation,
) -> None:
    deal = make_deal(
        organisation.representative, amount=Decimal(1_200_000), close_date=date(2026, 12, 20)
    )

    deal.refresh_from_db()
    assert kinds(deal) == [Kind.STAGE, Kind.AMOUNT, Kind.CLOSE_DATE]
    assert deal.stage is not None
    assert (deal.stage.name, deal.stage_since) == ("発掘", BEGAN)
    assert (deal.amount, deal.close_date) == (Decimal(1_200_000), date(2026, 12, 20))
    assert deal.team == organisation.north


def test_facts_carry_who_did_it_and_who_wrote_it_down(organisation: Organisation) -> None:
    event = actions.log_activity(organisation.representative, organisation.own, Kind.CALL)

    assert event.actor == organisation.representative.external_id
    assert event.recorded_by == organisation.representative
    assert event.source is None


def test_facts_of_one_moment_keep_their_order_by_microseconds(organisation: Organisation) -> None:
    user, deal, noon = organisation.representative, organisation.own, BEGAN + timedelta(days=2)

    at = [actions.log_activity(user, deal, Kind.CALL, at=noon).at for _ in range(3)]

    assert at == [noon + timedelta(microseconds=i) for i in range(3)]


def test_a_form_sent_twice_is_one_activity(organisation: Organisation) -> None:
    user, deal = organisation.representative, organisation.own

    first = actions.log_activity(user, deal, Kind.VISIT, once="form-1")
    again = actions.log_activity(user, deal, Kind.VISIT, once="form-1")

    assert first.pk == again.pk
    assert kinds(deal).count(Kind.VISIT) == 1


def test_a_card_dropped_on_its_own_stage_is_no_fact(organisation: Organisation) -> None:
    deal = organisation.own
    assert deal.stage is not None

    assert actions.move_stage(organisation.representative, deal, deal.stage) is None
    assert kinds(deal) == [Kind.STAGE]


def test_moving_a_stage_starts_its_clock(organisation: Organisation) -> None:
    deal, moved = organisation.own, BEGAN + timedelta(days=9)

    actions.move_stage(organisation.representative, deal, deal.process.stages.all()[1], at=moved)

    assert deal.stage is not None
    assert (deal.stage.name, deal.stage_since) == ("提案", moved)


def test_a_stage_of_another_process_is_refused(organisation: Organisation) -> None:
    other = make_process("別の営業").stages.all()[0]

    with pytest.raises(ValidationError):
        actions.move_stage(organisation.representative, organisation.own, other)


def test_a_plan_stands_until_the_customer_is_met_on_its_day(organisation: Organisation) -> None:
    user, deal, today = organisation.representative, organisation.own, timezone.localdate()

    actions.plan_next_step(user, deal, today + timedelta(days=3))
    actions.log_activity(user, deal, Kind.CALL, direction="out")
    assert deal.next_step_on == today + timedelta(days=3)

    actions.plan_next_step(user, deal, today)
    actions.log_activity(user, deal, Kind.NOTE, text="準備中")
    assert deal.next_step_on == today

    actions.log_activity(user, deal, Kind.VISIT, direction="both")
    assert deal.next_step_on is None


def test_an_ended_deal_takes_notes_but_moves_no_more(organisation: Organisation) -> None:
    user, deal = organisation.representative, organisation.own
    actions.close_deal(user, deal, Outcome.BROKEN_OFF, reason="連絡が取れない")

    actions.log_activity(user, deal, Kind.NOTE, text="来期に再訪")
    assert (deal.outcome, deal.is_open) == (Outcome.BROKEN_OFF, False)
    with pytest.raises(ValidationError):
        actions.change_amount(user, deal, Decimal(1))
    with pytest.raises(ValidationError):
        actions.close_deal(user, deal, Outcome.WON)


def test_a_deal_that_was_not_won_needs_a_reason(organisation: Organisation) -> None:
    with pytest.raises(ValidationError):
        actions.close_deal(organisation.representative, organisation.own, Outcome.LOST, reason=" ")
    assert organisation.own.is_open


@pytest.mark.parametrize("shift", [timedelta(days=-1), timedelta(days=400)])
def test_activities_before_the_deal_or_in_the_future_are_refused(
    organisation: Organisation, shift: timedelta
) -> None:
    at = BEGAN + shift if shift < timedelta(0) else timezone.now() + shift

    with pytest.raises(ValidationError):
        actions.log_activity(organisation.representative, organisation.own, Kind.CALL, at=at)


@pytest.mark.parametrize("amount", [Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
def test_impossible_amounts_are_refused(organisation: Organisation, amount: Decimal) -> None:
    with pytest.raises(ValidationError):
        actions.change_amount(organisation.representative, organisation.own, amount)


def test_handing_over_moves_the_deal_to_the_new_owners_team(organisation: Organisation) -> None:
    deal = organisation.own

    actions.change_owner(organisation.head, deal, organisation.stranger, reason="地区の変更")

    assert (deal.owner, deal.team) == (organisation.stranger, organisation.south)
    assert deal.created_owner == organisation.representative
    entry = AuditEntry.objects.get(action="change_owner")
    assert (entry.actor, entry.after) == (
        organisation.head,
        {"owner": organisation.stranger.pk},
    )


CHANGES: dict[str, Callable[[User, Deal], Any]] = {
    "move_stage": lambda u, d: actions.move_stage(u, d, d.process.stages.all()[2]),
    "change_amount": lambda u, d: actions.change_amount(u, d, Decimal(5)),
    "change_close_date": lambda u, d: actions.change_close_date(u, d, date(2027, 1, 1)),
    "close_deal": lambda u, d: actions.close_deal(u, d, Outcome.WON),
    "edit_deal": lambda u, d: actions.edit_deal(u, d, title="新しい名前", shared=True),
}
LOGS: dict[str, Callable[[User, Deal], Any]] = {
    "log_activity": lambda u, d: actions.log_activity(u, d, Kind.CALL),
    "plan_next_step": lambda u, d: actions.plan_next_step(u, d, date(2027, 1, 1)),
}
ASSIGNS: dict[str, Callable[[User, Deal], Any]] = {
    "change_owner": lambda u, d: actions.change_owner(u, d, make_user(team=u.team)),
}
MAY_CHANGE = {"colleague", "manager", "head", "operations", "administrator"}
MAY_LOG = MAY_CHANGE | {"representative"}
MAY_ASSIGN = MAY_CHANGE - {"colleague"}
EVERYBODY = MAY_LOG | {"stranger"}
CASES = [
    *((name, act, MAY_CHANGE) for name, act in CHANGES.items()),
    *((name, act, MAY_LOG) for name, act in LOGS.items()),
    *((name, act, MAY_ASSIGN) for name, act in ASSIGNS.items()),
]


@pytest.mark.parametrize("who", sorted(EVERYBODY))
@pytest.mark.parametrize(("name", "act", "allowed"), CASES, ids=[c[0] for c in CASES])
def test_who_may_do_what_to_a_shared_deal(
    organisation: Organisation,
    who: str,
    name: str,
    act: Callable[[User, Deal], Any],
    allowed: set[str],
) -> None:
    """The deal is the colleague's, shared with the team of the north."""
    user, deal = getattr(organisation, who), organisation.shared
    if name == "change_owner" and who in {"operations", "administrator"}:
        user.team = organisation.north
    facts = Event.objects.count()
    if who in allowed:
        act(user, deal)
        return
    with pytest.raises(PermissionDenied):
        act(user, deal)
    assert Event.objects.count() == facts


def test_nobody_who_was_switched_off_does_anything(organisation: Organisation) -> None:
    organisation.representative.is_active = False

    with pytest.raises(PermissionDenied):
        actions.log_activity(organisation.representative, organisation.own, Kind.CALL)


def test_a_manager_gives_no_deal_to_another_branch(organisation: Organisation) -> None:
    with pytest.raises(PermissionDenied):
        actions.change_owner(organisation.manager, organisation.own, organisation.stranger)


def test_every_change_is_announced_once_after_the_commit(
    organisation: Organisation, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.DEAL_CHANGED = [f"{__name__}.fail", f"{__name__}.listen"]
    ANNOUNCED.clear()
    with django_capture_on_commit_callbacks(execute=True):
        actions.log_activity(organisation.representative, organisation.own, Kind.CALL)
        assert ANNOUNCED == []

    assert [organisation.own.pk] == ANNOUNCED


def test_facts_are_neither_changed_nor_deleted_through_the_orm(organisation: Organisation) -> None:
    event = organisation.own.events.get()
    event.text = "書き換え"
    refused: list[Callable[[], object]] = [
        event.save,
        event.delete,
        lambda: Event.objects.update(text="x"),
        lambda: organisation.own.events.update(text="x"),
        Event.objects.all().delete,
        lambda: Event.objects.bulk_update([event], ["text"]),
    ]
    for act in refused:
        with pytest.raises(TypeError, match="never changed"):
            act()


@pytest.mark.parametrize("table", ["deals_event", "people_auditentry"])
def test_facts_are_not_changed_by_plain_sql_either(organisation: Organisation, table: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE {table} SET id = id")  # noqa: S608
