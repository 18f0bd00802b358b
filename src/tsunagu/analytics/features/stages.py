"""Time in the stage against the stage's own usual time, and moves between stages."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.features.facts import Source, numbered_lookup, with_code
from tsunagu.analytics.features.learned import DECILES, Learned
from tsunagu.analytics.features.specs import Feature, category, days_since, fact, number
from tsunagu.analytics.features.timeline import Timeline, in_time, nth_in_time

_AFTER_NTH = {"code": "int32", "entered": "int64", "moves": "int32", "regressions": "int32"}
_QUANTILES = [f"usual__q{i}" for i in range(len(DECILES))]
_USUAL = dict.fromkeys(["usual__won", *_QUANTILES], "float64")


def features(learned: Learned) -> list[Feature]:
    """Features of stages, if the fitting log has any."""
    return [*_place(), *_time(), *_moves()] if Kind.STAGE.value in learned.kinds else []


def sources(learned: Learned) -> list[Source]:
    """The stage a deal is in, and what is usual there."""
    current = numbered_lookup("stage", "stage", _AFTER_NTH, lambda t: _after_nth(t, learned))
    usual = Source(_USUAL, ("stage__code",), lambda rows, _: _attach_usual(rows, learned))
    return [current, usual]


def _place() -> list[Feature]:
    code = category(
        "stage",
        "stage_moves",
        "現在の段階",
        "current stage",
        fact("stage__code", missing=-1),
    )
    position = number(
        "stage_position",
        "stage_moves",
        "段階の進み具合（何番目か）",
        "position of the stage in the process",
        lambda f: f["stage__code"].nullif(-1),
    )
    return [code, position]


def _time() -> list[Feature]:
    stay = number(
        "days_in_stage",
        "stage_time",
        "現在の段階での滞在日数",
        "days in the current stage",
        days_since("stage__entered"),
    )
    ratio = number(
        "stage_days_ratio",
        "stage_time",
        "段階の滞在日数（受注案件の中央値に対する倍率）",
        "days in the stage against won deals' median (ratio)",
        lambda f: days_since("stage__entered")(f) / f["usual__won"].nullif(0.0),
    )
    rank = number(
        "stage_days_rank",
        "stage_time",
        "この段階の過去の滞在のうち、これより短かった割合",
        "share of this stage's past stays that were shorter",
        _rank,
    )
    return [stay, ratio, rank]


def _moves() -> list[Feature]:
    moves = number(
        "stage_moves",
        "stage_moves",
        "段階が変わった回数",
        "moves between stages",
        fact("stage__moves", missing=0),
    )
    back = number(
        "stage_regressions",
        "stage_moves",
        "段階が後戻りした回数",
        "moves back to an earlier stage",
        fact("stage__regressions", missing=0),
    )
    return [moves, back]


def _rank(facts: ir.Table) -> ir.FloatingValue:
    """Piecewise linear between the learned deciles; a step where two of them coincide."""
    stay = days_since("stage__entered")(facts)
    pairs = pairwise(_QUANTILES)
    shares = [_share(stay, facts[low], facts[high]) for low, high in pairs]
    return reduce(lambda total, share: total + share, shares) / float(len(shares))


def _share(stay: ir.FloatingValue, low: ir.Value, high: ir.Value) -> ir.FloatingValue:
    inside = (stay - low) / (high - low).nullif(0.0)
    return ibis.cases(
        (low.isnull(), ibis.null("float64")), (stay <= low, 0.0), (stay >= high, 1.0), else_=inside
    )


def _after_nth(timeline: Timeline, learned: Learned) -> ir.Table:
    """State after the nth stage event.  An event that names the same stage again moves nothing."""
    coded = with_code(timeline.values(Kind.STAGE), learned.stages)
    order = ibis.window(group_by=coded.deal, order_by=in_time(coded))
    paired = coded.mutate(
        before=coded.value.lag().over(order),
        code_before=coded.code.lag().over(order),
        nth=nth_in_time(coded),
    )
    return _cumulated(paired)


def _cumulated(paired: ir.Table) -> ir.Table:
    so_far = ibis.cumulative_window(group_by=paired.deal, order_by=paired.nth)
    first = paired.before.isnull()
    moved = ~first & (paired.before != paired.value)
    back = moved & (paired.code >= 0) & (paired.code < paired.code_before)
    entered = ibis.ifelse(first | moved, paired.at, ibis.null("int64"))
    return paired.select(
        "deal",
        "nth",
        "code",
        entered=entered.max().over(so_far),
        moves=ibis.ifelse(moved, 1, 0).sum().over(so_far).cast("int32"),
        regressions=ibis.ifelse(back, 1, 0).sum().over(so_far).cast("int32"),
    )


def _attach_usual(rows: ir.Table, learned: Learned) -> ir.Table:
    usual = _usual(learned)
    return rows.left_join(usual, rows.stage__code == usual.usual_code)


def _usual(learned: Learned) -> ir.Table:
    stages = learned.stages
    unknown: tuple[float | None, ...] = (None,) * len(DECILES)
    deciles = [learned.stays.get(stage, unknown) for stage in stages]
    columns = {
        "usual_code": pa.array(range(len(stages)), pa.int32()),
        "usual__won": pa.array([learned.won_stays.get(s) for s in stages], pa.float64()),
    }
    for i, name in enumerate(_QUANTILES):
        columns[name] = pa.array([values[i] for values in deciles], pa.float64())
    return ibis.memtable(pa.table(columns))
