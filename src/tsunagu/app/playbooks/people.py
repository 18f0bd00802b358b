"""Whose task a step is."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from tsunagu.app.deals.models import Deal
from tsunagu.app.people.models import Role, Team, User
from tsunagu.app.people.permissions import SEES_ALL, has_permission
from tsunagu.app.playbooks.steps import Doer

SHOWN = 200
"""People offered when a task is given to somebody else."""


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
    if team is None or not team.path:
        return None
    above = [int(part) for part in team.path.strip("/").split("/")]
    managers = User.objects.filter(role=Role.MANAGER, is_active=True, team__in=above)
    found = sorted(managers, key=lambda user: (-above.index(user.team_id or 0), user.pk))
    return found[0] if found else None


def possible_assignees(deal: Deal) -> QuerySet[User]:
    """Active people to whom a task on ``deal`` can be given: who may log on it."""
    named = Q(pk=deal.owner_id) | Q(role__in=SEES_ALL)
    if deal.team is not None and deal.team.path:
        above = [int(part) for part in deal.team.path.strip("/").split("/")]
        named |= Q(role=Role.MANAGER, team__in=above)
        if deal.shared:
            named |= Q(team=deal.team)
    return User.objects.filter(named, is_active=True)


def may_do(user: User, deal: Deal) -> bool:
    """Whether ``user`` can be given a task on ``deal``."""
    return has_permission(user, "deals.log", deal)
