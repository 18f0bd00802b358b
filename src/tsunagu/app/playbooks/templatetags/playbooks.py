"""What templates ask of playbooks."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tsunagu.app.interruptions.causes import Cause
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import User
from tsunagu.app.playbooks import approving, effects
from tsunagu.app.playbooks.filling import Values, fill_html
from tsunagu.app.playbooks.models import Playbook, Task
from tsunagu.app.playbooks.on_case import OnCase
from tsunagu.app.playbooks.queries import TodaysTasks, todays_tasks
from tsunagu.app.playbooks.steps import Channel
from tsunagu.app.playbooks.words import Words
from tsunagu.app.scoring.plays import Effect

register = template.Library()

ICONS = {
    Channel.TELEPHONE: "phone",
    Channel.EMAIL: "mail",
    Channel.LETTER: "file-text",
    Channel.VISIT: "map-pin",
    Channel.MEETING: "users",
    Channel.INTERNAL: "note",
}


@register.simple_tag
def response_to(case: Interruption, user: User) -> OnCase:
    """The part of a case's page."""
    return OnCase(user, case)


@register.simple_tag
def tasks_of_today(user: User, member: User) -> TodaysTasks:
    """The part of Today."""
    return todays_tasks(user, member)


@register.filter
def approval_waits(response: OnCase, task: Task) -> str:
    """Why the reader, who may approve, does not approve this step; empty: nothing is against it."""
    waits = approving.is_own(response.user, task) and response.other_approvers
    return approving.own_words(response.other_approvers) if waits else ""


@register.filter
def approves_alone(response: OnCase, task: Task) -> bool:
    """Whether the step is the reader's own and nobody else may approve it."""
    return approving.is_own(response.user, task) and not response.other_approvers


@register.filter
def channel_icon(channel: Channel) -> str:
    """The name of its icon."""
    return ICONS[channel]


@register.filter
def filled(words: Words, values: Values) -> SafeString:
    """A script with the case's words in it, escaped."""
    return fill_html(words.words, values)


@register.filter
def cause_names(causes: list[str]) -> list[Any]:
    """Causes in the reader's words."""
    return [Cause(c).label if c in Cause.values else _("Every case") for c in causes]


@register.filter
def effect_of(known: effects.Known, playbook: Playbook) -> Effect | None:
    """What the playbook achieved."""
    return known.of(playbook)


@register.filter
def effect_words(effect: Effect) -> str:
    """In one line."""
    return effects.words(effect)
