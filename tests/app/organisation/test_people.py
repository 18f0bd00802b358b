"""Administrators add people, change them, and let them go without losing a deal."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_deal, make_user

from tsunagu.app.organisation.departures import depart
from tsunagu.app.people import actions
from tsunagu.app.people.models import AuditEntry, Role, User

NEW = {"name": "新田 歩", "email": "Nitta@Example.jp", "role": "representative", "team": ""}


@pytest.fixture
def admin(organisation: Organisation) -> Client:
    return browser(organisation.administrator)


def set_password(link: str) -> bool:
    """Whether somebody who opens ``link`` can set a password with it."""
    client = Client()
    form = client.get(link, follow=True)
    password = {"password1": "haru-no-umi-8", "password2": "haru-no-umi-8"}
    client.post(form.redirect_chain[-1][0] if form.redirect_chain else link, password)
    return client.login(email="nitta@example.jp", password="haru-no-umi-8")  # noqa: S106


def test_a_new_person_gets_a_mail_and_logs_in_with_it(admin: Client) -> None:
    answer = admin.post("/settings/people/add/", NEW)

    assert answer.status_code == 302
    (sent,) = mail.outbox
    assert sent.to == ["nitta@example.jp"]
    link = re.search(r"https?://\S+", str(sent.body))
    assert link
    assert set_password(link[0])


def test_where_no_mail_is_set_up_the_link_is_shown_once(admin: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

    answer = admin.post("/settings/people/add/", NEW)

    assert answer.headers["Cache-Control"] == "no-store"
    link = re.search(r'value="(http[^"]+)"', answer.content.decode())
    assert link
    assert set_password(link[1])
    written = str(list(AuditEntry.objects.values_list("before", "after")))
    assert link[1].rsplit("/", 2)[1] not in written


def test_a_mail_server_that_is_away_is_said(admin: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1

    page = admin.post("/settings/people/add/", NEW, follow=True).content.decode()

    assert "メールサーバーに送信できませんでした" in page
    assert User.objects.filter(name=NEW["name"]).exists()


def test_a_link_works_only_once(admin: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    page = admin.post("/settings/people/add/", NEW).content.decode()
    link = re.search(r'value="(http[^"]+)"', page)
    assert link
    assert set_password(link[1])

    again = Client().get(link[1], follow=True).content.decode()

    assert "このリンクは無効になっています" in again


def test_an_address_that_is_taken_is_said_beside_the_field(
    organisation: Organisation, admin: Client
) -> None:
    answer = admin.post("/settings/people/add/", {**NEW, "email": organisation.colleague.email})

    assert answer.status_code == 422
    assert "ほかの利用者が使っています" in answer.content.decode()
    assert not User.objects.filter(name=NEW["name"]).exists()


def test_namesakes_without_an_address_are_two_people(admin: Client) -> None:
    for _ in range(2):
        admin.post("/settings/people/add/", {**NEW, "email": ""})

    assert User.objects.filter(name=NEW["name"]).count() == 2


def test_an_address_that_somebody_gave_up_is_free(
    organisation: Organisation, admin: Client
) -> None:
    who = organisation.colleague
    said = {"name": who.name, "email": "neu@example.jp", "role": who.role, "team": ""}
    old = who.email
    admin.post(f"/settings/people/{who.pk}/", said)

    admin.post("/settings/people/add/", {**NEW, "email": old})

    assert User.objects.get(email=old).name == NEW["name"]


def test_name_role_and_team_change_at_once(organisation: Organisation, admin: Client) -> None:
    who = organisation.colleague
    said = {
        "name": "改姓 花子",
        "email": who.email,
        "role": "manager",
        "team": organisation.south.pk,
    }

    admin.post(f"/settings/people/{who.pk}/", said)

    who.refresh_from_db()
    assert (who.name, who.role, who.team) == ("改姓 花子", Role.MANAGER, organisation.south)
    done = AuditEntry.objects.filter(object_id=str(who.pk), actor=organisation.administrator)
    assert {entry.action for entry in done} == {"edit_user", "change_role", "change_team"}


def test_the_last_administrator_keeps_the_role_and_nothing_else_changes(
    organisation: Organisation, admin: Client
) -> None:
    me = organisation.administrator

    answer = admin.post(
        f"/settings/people/{me.pk}/", {"name": "別名", "email": me.email, "role": "manager"}
    )

    assert "有効な管理者が少なくとも1人必要です" in answer.content.decode()
    me.refresh_from_db()
    assert me.role == Role.ADMINISTRATOR
    assert me.name != "別名"


def test_nobody_deactivates_themself(organisation: Organisation) -> None:
    make_user(Role.ADMINISTRATOR)

    with pytest.raises(ValidationError):
        actions.deactivate_user(organisation.administrator, organisation.administrator)


def test_deals_of_somebody_who_leaves_are_never_left_alone(
    organisation: Organisation, admin: Client
) -> None:
    who = organisation.colleague

    answer = admin.post(f"/settings/people/{who.pk}/leave/", {"heir": ""})

    assert answer.status_code == 422
    assert "進行中の案件を引き継ぐ人を選んでください" in answer.content.decode()
    who.refresh_from_db()
    assert who.is_active


def test_deals_go_to_the_heir_and_the_log_in_ends(organisation: Organisation) -> None:
    who, heir = organisation.colleague, organisation.stranger
    theirs = browser(who)
    assert theirs.get("/today/").status_code == 200

    count = depart(organisation.administrator, who, heir)

    assert count == 2
    organisation.unshared.refresh_from_db()
    assert organisation.unshared.owner == heir
    assert organisation.unshared.team == organisation.south
    last = organisation.unshared.events.latest("at")
    assert (last.kind, last.value) == ("owner", heir.external_id)
    assert theirs.get("/today/").status_code == 302


def test_somebody_who_left_takes_over_nothing(organisation: Organisation) -> None:
    actions.deactivate_user(organisation.administrator, organisation.stranger)

    with pytest.raises(ValidationError):
        depart(organisation.administrator, organisation.colleague, organisation.stranger)

    organisation.colleague.refresh_from_db()
    assert organisation.colleague.is_active


@pytest.mark.parametrize("who", ["representative", "manager", "head", "operations"])
def test_only_administrators_let_people_go(organisation: Organisation, who: str) -> None:
    with pytest.raises(PermissionDenied):
        depart(getattr(organisation, who), organisation.stranger, organisation.colleague)


def test_who_comes_back_logs_in_again(organisation: Organisation, admin: Client) -> None:
    who = organisation.colleague
    depart(organisation.administrator, who, organisation.representative)

    admin.post(f"/settings/people/{who.pk}/return/")

    assert browser(who).get("/today/").status_code == 200


def shown(admin: Client, query: str) -> list[str]:
    page = admin.get(f"/settings/people/?{query}").content.decode()
    return re.findall(r'/settings/people/\d+/">([^<]+)</a>', page)


def test_people_are_found_sorted_and_filtered(organisation: Organisation, admin: Client) -> None:
    actions.deactivate_user(organisation.administrator, organisation.stranger)
    who = organisation.colleague

    assert shown(admin, f"q={who.email}") == [who.name]
    assert organisation.stranger.name not in shown(admin, "")
    assert shown(admin, "state=inactive") == [organisation.stranger.name]
    assert shown(admin, "role=operations") == [organisation.operations.name]
    assert shown(admin, "sort=-deals")[0] == who.name
    assert organisation.manager.name in shown(admin, f"team={organisation.north.pk}")
    assert shown(admin, "q=居ない") == []


def test_the_number_of_queries_does_not_grow_with_the_people(
    organisation: Organisation, admin: Client
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            admin.get("/settings/people/")
        return len(seen)

    few = count()
    for _ in range(30):
        make_deal(make_user(team=organisation.north))

    assert count() == few
    assert few <= 6


def test_people_change_their_own_name_and_language(organisation: Organisation) -> None:
    me = organisation.representative

    page = browser(me).post("/settings/profile/", {"name": "Ann", "language": "en"}, follow=True)

    me.refresh_from_db()
    assert (me.name, me.language) == ("Ann", "en")
    assert "Your profile is saved." in page.content.decode()


def test_the_settings_show_only_what_the_role_may_do(organisation: Organisation) -> None:
    def offered(who: User) -> set[str]:
        page = browser(who).get("/settings/").content.decode()
        return set(re.findall(r'<h2>.*?<a href="([^"]+)"', page))

    own = {"/settings/profile/", "/settings/tokens/", "/exports/"}
    assert offered(organisation.representative) == own
    assert "/settings/people/" not in offered(organisation.operations)
    assert {"/settings/people/", "/settings/teams/"} <= offered(organisation.administrator)


def test_the_settings_say_how_things_stand(organisation: Organisation, admin: Client) -> None:
    page = admin.get("/settings/").content.decode()

    assert f"{User.objects.count()}人" in page
    assert "3チーム" in page
