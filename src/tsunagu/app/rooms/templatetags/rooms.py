"""The team room for the page of a case, and the words that people write there."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html, format_html_join, urlize
from django.utils.safestring import SafeString, mark_safe

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.rooms import mentions
from tsunagu.app.rooms.models import Attachment, Comment
from tsunagu.app.rooms.room import Room

register = template.Library()


@register.inclusion_tag("rooms/_on_case.html", takes_context=True)
def team_room(context: Any, case: Interruption) -> dict[str, Any]:
    """The room of ``case`` for the reader of the page."""
    request = context["request"]
    room = Room(request.user, case)
    return {"room": room, "case": case, "request": request, "user": request.user}


@register.filter
def said(comment: Comment) -> SafeString:
    """The comment's words: line breaks, links, and whom it mentions; nothing else is markup."""
    pattern = mentions.signs(comment.mentioned.all())
    pieces = pattern.split(comment.text) if pattern else [comment.text]
    return linebreaksbr(
        format_html_join("", "{}", ((_piece(place, piece),) for place, piece in enumerate(pieces)))
    )


def _piece(place: int, piece: str) -> SafeString:
    # A split by one group: what it matched stands at the odd places.
    if place % 2:
        return format_html('<b class="mention">{}</b>', piece)
    return mark_safe(urlize(piece, nofollow=True, autoescape=True))  # noqa: S308  # it escapes


@register.filter
def linked(text: str) -> SafeString:
    """Words that somebody wrote, with links and line breaks."""
    found = urlize(re.sub(r"\r\n?", "\n", text), nofollow=True, autoescape=True)
    return linebreaksbr(mark_safe(found))  # noqa: S308  # it escapes


@register.simple_tag
def may_correct(room: Room, comment: Comment) -> bool:
    """Whether the reader may correct the comment now."""
    return room.may_write and comment.is_correctable_by(room.user)


@register.simple_tag
def may_remove(room: Room, attachment: Attachment) -> bool:
    """Whether the reader may remove the file."""
    own = room.may_write and attachment.by_id == room.user.pk
    return own or room.may_decide
