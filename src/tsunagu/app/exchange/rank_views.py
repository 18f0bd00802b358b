"""The page on which ranks get their meaning."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from tsunagu.app.exchange import ranks as rank_map
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.people.requests import person

EMPTY_ROWS = 3


class RankForm(forms.Form):
    """One rank; a row that is emptied is taken out."""

    word = forms.CharField(label=gettext_lazy("Rank"), max_length=100, required=False)
    percent = forms.IntegerField(
        label=gettext_lazy("Probability"),
        min_value=0,
        max_value=100,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        """Both or neither."""
        said = super().clean() or {}
        if said.get("word") and said.get("percent") is None and "percent" not in self.errors:
            self.add_error("percent", _("Give a percentage, or empty the rank."))
        return said


class RankFormSet(forms.BaseFormSet[RankForm]):
    """All ranks."""

    def clean(self) -> None:
        """No rank twice, in any width or case of letters."""
        seen: set[str] = set()
        for form in self.forms:
            word = rank_map.plain(form.cleaned_data.get("word") or "") if form.is_valid() else ""
            if word in seen:
                form.add_error("word", _("This rank stands above already."))
            seen |= {word} - {""}


RankForms = forms.formset_factory(
    RankForm,
    formset=RankFormSet,
    extra=EMPTY_ROWS,
    max_num=rank_map.MOST + EMPTY_ROWS,
    absolute_max=rank_map.MOST + EMPTY_ROWS,
)


@require_http_methods(["GET", "POST"])
def ranks(request: HttpRequest) -> HttpResponse:
    """The map; saved as a whole."""
    user = _configurer(request)
    rows = [{"word": word, "percent": percent} for word, percent in rank_map.current().items()]
    forms_now = RankForms(request.POST or None, initial=rows)
    if request.method == "POST" and forms_now.is_valid() and _saved(request, user, forms_now):
        messages.success(request, _("The ranks are saved. New imports use them."))
        return redirect("settings:ranks")
    bad = forms_now.is_bound and not forms_now.is_valid()
    context = {"forms": forms_now, "own": rank_map.is_own(), "bad": bad}
    return render(request, "exchange/ranks.html", context, status=422 if bad else 200)


def _saved(request: HttpRequest, user: User, forms_now: forms.BaseFormSet[RankForm]) -> bool:
    said = [form.cleaned_data for form in forms_now if form.cleaned_data.get("word")]
    try:
        rank_map.save(user, {row["word"]: row["percent"] for row in said})
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return False
    return True


@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    """Go back to the shipped map."""
    rank_map.restore(_configurer(request))
    messages.success(request, _("The shipped ranks hold again."))
    return redirect("settings:ranks")


def _configurer(request: HttpRequest) -> User:
    user = person(request)
    require(user, "deals.configure")
    return user
