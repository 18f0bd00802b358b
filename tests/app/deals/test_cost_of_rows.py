"""What one more row costs a page, counted in calls of functions: a clock would be disturbed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from types import FrameType
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import make_customer, make_deal, make_user
from tests.app.scores import make_score

from tsunagu.app.deals.models import Deal
from tsunagu.app.people.models import User

FEW, MANY = 5, 45
MOST_BYTES_A_CARD = 950


def grow(user: User, number: int) -> None:
    customer, today = make_customer("東都精密"), timezone.localdate()
    for i in range(number):
        close = today + timedelta(days=i)
        deal = make_deal(user, customer=customer, amount=Decimal(12_340_000), close_date=close)
        make_score(deal, 0.2 + i / 100)
    Deal.objects.update(next_step_on=today - timedelta(days=1))


def calls(client: Client, address: str) -> int:
    """How many Python functions run for the page, from the second time on."""
    client.get(address)
    seen = 0

    def count(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal seen
        seen += event == "call"

    sys.setprofile(count)
    try:
        client.get(address)
    finally:
        sys.setprofile(None)
    return seen


def a_row(user: User, measure: Callable[[], int]) -> float:
    grow(user, FEW)
    few = measure()
    grow(user, MANY - FEW)
    return (measure() - few) / (MANY - FEW)


@pytest.mark.parametrize(
    ("address", "most"), [("/deals/board/", 220), ("/deals/", 400), ("/today/", 700)]
)
def test_one_more_row_costs_few_calls(db: Any, address: str, most: int) -> None:
    """They took 522, 521 and 1,482 when each looked up its words, icons and addresses."""
    user = make_user()
    client = browser(user)

    assert 0 < a_row(user, lambda: calls(client, address)) < most


def test_a_card_is_short(db: Any) -> None:
    user = make_user()
    client = browser(user)

    size = a_row(user, lambda: len(client.get("/deals/board/").content))

    assert 0 < size < MOST_BYTES_A_CARD
