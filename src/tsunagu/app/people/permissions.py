"""The one permission module: who may see which rows, and who may do what.

Rules give the answer for one object (:func:`has_permission`, :func:`require`); the ``visible_``
functions give it for queries. A page asks the query first, so what a person may not see is not
found (404); an action asks the rule, so what may not be done is forbidden (403).

===========================  ==============  =================  ==========  =============
permission                   representative  manager            operations  administrator
===========================  ==============  =================  ==========  =============
see a deal                   own, shared     own, the subtree's  all         all
``deals.log``                own, shared     own, the subtree's  all         all
``deals.change``             own             own, the subtree's  all         all
``deals.assign``             no              own, the subtree's  all         all
``deals.add``                for oneself     for the subtree     all         all
``deals.configure``          no              no                 yes         yes
``customers.change``         yes             yes                yes         yes
``interruptions.decide``     own             own, the subtree's  all         all
``interruptions.override``   no              own, the subtree's  all         all
``interruptions.configure``  no              no                 yes         yes
``playbooks.approve``        no              the subtree's      all         all
``playbooks.configure``      no              no                 yes         yes
``exchange.run``             no              no                 yes         yes
``exports.archive``          no              no                 no          yes
``outlook.set_targets``      no              the subtree's      all         all
``people.lead``              no              yes                yes         yes
``people.manage``            no              no                 no          yes
``reviews.write``            own             own, the subtree's  all         all
``reviews.follow``           own, assigned   the subtree's       all         all
``scoring.configure``        no              no                 yes         yes
``webhooks.configure``       no              no                 yes         yes
===========================  ==============  =================  ==========  =============

"Shared" are deals that their owner shared with the team that answers for them. An improvement is
followed by whom it was given to ("assigned") and by who may write its review.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from tsunagu.app.people.models import Role, Team, TeamQuerySet, User

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tsunagu.app.customers.models import Customer
    from tsunagu.app.deals.models import Deal
    from tsunagu.app.interruptions.models import Interruption

SEES_ALL = frozenset({Role.OPERATIONS, Role.ADMINISTRATOR})


def has_permission(user: User, permission: str, obj: Any = None) -> bool:
    """Whether ``user`` may do ``permission`` (to ``obj``)."""
    return bool(user.is_active and rules.has_perm(permission, user, obj))


def require(user: User, permission: str, obj: Any = None) -> None:
    """Refuse unless ``user`` may do ``permission`` (to ``obj``).

    Raises:
        PermissionDenied: with words for the person.
    """
    if not has_permission(user, permission, obj):
        raise PermissionDenied(_("Your role does not allow this. Ask your manager."))


def teams_led(user: User) -> TeamQuerySet:
    """Teams whose rows ``user`` answers for: a manager's subtree; all for who sees all."""
    if not user.is_active:
        return Team.objects.none()
    if user.role in SEES_ALL:
        return Team.objects.all()
    if user.role == Role.MANAGER and user.team is not None:
        return Team.objects.subtree(user.team)
    return Team.objects.none()


def leads_team(user: User, team: Team | None) -> bool:
    """Whether ``team`` is among :func:`teams_led`, without asking the database again."""
    if team is None or not user.is_active:
        return False
    return user.role in SEES_ALL or (user.role == Role.MANAGER and user.team_id in team.lineage)


def answered_for(user: User) -> Q | None:
    """The condition on deals that ``user`` may change; None where it is all of them."""
    if not user.is_active:
        return Q(pk__in=[])
    if user.role in SEES_ALL:
        return None
    if user.role != Role.MANAGER or user.team is None:
        return Q(owner=user)
    # The teams' keys themselves: behind a subquery the database cannot know that they are few, and
    # reads all deals where an index would do.
    return Q(owner=user) | Q(team__in=user.team.subtree)


def deal_scope(user: User) -> Q | None:
    """The condition on deals that ``user`` may see; None where it is all of them."""
    scope = answered_for(user)
    if scope is None or user.team_id is None or user.role == Role.MANAGER or not user.is_active:
        return scope
    return scope | Q(team_id=user.team_id, shared=True)


def visible_deals(user: User) -> QuerySet[Deal]:
    """Deals that ``user`` may see."""
    from tsunagu.app.deals.models import Deal

    scope = deal_scope(user)
    return Deal.objects.all() if scope is None else Deal.objects.filter(scope)


def people_who_see(deal: Deal) -> QuerySet[User]:
    """Active people who may see ``deal``: :func:`visible_deals` from its other side."""
    above = deal.team.lineage if deal.team else []
    may = Q(pk=deal.owner_id) | Q(role__in=SEES_ALL) | Q(role=Role.MANAGER, team__in=above)
    if deal.shared and deal.team_id is not None:
        may |= Q(role=Role.REPRESENTATIVE, team=deal.team_id)
    return User.objects.filter(may, is_active=True)


def people_who_approve(deal: Deal) -> QuerySet[User]:
    """Active people who may ``playbooks.approve`` on ``deal``: the rule from its other side."""
    above = deal.team.lineage if deal.team else []
    may = Q(role__in=SEES_ALL) | Q(role=Role.MANAGER, team__in=above)
    return User.objects.filter(may, is_active=True)


