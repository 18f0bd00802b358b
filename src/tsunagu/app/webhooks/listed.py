"""Lists of endpoints and of their messages, as they are exported."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals.queries import number
from tsunagu.app.listing import Listed, column, labels
from tsunagu.app.people.models import User
from tsunagu.app.webhooks import queries
from tsunagu.app.webhooks.models import Delivery, Endpoint, Topic


def _endpoints(user: User, query: QueryDict) -> QuerySet[Endpoint]:
    return queries.endpoints()


def _messages(user: User, query: QueryDict) -> QuerySet[Delivery]:
    found = queries.endpoints().filter(pk=number(query.get("of")) or 0).first()
    wanted = queries.LogFilter.from_query(query)
    return queries.log(found, wanted) if found else Delivery.objects.none()


ENDPOINTS = Listed(
    "webhooks",
    _("Webhooks"),
    _endpoints,
    (
        column(_("Name"), "name"),
        column(_("address"), "url"),
        column(_("Waiting"), "waiting"),
        column(_("Given up"), "dead"),
        column(_("Last arrival"), "arrived_at"),
    ),
    permission="webhooks.configure",
)

MESSAGES = Listed(
    "webhook-messages",
    _("Messages"),
    _messages,
    (
        column(_("Message"), "message"),
        column(_("topic"), "topic", teller=labels(Topic)),
        column(_("Made"), "made_at"),
        column(_("Tries"), "tries"),
        column(_("Next try"), "due_at"),
        column(_("Delivered"), "delivered_at"),
        column(_("Given up"), "dead_at"),
    ),
    permission="webhooks.configure",
)
