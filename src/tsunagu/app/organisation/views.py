"""The first page of the settings, and one's own profile."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tsunagu.app.organisation import home
from tsunagu.app.organisation.forms import ProfileForm
from tsunagu.app.people.requests import person
from tsunagu.app.rooms.notices import wants_mail


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """What can be set, and how it stands."""
    return render(request, "organisation/home.html", {"cards": home.cards(person(request))})


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """One's own name and language, and whether mails come."""
    user = person(request)
    initial = {"name": user.name, "language": user.language, "mail": wants_mail(user)}
    form = ProfileForm(user, request.POST or None, initial=initial)
    if request.method == "POST" and form.act():
        with translation.override(form.cleaned_data["language"]):
            messages.success(request, _("Your profile is saved."))
        return redirect("settings:profile")
    context = {"form": form, "time_zone": settings.TIME_ZONE}
    return render(request, "organisation/profile.html", context, status=_status(form))


def _status(form: ProfileForm) -> int:
    return 422 if form.errors else 200
