"""What a case's page shows of following up."""

from __future__ import annotations

from functools import cached_property

from django.conf import settings
from django.core.paginator import Page

from tsunagu.app.followup.models import Mail
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.lists import page_of
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission

SHOWN = 5


class Panel:
    """Mails and letters of one case, newest first; two queries."""

    def __init__(self, user: User, case: Interruption, number: str | None = None) -> None:
        self.user, self.case, self.number = user, case, number

    @cached_property
    def may_log(self) -> bool:
        """Whether the reader may write and call."""
        return has_permission(self.user, "deals.log", self.case.deal)

    @property
    def may_send(self) -> bool:
        """Whether the reader may let the application send a mail."""
        return self.may_log and bool(settings.MAIL_IS_SET_UP)

    @cached_property
    def page(self) -> Page[Mail]:
        """The mails shown."""
        rows = Mail.objects.filter(case=self.case).select_related("contact", "made_by")
        return page_of(rows.defer("body"), self.number, SHOWN)

    @property
    def is_under_way(self) -> bool:
        """Whether something may change within moments."""
        return any(mail.is_under_way for mail in self.page)

    @property
    def is_waiting(self) -> bool:
        """Whether something may change within minutes."""
        return any(mail.is_waiting for mail in self.page)
