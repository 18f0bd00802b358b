"""A case with somebody to write to, and outgoing mail that is set up."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from tests.app.factories import Organisation, make_contact

from tsunagu.app.customers.models import Contact
from tsunagu.app.followup import actions
from tsunagu.app.followup.models import Mail
from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions import folding
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption


@pytest.fixture(autouse=True)
def mail_is_set_up(settings: Any) -> None:
    settings.MAIL_IS_SET_UP = True
    settings.MAIL_FROM = "sales@tsunagu.example.jp"
    settings.COMPANY_NAME = "つなぐ商事株式会社"


@pytest.fixture
def case(organisation: Organisation) -> Interruption:
    found = folding.begin(organisation.own)
    return case_actions.confirm(organisation.representative, found, main=Cause.BUDGET)


@pytest.fixture
def contact(organisation: Organisation) -> Contact:
    return make_contact(
        organisation.own.customer, "鈴木一郎", email="suzuki@customer.example.jp", phone="03-1234"
    )


def written(case: Interruption, contact: Contact | None, **words: Any) -> Mail:
    """A mail of the deal's owner, not sent yet."""
    plain = {"form": "email", "language": "ja", "subject": "ご予算の件", "body": "本文です。"}
    return actions.write(
        case.deal.owner, case, contact=contact, once=uuid4().hex, **{**plain, **words}
    )
