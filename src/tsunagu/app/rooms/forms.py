"""Forms of the team room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tsunagu.app.acting import MOST_TEXT, ActingForm
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.interruptions.sheets import CaseForm
from tsunagu.app.people.models import User
from tsunagu.app.rooms import actions, advice
from tsunagu.app.rooms.files import ENDINGS
from tsunagu.app.rooms.models import Adviser, Comment


class SeveralFiles(forms.FileInput):
    """A field in which several files are chosen."""

    allow_multiple_selected = True


class CommentForm(ActingForm):
    """Something to say on the case, files, or both; the files are checked by the action."""

    text = forms.CharField(
        label=gettext_lazy("Write to the team"),
        max_length=actions.MOST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    uploads = forms.Field(
        label=gettext_lazy("Files"),
        required=False,
        widget=SeveralFiles(attrs={"accept": ",".join(ENDINGS)}),
    )
    decision = forms.BooleanField(label=gettext_lazy("A decision of the team"), required=False)

    def __init__(
        self, actor: User, case: Interruption, data: Any = None, files: Any = None
    ) -> None:
        self.case = case
        super().__init__(actor, data, files=files, auto_id="say-%s")

    def sent(self) -> list[UploadedFile[bytes]]:
        """All files that were sent."""
        return self.files.getlist("uploads") if isinstance(self.files, MultiValueDict) else []

    def perform(self) -> str:
        said = self.cleaned_data
        told = actions.write(
            self.actor,
            self.case,
            said["text"],
            uploads=self.sent(),
            decision=said["decision"],
        )
        if not told:
            return _("Written.")
        return _("Written. Told: %(names)s") % {"names": ", ".join(user.name for user in told)}


class CorrectForm(CaseForm):
    """A comment that its author puts right."""

    heading = gettext_lazy("Correct the comment")
    permission = "deals.log"
    text = forms.CharField(
        label=gettext_lazy("Comment"),
        max_length=actions.MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Write something.")},
    )

    def __init__(self, user: User, comment: Comment, data: Any = None) -> None:
        self.comment = comment
        super().__init__(user, comment.case, data)

    def before(self, case: Interruption) -> dict[str, Any]:
        return {"text": self.comment.text}

    def perform(self) -> str:
        told = actions.correct(self.user, self.comment, self.cleaned_data["text"])
        if not told:
            return _("Corrected.")
        return _("Corrected. Told: %(names)s") % {"names": ", ".join(user.name for user in told)}


class AskForm(CaseForm):
    """A question to people who resumed similar cases."""

    heading = gettext_lazy("Ask for advice")
    label = gettext_lazy("Ask")
    permission = "deals.log"
    template = "rooms/sheets/ask.html"
    text = forms.CharField(
        label=gettext_lazy("Your question"),
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Write your question.")},
    )

    def prepare(self) -> None:
        self.people = advice.who_could_know(self.user, self.case)
        self.size = advice.size_class(self.deal.amount)

    def perform(self) -> str:
        asked = len(advice.ask(self.user, self.case, self.cleaned_data["text"]))
        return ngettext("%(n)d person is asked.", "%(n)d people are asked.", asked) % {"n": asked}


class AnswerForm(ActingForm):
    """The advice of one who was asked."""

    text = forms.CharField(
        label=gettext_lazy("Your advice"),
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Write your advice.")},
    )

    def __init__(self, actor: User, adviser: Adviser, data: Any = None) -> None:
        self.adviser = adviser
        super().__init__(actor, data)

    def perform(self) -> None:
        advice.answer(self.actor, self.adviser, self.cleaned_data["text"])
