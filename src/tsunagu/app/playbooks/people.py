"""Whose task a step is."""

from __future__ import annotations

from itertools import chain

from tsunagu.app.deals.models import Deal
from tsunagu.app.people.models import Role, Team, User
from tsunagu.app.people.permissions import has_permission
from tsunagu.app.playbooks.steps import Doer


def assignee(role: str, deal: Deal) -> User | None:
    """Who does a step of ``role`` on ``deal``; None: anybody of sales operations.

    Where no manager answers for the deal's team, the owner does the manager's steps.
    """
    if role == Doer.OPERATIONS:
        return None
    found = manager_of(deal.team) if role == Doer.MANAGER else None
    return found or deal.owner


def manager_of(team: Team | None) -> User | None:
    """The active manager of the team, or of the nearest team above it that has one."""
    return next(iter(_managers(team)), None)


def leader_beside(deal: Deal, doer: int | None) -> User | None:
    """Who looks after ``doer``'s step on ``deal``, and can log in to do so.

    The nearest manager up the tree; where there is none but the doer, an administrator.
    """
    managers = _managers(deal.team)
    administrators = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk")
    found = (user for user in chain(managers, administrators) if user.email)
    return next((user for user in found if user.pk != doer), None)


def _managers(team: Team | None) -> list[User]:
    """Active managers of the team and of those above it, the nearest first."""
    above = team.lineage if team else []
    managers = User.objects.filter(role=Role.MANAGER, is_active=True, team__in=above)
    return sorted(managers, key=lambda user: (-above.index(user.team_id or 0), user.pk))


def may_do(user: User, deal: Deal) -> bool:
    """Whether ``user`` can be given a task on ``deal``."""
    return has_permission(user, "deals.log", deal)
