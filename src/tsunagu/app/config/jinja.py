"""The second engine of templates, for rows that a page shows by the hundred.

Django's engine looks every name, word and address up again for each row: a board of 300 cards took
five times as long as its queries. Jinja compiles a template to Python. Both engines use the same
functions to write days, sums and risks; ``{% draw %}`` brings a Jinja template into a Django one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils.translation import gettext
from jinja2 import Environment

from tsunagu.app.config.templatetags import tsunagu
from tsunagu.app.days import day
from tsunagu.app.deals.templatetags import risk
from tsunagu.app.interruptions.templatetags.interruptions import (
    case_words,
    cause_word,
    strongest,
)
from tsunagu.app.sums import money

ANY_KEY = 9_223_372_036_854_775_807
"""A key that no row has: the largest there is."""


def addresses(name: str) -> Callable[[int], str]:
    """What makes the address called ``name`` from a row's key, looked up once for all rows."""
    before, _key, after = reverse(name, args=[ANY_KEY]).partition(str(ANY_KEY))
    return lambda key: f"{before}{key}{after}"


def environment(**options: Any) -> Environment:
    """Jinja with the functions that our templates use."""
    made = Environment(**options, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 Django escapes
    made.globals |= {"_": gettext, "addresses": addresses, "icon": tsunagu.icon}
    made.filters |= {
        "bar": risk.bar,
        "case_words": case_words,
        "cause_word": cause_word,
        "day": day,
        "floatformat": floatformat,
        "is_calm": risk.is_calm,
        "is_past": tsunagu.is_past,
        "money": money,
        "percent": risk.percent,
        "raising": risk.raising,
        "risk_level": risk.risk_level,
        "risk_word": risk.risk_word,
        "strongest": strongest,
    }
    return made
