"""The list of one's notices, as it is exported."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.listing import Listed, column, labels
from tsunagu.app.people.models import User
from tsunagu.app.rooms import notices
from tsunagu.app.rooms.models import Notice, Told


def _notices(user: User, query: QueryDict) -> QuerySet[Notice]:
    return notices.inbox(user, query.get("show", ""))


NOTICES = Listed(
    "notices",
    _("Notices"),
    _notices,
    (
        column(_("When it happened"), "at"),
        column(_("Kind"), "kind", teller=labels(Told)),
        column(_("By"), "by__name"),
        column(_("Deal number"), "case__deal__external_id"),
        column(_("Title"), "case__deal__title"),
        column(_("Comment"), "comment__text"),
        column(_("Read"), "read_at"),
    ),
)
