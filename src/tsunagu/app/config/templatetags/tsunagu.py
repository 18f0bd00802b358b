"""How pages write days, money and icons. Loaded into every template."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any
from unicodedata import normalize

from django import template
from django.forms import BoundField, CheckboxInput, Select
from django.template import engines
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from tsunagu.app.days import day
from tsunagu.app.sums import money

register = template.Library()
register.filter(day)
register.filter(money)


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon of the sprite that ``scripts/assets`` makes; decoration, hidden from readers."""
    sprite = static("vendor/icons.svg")
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', sprite, name
    )


@register.simple_tag
def draw(template: str, **values: Any) -> SafeString:
    """A template of the second engine (:mod:`tsunagu.app.config.jinja`), which escapes as well."""
    return mark_safe(engines["jinja2"].get_template(template).render(values))  # noqa: S308


@register.filter
def instant(value: datetime | None) -> str:
    """:func:`day` with the time of day."""
    return f"{day(value)} {timezone.localtime(value):%H:%M}" if value else ""


@register.filter
def days_since(value: datetime | None) -> int | None:
    """Whole local days from ``value`` to today."""
    return None if value is None else (timezone.localdate() - timezone.localdate(value)).days


@register.filter
def is_past(value: date | None) -> bool:
    """Whether the day ``value`` is over."""
    return value is not None and value < timezone.localdate()


@register.filter
def dial(phone: str) -> str:
    """What a telephone dials: digits and ``+`` of a number as people write it."""
    return "".join(c for c in normalize("NFKC", phone) if c in "+0123456789*#,")


@register.simple_tag(takes_context=True)
def page_address(context: Any, number: int, key: str = "") -> str:
    """The address that shows another page of the list whose pages stand under ``key``."""
    query = context["request"].GET.copy()
    query[key or "page"] = str(number)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def export_query(context: Any, of: int | str = "") -> str:
    """What the list was asked for, as its export is; ``of``: the row whose page it stands on."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    if of:
        query["of"] = str(of)
    return str(query.urlencode())


@register.filter
def control(field: BoundField) -> SafeString:
    """A form's field in the user interface kit's look."""
    box = isinstance(field.field.widget, CheckboxInput)
    choice = isinstance(field.field.widget, Select)
    look = "form-check-input" if box else "form-select" if choice else "form-control"
    return field.as_widget(attrs={"class": look + (" is-invalid" if field.errors else "")})
