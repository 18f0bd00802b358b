"""Operations and administrators set webhooks up and see how each message went."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation
from tests.app.webhooks.conftest import Receiver

from tsunagu.app.people.models import AuditEntry
from tsunagu.app.webhooks import actions, signing
from tsunagu.app.webhooks.models import Delivery, Endpoint, Topic

pytestmark = pytest.mark.django_db


def page(name: str, *keys: int) -> str:
    return reverse(f"webhooks:{name}", args=keys)


def test_an_endpoint_is_added_with_its_topics_and_the_audit_trail_says_who(
    organisation: Organisation, receiver: Receiver
) -> None:
    client = browser(organisation.operations)
    said = {"name": "基幹システム", "url": receiver.url, "topics": ["deal.ended"]}
    response = client.post(page("add"), said)
    made = Endpoint.objects.get()
    assert response["Location"] == page("show", made.pk)
    assert made.topics == ["deal.ended"]
    entry = AuditEntry.objects.get(action="add_webhook")
    assert entry.actor == organisation.operations
    assert made.salt not in str(entry.after)


@pytest.mark.parametrize(
    "said",
    [
        {"url": "https://10.0.0.1/"},
        {"url": "http://hooks.example.com/"},
        {"topics": []},
        {"topics": ["ping"]},
        {"name": ""},
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    organisation: Organisation, said: dict[str, Any]
) -> None:
    good = {"name": "A", "url": "https://hooks.example.com/", "topics": ["deal.ended"]}
    response = browser(organisation.operations).post(page("add"), good | said)
    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    assert not Endpoint.objects.exists()


def test_the_secret_is_shown_on_a_page_that_nobody_keeps(
    organisation: Organisation, endpoint: Endpoint
) -> None:
    client = browser(organisation.administrator)
    secret = signing.secret(endpoint.salt)
    response = client.post(page("secret", endpoint.pk))
    assert secret in response.content.decode()
    assert response["Cache-Control"] == "no-store"
    assert secret not in client.get(page("show", endpoint.pk)).content.decode()


def test_a_test_message_arrives_and_its_page_tells_the_answer(
    organisation: Organisation, endpoint: Endpoint, receiver: Receiver
) -> None:
    client = browser(organisation.operations)
    client.post(page("ping", endpoint.pk))
    from tsunagu.app.webhooks.tasks import tell

    tell.call()
    assert receiver.types == ["ping"]
    message = Delivery.objects.get()
    shown = client.get(page("message", endpoint.pk, message.pk)).content.decode()
    assert "HTTP 204" in shown
    assert str(message.message) in shown


def test_the_log_shows_what_was_given_up_and_the_list_counts_it(
    organisation: Organisation, endpoint: Endpoint, django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    for row in range(3):
        dead = now if row else None
        Delivery.objects.create(
            endpoint=endpoint,
            stream="facts",
            row=-row,
            topic=Topic.ACTIVITY,
            body={},
            due_at=None if dead else now,
            dead_at=dead,
        )
    client = browser(organisation.operations)
    shown = client.get(page("show", endpoint.pk), {"state": "dead"})
    assert len(shown.context["page"].object_list) == 2
    listed = client.get(page("list")).context["page"].object_list[0]
    assert (listed.waiting, listed.dead) == (1, 2)
    for number in range(5):
        actions.add(
            organisation.operations, name=f"E{number}", url=endpoint.url, topics=["deal.ended"]
        )
    with django_assert_num_queries(4):
        client.get(page("list"))


def test_a_removed_endpoint_is_gone_from_the_pages(
    organisation: Organisation, endpoint: Endpoint
) -> None:
    client = browser(organisation.operations)
    client.post(page("remove", endpoint.pk))
    assert client.get(page("show", endpoint.pk)).status_code == 404
    assert not client.get(page("list")).context["page"].object_list
