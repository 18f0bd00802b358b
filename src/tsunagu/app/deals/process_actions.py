"""What can be done to processes and stages: each with its permission, transaction and audit entry.

Facts and files name a stage by its key, so keys never change and no stage is deleted: what is no
longer wanted is retired. Every action may raise ``PermissionDenied`` or ``ValidationError``.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, Q
from django.utils.translation import gettext as _

from tsunagu.app.deals.models import Process, Stage
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require

PERMISSION = "deals.configure"
ASIDE = 10_000
"""Added to positions while they are exchanged: no two stages may share one even for a moment."""


def add_process(user: User, name: str) -> Process:
    """A new process without stages; the first becomes the default one."""
    require(user, PERMISSION)
    with transaction.atomic():
        process = Process(name=name, is_default=not Process.objects.exists())
        process.full_clean()
        process.save()
        audit.record(user, "add_process", process, after={"name": name})
    return process


def rename_process(user: User, process: Process, name: str) -> None:
    """Give it another name."""
    require(user, PERMISSION)
    with transaction.atomic():
        found = _locked(process)
        before, found.name = found.name, name
        found.full_clean()
        found.save(update_fields=["name"])
        audit.record(user, "rename_process", found, before={"name": before}, after={"name": name})


def make_default(user: User, process: Process) -> None:
    """Let new and imported deals go through this process."""
    require(user, PERMISSION)
    with transaction.atomic():
        found = _locked(process)
        if found.archived:
            raise ValidationError(_("This process is archived. Choose another."))
        Process.objects.filter(is_default=True).update(is_default=False)
        Process.objects.filter(pk=found.pk).update(is_default=True)
        audit.record(user, "make_default", found)


def set_archived(user: User, process: Process, archived: bool) -> None:
    """Take no more new deals, or take them again; deals that run in it go on."""
    require(user, PERMISSION)
    with transaction.atomic():
        found = _locked(process)
        if archived and found.is_default:
            raise ValidationError(_("Make another process the standard first."))
        found.archived = archived
        found.save(update_fields=["archived"])
        audit.record(user, "set_archived", found, after={"archived": archived})


def add_stage(user: User, process: Process, *, name: str, usual_days: int | None = None) -> Stage:
    """A new last stage; its first name becomes its key."""
    require(user, PERMISSION)
    with transaction.atomic():
        found = _locked(process)
        _refuse_known_name(found, name)
        last = found.stages.aggregate(last=Max("position"))["last"]
        stage = Stage(process=found, key=name, name=name, usual_days=usual_days)
        stage.position = 0 if last is None else last + 1
        stage.full_clean()
        stage.save()
        after = {"name": name, "usual_days": usual_days}
        audit.record(user, "add_stage", stage, after=after)
    return stage


def edit_stage(user: User, stage: Stage, *, name: str, usual_days: int | None) -> None:
    """Another name or other usual days; the key stays."""
    require(user, PERMISSION)
    with transaction.atomic():
        found = _locked_stage(stage)
        _refuse_known_name(found.process, name, but=found)
        before = {"name": found.name, "usual_days": found.usual_days}
        found.name, found.usual_days = name, usual_days
        found.full_clean()
        found.save(update_fields=["name", "usual_days"])
        after = {"name": name, "usual_days": usual_days}
        audit.record(user, "edit_stage", found, before=before, after=after)


def set_retired(user: User, stage: Stage, retired: bool) -> None:
    """Take no more deals, or take them again; deals in it stay until they are moved."""
    require(user, PERMISSION)
    with transaction.atomic():
        found = _locked_stage(stage)
        if retired and not found.process.stages.exclude(pk=found.pk).filter(retired=False).exists():
            raise ValidationError(_("A process needs at least one stage."))
        found.retired = retired
        found.save(update_fields=["retired"])
        audit.record(user, "set_retired", found, after={"retired": retired})


def reorder_stages(user: User, process: Process, wanted: Sequence[int]) -> None:
    """Put the stages in the order of these ids, which are all of the process's."""
    require(user, PERMISSION)
    with transaction.atomic():
        found = _locked(process)
        before = list(found.stages.values_list("pk", flat=True))
        if sorted(before) != sorted(wanted):
            raise ValidationError(_("The stages changed meanwhile. Reload the page."))
        found.stages.update(position=F("position") + ASIDE)
        for position, pk in enumerate(wanted):
            found.stages.filter(pk=pk).update(position=position)
        audit.record(
            user, "reorder_stages", found, before={"order": before}, after={"order": list(wanted)}
        )


def shift_stage(user: User, stage: Stage, by: int) -> None:
    """One place up (-1) or down (1); at the end nothing happens."""
    order = list(Stage.objects.filter(process=stage.process_id).values_list("pk", flat=True))
    at = order.index(stage.pk)
    to = max(0, min(len(order) - 1, at + by))
    order[at], order[to] = order[to], order[at]
    reorder_stages(user, stage.process, order)


def _locked(process: Process) -> Process:
    return Process.objects.select_for_update().get(pk=process.pk)


def _locked_stage(stage: Stage) -> Stage:
    _locked(stage.process)
    return Stage.objects.select_related("process").get(pk=stage.pk)


def _refuse_known_name(process: Process, name: str, but: Stage | None = None) -> None:
    """A file's word must mean one stage, whether it uses the present name or the first one."""
    others = process.stages.exclude(pk=but.pk) if but else process.stages.all()
    if found := others.filter(Q(name=name) | Q(key=name)).first():
        raise ValidationError(
            _("The stage “%(stage)s” is or was called so.") % {"stage": found.name}
        )
