"""People are told in the application, and by mail where they are asked in person: never twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail as outbox
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_user

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import Role, User
from tsunagu.app.rooms import actions, notices
from tsunagu.app.rooms.models import Comment, Notice, Told
from tsunagu.app.rooms.watching import watch, watchers


@pytest.fixture
def mails(settings: Any, django_capture_on_commit_callbacks: Any) -> Any:
    """Mail is set up; inside the block, what follows a commit is done."""
    settings.MAIL_IS_SET_UP = True
    return django_capture_on_commit_callbacks


@pytest.fixture
def boss(organisation: Organisation) -> User:
    return make_user(Role.MANAGER, organisation.north, name="佐藤 健")


def told(user: User) -> list[str]:
    return [notice.kind for notice in notices.visible(user)]


def test_owner_and_manager_watch_until_they_do_not_want_to(
    organisation: Organisation, case: Interruption
) -> None:
    assert set(watchers(case)) == {organisation.representative, organisation.manager}

    watch(organisation.manager, case, wanted=False)
    watch(organisation.operations, case, wanted=True)

    assert set(watchers(case)) == {organisation.representative, organisation.operations}


def test_who_sees_the_case_no_more_watches_no_more(
    organisation: Organisation, case: Interruption
) -> None:
    watch(organisation.head, case, wanted=True)
    User.objects.filter(pk=organisation.head.pk).update(role=Role.REPRESENTATIVE)

    assert organisation.head not in watchers(case)


def test_the_button_turns_watching_on_and_off(
    organisation: Organisation, case: Interruption
) -> None:
    client = browser(organisation.operations)
    headers = {"HX-Request": "true"}

    on = client.post(f"/room/{case.pk}/watch/", {"wanted": "1"}, headers=headers)
    off = client.post(f"/room/{case.pk}/watch/", {"wanted": "0"}, headers=headers)

    assert "ウォッチ中" in on.content.decode()
    assert "ウォッチする" in off.content.decode()


def test_watchers_are_told_of_words_but_not_of_their_own(
    organisation: Organisation, case: Interruption, boss: User
) -> None:
    actions.write(organisation.representative, case, "@佐藤 健 相談です")

    assert told(organisation.representative) == []
    assert told(organisation.manager) == ["comment"]
    assert told(boss) == ["mention"]  # who watches and is named is told once


def test_a_mention_is_mailed_once_in_the_readers_language(
    organisation: Organisation, case: Interruption, boss: User, mails: Any
) -> None:
    User.objects.filter(pk=boss.pk).update(language="en")

    with mails(execute=True):
        actions.write(organisation.representative, case, "@佐藤 健 秘密の相談です")
    again = notices.mail.func(boss.pk, Notice.objects.get(user=boss).key)

    assert again is False
    assert [m.to for m in outbox.outbox] == [[boss.email]]
    assert "mentions you" in outbox.outbox[0].subject
    assert f"/interruptions/{case.pk}/#room" in outbox.outbox[0].body
    assert "秘密" not in outbox.outbox[0].body


def test_the_same_thing_is_told_once_whoever_tells_it(
    organisation: Organisation, case: Interruption, boss: User, mails: Any
) -> None:
    actions.write(organisation.representative, case, "@佐藤 健")
    comment = Comment.objects.get()

    with mails(execute=True):
        for _twice in range(2):
            about = {"case": case, "comment": comment}
            key = f"comment:{comment.pk}"
            notices.tell(Told.MENTION, key, organisation.representative, [boss], **about)

    assert Notice.objects.filter(user=boss).count() == 1
    assert len(outbox.outbox) == 1


def test_who_wants_no_mail_gets_none(
    organisation: Organisation, case: Interruption, boss: User, mails: Any
) -> None:
    browser(boss).post("/settings/profile/", {"name": boss.name, "language": "ja"})

    with mails(execute=True):
        actions.write(organisation.representative, case, "@佐藤 健")

    assert told(boss) == ["mention"]
    assert outbox.outbox == []
    assert not notices.wants_mail(boss)


def test_mails_are_on_until_switched_off_and_the_profile_says_so(boss: User) -> None:
    client = browser(boss)

    assert "checked" in client.get("/settings/profile/").content.decode()
    client.post("/settings/profile/", {"name": boss.name, "language": "ja"})
    assert "checked" not in client.get("/settings/profile/").content.decode()
    client.post("/settings/profile/", {"name": boss.name, "language": "ja", "mail": "on"})
    assert notices.wants_mail(boss)


def test_a_notice_leads_to_the_case_and_is_read_then(
    organisation: Organisation, case: Interruption
) -> None:
    actions.write(organisation.representative, case, "お客様から電話")
    client = browser(organisation.manager)
    notice = Notice.objects.get(user=organisation.manager)

    unread = client.get("/room/notices/count/").content.decode()
    listed = client.get("/room/notices/").content.decode()
    led = client.post(f"/room/notices/{notice.pk}/")

    assert ">1<" in unread
    assert "お客様から電話" in listed
    assert organisation.own.title in listed
    assert led.headers["Location"] == f"/interruptions/{case.pk}/#room"
    assert client.get("/room/notices/count/").content.decode().strip() == ""
    assert "すべて読みました" in client.get("/room/notices/?show=unread").content.decode()


def test_all_are_read_at_once(organisation: Organisation, case: Interruption) -> None:
    for text in "一二三":
        actions.write(organisation.representative, case, text)

    browser(organisation.manager).post("/room/notices/read/")

    assert notices.unread_count(organisation.manager) == 0


def test_what_one_may_see_no_more_is_not_listed(
    organisation: Organisation, case: Interruption
) -> None:
    actions.write(organisation.representative, case, "内密に")
    User.objects.filter(pk=organisation.manager.pk).update(team=organisation.south)
    moved = User.objects.get(pk=organisation.manager.pk)

    assert told(moved) == []
    assert notices.unread_count(moved) == 0
    assert "内密に" not in browser(moved).get("/room/notices/").content.decode()


def test_the_list_costs_the_same_for_one_and_for_many(
    organisation: Organisation, case: Interruption
) -> None:
    def queries() -> int:
        client = browser(organisation.manager)
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/room/notices/").status_code == 200
        return len(seen)

    actions.write(organisation.representative, case, "一つ目")
    one = queries()
    for number in range(60):
        actions.write(organisation.representative, case, f"{number}")

    assert queries() == one
    assert "41" in browser(organisation.manager).get("/room/notices/?page=2").content.decode()
