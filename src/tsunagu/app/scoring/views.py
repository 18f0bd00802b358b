"""The page about the model behind the risks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from tsunagu.app.people.permissions import require
from tsunagu.app.people.requests import person
from tsunagu.app.scoring import actions, queries
from tsunagu.app.scoring.models import Run


@require_GET
def model(request: HttpRequest) -> HttpResponse:
    """Which model is in use, what it learned from, and what is under way."""
    require(person(request), "scoring.configure")
    context = {**_shown(), "versions": queries.versions(), "coverage": queries.coverage()}
    return render(request, "scoring/model.html", context)


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
