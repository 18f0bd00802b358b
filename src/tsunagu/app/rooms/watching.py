"""Who is told what happens on a case: its owner and manager, and whoever wants to."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import Role, User
from tsunagu.app.people.permissions import people_who_see, require
from tsunagu.app.rooms.models import Watching


def watchers(case: Interruption) -> QuerySet[User]:
    """Those who watch and may see the case; by default its owner and the team's manager."""
    deal = case.deal
    said = Watching.objects.filter(case=case)
    by_default = Q(pk=deal.owner_id)
    if deal.team_id is not None:
        by_default |= Q(role=Role.MANAGER, team=deal.team_id)
    wants = Q(pk__in=said.filter(wanted=True).values("user"))
    found = people_who_see(deal).filter(by_default | wants)
    return found.exclude(pk__in=said.filter(wanted=False).values("user"))


def watch(user: User, case: Interruption, *, wanted: bool) -> None:
    """Begin or cease to watch. A taste, so nothing is audited.

    Raises:
        PermissionDenied: the person may not see the case.
    """
    require(user, "deals.log", case.deal)
    Watching.objects.update_or_create(case=case, user=user, defaults={"wanted": wanted})
