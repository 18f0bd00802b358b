"""Tells the rest of the application that a deal changed."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string


def announce(deal_id: int) -> None:
    """After the commit, call every function that ``settings.DEAL_CHANGED`` names with the id.

    One that fails is logged and stops neither the others nor the change itself.
    """
    for name in settings.DEAL_CHANGED:
        after_commit(name, deal_id)


def after_commit(name: str, deal_id: int) -> None:
    """After the commit, call the function of the dotted ``name`` with the id."""

    # No functools.partial: Django names a failing callback in its log, and that has no name.
    def call() -> None:
        import_string(name)(deal_id)

    transaction.on_commit(call, robust=True)


def announce_many(deal_ids: Sequence[int]) -> None:
    """Call every function that ``settings.DEALS_CHANGED`` names with all the ids at once.

    For work on many deals that has its own background job, such as an import.
    """
    for name in settings.DEALS_CHANGED:
        import_string(name)(deal_ids)
