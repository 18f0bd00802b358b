"""The door from the application to the analytics, but for detection, which has its own beside it.

The database's facts become an event log; the analytics' results become plain values. In the log
deals and customers are named by their primary keys, people by their external ids. Texts stay
behind where nothing reads them: no feature does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db.models import F, FloatField, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.module_loading import import_string

from tsunagu.analytics import attributes
from tsunagu.analytics.rows import labelled, named
from tsunagu.app.deals.models import Deal, Event, Kind, Outcome, Stage
from tsunagu.app.scoring import files
from tsunagu.app.scoring.columns import INSTANT, Field, read_columns

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tsunagu.analytics.contracts import EventLog, Explanation, NextStep, Verdict
    from tsunagu.analytics.features import PreparedFeatures
    from tsunagu.analytics.risk import RiskModel

HORIZONS = (7, 14, 30, 60, 90)
"""Days for which a score gives the risk; mirrors the analytics' contract (a test compares)."""

RISK_COLUMN = f"{Outcome.BROKEN_OFF}_30"

GOOD_FOR = timedelta(days=40)
"""How long what :func:`prepare` gives may be used."""

CURVE = timedelta(weeks=26)
"""How far back :func:`curves` go."""

LOAD_SPAN = timedelta(days=31)
"""An owner's load counts the events of the last 30 days; a day more does no harm."""

REASONS = 3

WORTH_A_STEP = 0.1
"""Below this risk within 30 days no next step is looked for: there is nothing to lower."""

Progress = Callable[[str, float], None]
"""Called with a step's name and the share done; may raise to stop."""

_EVENT_FIELDS: tuple[Field, ...] = (
    ("deal_id", F("deal_id"), pa.int64()),
    ("at", F("at"), INSTANT),
    ("kind", F("kind"), pa.string()),
    ("value", F("value"), pa.string()),
    ("amount", Cast("amount", FloatField()), pa.float64()),
    ("actor", F("actor"), pa.string()),
    ("direction", F("direction"), pa.string()),
)
TEXT: Field = ("text", F("text"), pa.string())
_DEAL_FIELDS: tuple[Field, ...] = (
    ("deal_id", F("pk"), pa.int64()),
    ("customer_id", F("customer_id"), pa.int64()),
    ("owner_id", F("created_owner__external_id"), pa.string()),
    ("created_at", F("created_at"), INSTANT),
    ("attributes", Cast("attributes", TextField()), pa.string()),
    *((name, F(f"customer__{name}"), pa.string()) for name in attributes.OF_CUSTOMERS),
    ("process", Cast("process_id", TextField()), pa.string()),
)


@dataclass(frozen=True)
class Foresight:
    """What the analytics say about one open deal.

    ``reasons`` are dictionaries with ``group``, ``contribution``, ``ja`` and ``en``; ``verdicts``
    what can be said of each of :data:`HORIZONS`; ``next_steps`` dictionaries with ``step``,
    ``before``, ``after``, ``ja`` and ``en``.
    """

    deal_id: int
    risk: tuple[float, ...]
    won_30: float
    lost_30: float
    reasons: list[dict[str, Any]]
    verdicts: list[str] = field(default_factory=list)
    next_steps: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Fitted:
    """A fitted model as what can be kept."""

    content: bytes
    summary: dict[str, Any]
    weight: float


@dataclass(frozen=True)
class Records:
    """Facts and deals in the columns of the event log's contract."""

    events: pa.Table
    deals: pa.Table

    def log(self, at: datetime) -> EventLog:
        """As the event log that ends ``at``."""
        from tsunagu.analytics.backends import connect

        put = connect("duckdb://").create_table
        return _log(put("events", self.events), put("deals", self.deals), at)

    def passing_log(self, at: datetime) -> EventLog:
        """:meth:`log` of few deals, which is quick to make, good until this thread's next one."""
        from tsunagu.analytics.backends import kept_engine

        put = kept_engine().put
        return _log(put("events", self.events), put("deals", self.deals), at)


def _log(events: ir.Table, deals: ir.Table, at: datetime) -> EventLog:
    from tsunagu.analytics.contracts import EventLog

    return EventLog(events, deals, at, settings.TIME_ZONE, _stages())


def whole_log(at: datetime) -> EventLog:
    """Every fact of the organisation up to ``at``."""
    return records(Deal.objects.all(), Event.objects.all(), at, attributes.split).log(at)


def records_of(wanted: Q, at: datetime, model: RiskModel) -> Records:
    """The facts up to ``at`` from which the features of the ``wanted`` open deals follow.

    Beside their own these are what makes their owners' load: who else's deals these owners had in
    the last days, and what happened there.
    """
    own = Deal.objects.filter(wanted, outcome__isnull=True)
    others = _sharing_owners(own, at - LOAD_SPAN)
    telling = Q(kind__in=(Kind.OWNER, Kind.OUTCOME)) | Q(at__gte=at - LOAD_SPAN)
    events = Event.objects.filter(Q(deal__in=own) | (Q(deal__in=others) & telling))
    deals = Deal.objects.filter(Q(pk__in=own) | Q(pk__in=others))
    return records(deals, events, at, _known(model).split)


