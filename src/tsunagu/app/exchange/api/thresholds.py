"""From which measure on a signal is raised, by process."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, Field

from tsunagu.app.deals.models import Process
from tsunagu.app.exchange.api import answers
from tsunagu.app.exchange.api.conditional import expect
from tsunagu.app.exchange.api.nouns import Id, Noun, Said, locked, one_of, user_of
from tsunagu.app.exchange.api.routing import Routes
from tsunagu.app.exchange.api.scopes import Group
from tsunagu.app.interruptions import actions, limits
from tsunagu.app.people.permissions import require

routes = Routes(Group.CASES, _("Thresholds"))


class LimitOut(BaseModel):
    """The threshold of one kind of signal."""

    kind: str = Field(examples=["silence"])
    name: str = Field(description="In the caller's language.")
    unit: str
    shipped: float
    learned: float = Field(description="Of history and of people's decisions.")
    own: float | None = Field(description="Set for this process; it goes before the learned one.")


class ThresholdsOut(Noun):
    """A process's thresholds; ``id`` is the process's.

    The kind `together` is the joint strength of signals from which a case is opened.
    """

    limits: list[LimitOut]

    @classmethod
    def of(cls, process: Process) -> ThresholdsOut:
        """Those of ``process``."""
        found = limits.of_process(process, get_language() or "ja")
        return cls(
            id=process.pk,
            limits=[
                LimitOut(
                    kind=limit.kind,
                    name=limit.name,
                    unit=str(limit.unit),
                    shipped=limit.shipped,
                    learned=limit.learned,
                    own=limit.own,
                )
                for limit in found
            ],
        )


Kind = Annotated[str, Field(max_length=30)]
Cut = Annotated[float, Field(gt=0)]


class ThresholdsIn(Said):
    """Thresholds by kind; null leaves a kind to what is learned, kinds not named stay."""

    own: dict[Kind, Cut | None] = Field(min_length=1, max_length=100)


@routes.get("/processes/{pk}/thresholds", response=ThresholdsOut, summary=_("Thresholds"))
def get_thresholds(request: HttpRequest, pk: Id) -> HttpResponse:
    require(user_of(request), "interruptions.configure")
    return answers.one(request, ThresholdsOut.of(one_of(Process.objects.all(), pk)))


@routes.patch("/processes/{pk}/thresholds", response=ThresholdsOut, summary=_("Set thresholds"))
def set_thresholds(request: HttpRequest, pk: Id, said: ThresholdsIn) -> HttpResponse:
    user = user_of(request)
    require(user, "interruptions.configure")
    process = one_of(locked(Process.objects.all()), pk)
    expect(request, ThresholdsOut.of(process))
    actions.set_thresholds(user, process, said.own)
    return answers.one(request, ThresholdsOut.of(process))
