"""The life of risk models: fitted, compared with the one in use, taken or not, taken back.

Whoever changes which model is in use names the one that it takes the place of, and does so by a
conditional update: of two workers, or of a worker and a person, one comes too late and is told so.
A version is kept with all that belongs to it in one transaction, so none is ever half-written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.scoring import bridge, lifecycle, runs
from tsunagu.app.scoring.active import active_version, model_of
from tsunagu.app.scoring.models import RiskModelVersion, RunKind, State

Progress = Callable[[str, float], None]

FITTING = 0.4
"""Share of a challenge's time that the fit itself takes: the comparison fits once or twice more."""

KEPT_EARLIER = 5
"""So many models that were used last can always be used again."""

KEPT_FOR = timedelta(days=90)
"""For so long every model's file is kept."""

LEVEL_LASTS = timedelta(hours=12)
"""A level of late that is younger is not looked up anew: it moves by the day."""


class NotUsedEarlierError(Exception):
    """Only a model that was in use can be taken back."""


class NoLongerKeptError(Exception):
    """The model's file was removed; its card and figures stay."""


class OvertakenError(Exception):
    """Another model came into use meanwhile."""


def first(user: User | None = None, progress: Progress | None = None) -> RiskModelVersion:
    """Learn the first model from everything recorded and use it at once; the night measures it.

    With little history this is the shipped scorecard; the version's summary says so. Where another
    worker was quicker, theirs is used and ours forgotten.

    Raises:
        TsunaguError: the records cannot be learned from.
    """
    made = lifecycle.Challenger.fit(timezone.now(), progress or runs.silent)
    try:
        with transaction.atomic():
            version = _keep(made, user)
            _use(version, None, user, "promote_model")
    except OvertakenError:
        return RiskModelVersion.objects.get(state=State.CHAMPION)
    return version


def _keep(made: lifecycle.Challenger, user: User | None, **more: Any) -> RiskModelVersion:
    fitted = made.fitted()
    version = RiskModelVersion.objects.create(
        content=fitted.content,
        summary=fitted.summary,
        weight=fitted.weight,
        fingerprint=made.fingerprint(),
        level_at=datetime.fromisoformat(fitted.summary["observed_until"]),
        state=State.REJECTED,
        **more,
    )
    audit.record(user, "fit_model", version, after={"weight": fitted.weight})
    return version


def _use(
    version: RiskModelVersion, instead_of: RiskModelVersion | None, user: User | None, action: str
) -> None:
    """Use ``version`` from now on.

    Raises:
        OvertakenError: another model than ``instead_of`` is in use; nothing is changed.
    """
    old, now = instead_of.pk if instead_of else None, timezone.now()
    try:
        with transaction.atomic():
            _step_down(old)
            RiskModelVersion.objects.filter(pk=version.pk).update(
                state=State.CHAMPION, used_since=now
            )
            audit.record(user, action, version, before={"model": old}, after={"model": version.pk})
    except IntegrityError as error:
        raise OvertakenError from error
    version.state, version.used_since = State.CHAMPION, now


def _step_down(old: int | None) -> None:
    in_use = RiskModelVersion.objects.filter(state=State.CHAMPION)
    if old is not None and not in_use.filter(pk=old).update(state=State.RETIRED):
        raise OvertakenError


def measure() -> bool:
    """Write the card of the model in use where it has none: it was the first, or is from of old."""
    version = active_version()
    if version is None or version.card:
        return False
    at = datetime.fromisoformat(version.summary["observed_until"])
    judged = lifecycle.Challenger.of(model_of(version), at).judge(None, runs.silent)
    said = {"card": judged.card, "reference": judged.reference, "verdict": judged.verdict}
    return bool(RiskModelVersion.objects.filter(pk=version.pk).update(**said))


def challenge(user: User | None = None, progress: Progress | None = None) -> RiskModelVersion:
    """Fit a challenger on everything recorded, compare it with the champion, and take it or not.

    The first model is used before it is measured.

    Raises:
        TsunaguError: the records cannot be learned from.
    """
    champion, tell = active_version(), progress or runs.silent
    if champion is None:
        version = first(user, lambda step, share: tell(step, FITTING * share))
        measure()
        version.refresh_from_db()
        return version
    made = lifecycle.Challenger.fit(timezone.now(), lambda s, share: tell(s, FITTING * share))
    compare = lambda _, share: tell("compare", FITTING + (1 - FITTING) * share)  # noqa: E731
    return _conclude(made, champion, made.judge(model_of(champion), compare), user)


