"""What can be done about scores: ask for them, make them, learn the model behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

import pyarrow as pa
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from tsunagu.app.deals.models import Deal
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.scoring import bridge, outside, registry, runs, writing
from tsunagu.app.scoring.active import active_version, model_of, prepared_of
from tsunagu.app.scoring.models import (
    OutsideModel,
    RescoreRequest,
    RiskModelVersion,
    Run,
    RunKind,
    Score,
)

Progress = Callable[[str, float], None]

AT_ONCE = 2_000
"""Rows in one transaction: the lock of SQLite is held for some hundredths of a second."""

REQUESTS_AT_ONCE = 500
RUN_LASTS = timedelta(hours=12)
"""A run that died longer ago begins anew."""

FRESH_FOR = timedelta(days=7)
GROWTH = 1.1
"""Fit anew after a week, or once there are a tenth more deals."""


def request_rescore(deal_id: int) -> None:
    """Mark the deal's score as stale and let a worker make a new one.

    Changes that come before the worker does make one request.
    """
    from tsunagu.app.scoring.tasks import rescore_requested

    with transaction.atomic():
        _, fresh = RescoreRequest.objects.update_or_create(
            deal_id=deal_id, defaults={"at": timezone.now()}
        )
        again = Score.objects.exclude(keep_until__gte=timezone.now())
        again.filter(deal=deal_id, stale=False).update(stale=True)
        if fresh:
            rescore_requested.enqueue()


def rescore_waiting() -> int:
    """Score all deals that were asked for, until none waits; returns how many."""
    count = 0
    while waiting := list(RescoreRequest.objects.order_by("at")[:REQUESTS_AT_ONCE]):
        count += rescore_deals([request.deal_id for request in waiting])
    return count


def rescore_deals(deal_ids: Iterable[int]) -> int:
    """Score these deals now; returns how many are open and have a new score."""
    ids = list(dict.fromkeys(deal_ids))
    version = active_version() or registry.first()
    # Read before the facts: what is recorded later keeps its request.
    requests = dict(RescoreRequest.objects.filter(deal__in=ids).values_list("deal_id", "at"))
    at = timezone.now()
    found = _foresee_few(version, Q(pk__in=ids), at)
    as_of = writing.AsOf.now(at, version)
    with transaction.atomic():
        writing.take_off(requests)
        writing.write_scores(found, as_of)
        writing.forget_ended(ids)
    _announce(found)
    return len(found)


def rehearse() -> None:
    """Score some open deal and keep nothing: what loads slowly is in memory then."""
    version, some = active_version(), Deal.objects.filter(outcome__isnull=True).first()
    if version and some:
        _foresee_few(version, Q(pk=some.pk), timezone.now())


def _foresee_few(version: RiskModelVersion, wanted: Q, at: datetime) -> list[bridge.Foresight]:
    return list(bridge.foresee_few(model_of(version), prepared_of(version, at), wanted, at))


def rescore_all(progress: Progress | None = None, user: User | None = None) -> int:
    """Score every open deal, some thousand in one transaction; returns how many.

    Takes up a run that died, after the last deal it finished; where another worker is at it,
    nothing is done. :class:`Run` shows the progress and takes the wish to stop.
    """
    version = active_version() or registry.first()
    with runs.working_on(runs.open_run(RunKind.RESCORE, user)) as worker:
        return 0 if worker is None else _rescore(worker, version, progress or runs.silent)
    return 0  # stopped: leaving the run ends here


def _rescore(worker: runs.Worker, version: RiskModelVersion, progress: Progress) -> int:
    at = timezone.now()
    version = registry.follow(version, at)
    cursor = worker.run.cursor if worker.run.created_at > at - RUN_LASTS else 0
    left = Deal.objects.filter(pk__gt=cursor, outcome__isnull=True).count()
    as_of, count = writing.AsOf.now(at, version), 0
    worker.tell("score", 0.0)
    for page in _pages(bridge.foresee(model_of(version), Q(pk__gt=cursor), at)):
        with transaction.atomic():
            writing.write_scores(page, as_of)
            worker.advance(page[-1].deal_id, len(page))
        _announce(page)
        count += len(page)
        share = count / max(left, count)
        worker.tell("score", share)
        progress("score", share)
    _forget_ended()
    return count


def _announce(found: Iterable[bridge.Foresight]) -> None:
    """Tell every function that ``settings.DEALS_SCORED`` names which deals have a new score."""
    for name in settings.DEALS_SCORED:
        import_string(name)([f.deal_id for f in found])


def _pages(found: Iterator[bridge.Foresight]) -> Iterator[list[bridge.Foresight]]:
    rows = iter(found)
    while page := list(islice(rows, AT_ONCE)):
        yield page


def _forget_ended() -> None:
    Score.objects.filter(deal__outcome__isnull=False).delete()


def import_scores(
    user: User,
    table: pa.Table,
    name: str,
    *,
    first_row: int = 1,
    keep_until: datetime | None = None,
) -> outside.Checked:
    """Take the scores of a model that runs elsewhere, all or, where a row is wrong, none.

    They stand on their deals under the model's ``name`` like scores of our own, which replace them
    at the next scoring after ``keep_until``, or at the very next. Deals that have ended since are
    passed over.

    Args:
        table: columns :data:`outside.COLUMNS`.
        first_row: number of the table's first row in its file.

    Raises:
        PermissionDenied: ``user`` may not.
        ValidationError: the name or the table as a whole cannot be used.
    """
    require(user, "scoring.configure")
    model = _outside_model(name)
    with transaction.atomic():
        checked = outside.check(table, first_row, timezone.now())
        deals = [f for _, found in checked.found for f in found]
        if deals:
            _keep_outside(user, model, checked, keep_until)
    _announce(deals)
    return checked


def _outside_model(name: str) -> OutsideModel:
    """Not kept yet where it is new."""
    model = OutsideModel.objects.filter(name=name).first() or OutsideModel(name=name)
    model.clean_fields()
    return model


def _keep_outside(
    user: User, model: OutsideModel, checked: outside.Checked, keep_until: datetime | None
) -> None:
    model.save()
    for at, found in checked.found:
        writing.write_scores(found, writing.AsOf.of_outside(at, model, keep_until))
    said = {"deals": sum(len(found) for _, found in checked.found), "ended": checked.ended}
    kept = keep_until.isoformat() if keep_until else None
    audit.record(user, "import_scores", model, after={"name": model.name, **said, "until": kept})


def start_fit(user: User) -> Run:
    """Let a worker learn a new model and score all deals with it.

    Raises:
        PermissionDenied: ``user`` may not.
    """
    from tsunagu.app.scoring.tasks import fit_and_rescore

    require(user, "scoring.configure")
    run = runs.open_run(RunKind.FIT, user)
    fit_and_rescore.enqueue()
    return run


def stop_run(user: User, run: Run) -> None:
    """Ask the worker of ``run`` to stop after the present step.

    Raises:
        PermissionDenied: ``user`` may not.
    """
    require(user, "scoring.configure")
    Run.objects.filter(pk=run.pk, finished_at__isnull=True).update(stop=True)


def run_fit(progress: Progress | None = None) -> bool:
    """Do the fit that waits, or one that nobody asked for, with its progress.

    False where another worker is at it, or somebody stopped it.
    """
    with runs.working_on(runs.open_run(RunKind.FIT)) as worker:
        if worker is None:
            return False
        registry.challenge(worker.run.asked_by, runs.both(worker.tell, progress or runs.silent))
        return True
    return False  # stopped: leaving the run ends here


def fit_is_due(at: datetime) -> bool:
    """Whether the last fit, taken or not, is old, or learned from clearly fewer deals."""
    last = RiskModelVersion.objects.only("created_at", "summary").first()
    if last is None or active_version() is None or last.created_at < at - FRESH_FOR:
        return True
    return bool(Deal.objects.count() > GROWTH * last.summary["deals"])
