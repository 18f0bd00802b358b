"""A month against its targets, with a deal and without: the owner's, and the owner's team's.

*Expected* is what is won in the month already, and of each running deal that is to close in it the
amount times the chance not to break off before the month is over (at most 90 days ahead; a deal
without a score counts whole). Other losses are not taken off, so it is the upper end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, FloatField, Max, Q, Sum, When
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from tsunagu.app.deals.models import Deal, Outcome
from tsunagu.app.outlook.months import begins, month_of, moved, this_month
from tsunagu.app.outlook.queries import with_target
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission, visible_deals
from tsunagu.app.scoring.bridge import HORIZONS


@dataclass(frozen=True)
class Side:
    """A person's month, or a team's; money in the organisation's currency.

    ``people`` of the side have ``counted`` targets; ``target`` is their sum, None without any.
    ``part`` is what this deal has in ``expected``.
    """

    name: str
    people: int
    counted: int
    target: float | None
    won: float
    expected: float
    part: float

    @property
    def without(self) -> float:
        """What is expected without this deal."""
        return self.expected - self.part

    @property
    def gaps(self) -> list[tuple[bool, float]]:
        """Whether the target is missed, and by how much (or passed): with this deal, without."""
        lacking = [(self.target or 0.0) - sum_ for sum_ in (self.expected, self.without)]
        return [(round(amount) > 0, abs(amount)) for amount in lacking]


@dataclass(frozen=True)
class Outlook:
    """The month in which a deal is to close, for one reader.

    ``sides`` leaves out whose deals the reader does not see in full. ``counts`` says whether this
    deal has a part in the month.
    """

    month: date
    sides: list[Side]
    may_set: bool
    counts: bool


def outlook(user: User, deal: Deal) -> Outlook:
    """Two queries, however many deals and people there are; needs ``owner__team``."""
    month, leads = _month(deal), has_permission(user, "outlook.set_targets", deal.owner)
    shown = ["owner"] if leads or user.pk == deal.owner_id else []
    shown += ["team"] if leads and deal.owner.team_id is not None else []
    if not shown:
        return Outlook(month, [], may_set=False, counts=False)
    found = _targets(deal.owner, month) | _sums(user, deal, month)
    return Outlook(month, [_side(name, found) for name in shown], leads, bool(found["parts"]))


def _month(deal: Deal) -> date:
    """When it is to close, or ended; this month where that is not known or over."""
    if deal.ended_at is not None:
        return month_of(timezone.localdate(deal.ended_at))
    day = deal.close_date
    if day is None or day.year == date.max.year:  # how some files write "never"
        return this_month()
    return max(this_month(), month_of(day))


def _side(name: str, found: dict[str, Any]) -> Side:
    target = found[f"{name}_target"]
    return Side(
        name=found[f"{name}_name"],
        people=found[f"{name}_people"],
        counted=found[f"{name}_counted"],
        target=None if target is None else float(target),
        won=found[f"{name}_won"] or 0.0,
        expected=found[f"{name}_expected"] or 0.0,
        part=found["part"] or 0.0,
    )


def _targets(owner: User, month: date) -> dict[str, Any]:
    """The sides' names, people and targets. Who left counts while a target is set."""
    rows = User.objects.filter(Q(pk=owner.pk) | Q(team__isnull=False, team=owner.team_id))
    rows = with_target(rows, month).annotate(target=F("set_target__amount"))
    whose = {"owner": Q(pk=owner.pk), "team": Q(team__isnull=False, team=owner.team_id)}
    names = {"owner": "name", "team": "team__name"}
    there = Q(is_active=True) | Q(target__isnull=False)
    sums: dict[str, Any] = {}
    for side, of_side in whose.items():
        sums[f"{side}_name"] = Max(names[side], filter=of_side)
        sums[f"{side}_people"] = Count("pk", filter=of_side & there)
        sums[f"{side}_counted"] = Count("target", filter=of_side)
        sums[f"{side}_target"] = Sum("target", filter=of_side)
    return rows.aggregate(**sums)


def _sums(user: User, deal: Deal, month: date) -> dict[str, Any]:
    """Won and expected of both sides, and ``part`` and ``parts`` (0 or 1) of the deal itself."""
    end = moved(month, 1)
    won = Q(outcome=Outcome.WON, ended_at__gte=begins(month), ended_at__lt=begins(end))
    # In a month that is over nothing running can be won any more.
    first = max(month, this_month())
    due = Q(outcome__isnull=True, close_date__gte=first, close_date__lt=end)
    amount = Cast("amount", FloatField())
    kept = amount * (1.0 - Coalesce(F(f"score__risk_{_horizon(end)}"), 0.0))
    worth = Case(When(won, then=amount), default=kept)
    whose = {"owner": Q(owner=deal.owner_id), "team": Q(owner__team=deal.owner.team_id)}
    sums: dict[str, Any] = {"part": Sum(worth, filter=Q(pk=deal.pk))}
    sums["parts"] = Count("pk", filter=Q(pk=deal.pk))
    for side, of_side in whose.items():
        sums[f"{side}_won"] = Sum(amount, filter=of_side & won)
        sums[f"{side}_expected"] = Sum(worth, filter=of_side)
    near = whose["owner"] if deal.owner.team_id is None else whose["owner"] | whose["team"]
    return visible_deals(user).filter(near, won | due).aggregate(**sums)


def _horizon(end: date) -> int:
    """The shortest horizon of the scores that reaches ``end``, else the longest."""
    days = (end - timezone.localdate()).days
    return next((horizon for horizon in HORIZONS if horizon >= days), HORIZONS[-1])
