"""The detectors: from facts at each look to a measure, the fact it dates from, and its evidence.

A detector knows no threshold.  Its measure is in a unit that people understand and grows with the
trouble; NaN where the kind of trouble cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import Kind, SignalKind
from tsunagu.analytics.detection import texts
from tsunagu.analytics.detection.arrays import Bools, Floats
from tsunagu.analytics.detection.observing import LONG_PUSH_DAYS, Facts
from tsunagu.analytics.detection.phrases import ARROW
from tsunagu.analytics.detection.risks import Risks, Runs
from tsunagu.analytics.detection.texts import Spans
from tsunagu.analytics.detection.usual import Usual
from tsunagu.analytics.detection.workdays import from_day_number
from tsunagu.analytics.features.clock import DAY

CERTAIN, BOUNCED_MAIL, SAID = 1.0, 0.9, 0.6
"""How sure a contact is gone: on record, an e-mail came back, a sentence says so."""

LEAST_DOUBT = 1e-12

_TALKS = frozenset({Kind.CALL, Kind.EMAIL, Kind.MEETING, Kind.VISIT})


@dataclass(frozen=True)
class Scene:
    """Everything that detectors look at.

    Attributes:
        facts: of n looks.
        usual: in the organisation.
        stages: names in the order of the process.
        said: by topic, the sentences of the looks' deals.
        risks: break risks known at the looks.
    """

    facts: Facts
    usual: Usual
    stages: tuple[str, ...]
    said: Mapping[str, Spans]
    risks: Risks

    def stage_factor(self) -> Floats:
        """(n,) how much more often than usual customers speak in the deal's stage."""
        return self.usual.rhythm.factors(self.facts.text("stage").to_pylist())


@dataclass(frozen=True)
class Found:
    """One detector's answer about n looks.

    Attributes:
        measure: (n,) NaN where the trouble cannot be.
        at: (n,) microseconds since ``clock.ORIGIN`` of the fact it dates from.
        evidence: columns ``number``, ``usual``, ``total`` (float), ``day`` (dates), ``name`` and
            ``quote`` (strings), those that the kind has.
        reaches: for what grows by waiting alone: given cuts (n,), the instants (n,) at which the
            measure reaches them; None for what only an event can raise.
        since: for what is measured again and again: given cuts (n,), the instants (n,) since when
            the measure has reached them without a break, in place of ``at``.
        shifts: (n,) when time alone may next change which fact is the last one; NaN: never.
    """

    measure: Floats
    at: Floats
    evidence: Mapping[str, object]
    reaches: Callable[[Floats], Floats] | None = None
    since: Callable[[Floats], Floats] | None = None
    shifts: Floats | None = None


@dataclass(frozen=True)
class Detector:
    """A kind of signal and how it is found.

    Attributes:
        kind: of its signals.
        needs: kinds of events of which the organisation must record one at least; empty: none.
        find: the pure function.
    """

    kind: SignalKind
    needs: frozenset[Kind]
    find: Callable[[Scene], Found]


def _silence(scene: Scene) -> Found:
    """The customer's own gaps, or before the first word only what is usual in the stage."""
    facts, rhythm = scene.facts, scene.usual.rhythm
    heard = facts.number("heard")
    gaps = np.maximum(facts.count("heard_days") - 1, 0)
    days = np.nan_to_num(facts.workdays.between(facts.number("heard_first"), heard))
    since = np.where(np.isnan(heard), _first_address(facts), heard)
    pause, factor = facts.workdays.between(since, facts.look), scene.stage_factor()
    tail = rhythm.tail(gaps, days, np.maximum(pause, 0), factor)

    def reaches(cut: Floats) -> Floats:
        needed = rhythm.needed(gaps, days, factor, 10.0**-cut)
        return facts.workdays.after(since, needed)

    evidence = {
        "number": pause,
        "usual": rhythm.usual_gap(gaps, days, factor),
        "total": gaps,
        "day": facts.workdays.day(heard),
    }
    measure = np.where(np.isnan(pause), np.nan, -np.log10(np.maximum(tail, LEAST_DOUBT)))
    return Found(measure, since, evidence, reaches)


