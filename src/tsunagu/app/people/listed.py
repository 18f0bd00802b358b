"""Cells about people that lists of several applications export."""

from __future__ import annotations

from collections.abc import Mapping

from tsunagu.app.people.models import User


def names_by_key() -> Mapping[str, str]:
    """What facts call people, and their names."""
    return dict(User.objects.values_list("external_id", "name"))
