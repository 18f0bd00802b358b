"""The page about the model behind the risks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tsunagu.app.lists import page_of, wants_part
from tsunagu.app.people.permissions import require
from tsunagu.app.people.requests import person
from tsunagu.app.scoring import actions, charts, presenting, queries, registry, watching
from tsunagu.app.scoring.models import DriftFinding, RiskModelVersion, Run

VERSIONS_A_PAGE = 20


@require_GET
def model(request: HttpRequest) -> HttpResponse:
    """Which model is in use, what it learned from, and what is under way."""
    require(person(request), "scoring.configure")
    page = page_of(queries.versions(), request.GET.get("page"), VERSIONS_A_PAGE)
    rows = {"page": page, "rows": presenting.rows(page)}
    if wants_part(request):
        return render(request, "scoring/_versions.html", rows)
    found = {"findings": presenting.findings(queries.findings()), "card": presenting.card_in_use()}
    context = {**_shown(), **rows, **found, "coverage": queries.coverage()}
    return render(request, "scoring/model.html", context)


@require_GET
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: its card, and how it compared."""
    require(person(request), "scoring.configure")
    found = get_object_or_404(
        RiskModelVersion.objects.defer("content", "reference", "drift"), pk=pk
    )
    return render(request, "scoring/version.html", {"shown": presenting.Shown(found)})


@require_GET
def chart(request: HttpRequest) -> JsonResponse:
    """What the plots of the model in use draw."""
    require(person(request), "scoring.configure")
    return JsonResponse(charts.of_model_in_use())


@require_POST
def use(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an earlier model back."""
    try:
        registry.roll_back(person(request), get_object_or_404(RiskModelVersion, pk=pk))
    except registry.NotUsedEarlierError:
        messages.error(request, _("Only a model that was in use earlier can be used again."))
    except registry.NoLongerKeptError:
        messages.error(request, _("The file of this model is no longer kept."))
    except registry.OvertakenError:
        messages.error(request, _("Another model came into use in this moment. Look again."))
    return redirect("scoring:model")


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Take note of what drifts."""
    watching.note(person(request), get_object_or_404(DriftFinding, pk=pk))
    return redirect("scoring:model")


@require_GET
def run(request: HttpRequest) -> HttpResponse:
    """The work under way, asked for again and again until there is none."""
    require(person(request), "scoring.configure")
    response = render(request, "scoring/_run.html", _shown())
    if not queries.open_runs():
        response.headers["HX-Refresh"] = "true"
    return response


@require_POST
def fit(request: HttpRequest) -> HttpResponse:
    """Fit now."""
    actions.start_fit(person(request))
    return redirect("scoring:model")


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop the work under way."""
    actions.stop_run(person(request), get_object_or_404(Run, pk=pk))
    return redirect("scoring:model")


def _shown() -> dict[str, Any]:
    return {
        "model": queries.model_in_use(),
        "runs": queries.open_runs(),
        "last": queries.last_run(),
    }