def write_log(deals: QuerySet[Deal], events: QuerySet[Event], at: datetime, folder: Path) -> None:
    """These rows up to ``at`` as an event log on disk, with their texts.

    The folder is one that ``tsunagu fit``, ``score`` and :func:`tsunagu.analytics.read_log` take.
    """
    import pyarrow.parquet as pq

    from tsunagu.analytics.eventlog import store

    found = records(deals, events, at, attributes.split, texts=True)
    folder.mkdir(parents=True, exist_ok=True)
    in_order = found.events.sort_by([("deal_id", "ascending"), ("at", "ascending")])
    pq.write_table(in_order, folder / store.EVENTS_FILE, compression="zstd")
    pq.write_table(found.deals.sort_by("deal_id"), folder / store.DEALS_FILE, compression="zstd")
    store.write_meta(folder, observed_until=at, time_zone=settings.TIME_ZONE, stages=_stages())


def _known(model: RiskModel) -> attributes.Known:
    learned = model.recipe.learned
    return attributes.Known(tuple(learned.levels), learned.numbers)


def _sharing_owners(own: QuerySet[Deal], since: datetime) -> QuerySet[Deal]:
    """Deals whose owner at any time since then may be an owner of ``own``."""
    owners = own.order_by().values("owner").distinct()
    held = Q(owner__in=owners) & (Q(outcome__isnull=True) | Q(ended_at__gte=since))
    handed_over = Event.objects.filter(kind=Kind.OWNER, at__gte=since).order_by().values("deal")
    return Deal.objects.filter(held | Q(pk__in=handed_over))


def records(
    deals: QuerySet[Deal],
    events: QuerySet[Event],
    at: datetime,
    split: Callable[[pa.Table], pa.Table],
    *,
    texts: bool = False,
) -> Records:
    """These rows up to ``at``.

    Args:
        split: makes the deals' attributes out of their raw columns (``attributes``, those of the
            customer, ``process``).
        texts: whether the events bring what was written.
    """
    facts = named(read_columns(events.filter(at__lte=at), (*_EVENT_FIELDS, *([TEXT] * texts))))
    if not texts:
        facts = facts.append_column("text", pa.nulls(len(facts), pa.string()))
    facts = _labelled(facts)
    rows = named(split(read_columns(deals.filter(created_at__lte=at), _DEAL_FIELDS)))
    return Records(facts, rows.add_column(4, "at_risk_from", pa.nulls(len(rows), INSTANT)))


def _labelled(facts: pa.Table) -> pa.Table:
    """With the outcomes that confirmed interruptions teach."""
    rows = import_string(settings.BROKEN_OFF)()
    broken = named(read_columns(rows, [("deal_id", F("deal_id"), pa.int64())]))["deal_id"]
    return labelled(facts, broken.combine_chunks())


def broken_off_on(deal_ids: Sequence[int]) -> dict[int, date]:
    """Of these deals, those that broke off, and the day; as :func:`_labelled` has it."""
    confirmed = Q(outcome=Outcome.LOST, pk__in=import_string(settings.BROKEN_OFF)().values("deal"))
    ended = Deal.objects.filter(Q(outcome=Outcome.BROKEN_OFF) | confirmed, pk__in=deal_ids)
    return {
        deal: timezone.localdate(at)
        for deal, at in ended.values_list("pk", "ended_at")
        if at is not None
    }


def _stages() -> tuple[str, ...]:
    """Every process's stages in their order, the default process's first."""
    order = ("-process__is_default", "process__name", "position")
    return tuple(dict.fromkeys(Stage.objects.order_by(*order).values_list("key", flat=True)))


def kept(model: RiskModel) -> Fitted:
    """A fitted model as what can be kept."""
    content = files.written(model.save)
    return Fitted(content, model.summary.to_dict(), model.summary.trees_weight)


def load(content: bytes) -> RiskModel:
    """The model that :func:`kept` gave."""
    from tsunagu.analytics.risk import RiskModel

    return files.read(content, RiskModel.load)


def level(model: RiskModel, at: datetime) -> dict[str, Any] | None:
    """How often deals ended lately, as all records up to ``at`` tell; None: it has no level."""
    return None if model.level is None else model.as_of(whole_log(at)).level


def prepare(model: RiskModel, at: datetime) -> PreparedFeatures:
    """The model's features, compiled for :func:`foresee_few` from ``at`` on."""
    from tsunagu.analytics.features import PreparedFeatures

    nothing = records(Deal.objects.none(), Event.objects.none(), at, _known(model).split)
    return PreparedFeatures.of(
        model.recipe, nothing.deals.schema, at, at + GOOD_FOR, settings.TIME_ZONE
    )


