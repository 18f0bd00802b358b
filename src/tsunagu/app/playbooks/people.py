"""Whose task a step is."""

from __future__ import annotations

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
    above = team.lineage if team else []
    managers = User.objects.filter(role=Role.MANAGER, is_active=True, team__in=above)
    found = sorted(managers, key=lambda user: (-above.index(user.team_id or 0), user.pk))
    return found[0] if found else None


def may_do(user: User, deal: Deal) -> bool:
    """Whether ``user`` can be given a task on ``deal``."""
    return has_permission(user, "deals.log", deal)
