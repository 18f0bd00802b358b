"""Hears of changes while they happen, so that messages leave within a second."""

from __future__ import annotations

from tsunagu.app.asking import ask_once
from tsunagu.app.webhooks.outbox import listening
from tsunagu.app.webhooks.tasks import tell


def deal_changed(deal_id: int) -> None:
    """A fact was recorded, or a case has changed."""
    if listening().exists():
        ask()


def ask() -> None:
    """Let a worker tell."""
    ask_once(tell)
