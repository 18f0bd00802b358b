"""The life of risk models: fitted, compared with the one in use, taken or not, taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.scoring import bridge, lifecycle, runs
from tsunagu.app.scoring.active import active_version, model_of
from tsunagu.app.scoring.models import RiskModelVersion, RunKind, State

Progress = Callable[[str, float], None]


class NotUsedEarlierError(Exception):
    """Only a model that was in use can be taken back."""


def add(fitted: bridge.Fitted, user: User | None) -> RiskModelVersion:
    """Keep a fitted model as a challenger."""
    with transaction.atomic():
        version = RiskModelVersion.objects.create(
            content=fitted.content, summary=fitted.summary, weight=fitted.weight
        )
        audit.record(user, "fit_model", version, after={"weight": fitted.weight})
    return version


def promote(version: RiskModelVersion, user: User | None) -> RiskModelVersion:
    """Use ``version`` from now on."""
    try:
        return _use(version, user, "promote_model")
    except IntegrityError:  # another worker's first model came in between
        return _use(version, user, "promote_model")


def _use(version: RiskModelVersion, user: User | None, action: str) -> RiskModelVersion:
    with transaction.atomic():
        old = RiskModelVersion.objects.filter(state=State.CHAMPION).exclude(pk=version.pk)
        before = old.values_list("pk", flat=True).first()
        old.update(state=State.RETIRED)
        version.state, version.used_since = State.CHAMPION, timezone.now()
        version.save(update_fields=["state", "used_since"])
        audit.record(user, action, version, before={"model": before}, after={"model": version.pk})
    return version


def challenge(user: User | None = None, progress: Progress | None = None) -> RiskModelVersion:
    """Fit a challenger on everything recorded, compare it with the champion, and take it or not.

    The first model is used before it is measured: people wait for it.

    Raises:
        TsunaguError: the records cannot be learned from.
    """
    RiskModelVersion.objects.filter(state=State.CHALLENGER).delete()  # of a worker that died
    challenger = lifecycle.Challenger.fit(timezone.now(), progress or runs.silent)
    champion = active_version()
    version = add(challenger.fitted, user)
    if champion is None:
        promote(version, user)
    judged = challenger.judge(model_of(champion) if champion else None)
    return _conclude(version, champion, judged, user)


def _conclude(
    version: RiskModelVersion,
    champion: RiskModelVersion | None,
    judged: lifecycle.Judged,
    user: User | None,
) -> RiskModelVersion:
    with transaction.atomic():
        version.card, version.reference = judged.card, judged.reference
        version.verdict, version.fingerprint = judged.verdict, judged.fingerprint
        version.against = champion
        version.save(update_fields=["card", "reference", "verdict", "fingerprint", "against"])
        if not judged.verdict["promoted"]:
            version.state = State.REJECTED
            version.save(update_fields=["state"])
            audit.record(user, "reject_model", version, after={"reason": judged.verdict["reason"]})
        elif champion is not None:
            promote(version, user)
    return version


def roll_back(user: User, version: RiskModelVersion) -> None:
    """Use a model of earlier again; a worker scores all open deals with it.

    Raises:
        PermissionDenied: ``user`` may not.
        NotUsedEarlierError: ``version`` was never in use, or is.
    """
    from tsunagu.app.scoring.tasks import rescore_all

    require(user, "scoring.configure")
    with transaction.atomic():
        version = RiskModelVersion.objects.select_for_update().get(pk=version.pk)
        if version.state != State.RETIRED:
            raise NotUsedEarlierError
        _use(version, user, "roll_back_model")
        runs.open_run(RunKind.RESCORE, user)
    rescore_all.enqueue()


@dataclass(frozen=True)
class Reproduction:
    """Whether a version can be made again: from the same records, and into the same file."""

    same_records: bool
    same_model: bool


def reproduce(version: RiskModelVersion) -> Reproduction:
    """Fit ``version`` again from its records, settings and seed, keep nothing, and compare."""
    at = datetime.fromisoformat(version.summary["observed_until"])
    again = lifecycle.again(bridge.load(bytes(version.content)), at)
    known = version.fingerprint
    return Reproduction(again.fingerprint == known, again.content == bytes(version.content))
