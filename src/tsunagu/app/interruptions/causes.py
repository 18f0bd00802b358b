"""Why sales are interrupted: the taxonomy of two levels, by the names that facts bear."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Category(TextChoices):
    """The first level: on whose side the cause lies."""

    CUSTOMER = "customer", _("Customer")
    COMPETITOR = "competitor", _("Competitor")
    INTERNAL = "internal", _("Our side")
    ENVIRONMENT = "environment", _("Environment")


class Cause(TextChoices):
    """The second level; each value begins with its category."""

    NEEDS_CHANGED = "customer.needs_changed", _("Needs changed")
    CUSTOMER_POLICY = "customer.policy_changed", _("Customer's policy changed")
    BUDGET = "customer.budget_reviewed", _("Budget reviewed")
    CONTACT_LEFT = "customer.contact_left", _("Contact person moved or left")
    LOST_INTEREST = "customer.lost_interest", _("Lost interest")
    BETTER_OFFER = "competitor.better_offer", _("Competitor's better offer")
    DISCOUNT = "competitor.discount", _("Competitor's discount")
    OUR_POLICY = "internal.policy_changed", _("Our policy changed")
    OWNER_CHANGED = "internal.owner_changed", _("Territory or owner changed")
    REORGANISATION = "internal.reorganisation", _("Our reorganisation")
    RESOURCES = "internal.lack_of_resources", _("Lack of resources")
    COMMUNICATION = "internal.poor_communication", _("Poor communication")
    INFORMATION = "internal.wrong_information", _("Wrong or missing information")
    SLOW = "internal.slow_follow_up", _("Slow follow-up")
    ECONOMY = "environment.economy", _("Economy")
    MARKET = "environment.market", _("Market")
    SEASON = "environment.season", _("Season")
    REGULATION = "environment.regulation", _("Regulation")

    @property
    def category(self) -> Category:
        """The first level."""
        return Category(self.value.partition(".")[0])


def grouped() -> list[tuple[str | Promise, list[tuple[str, str | Promise]]]]:
    """All causes by category, as a field of choices takes them."""
    return [
        (category.label, [(c.value, c.label) for c in Cause if c.category == category])
        for category in Category
    ]
