"""How people come in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from tests.app.factories import PASSWORD, Organisation, make_user

from tsunagu.app.people.actions import create_user
from tsunagu.app.people.models import User

LOG_IN = "/accounts/login/"


def log_in(user: User, password: str = PASSWORD, **extra: Any) -> Any:
    return Client().post(LOG_IN, {"login": user.email, "password": password}, **extra)


def test_an_e_mail_and_a_password_let_in(db: None) -> None:
    answer = log_in(make_user())

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_a_wrong_password_does_not(db: None) -> None:
    answer = log_in(make_user(), "wrong")

    assert answer.status_code == 200
    assert "alert-danger" in answer.content.decode()


def test_guessing_is_slowed_down(db: None, settings: Any) -> None:
    user = make_user()
    answers = [log_in(user, f"guess {i}", REMOTE_ADDR="10.9.8.7") for i in range(12)]

    assert log_in(user, REMOTE_ADDR="10.9.8.7").status_code != 302
    assert all(a.status_code in {200, 429} for a in answers)


def test_who_was_switched_off_stays_outside(db: None) -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert log_in(user).headers["Location"] == "/accounts/inactive/"


def test_nobody_signs_up(db: None) -> None:
    form = {"email": "x@example.jp", "password1": PASSWORD, "password2": PASSWORD}
    answer = Client().post("/accounts/signup/", form)

    assert "招待制" in answer.content.decode()
    assert not User.objects.exists()


def test_an_invited_person_sets_a_password_by_mail(db: None, mailoutbox: list[Any]) -> None:
    create_user(None, name="新人", email="shinjin@example.jp")

    Client().post("/accounts/password/reset/", {"email": "shinjin@example.jp"})
    (mail,) = mailoutbox
    assert mail.subject == "[Tsunagu] パスワードの設定"
    link = re.search(r"http://\S+", mail.body)
    assert link is not None
    client = Client()
    page = client.get(link[0].removeprefix("http://testserver"), follow=True)
    form = page.request["PATH_INFO"]
    client.post(form, {"password1": "atarashii-kagi", "password2": "atarashii-kagi"})

    user = User.objects.get(email="shinjin@example.jp")
    assert user.check_password("atarashii-kagi")


@pytest.mark.parametrize(("header", "heading"), [("ja", "ログイン"), ("en-GB", "Log in")])
def test_the_entrance_speaks_the_browsers_language(db: None, header: str, heading: str) -> None:
    page = Client().get(LOG_IN, headers={"Accept-Language": header}).content.decode()

    assert f"<h1>{heading}</h1>" in page


def test_the_entrance_is_japanese_where_the_browser_says_nothing(db: None) -> None:
    assert '<html lang="ja"' in Client().get(LOG_IN).content.decode()


def test_a_persons_language_stays(organisation: Organisation) -> None:
    client = Client()
    client.force_login(organisation.representative)

    client.post("/people/language/", {"language": "en", "next": "/deals/"})

    assert "<title>Deals" in client.get("/deals/").content.decode()


def test_the_language_switch_leads_to_no_other_site(db: None) -> None:
    form = {"language": "en", "next": "https://evil.example/"}

    assert Client().post("/people/language/", form).headers["Location"] == "/"
