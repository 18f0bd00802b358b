"""People who can log in to the demo: one for each role."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from tsunagu.app.people.actions import create_user
from tsunagu.app.people.models import Role, Team, User


@dataclass(frozen=True)
class LogIn:
    """What a visitor types."""

    role: str
    name: str
    email: str
    password: str


def make_log_ins(file: Path) -> list[LogIn]:
    """Let one person of each role in, and keep the log-ins in ``file`` for its owner alone.

    Done again, the same people get new passwords.
    """
    with transaction.atomic():
        busiest = _busiest()
        made = [
            _let_in(busiest, Role.REPRESENTATIVE),
            _let_in(_person(Role.MANAGER, _("Manager"), busiest.team), Role.MANAGER),
            _let_in(_person(Role.OPERATIONS, _("Sales operations")), Role.OPERATIONS),
            _let_in(_person(Role.ADMINISTRATOR, _("Administrator")), Role.ADMINISTRATOR),
        ]
    _write(file, made)
    return made


def read_log_ins(file: Path) -> list[LogIn]:
    """What :func:`make_log_ins` kept."""
    return [LogIn(**kept) for kept in json.loads(file.read_text(encoding="utf-8"))]


def _busiest() -> User:
    """The person with most open deals: there is something to see."""
    known = User.objects.filter(email=_address(Role.REPRESENTATIVE)).first()
    if known:
        return known
    running = Count("deals", filter=Q(deals__outcome__isnull=True))
    return User.objects.annotate(running=running).order_by("-running", "pk")[0]


def _person(role: str, name: str, team: Team | None = None) -> User:
    known = User.objects.filter(email=_address(role)).first()
    return known or create_user(None, name=name, email=_address(role), role=role, team=team)


def _let_in(user: User, role: str) -> LogIn:
    password = secrets.token_urlsafe(9)
    user.email = _address(role)
    user.set_password(password)
    user.save(update_fields=["email", "password"])
    return LogIn(role, user.name, user.email, password)


def _address(role: str) -> str:
    return f"{role}@example.jp"


def _write(file: Path, made: list[LogIn]) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump([asdict(log_in) for log_in in made], stream, ensure_ascii=False, indent=2)
