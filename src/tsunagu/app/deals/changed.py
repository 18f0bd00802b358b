"""Tells the rest of the application that a deal changed."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string


def announce(deal_id: int) -> None:
    """After the commit, call every function that ``settings.DEAL_CHANGED`` names with the id.

    One that fails is logged and stops neither the others nor the change itself.
    """
    for name in settings.DEAL_CHANGED:
        transaction.on_commit(partial(import_string(name), deal_id), robust=True)