def _first_address(facts: Facts) -> Floats:
    """When we first spoke to the customer, or else the deal's creation."""
    spoke = facts.number("spoke_first")
    return np.where(np.isnan(spoke), facts.number("created"), spoke)


def _waiting(facts: Facts, since: Floats, waits: Bools, **evidence: object) -> Found:
    """Business days since a fact, where something is waited for."""
    start = np.where(waits, since, np.nan)
    days = facts.workdays.between(start, facts.look)
    shown = {"number": days, "day": facts.workdays.day(start), **evidence}
    return Found(days, start, shown, lambda cut: facts.workdays.after(start, cut))


def _plan_over(facts: Facts) -> Floats:
    """When the day of the latest plan is over; NaN without a plan that stands."""
    withdrawn = facts.number("unplanned") > facts.number("planned")
    due = from_day_number(facts.number("due")) + np.timedelta64(1, "D")
    return np.where(withdrawn, np.nan, facts.workdays.midnight(due))


def _no_next_step(scene: Scene) -> Found:
    """Since the last plan's day, the last contact or the deal's creation, whichever came last.

    A plan that is still ahead will leave the same gap once its day is over, so that the waiting
    begins there.
    """
    facts = scene.facts
    candidates = [_plan_over(facts), *map(facts.number, ("touched", "created", "unplanned"))]
    since = np.fmax.reduce(candidates)
    found = _waiting(facts, since, np.ones(len(facts), dtype=bool))
    ahead = since > facts.look
    return Found(np.where(ahead, 0.0, found.measure), found.at, found.evidence, found.reaches)


def _next_step_overdue(scene: Scene) -> Found:
    """Business days past the day of the last plan, unless the customer was met on or after it."""
    facts = scene.facts
    over = _plan_over(facts)
    due = from_day_number(facts.number("due"))
    met = facts.workdays.day(facts.number("touched")) >= due
    found = _waiting(facts, over, ~met & np.isfinite(over), day=due)
    measure = np.where(over > facts.look, 0.0, found.measure)
    return Found(measure, found.at, {**found.evidence, "number": measure}, found.reaches)


def _stage_overdue(scene: Scene) -> Found:
    """Time in the stage over won deals' median there."""
    facts = scene.facts
    entered, stage = facts.number("entered"), facts.text("stage")
    usual = scene.usual.days_in(stage, scene.stages)
    days = (facts.look - entered) / DAY
    evidence = {"number": days, "usual": usual, "name": stage, "day": facts.workdays.day(entered)}
    return Found(days / usual, entered, evidence, lambda cut: np.ceil(entered + cut * usual * DAY))


def _stage_back(scene: Scene) -> Found:
    facts = scene.facts
    back = facts.number("back")
    evidence = {
        "day": facts.workdays.day(back),
        "name": _joined(facts.text("back_from"), facts.text("back_to")),
    }
    return Found(facts.number("back_steps"), back, evidence)


