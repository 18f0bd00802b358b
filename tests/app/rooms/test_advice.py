"""People of other teams give advice on a case without learning whose it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.exceptions import PermissionDenied, ValidationError
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact, make_customer, make_deal

from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.knowledge import profiles
from tsunagu.app.people.models import User
from tsunagu.app.rooms import advice, notices
from tsunagu.app.rooms.models import Adviser, Size
from tsunagu.app.rooms.timeline import read

CUSTOMER, TITLE, CONTACT = "株式会社みなと精機", "検査装置の更新", "神崎 由紀子"


def resumed(owner: User, cause: str = Cause.BUDGET) -> Interruption:
    deal = make_deal(owner, customer=make_customer("よその会社"))
    case = case_actions.open_case(owner, deal, main=cause)
    return case_actions.resume(owner, case)


@pytest.fixture
def case(organisation: Organisation) -> Interruption:
    """A case of the north, and one like it that the stranger of the south resumed."""
    resumed(organisation.stranger)
    profiles.keep_up()
    me = organisation.representative
    customer = make_customer(CUSTOMER)
    make_contact(customer, CONTACT)
    deal = make_deal(me, customer=customer, title=TITLE, amount=Decimal(3_400_000))
    return case_actions.open_case(me, deal, main=Cause.BUDGET)


def asked(organisation: Organisation, case: Interruption) -> Adviser:
    advice.ask(organisation.representative, case, "来期まで待つべきですか")
    return Adviser.objects.get(user=organisation.stranger)


def test_who_resumed_a_like_case_is_asked_whatever_the_team_but_not_oneself(
    organisation: Organisation, case: Interruption
) -> None:
    resumed(organisation.representative)
    profiles.keep_up()

    assert advice.who_could_know(organisation.representative, case) == [organisation.stranger]


def test_the_adviser_sees_the_question_and_nothing_that_names_the_customer(
    organisation: Organisation,
    case: Interruption,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.MAIL_IS_SET_UP = True
    with django_capture_on_commit_callbacks(execute=True):
        adviser = asked(organisation, case)
    client = browser(organisation.stranger)

    pages = [
        client.get(address).content.decode()
        for address in (f"/room/advice/{adviser.pk}/", "/room/notices/", "/room/notices/count/")
    ]
    said = "\n".join([*pages, *(f"{m.subject}\n{m.body}" for m in outbox.outbox)])

    assert "来期まで待つべきですか" in pages[0]
    assert "100万以上1,000万未満" in pages[0]
    assert "予算" in pages[0]
    assert len(outbox.outbox) == 1
    for secret in (
        CUSTOMER,
        "みなと精機",
        TITLE,
        CONTACT,
        "3,400",
        "340万",
        f"/interruptions/{case.pk}/",
    ):
        assert secret not in said
    assert client.get(f"/interruptions/{case.pk}/").status_code == 404
    assert client.get(f"/room/{case.pk}/timeline/").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "みなと精機様の件です",
        "ﾐﾅﾄ精機ではなく、(株)みなと 精機 の件",
        f"「{TITLE}」が止まりました",
        "神崎様が異動されます",
        "神崎由紀子さんの件",
    ],
)
def test_a_question_that_names_the_customer_is_refused_with_words(
    organisation: Organisation, case: Interruption, text: str
) -> None:
    with pytest.raises(ValidationError, match="書かないでください"):
        advice.ask(organisation.representative, case, text)

    assert not Adviser.objects.exists()


def test_advice_stands_on_the_case_and_the_asker_is_told(
    organisation: Organisation, case: Interruption
) -> None:
    adviser = asked(organisation, case)

    browser(organisation.stranger).post(
        f"/room/advice/{adviser.pk}/", {"text": "待つ間も月に一度は連絡を"}
    )

    entries = [dated.entry for dated in read(case, "advice").entries]
    assert [e.text for e in entries] == ["待つ間も月に一度は連絡を", "来期まで待つべきですか"]
    told = notices.visible(organisation.representative).get()
    assert (told.kind, told.by) == ("answer", organisation.stranger)


def test_advice_is_given_once_and_by_who_was_asked(
    organisation: Organisation, case: Interruption
) -> None:
    adviser = asked(organisation, case)
    advice.answer(organisation.stranger, adviser, "待ちましょう")

    with pytest.raises(ValidationError):
        advice.answer(organisation.stranger, adviser, "やはり急ぎましょう")
    with pytest.raises(PermissionDenied):
        advice.answer(organisation.manager, adviser, "私ならこうします")
    assert browser(organisation.manager).get(f"/room/advice/{adviser.pk}/").status_code == 404


def test_where_nobody_resumed_one_like_it_the_sheet_says_so(organisation: Organisation) -> None:
    me = organisation.representative
    case = case_actions.open_case(me, organisation.own, main=Cause.BUDGET)

    sheet = browser(me).get(f"/room/{case.pk}/ask/", headers={"HX-Request": "true"})
    sent = browser(me).post(
        f"/room/{case.pk}/ask/", {"text": "誰か"}, headers={"HX-Request": "true"}
    )

    assert "まだいません" in sheet.content.decode()
    assert sent.status_code == 422


def test_the_sheet_says_what_will_be_seen(organisation: Organisation, case: Interruption) -> None:
    headers = {"HX-Request": "true"}
    client = browser(organisation.representative)

    sheet = client.get(f"/room/{case.pk}/ask/", headers=headers).content.decode()
    done = client.post(f"/room/{case.pk}/ask/", {"text": "待つべきですか"}, headers=headers)

    assert organisation.stranger.name in sheet
    assert "100万以上1,000万未満" in sheet
    assert done.status_code == 204
    assert "room-changed" in done.headers["HX-Trigger"]


@pytest.mark.parametrize(
    ("amount", "size"),
    [
        (None, Size.UNKNOWN),
        (Decimal(999_999), Size.SMALL),
        (Decimal(1_000_000), Size.MIDDLE),
        (Decimal(10_000_000), Size.LARGE),
        (Decimal(100_000_000), Size.HUGE),
    ],
)
def test_sizes_are_rough(amount: Decimal | None, size: Size) -> None:
    assert advice.size_class(amount) == size
