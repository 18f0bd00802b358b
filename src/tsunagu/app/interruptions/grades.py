"""How serious a case looks to a person: a grade of 1 to 5, which no record tells.

People choose strong plays for serious cases, so the effect of plays can only be told by it.
"""

from __future__ import annotations

from django.db.models import IntegerChoices
from django.utils.translation import pgettext_lazy


class Grade(IntegerChoices):
    """From the lightest to the heaviest."""

    VERY_LIGHT = 1, pgettext_lazy("how serious", "very light")
    LIGHT = 2, pgettext_lazy("how serious", "light")
    MEDIUM = 3, pgettext_lazy("how serious", "medium")
    HEAVY = 4, pgettext_lazy("how serious", "heavy")
    VERY_HEAVY = 5, pgettext_lazy("how serious", "very heavy")