def foresee(model: RiskModel, wanted: Q, at: datetime) -> Iterator[Foresight]:
    """What ``model`` says at ``at`` about each of the ``wanted`` deals that is open then.

    In the order of their keys; the reasons are made while they are read.
    """
    if len(keys := _open_keys(wanted, at)):
        yield from _foresee(model, records_of(wanted, at, model), keys, at)


def foresee_few(
    model: RiskModel, prepared: PreparedFeatures, wanted: Q, at: datetime
) -> Iterator[Foresight]:
    """:func:`foresee` for some hundreds of deals, without the second that it takes to begin.

    Their copies, of which the next steps are told, are computed in the same go: it costs next to
    nothing.
    """
    from tsunagu.analytics.risk.next_steps import is_copy

    if not len(keys := _open_keys(wanted, at)):
        return
    found = records_of(wanted, at, model)
    copies = model.imagine(found.events, found.deals, keys["deal_id"].combine_chunks(), at)
    events = pa.concat_tables([found.events, copies.events.cast(found.events.schema)])
    if len(events) > prepared.most_events:
        yield from _foresee(model, found, keys, at)
        return
    deals = pa.concat_tables([found.deals, copies.deals])
    asked = pa.concat_tables([_asked(keys, at), copies.snapshots])
    features = prepared.transform(events, deals, asked)
    copied = is_copy(features["deal_id"])
    yield from _told(model, features.filter(pc.invert(copied)), lambda _: features.filter(copied))


def _asked(keys: pa.Table, at: datetime) -> pa.Table:
    return keys.append_column("at", pa.array([at] * len(keys), INSTANT))


def _foresee(model: RiskModel, found: Records, keys: pa.Table, at: datetime) -> Iterator[Foresight]:
    import ibis

    from tsunagu.analytics.features import current

    log = found.log(at)
    asked = current(log).semi_join(ibis.memtable(keys), "deal_id")
    features = model.recipe.transform(log, asked).to_pyarrow()
    yield from _told(model, features, lambda risky: _copies(model, found, risky, at))


def _copies(model: RiskModel, found: Records, deal_ids: pa.Array, at: datetime) -> pa.Table:
    """The features of the copies of these deals."""
    import ibis

    copies = model.imagine(found.events, found.deals, deal_ids, at)
    log = Records(copies.events, copies.deals).log(at)
    return model.recipe.transform(log, ibis.memtable(copies.snapshots)).to_pyarrow()


def _told(
    model: RiskModel, features: pa.Table, copies_of: Callable[[pa.Array], pa.Table]
) -> Iterator[Foresight]:
    """What the model says of deals with these features.

    Args:
        copies_of: gives the features of the copies of deals, of more than these, or none.
    """
    scores, explanations = model.foresee_from(features, top=REASONS)
    rows = scores.filter(pc.greater_equal(scores[RISK_COLUMN], WORTH_A_STEP))
    steps: Mapping[str, tuple[NextStep, ...]] = {}
    if len(rows):
        steps = model.steps(rows, features, copies_of(rows["deal_id"].combine_chunks()))
    for row, why, said in zip(
        scores.to_pylist(), explanations, model.verdicts(scores), strict=True
    ):
        yield _foresight(row, why, said, steps.get(row["deal_id"], ()))


def _open_keys(wanted: Q, at: datetime) -> pa.Table:
    mine = Deal.objects.filter(wanted, outcome__isnull=True, created_at__lte=at)
    return named(read_columns(mine, _DEAL_FIELDS[:1]))


def curves(
    model: RiskModel, at: datetime, pages: Iterable[Sequence[int]]
) -> Iterator[tuple[Sequence[int], list[tuple[int, date, float]]]]:
    """For each page of deals: the page, and deal, day and risk within 30 days, week by week.

    Each risk is as of its day; days on which a deal was not open have none.
    """
    import ibis

    from tsunagu.analytics.features import weekly

    everything = records(Deal.objects.all(), Event.objects.all(), at, _known(model).split)
    log = everything.log(at)
    for page in pages:
        keys = named(pa.table({"deal_id": pa.array(page, pa.int64())}))
        weeks = weekly(log, start=at - CURVE).semi_join(ibis.memtable(keys), "deal_id")
        yield page, [_point(row) for row in model.score(log, weeks).to_pylist()]


def _point(row: dict[str, Any]) -> tuple[int, date, float]:
    on = timezone.localdate(row["at"])
    return int(row["deal_id"]), on, row[RISK_COLUMN]


def _foresight(
    row: dict[str, Any],
    explanation: Explanation,
    verdicts: Sequence[Verdict],
    steps: Sequence[NextStep],
) -> Foresight:
    return Foresight(
        deal_id=int(row["deal_id"]),
        risk=tuple(row[f"{Outcome.BROKEN_OFF}_{days}"] for days in HORIZONS),
        won_30=row[f"{Outcome.WON}_30"],
        lost_30=row[f"{Outcome.LOST}_30"],
        reasons=[vars(reason) for reason in explanation.reasons],
        verdicts=[verdict.value for verdict in verdicts],
        next_steps=[vars(step) for step in steps],
    )