def visible_interruptions(user: User) -> QuerySet[Interruption]:
    """Cases that ``user`` may see: those of visible deals."""
    return _cases_of(deal_scope(user))


def decidable_interruptions(user: User) -> QuerySet[Interruption]:
    """Cases that are for ``user`` to decide on: those of deals that the user may change."""
    return _cases_of(answered_for(user))


def _cases_of(scope: Q | None) -> QuerySet[Interruption]:
    from tsunagu.app.deals.models import Deal
    from tsunagu.app.interruptions.models import Interruption

    if scope is None:
        return Interruption.objects.all()
    return Interruption.objects.filter(deal__in=Deal.objects.filter(scope).values("pk"))


def visible_customers(user: User) -> QuerySet[Customer]:
    """Customers that ``user`` may see: of visible deals, and those whom nobody sells to yet."""
    from tsunagu.app.customers.models import Customer
    from tsunagu.app.deals.models import Deal

    scope = deal_scope(user)
    if scope is None:
        return Customer.objects.all()
    seen = Deal.objects.filter(scope).values("customer_id")
    sold_to = Deal.objects.filter(customer=OuterRef("pk"))
    return Customer.objects.filter(Q(pk__in=seen) | ~Exists(sold_to))


def visible_users(user: User) -> QuerySet[User]:
    """People whom ``user`` may see: the own team; a manager the subtree; who sees all, all."""
    if user.is_active and user.role in SEES_ALL:
        return User.objects.all()
    return User.objects.filter(
        Q(pk=user.pk) | Q(team__in=teams_led(user)) | Q(team__isnull=False, team_id=user.team_id)
    )


def led_users(user: User) -> QuerySet[User]:
    """People whom ``user`` leads: a manager the subtree's; who sees all, all."""
    if user.is_active and user.role in SEES_ALL:
        return User.objects.all()
    return User.objects.filter(team__in=teams_led(user))


@rules.predicate
def sees_all(user: User) -> bool:
    """Sales operations and administrators."""
    return user.role in SEES_ALL


@rules.predicate
def is_administrator(user: User) -> bool:
    """Administrators."""
    return user.role == Role.ADMINISTRATOR


@rules.predicate
def is_manager(user: User) -> bool:
    """Managers."""
    return user.role == Role.MANAGER


@rules.predicate
def owns(user: User, deal: Deal | None) -> bool:
    """The deal's owner."""
    return deal is not None and deal.owner_id == user.pk


@rules.predicate
def leads(user: User, deal: Deal | None) -> bool:
    """A manager in whose subtree the deal's team stands."""
    return deal is not None and user.role == Role.MANAGER and leads_team(user, deal.team)


@rules.predicate
def shares(user: User, deal: Deal | None) -> bool:
    """A member of the team with which the deal is shared."""
    if deal is None or user.role != Role.REPRESENTATIVE:
        return False
    return deal.shared and deal.team_id is not None and deal.team_id == user.team_id


@rules.predicate
def may_answer_for(user: User, owner: User | None) -> bool:
    """May give deals to ``owner``: to oneself; a manager to the subtree's people."""
    return owner is not None and (owner.pk == user.pk or leads_team(user, owner.team))


@rules.predicate
def leads_person(user: User, whose: User | None) -> bool:
    """A manager in whose subtree the person's team stands; of nobody in particular, any manager."""
    if user.role != Role.MANAGER or whose is None:
        return user.role == Role.MANAGER
    return leads_team(user, whose.team)


_answers = owns | leads | sees_all


@rules.predicate
def follows(user: User, improvement: Any) -> bool:
    """Whose improvement it is, and who may write the review that it came from."""
    if improvement is None:
        return False
    is_own = improvement.owner_id == user.pk
    return is_own or bool(_answers(user, improvement.review.case.deal))


rules.add_perm("deals.log", _answers | shares)
rules.add_perm("deals.change", _answers)
rules.add_perm("deals.assign", leads | (is_manager & owns) | sees_all)
rules.add_perm("deals.add", may_answer_for | sees_all)
rules.add_perm("deals.configure", sees_all)
rules.add_perm("customers.change", rules.always_allow)
rules.add_perm("exchange.run", sees_all)
rules.add_perm("exports.archive", is_administrator)
rules.add_perm("interruptions.decide", _answers)
rules.add_perm("interruptions.override", leads | (is_manager & owns) | sees_all)
rules.add_perm("interruptions.configure", sees_all)
rules.add_perm("outlook.set_targets", leads_person | sees_all)
rules.add_perm("playbooks.approve", leads | sees_all)
rules.add_perm("playbooks.configure", sees_all)
rules.add_perm("people.lead", is_manager | sees_all)
rules.add_perm("people.manage", is_administrator)
rules.add_perm("reviews.write", _answers)
rules.add_perm("reviews.follow", follows)
rules.add_perm("scoring.configure", sees_all)
rules.add_perm("webhooks.configure", sees_all)
