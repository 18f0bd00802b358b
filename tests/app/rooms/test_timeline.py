"""Everything about a case in one list: complete, in order, page by page, at one price."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_deal
from tests.app.rooms.conftest import upload

from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Event, Kind
from tsunagu.app.interruptions import actions as case_actions
from tsunagu.app.interruptions import diagnosing, folding
from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption, Signal
from tsunagu.app.people.models import User
from tsunagu.app.rooms import actions
from tsunagu.app.rooms.models import Comment
from tsunagu.app.rooms.timeline import Place, read


def signal(case: Interruption, days: int = 3, kind: str = "silence") -> Signal:
    now = timezone.now()
    return Signal.objects.create(
        case=case,
        deal=case.deal,
        kind=kind,
        at=now - timedelta(days=days),
        found_at=now,
        seen_at=now,
        strength=0.7,
        measure=1.0,
        ja="返事がありません",
        en="silent",
    )


def words(case: Interruption, key: str = "") -> list[str]:
    return [str(dated.entry.words) for dated in read(case, key).entries]


def whole(case: Interruption, key: str = "") -> list[Place]:
    """The places of all entries, page after page."""
    found, before = [], None
    while True:
        page = read(case, key, before)
        found += [dated.place for dated in page.entries]
        if page.older is None:
            return found
        before = Place.parse(str(page.older))


def test_each_thing_that_happened_stands_there_once(
    organisation: Organisation, case: Interruption
) -> None:
    me, deal = organisation.representative, organisation.own
    signal(case)
    deal_actions.log_activity(me, deal, Kind.CALL, direction="out", text="留守でした")
    case_actions.confirm(me, case, main=Cause.BUDGET)
    diagnosing.record_finding(me, case, "changed", "予算の見直し")
    inquiry = diagnosing.ask_customer(me, case, "ja")
    diagnosing.take_reply(inquiry, text="来期に回します")
    actions.write(me, case, "来期まで待つ", uploads=[upload()], decision=True)
    actions.write(me, case, "承知しました")
    fresh = Interruption.objects.select_related("deal").get(pk=case.pk)

    entries = [dated.entry for dated in read(fresh).entries]

    texts = [entry.text for entry in entries]
    for text in ("留守でした", "予算の見直し", "来期に回します", "来期まで待つ", "承知しました"):
        assert sum(text in said for said in texts) == 1, text
    assert [sum(e.row is not None for e in entries), len(entries)] == [3, 10]
    assert "返事がありません" in [entry.words for entry in entries]
    assert any("電話" in str(entry.words) for entry in entries)


def test_facts_from_before_the_first_signal_are_not_there(
    organisation: Organisation, case: Interruption
) -> None:
    signal(case, days=5)
    for days in (9, 1):
        at = timezone.now() - timedelta(days=days)
        deal_actions.log_activity(
            organisation.representative, organisation.own, Kind.NOTE, text=f"{days}日前", at=at
        )

    texts = [dated.entry.text for dated in read(case, "facts").entries]

    assert "1日前" in texts
    assert "9日前" not in texts


def test_a_score_is_no_money_and_a_quote_is(organisation: Organisation, case: Interruption) -> None:
    said = {"deal": organisation.own, "direction": "in"}
    Event.objects.create(kind=Kind.SURVEY, amount=6, at=timezone.now(), **said)
    Event.objects.create(kind=Kind.QUOTE, amount=60_000, at=timezone.now(), **said)

    told = words(case, "facts")

    assert told == ["見積もり · 顧客から · 6万円", "アンケート · 顧客から · 6"]


def test_pages_follow_each_other_without_a_gap_or_a_repeat_even_at_one_instant(
    organisation: Organisation, case: Interruption
) -> None:
    at = timezone.now()
    signal(case, days=1)
    Comment.objects.bulk_create(
        Comment(case=case, by=organisation.manager, at=at, text=f"{n}") for n in range(45)
    )
    Comment.objects.bulk_create(
        Comment(case=case, by=organisation.manager, at=at, text=f"d{n}", decided_at=at)
        for n in range(45)
    )

    places = whole(case)

    assert len(places) == len({p.order for p in places}) == 92
    assert [p.order for p in places] == sorted((p.order for p in places), reverse=True)
    assert len(whole(case, "comments")) == 45


def test_a_kind_is_chosen_and_an_unknown_one_means_all(
    organisation: Organisation, case: Interruption
) -> None:
    signal(case)
    actions.write(organisation.representative, case, "相談")

    assert words(case, "comments") == ["コメント"]
    assert words(case, "signals") == ["返事がありません"]
    assert len(words(case, "nonsense")) == len(words(case)) == 3


@pytest.mark.parametrize(
    "text", ["", "x", "~~", "2026-01-01~1~1", f"2026-01-01T00:00+00:00~1~{10**30}"]
)
def test_a_place_that_is_none_begins_at_the_newest(text: str) -> None:
    assert Place.parse(text) is None


def fill(case: Interruption, owner: User, count: int) -> None:
    """``count`` entries, of every kind in turn."""
    now = timezone.now()
    Comment.objects.bulk_create(
        Comment(case=case, by=owner, at=now - timedelta(hours=n), text=f"コメント{n}")
        for n in range(count // 2)
    )
    Event.objects.bulk_create(
        Event(
            deal=case.deal,
            at=now - timedelta(hours=n, minutes=7),
            kind=Kind.CALL if n % 2 else Kind.STAGE,
            value=None if n % 2 else "提案",
            text="話した",
            actor=owner.external_id,
        )
        for n in range(count // 2)
    )
    signal(case, days=count)


def cost(user: User, case: Interruption, address: str) -> int:
    client = browser(user)
    client.get(address.format(case.pk))
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address.format(case.pk)).status_code == 200
    return len(seen)


@pytest.mark.parametrize("address", ["/interruptions/{}/", "/room/{}/timeline/"])
def test_a_long_case_costs_as_many_queries_as_a_short_one(
    organisation: Organisation, case: Interruption, address: str
) -> None:
    other = folding.begin(make_deal(organisation.representative))
    fill(other, organisation.representative, 4)
    fill(case, organisation.representative, 2_000)

    long, short = (cost(organisation.representative, one, address) for one in (case, other))

    assert long == short


def test_the_page_shows_thirty_and_leads_to_older_ones(
    organisation: Organisation, case: Interruption
) -> None:
    fill(case, organisation.representative, 100)
    client = browser(organisation.representative)

    page = client.get(f"/interruptions/{case.pk}/").content.decode()
    older = re.search(r'<li class="older"><a class="btn" href="([^"]+)"', page)
    assert older
    link = older[1].replace("&amp;", "&")
    more = client.get(link, headers={"HX-Request": "true"}).content.decode()

    assert page.count('<li class="of-') == 30
    assert more.count('<li class="of-') == 30
    assert "<html" not in more
    assert "<html" in client.get(link).content.decode()
