"""Pages of tasks, and the sheets about runs and tasks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from tsunagu.app.interruptions import case_sheets
from tsunagu.app.interruptions.sheets import CaseForm
from tsunagu.app.lists import page_of, render_list
from tsunagu.app.people.permissions import has_permission, visible_interruptions
from tsunagu.app.people.requests import person
from tsunagu.app.playbooks import queries
from tsunagu.app.playbooks.models import Playbook, Run, Task
from tsunagu.app.playbooks.sheets import TASK_SHEETS, StartForm, StopForm

CASE = "run__case__deal__"


@require_GET
def tasks(request: HttpRequest) -> HttpResponse:
    """Open tasks: one's own, the team's, those that escalated, those that wait for approval."""
    user = person(request)
    wanted = queries.TaskFilter.from_query(request.GET, user)
    rows = queries.task_list(user, wanted)
    context = {
        "page": page_of(rows, request.GET.get("page"), queries.PAGE_SIZE),
        "wanted": wanted,
        "leads": has_permission(user, "people.lead"),
    }
    return render_list(request, "playbooks/tasks.html", "playbooks/_tasks.html", context)


@require_http_methods(["GET", "POST"])
def task(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A sheet in which a task changes."""
    rows = queries.visible_tasks(person(request)).select_related(
        "assignee", "run__version", f"{CASE}customer", f"{CASE}owner", f"{CASE}team"
    )
    found: Task = get_object_or_404(rows, pk=pk)
    return _used(request, TASK_SHEETS[name](person(request), found, _sent(request)))


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, pk: int, playbook: int) -> HttpResponse:
    """A sheet in which a playbook is started on a case."""
    user = person(request)
    case = get_object_or_404(_cases(request), pk=pk)
    rows = Playbook.objects.filter(in_use__isnull=False).select_related("in_use")
    found = get_object_or_404(rows, pk=playbook)
    return _used(request, StartForm(user, case, _sent(request), found))


@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """A sheet in which a run is stopped."""
    rows = Run.objects.filter(case__in=visible_interruptions(person(request)).values("pk"))
    found = get_object_or_404(rows.select_related("case__deal__customer", "version"), pk=pk)
    return _used(request, StopForm(person(request), found, _sent(request)))


def _cases(request: HttpRequest) -> Any:
    rows = visible_interruptions(person(request))
    return rows.select_related("deal__customer", "deal__owner", "deal__team")


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _used(request: HttpRequest, form: CaseForm) -> HttpResponse:
    return case_sheets.use(request, form, heard={"tasks-changed": "", **case_sheets.changed(form)})
