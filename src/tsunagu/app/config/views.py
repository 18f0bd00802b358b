"""Pages that belong to no noun: the first page, the error pages, and the health check."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from tsunagu.app.config.navigation import navigation


@require_GET
def home(request: HttpRequest) -> HttpResponseRedirect:
    """To the first entry of the navigation: what a day begins with."""
    return redirect(navigation(request)["navigation"][0]["url"])


@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Whether the application can read its database; for load balancers and systemd."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: the page is seen but may not be used so."""
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: also for what the person may not see."""
    return render(request, "404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """500: rendered without the request, since anything in it may be what broke."""
    return render(None, "500.html", status=500)
