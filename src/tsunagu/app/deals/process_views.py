"""Pages on which processes and their stages are set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from tsunagu.app.deals import process_actions as actions
from tsunagu.app.deals.models import Process, Stage
from tsunagu.app.deals.queries import process_list
from tsunagu.app.lists import page_of, render_list
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.people.requests import person


class ProcessForm(forms.Form):
    """A process's name."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)


class StageForm(forms.Form):
    """A stage's name, and how long deals usually stay."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    usual_days = forms.IntegerField(
        label=gettext_lazy("Usual days"),
        required=False,
        min_value=1,
        max_value=999,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


@require_http_methods(["GET", "POST"])
def processes(request: HttpRequest) -> HttpResponse:
    """The list, and a form for a new one."""
    user = _configurer(request)
    form = ProcessForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = _kept(form, lambda: actions.add_process(user, form.cleaned_data["name"]))
        if made:
            return redirect("settings:process", made.pk)
    page = page_of(process_list(), request.GET.get("page"))
    context = {"form": form, "page": page}
    response = render_list(request, "deals/processes.html", "deals/_processes.html", context)
    response.status_code = 422 if form.errors else 200
    return response


@require_http_methods(["GET", "POST"])
def process(request: HttpRequest, pk: int) -> HttpResponse:
    """One process with its stages; a POST adds a stage."""
    user = _configurer(request)
    found = get_object_or_404(Process, pk=pk)
    form = StageForm(request.POST or None)
    sent = request.method == "POST" and form.is_valid()
    if sent and _kept(form, lambda: actions.add_stage(user, found, **form.cleaned_data)):
        messages.success(request, _("The stage is added."))
        return redirect("settings:process", pk)
    status = 422 if form.errors else 200
    return render(request, "deals/process.html", _shown(found, form), status=status)


def _shown(found: Process, form: StageForm) -> dict[str, Any]:
    running = Count("deals", filter=Q(deals__outcome__isnull=True))
    stages = found.stages.annotate(running=running)
    rows = [(stage, StageForm(initial=vars(stage), prefix=f"stage-{stage.pk}")) for stage in stages]
    name_form = ProcessForm(initial={"name": found.name}, prefix="process")
    return {"process": found, "rows": rows, "form": form, "name_form": name_form}


def _kept(form: forms.Form, act: Callable[[], Any]) -> Any:
    """What the action gives; None, with its refusal in the form, if it refuses."""
    try:
        return act()
    except ValidationError as refused:
        form.add_error(None, " ".join(refused.messages))
        return None


@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename, archive, make the standard: ``do`` says which."""
    user = _configurer(request)
    found = get_object_or_404(Process, pk=pk)
    name = ProcessForm(request.POST, prefix="process")
    acts: dict[str, Callable[[], None]] = {
        "rename": lambda: actions.rename_process(user, found, _data(name)["name"]),
        "default": lambda: actions.make_default(user, found),
        "archive": lambda: actions.set_archived(user, found, True),
        "restore": lambda: actions.set_archived(user, found, False),
    }
    return _act(request, acts, pk)


@require_POST
def stage(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit, shift, retire a stage: ``do`` says which."""
    user = _configurer(request)
    found = get_object_or_404(Stage.objects.select_related("process"), pk=pk)
    form = StageForm(request.POST, prefix=f"stage-{pk}")
    acts: dict[str, Callable[[], None]] = {
        "save": lambda: actions.edit_stage(user, found, **_data(form)),
        "up": lambda: actions.shift_stage(user, found, -1),
        "down": lambda: actions.shift_stage(user, found, 1),
        "retire": lambda: actions.set_retired(user, found, True),
        "offer": lambda: actions.set_retired(user, found, False),
    }
    return _act(request, acts, found.process_id)


def _data(form: forms.Form) -> dict[str, Any]:
    if not form.is_valid():
        words = [f"{form.fields[name].label}: {e[0]}" for name, e in form.errors.items()]
        raise ValidationError(words)
    return form.cleaned_data


def _act(request: HttpRequest, acts: dict[str, Callable[[], None]], pk: int) -> HttpResponse:
    act = acts.get(request.POST.get("do", ""))
    try:
        if act:
            act()
            messages.success(request, _("Saved."))
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    return redirect("settings:process", pk)


@require_POST
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """The stages were dragged into another order, as ids with commas between."""
    user = _configurer(request)
    found = get_object_or_404(Process, pk=pk)
    said = request.POST.get("order", "").split(",")
    ids = [int(part) for part in said if part.isascii() and part.isdigit() and len(part) < 18]
    try:
        actions.reorder_stages(user, found, ids)
    except ValidationError as refused:
        return HttpResponse(" ".join(refused.messages), status=422, content_type="text/plain")
    return HttpResponse(status=204)


def _configurer(request: HttpRequest) -> User:
    user = person(request)
    require(user, actions.PERMISSION)
    return user
