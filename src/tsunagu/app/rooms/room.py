"""What the team room on a case's page shows to one reader."""

from __future__ import annotations

from functools import cached_property

from django.utils.functional import Promise

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission
from tsunagu.app.rooms import timeline
from tsunagu.app.rooms.forms import CommentForm
from tsunagu.app.rooms.timeline import Page, Place
from tsunagu.app.rooms.watching import watchers


class Room:
    """The room of one case for one reader; each part is asked for once.

    ``kind`` narrows the timeline; ``before`` is where its older entries begin.
    """

    def __init__(
        self,
        user: User,
        case: Interruption,
        kind: str = "",
        before: Place | None = None,
        *,
        form: CommentForm | None = None,
    ) -> None:
        self.user, self.case, self.before = user, case, before
        self.kinds: dict[str, str | Promise] = {s.key: s.label for s in timeline.sources()}
        self.kind = kind if kind in self.kinds else ""
        self.form = form or CommentForm(user, case)

    @cached_property
    def may_write(self) -> bool:
        """Whether the reader takes part."""
        return has_permission(self.user, "deals.log", self.case.deal)

    @cached_property
    def may_decide(self) -> bool:
        """Whether the reader calls comments decisions of the team."""
        return has_permission(self.user, "interruptions.decide", self.case.deal)

    @cached_property
    def watchers(self) -> list[User]:
        """Who is told what happens here."""
        return list(watchers(self.case))

    @property
    def watches(self) -> bool:
        """Whether the reader is told."""
        return self.user in self.watchers

    @cached_property
    def page(self) -> Page:
        """The entries of the timeline that are shown."""
        return timeline.read(self.case, self.kind, self.before)
