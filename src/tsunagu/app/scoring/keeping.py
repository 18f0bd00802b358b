"""The nightly scores from what was kept the night before: of deals at rest only few facts are read.

A deal that changed since is read whole. Of all others the features follow from their kept facts,
the events of the last 90 days and the attributes of today (:mod:`tsunagu.analytics.features.kept`).
The kept facts are a file beside the database that can be lost: then everything is read once more.
It bears the name of the run that wrote it, so that a database restored from a backup, which knows
other runs, does not take it for its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db.models import F, Q, QuerySet

from tsunagu.analytics.rows import named
from tsunagu.app.deals.models import Deal, Event
from tsunagu.app.people.models import User
from tsunagu.app.scoring import bridge
from tsunagu.app.scoring.columns import INSTANT, read_columns
from tsunagu.app.scoring.models import Run, RunKind

if TYPE_CHECKING:
    from tsunagu.analytics.features import KeptFacts
    from tsunagu.analytics.risk import RiskModel

FOLDER = Path(settings.HOME) / "kept"

MARGIN = timedelta(hours=6)
"""A change is dated when it begins; an import that was under way is read again for so long."""


def features(model: RiskModel, keys: pa.Table, at: datetime, run: Run) -> pa.Table:
    """Those of the open deals of ``keys`` at ``at``; the facts are kept under the run's name."""
    kept = _brought_up_to(model, at)
    _save(kept, at, run)
    asked = keys.append_column("at", pa.array([at] * len(keys), INSTANT))
    log, looks = bridge.log_and_looks(_recent(model, at), asked, at)
    found: pa.Table = kept.transform(log, looks).to_pyarrow()
    return found


def _brought_up_to(model: RiskModel, at: datetime) -> KeptFacts:
    """The facts of every open deal, those of before where nothing happened since."""
    before = _last(model)
    if before is None:
        return _whole(model, Q(), at)
    kept, since = before
    open_now = bridge.open_keys(Q(), at)
    at_rest = _still_so(kept.facts, open_now)
    late = _happened(Event.objects.filter(deal__outcome__isnull=True, at__gt=since, at__lte=at))
    new = open_now.filter(pc.invert(pc.is_in(open_now["deal_id"], value_set=at_rest["deal_id"])))
    told = {int(key) for table in (late, new) for key in table["deal_id"].to_pylist()}
    changed = _whole(model, Q(changed_at__gte=since - MARGIN) | Q(pk__in=told), at)
    return type(kept)(model.recipe, at_rest).replaced(changed)


def _still_so(facts: pa.Table, open_now: pa.Table) -> pa.Table:
    """The facts of open deals whose owner still has the name that was kept."""
    names = read_columns(User.objects.all(), [("name", F("external_id"), pa.string())])["name"]
    owner = facts["owner_id"]
    named_so = pc.or_(pc.is_null(owner), pc.is_in(owner, value_set=names))
    is_open = pc.is_in(facts["deal_id"], value_set=open_now["deal_id"])
    return facts.filter(pc.and_(named_so, is_open))


def _happened(events: QuerySet[Event]) -> pa.Table:
    return named(read_columns(events, [("deal_id", F("deal_id"), pa.int64())]))


def _whole(model: RiskModel, wanted: Q, at: datetime) -> KeptFacts:
    from tsunagu.analytics.features import KeptFacts

    own = Deal.objects.filter(wanted, outcome__isnull=True)
    events = Event.objects.filter(deal__in=own.order_by().values("pk"))
    records = bridge.records(own, events, at, bridge.known(model).split)
    keys = bridge.open_keys(wanted, at)
    asked = keys.append_column("at", pa.array([at] * len(keys), INSTANT))
    return KeptFacts.of(model.recipe, *bridge.log_and_looks(records, asked, at))


def _recent(model: RiskModel, at: datetime) -> bridge.Records:
    """What moves the features of deals at rest, and makes everybody's load."""
    from tsunagu.analytics.features.kept import RECENT

    lately = Q(outcome__isnull=True) | Q(ended_at__gte=at - bridge.LOAD_SPAN)
    deals = Deal.objects.filter(lately)
    theirs = Event.objects.filter(deal__in=deals.order_by().values("pk"))
    new = bridge.records(deals, theirs.filter(at__gte=at - RECENT), at, bridge.known(model).split)
    old = theirs.filter(bridge.TAKEN_OVER, at__lt=at - RECENT)
    before = bridge.records(Deal.objects.none(), old, at, bridge.known(model).split)
    return bridge.Records(pa.concat_tables([new.events, before.events]), new.deals)


def _last(model: RiskModel) -> tuple[KeptFacts, datetime] | None:
    """What the latest run kept that kept anything for this recipe."""
    from tsunagu.analytics.features import KeptFacts

    for run in Run.objects.filter(kind=RunKind.RESCORE)[:5]:
        if found := KeptFacts.load(_file(run), model.recipe):
            return found
    return None


def forget() -> None:
    """Delete what was kept; the next night reads everything."""
    for file in FOLDER.glob("*.parquet"):
        file.unlink(missing_ok=True)


def _save(kept: KeptFacts, at: datetime, run: Run) -> None:
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    kept.save(_file(run), at)
    for old in sorted(FOLDER.glob("*.parquet"), key=lambda file: file.stat().st_mtime)[:-2]:
        old.unlink(missing_ok=True)


def _file(run: Run) -> Path:
    return FOLDER / f"{run.pk}-{run.created_at:%Y%m%dT%H%M%S%f}.parquet"