def _joined(one: pa.Array, other: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(one, other, ARROW)


def _close_date_pushed(scene: Scene) -> Found:
    facts = scene.facts
    evidence = {
        "number": facts.number("pushes"),
        "total": facts.number("push_days"),
        "day": from_day_number(facts.number("close_due")),
    }
    pushes = facts.number("push_weighted_days") / LONG_PUSH_DAYS
    return Found(pushes, facts.number("pushed"), evidence)


def _amount_cut(scene: Scene) -> Found:
    """Share by which the amount lies below the most it ever was."""
    facts = scene.facts
    now, most, cut = (facts.number(name) for name in ("amount", "amount_most", "cut"))
    share = 1.0 - now / np.where(most > 0, most, np.nan)
    measure = np.where(np.isnan(cut), np.nan, share)
    return Found(
        measure, cut, {"number": now, "usual": most, "total": share, "day": facts.workdays.day(cut)}
    )


def _owner_unmet(scene: Scene) -> Found:
    facts = scene.facts
    changed = facts.number("owner_changed")
    met = facts.number("heard") >= changed
    return _waiting(facts, changed, ~met & np.isfinite(changed), name=facts.text("owner"))


def _contact_left(scene: Scene) -> Found:
    """The surest of a record, a bounced e-mail and a sentence; void once somebody has joined."""
    facts = scene.facts
    said = scene.said["contact_left"].recent(texts.RECENT_DAYS)
    times = np.stack([facts.number("left"), facts.number("bounced"), said.at])
    joined = np.nan_to_num(facts.number("joined"), nan=-np.inf)
    times = np.where(times > joined, times, np.nan)
    fresh = facts.look - times <= texts.RECENT_DAYS * DAY
    certainty = np.where(fresh, np.array([[CERTAIN], [BOUNCED_MAIL], [SAID]]), np.nan)
    best = np.argmax(np.nan_to_num(certainty), axis=0)
    pick = np.arange(len(facts))
    at = np.where(fresh.any(axis=0), times[best, pick], np.nan)
    evidence = {
        "number": best.astype(np.float64),
        "day": facts.workdays.day(at),
        "name": _only(facts.text("left_who"), best == 0),
        "quote": _only(said.quote, best == 2),
    }
    leaving = np.fmin.reduce(np.where(fresh, times + texts.RECENT_DAYS * DAY + 1, np.nan))
    return Found(certainty[best, pick], at, evidence, shifts=leaving)


def _only(column: pa.Array, where: Bools) -> pa.Array:
    return pc.if_else(pa.array(where), column, None)


def _single_contact(scene: Scene) -> Found:
    """Business days since the deal began, or somebody left, with one contact or none."""
    facts = scene.facts
    known = np.maximum(facts.count("contacts") - facts.count("leavers"), 0)
    since = np.fmax(facts.number("created"), facts.number("left"))
    return _waiting(facts, since, known <= 1, total=known)


def _tone_turning(scene: Scene) -> Found:
    """How much less friendly the last weeks' sentences are than those of the months before.

    Tone is (good - bad) / (good + bad + 1), so that one sentence does not count as a whole mood.
    """
    facts = scene.facts
    good, bad = scene.said[texts.GOOD], scene.said[texts.BAD]
    late_good, late_bad = good.recent(texts.RECENT_DAYS), bad.recent(texts.RECENT_DAYS)
    spans = (texts.RECENT_DAYS, texts.BEFORE_DAYS)
    now = _tone(late_good.count, late_bad.count)
    before = _tone(good.before(*spans), bad.before(*spans))
    measure = np.where(now < 0, np.maximum(before, 0.0) - now, np.nan)
    leaving = np.fmin(good.first_leaving(spans[0]), bad.first_leaving(spans[0]))
    leaving = np.fmin(leaving, np.fmin(good.first_leaving(spans[1]), bad.first_leaving(spans[1])))
    evidence = {
        "number": now,
        "usual": before,
        "total": late_bad.count,
        "day": facts.workdays.day(late_bad.at),
        "quote": late_bad.quote,
    }
    return Found(measure, late_bad.at, evidence, shifts=leaving)


def _tone(good: Floats, bad: Floats) -> Floats:
    tone: Floats = (good - bad) / (good + bad + 1.0)
    return tone


def _named(topic: str) -> Callable[[Scene], Found]:
    def find(scene: Scene) -> Found:
        said = scene.said[topic].recent(texts.RECENT_DAYS)
        measure = np.where(said.count > 0, said.count, np.nan)
        day = scene.facts.workdays.day(said.at)
        return Found(measure, said.at, {"number": said.count, "day": day, "quote": said.quote})

    return find


def _competitor_named(scene: Scene) -> Found:
    """A competitor on record counts as one more sentence."""
    facts = scene.facts
    said = scene.said["competitor"].recent(texts.RECENT_DAYS)
    rival = facts.number("rival")
    recorded = facts.look - rival <= texts.RECENT_DAYS * DAY
    count = said.count + recorded
    at = np.fmax(said.at, np.where(recorded, rival, np.nan))
    evidence = {
        "number": count,
        "day": facts.workdays.day(at),
        "name": _only(facts.text("competitor"), recorded),
        "quote": said.quote,
    }
    return Found(np.where(count > 0, count, np.nan), at, evidence)


def _checkpoint_skipped(scene: Scene) -> Found:
    facts = scene.facts
    skip, open_skips = facts.number("skip"), facts.number("skips")
    measure = np.where(open_skips > 0, open_skips, np.nan)
    evidence = {
        "number": open_skips,
        "name": facts.text("skipped"),
        "day": facts.workdays.day(skip),
    }
    return Found(measure, skip, evidence)


def _survey_low(scene: Scene) -> Found:
    """Share of the scale that the last score lies below its top."""
    facts = scene.facts
    score, scored = facts.number("score"), facts.number("scored")
    top = np.full(len(facts), scene.usual.survey_top)
    evidence = {"number": score, "usual": top, "day": facts.workdays.day(scored)}
    return Found(1.0 - score / top, scored, evidence)


def _survey_missing(scene: Scene) -> Found:
    facts = scene.facts
    asked = facts.number("asked")
    answered = facts.number("answered") >= asked
    return _waiting(facts, asked, ~answered & np.isfinite(asked))


def _risk_high(scene: Scene) -> Found:
    high = scene.risks.high
    risk, at = high.now(), _at_scores(high)
    evidence = {"number": risk, "day": scene.facts.workdays.day(at)}
    return Found(risk, at, evidence, since=high.since)


def _risk_rising(scene: Scene) -> Found:
    risks = scene.risks
    evidence = {
        "number": risks.high.now(),
        "usual": risks.before,
        "day": scene.facts.workdays.day(risks.at_before),
    }
    return Found(risks.rising.now(), _at_scores(risks.rising), evidence, since=risks.rising.since)


def _at_scores(runs: Runs) -> Floats:
    """(n,) of the last scores: what no cut is low enough for begins there."""
    return runs.since(np.full(len(runs.look_deal), np.inf))


def _needing(*kinds: Kind) -> frozenset[Kind]:
    return frozenset(kinds)


DETECTORS: tuple[Detector, ...] = (
    Detector(SignalKind.SILENCE, _TALKS | {Kind.QUOTE, Kind.SURVEY}, _silence),
    Detector(SignalKind.NO_NEXT_STEP, _needing(Kind.PLANNED), _no_next_step),
    Detector(SignalKind.NEXT_STEP_OVERDUE, _needing(Kind.PLANNED), _next_step_overdue),
    Detector(SignalKind.STAGE_OVERDUE, _needing(Kind.STAGE), _stage_overdue),
    Detector(SignalKind.STAGE_BACK, _needing(Kind.STAGE), _stage_back),
    Detector(SignalKind.CLOSE_DATE_PUSHED, _needing(Kind.CLOSE_DATE), _close_date_pushed),
    Detector(SignalKind.AMOUNT_CUT, _needing(Kind.AMOUNT), _amount_cut),
    Detector(SignalKind.OWNER_UNMET, _needing(Kind.OWNER), _owner_unmet),
    Detector(SignalKind.CONTACT_LEFT, _needing(), _contact_left),
    Detector(SignalKind.SINGLE_CONTACT, _needing(Kind.CONTACT), _single_contact),
    Detector(SignalKind.TONE_TURNING, _needing(), _tone_turning),
    Detector(SignalKind.COMPETITOR_NAMED, _needing(), _competitor_named),
    Detector(SignalKind.BUDGET_NAMED, _needing(), _named("budget")),
    Detector(SignalKind.REORGANISATION_NAMED, _needing(), _named("reorganisation")),
    Detector(SignalKind.TIMING_NAMED, _needing(), _named("timing")),
    Detector(SignalKind.CHECKPOINT_SKIPPED, _needing(Kind.CHECKPOINT), _checkpoint_skipped),
    Detector(SignalKind.SURVEY_LOW, _needing(Kind.SURVEY), _survey_low),
    Detector(SignalKind.SURVEY_MISSING, _needing(Kind.SURVEY), _survey_missing),
    Detector(SignalKind.RISK_HIGH, _needing(), _risk_high),
    Detector(SignalKind.RISK_RISING, _needing(), _risk_rising),
)