def _conclude(
    made: lifecycle.Challenger,
    champion: RiskModelVersion,
    judged: lifecycle.Judged,
    user: User | None,
) -> RiskModelVersion:
    said = {"card": judged.card, "reference": judged.reference, "verdict": judged.verdict}
    with transaction.atomic():
        version = _keep(made, user, against=champion, **said)
        if not judged.verdict["promoted"]:
            _reject(version, user)
            return version
        try:
            _use(version, champion, user, "promote_model")
        except OvertakenError:
            version.verdict = judged.verdict | {"promoted": False, "reason": "overtaken"}
            version.save(update_fields=["verdict"])
            _reject(version, user)
    return version


def _reject(version: RiskModelVersion, user: User | None) -> None:
    audit.record(user, "reject_model", version, after={"reason": version.verdict["reason"]})


def roll_back(user: User, version: RiskModelVersion) -> None:
    """Use a model of earlier again; a worker scores all open deals with it.

    Raises:
        PermissionDenied: ``user`` may not.
        NotUsedEarlierError: ``version`` was never in use, or is.
        NoLongerKeptError: its file was removed.
        OvertakenError: another model came into use in this moment.
    """
    from tsunagu.app.scoring.tasks import rescore_all

    require(user, "scoring.configure")
    with transaction.atomic():
        version = RiskModelVersion.objects.select_for_update().get(pk=version.pk)
        if version.state != State.RETIRED:
            raise NotUsedEarlierError
        if version.pruned_at is not None:
            raise NoLongerKeptError
        _use(version, active_version(), user, "roll_back_model")
        runs.open_run(RunKind.RESCORE, user)
    rescore_all.enqueue()


def follow(version: RiskModelVersion, at: datetime) -> RiskModelVersion:
    """``version`` with how often deals ended in the weeks before ``at``, looked up twice a day.

    Between two fits the rest stays as fitted.
    """
    if version.level_at is not None and version.level_at > at - LEVEL_LASTS:
        return version
    level = bridge.level(model_of(version), at) or {}
    RiskModelVersion.objects.filter(pk=version.pk).update(level=level, level_at=at)
    version.level, version.level_at = level, at
    return version


def prune(at: datetime) -> int:
    """Remove the files of models of long ago; rows, cards and figures stay. Returns how many.

    The model in use, the last :data:`KEPT_EARLIER` used, and all of the last :data:`KEPT_FOR` keep
    theirs.
    """
    used = RiskModelVersion.objects.filter(state=State.RETIRED, pruned_at=None)
    kept = list(used.order_by("-used_since").values_list("pk", flat=True)[:KEPT_EARLIER])
    others = RiskModelVersion.objects.exclude(state=State.CHAMPION).exclude(pk__in=kept)
    old = others.filter(created_at__lt=at - KEPT_FOR, pruned_at=None)
    return sum(_prune(version, at) for version in old.only("pk"))


def _prune(version: RiskModelVersion, at: datetime) -> bool:
    """Whether it was removed: one that somebody took back in between is not."""
    idle = RiskModelVersion.objects.filter(pk=version.pk).exclude(state=State.CHAMPION)
    with transaction.atomic():
        if not idle.update(content=b"", pruned_at=at):
            return False
        audit.record(None, "prune_model", version)
    return True


@dataclass(frozen=True)
class Reproduction:
    """Whether a version can be made again: from the same records, and into the same file."""

    same_records: bool
    same_model: bool


def reproduce(version: RiskModelVersion) -> Reproduction:
    """Fit ``version`` again from its records, settings and seed, keep nothing, and compare.

    Raises:
        NoLongerKeptError: its file was removed, so there is nothing to compare with.
    """
    if version.pruned_at is not None:
        raise NoLongerKeptError
    at = datetime.fromisoformat(version.summary["observed_until"])
    again = lifecycle.again(bridge.load(bytes(version.content)), at)
    known = version.fingerprint
    return Reproduction(again.fingerprint == known, again.content == bytes(version.content))
