"""Plain makers of rows for tests. Each call makes a new one; give what the test is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tsunagu.app.customers.models import Contact, Customer
from tsunagu.app.deals import actions as deal_actions
from tsunagu.app.deals.models import Deal, Process, Stage
from tsunagu.app.exchange import actions as exchange_actions
from tsunagu.app.exchange import mapping, running
from tsunagu.app.exchange.models import Import
from tsunagu.app.people.actions import create_team, create_user
from tsunagu.app.people.models import Role, Team, User

_numbers = count(1)

BEGAN = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
PASSWORD = "tabi-no-michi-7"  # noqa: S105


def make_team(name: str = "営業部", parent: Team | None = None) -> Team:
    return create_team(None, name=name, parent=parent)


def make_user(role: str = Role.REPRESENTATIVE, team: Team | None = None, **fields: Any) -> User:
    number = next(_numbers)
    fields = {"name": f"営業{number}", "email": f"u{number}@example.jp", **fields}
    return create_user(None, role=role, team=team, password=PASSWORD, **fields)


def make_customer(name: str | None = None, **fields: Any) -> Customer:
    number = next(_numbers)
    return Customer.objects.create(
        external_id=f"C{number}", name=name or f"株式会社{number}", **fields
    )


def make_contact(customer: Customer, name: str | None = None, **fields: Any) -> Contact:
    number = next(_numbers)
    fields = {"external_id": f"P{number}", "name": name or f"担当{number}", **fields}
    return Contact.objects.create(customer=customer, **fields)


def make_process(name: str = "標準") -> Process:
    process = Process.objects.create(name=name)
    for position, stage in enumerate(("発掘", "提案", "交渉")):
        Stage.objects.create(process=process, key=stage, name=stage, position=position)
    return process


def make_deal(owner: User, **fields: Any) -> Deal:
    """A deal that began on :data:`BEGAN`, created by its owner."""
    number = next(_numbers)
    fields = {
        "title": f"案件{number}",
        "customer": fields.get("customer") or make_customer(),
        "process": fields.get("process") or Process.objects.first() or make_process(),
        "at": BEGAN,
        **fields,
    }
    return deal_actions.create_deal(owner, owner=owner, **fields)


def make_import(user: User) -> Import:
    """A file of one good and one bad row, checked."""
    content = "案件番号,案件名,作成日\nI-1,取り込む案件,2026-04-01\nI-2,日付なし,\n".encode()
    source = exchange_actions.upload(
        user, kind="deals", name="deals.csv", size=len(content), blocks=[content]
    )
    exchange_actions.map_columns(user, source, mapping.guess(source))
    running.work(source.pk)
    return source


@dataclass
class Organisation:
    """Two branches below one head office; north has a shared deal, each has one of its own."""

    north: Team
    south: Team
    representative: User
    colleague: User
    manager: User
    head: User
    operations: User
    administrator: User
    stranger: User
    own: Deal
    shared: Deal
    unshared: Deal
    foreign: Deal


def make_organisation() -> Organisation:
    office = make_team("本社")
    north, south = make_team("北支店", office), make_team("南支店", office)
    representative, colleague = make_user(team=north), make_user(team=north)
    stranger = make_user(team=south)
    return Organisation(
        north=north,
        south=south,
        representative=representative,
        colleague=colleague,
        manager=make_user(Role.MANAGER, north),
        head=make_user(Role.MANAGER, office),
        operations=make_user(Role.OPERATIONS),
        administrator=make_user(Role.ADMINISTRATOR),
        stranger=stranger,
        own=make_deal(representative),
        shared=make_deal(colleague, shared=True),
        unshared=make_deal(colleague),
        foreign=make_deal(stranger, shared=True),
    )
