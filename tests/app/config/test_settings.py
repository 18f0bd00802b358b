"""The installation: settings, migrations, what is kept and how."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.template import Context, Template
from django.test import Client
from django.utils import translation

from tsunagu.app.config.databases import database
from tsunagu.app.config.home import secret_key
from tsunagu.app.config.origins import origins


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_secret_key_is_made_once_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)

    made = secret_key(tmp_path)

    assert len(made) > 60
    assert secret_key(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_sqlite_takes_the_write_lock_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)

    found = database(tmp_path)

    assert found["NAME"] == str(tmp_path / "tsunagu.sqlite3")
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_postgresql_has_a_pool_with_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db/tsunagu")

    assert database(tmp_path)["OPTIONS"]["pool"]["max_size"] == 8


def test_django_finds_nothing_unsafe_behind_https(tmp_path: Path) -> None:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tsunagu.app.config.settings",
        "TSUNAGU_HOME": str(tmp_path),
        "TSUNAGU_URL": "https://tsunagu.example.jp",
    }
    env.pop("SECRET_KEY", None)
    command = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]

    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603

    assert done.returncode == 0, done.stderr


def test_sites_that_may_call_the_api_are_named_with_commas_between() -> None:
    named = origins("https://a.example.jp/, https://b.example.jp:8443,")

    assert named == ["https://a.example.jp", "https://b.example.jp:8443"]
    assert origins("") == []


@pytest.mark.parametrize(
    "wrong", ["*", "a.example.jp", "https://a.example.jp/path", "https://", "ftp://a.example.jp"]
)
def test_what_is_no_site_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=re.escape(wrong.rstrip("/"))):
        origins(f"https://b.example.jp,{wrong}")


@pytest.mark.django_db
def test_the_health_check_needs_no_proxy(client: Client, settings: Any) -> None:
    """Else a server behind https would wait for its own answer in vain."""
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/health/").json() == {"status": "ok"}
    assert client.get("/accounts/login/").status_code == 301


@pytest.mark.parametrize(
    ("language", "amount", "words"),
    [
        ("ja", 12_340_000, "1,234万円"),
        ("ja", 9_800, "9,800円"),
        ("ja", 120_000_000, "1.2億円"),
        ("ja", 99_999_999, "1.0億円"),
        ("en", 12_340_000, "¥12,340,000"),
    ],
)
def test_money_is_written_as_people_say_it(language: str, amount: int, words: str) -> None:
    with translation.override(language):
        assert Template("{{ amount|money }}").render(Context({"amount": amount})) == words
