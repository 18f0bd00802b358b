"""Other programs are told what happens: signed, once, and again until they have heard it."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError
from tests.app.factories import Organisation, make_import
from tests.app.webhooks.conftest import Receiver

from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Deal, Direction, Kind, Outcome
from tsunagu.app.exchange import actions as exchange_actions
from tsunagu.app.exchange import running
from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.webhooks import actions, outbox, signing
from tsunagu.app.webhooks.models import Cursor, Delivery, DeliveryState, Endpoint, EndpointState
from tsunagu.app.webhooks.tasks import tell

pytestmark = pytest.mark.django_db


def log_call(organisation: Organisation, text: str = "予算の話") -> None:
    deal_actions.log_activity(
        organisation.representative,
        organisation.own,
        Kind.CALL,
        direction=Direction.BOTH,
        text=text,
    )


def pass_time(**by: int) -> None:
    """Let what waits be due."""
    for row in Delivery.objects.filter(due_at__isnull=False):
        row.due_at -= timedelta(**by)
        row.save()


def the_message() -> Delivery:
    return Delivery.objects.get()


def test_what_happens_to_deals_and_cases_is_told(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    user, deal = organisation.representative, organisation.own
    log_call(organisation)
    deal_actions.move_stage(user, deal, deal.process.stages.last())
    deal_actions.change_amount(user, deal, Decimal(1_200_000))
    case_actions.open_case(user, deal, main=Cause.BUDGET)
    deal_actions.close_deal(user, deal, Outcome.LOST, reason="予算")
    tell.call()

    assert {
        "activity.recorded",
        "deal.stage",
        "deal.changed",
        "interruption.decided",
        "deal.ended",
    } <= set(receiver.types)
    amount = next(b for b in receiver.bodies if b["data"].get("kind") == Kind.AMOUNT)
    assert Decimal(amount["data"]["amount"]) == 1_200_000
    assert amount["data"]["deal"]["id"] == deal.external_id
    assert amount["data"]["deal"]["url"].endswith(f"/deals/{deal.pk}/")


def test_texts_and_names_of_contact_persons_stay_here(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    log_call(organisation, "極秘の話")
    tell.call()
    assert receiver.types == ["activity.recorded"]
    assert "極秘" not in receiver.heard[0][1].decode()


def test_a_ready_library_checks_the_signature(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    log_call(organisation)
    tell.call()
    headers, body = receiver.heard[0]
    secret = signing.secret(endpoint.salt)
    assert Webhook(secret).verify(body.decode(), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.decode().replace("call", "mail"), headers)


def test_for_a_day_the_old_secret_signs_beside_the_new_one(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    old = signing.secret(endpoint.salt)
    actions.rotate(organisation.operations, endpoint)
    endpoint.refresh_from_db()
    log_call(organisation)
    tell.call()
    headers, body = receiver.heard[0]
    for secret in (old, signing.secret(endpoint.salt)):
        assert Webhook(secret).verify(body.decode(), headers)
    assert endpoint.salts(timezone.now() + timedelta(hours=25)) == [endpoint.salt]


def test_nothing_is_told_twice(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    log_call(organisation)
    tell.call()
    Cursor.objects.update(seen=0)  # as where rows are read again on PostgreSQL
    tell.call()
    assert receiver.types.count("activity.recorded") == 1


def test_an_endpoint_hears_only_what_it_asked_for_and_only_from_now_on(
    organisation: Organisation, receiver: Receiver
) -> None:
    log_call(organisation)
    actions.add(organisation.operations, name="A", url=receiver.url, topics=["deal.ended"])
    log_call(organisation)
    deal_actions.close_deal(organisation.representative, organisation.own, Outcome.WON)
    tell.call()
    assert receiver.types == ["deal.ended"]


def test_what_an_import_brings_is_not_told(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    source = make_import(organisation.operations)
    exchange_actions.start(organisation.operations, source)
    running.work(source.pk)
    tell.call()
    assert Deal.objects.filter(external_id="I-1").exists()
    assert not {t for t in receiver.types if t.startswith(("deal.", "activity."))}


def test_a_change_lets_a_worker_tell_at_once(
    organisation: Organisation,
    endpoint: Endpoint,
    receiver: Receiver,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        log_call(organisation)
    assert "activity.recorded" in receiver.types


def test_a_message_that_fails_is_tried_again_later_with_the_same_id(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 500
    log_call(organisation)
    tell.call()
    tell.call()
    assert len(receiver.heard) == 1  # not due yet
    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.FAILING

    receiver.status = 200
    pass_time(seconds=6)
    tell.call()
    ids = {headers["webhook-id"] for headers, _ in receiver.heard}
    assert len(receiver.heard) == 2
    assert ids == {str(the_message().message)}
    assert the_message().state == DeliveryState.DELIVERED
    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.WORKING
    assert list(the_message().attempts.values_list("status", flat=True)) == [200, 500]


def test_the_pauses_grow_and_in_the_end_the_message_is_given_up_and_can_be_sent_again(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 503
    log_call(organisation)
    waits = []
    while the_message_waits():
        tell.call()
        if due := the_message().due_at:
            waits.append(due - timezone.now())
        pass_time(days=2)
    assert waits == sorted(waits)
    assert len(receiver.heard) == len(outbox.PAUSES) + 1
    assert the_message().state == DeliveryState.DEAD

    receiver.status = 200
    assert actions.send_again(organisation.operations, endpoint) == 1
    tell.call()
    assert the_message().state == DeliveryState.DELIVERED


def the_message_waits() -> bool:
    message = Delivery.objects.first()
    return message is None or message.state == DeliveryState.WAITING


def test_an_endpoint_that_asks_for_time_gets_it(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": "3600"}
    log_call(organisation)
    tell.call()
    due = the_message().due_at
    assert due is not None
    assert due - timezone.now() > timedelta(minutes=59)


def test_an_endpoint_that_is_gone_is_told_nothing_more_until_somebody_resumes(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 410
    log_call(organisation)
    tell.call()
    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.STOPPED
    log_call(organisation)
    tell.call()
    assert len(receiver.heard) == 1

    receiver.status = 200
    actions.resume(organisation.operations, endpoint)
    log_call(organisation)
    tell.call()
    assert len(receiver.heard) == 2


def test_an_endpoint_that_failed_for_days_is_stopped(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 500
    Endpoint.objects.update(failing_since=timezone.now() - outbox.STOPS_AFTER * 1.1)
    log_call(organisation)
    tell.call()
    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.STOPPED


def test_a_redirection_is_not_followed(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status, receiver.headers = 302, {"Location": "http://169.254.169.254/"}
    log_call(organisation)
    tell.call()
    assert len(receiver.heard) == 1
    assert the_message().attempts.get().trouble == "redirect"


def test_messages_wait_while_an_endpoint_is_paused(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    actions.pause(organisation.operations, endpoint)
    log_call(organisation)
    tell.call()
    assert receiver.heard == []
    endpoint.refresh_from_db()
    actions.resume(organisation.operations, endpoint)
    tell.call()
    assert receiver.types == ["activity.recorded"]


def test_after_a_restore_no_endpoint_is_told_until_somebody_resumes_it(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    assert actions.pause_all() == 1
    log_call(organisation)
    tell.call()
    assert receiver.heard == []
    assert actions.pause_all() == 0


def test_what_waits_for_an_endpoint_that_fails_does_not_hold_up_another(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    Endpoint.objects.update(url="http://127.0.0.1:1/")  # nothing listens there
    actions.add(organisation.operations, name="B", url=receiver.url, topics=["activity.recorded"])
    for _ in range(12):
        log_call(organisation)
    tell.call()
    assert len(receiver.heard) == 12
    failed = Delivery.objects.filter(endpoint=endpoint, attempts__isnull=False).distinct()
    assert failed.count() == outbox.OF_ONE_ENDPOINT  # the rest was not even tried


def test_old_messages_are_forgotten(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    log_call(organisation)
    tell.call()
    outbox.forget(timezone.now())
    assert Delivery.objects.count() == 1
    outbox.forget(timezone.now() + timedelta(days=31))
    assert Delivery.objects.count() == 0


def test_reading_costs_as_many_queries_for_many_facts_as_for_one(
    organisation: Organisation,
    endpoint: Endpoint,
    django_assert_num_queries: Any,
) -> None:
    now = timezone.now()
    log_call(organisation)
    outbox.collect(now)
    for _ in range(20):
        log_call(organisation)
    # Of each stream its cursor and its rows; of one that has some the messages, the cursor, and
    # that there are no more; savepoints beside.
    with django_assert_num_queries(16):
        outbox.collect(now)


@pytest.mark.django_db(transaction=True)
def test_workers_that_race_send_a_message_once(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    for _ in range(8):
        log_call(organisation)
    receiver.heard.clear()
    Delivery.objects.all().delete()
    Cursor.objects.filter(name="facts").update(seen=0)
    barrier = threading.Barrier(3)

    def work() -> None:
        barrier.wait()
        try:
            tell.call()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [headers["webhook-id"] for headers, _ in receiver.heard]
    assert len(ids) == len(set(ids)) == Delivery.objects.count()
