"""What people are to win."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tsunagu.app.people.models import User


class Target(models.Model):
    """The value of deals that ``user`` is to win in a month; ``month`` is its first day.

    A team's target is the sum of its people's.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="targets", db_index=False)
    month = models.DateField(_("month"))
    amount = models.DecimalField(_("target"), max_digits=18, decimal_places=2)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "month"], name="one_target_a_month"),
            models.CheckConstraint(condition=Q(month__day=1), name="target_month_first_day"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="target_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.month:%Y-%m}"
