"""The evaluation itself: learn from the past, judge on what came after, never shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tsunagu.analytics.contracts import EventLog, Progress, silent
from tsunagu.analytics.evaluation.groups import groupings
from tsunagu.analytics.evaluation.judging import Questions, ask_all
from tsunagu.analytics.evaluation.labels import label
from tsunagu.analytics.evaluation.predictor import Baseline
from tsunagu.analytics.evaluation.results import Evaluation
from tsunagu.analytics.evaluation.splitting import (
    checked_cut,
    default_cut,
    nothing_to_test,
    parts,
    snapshots_after,
)
from tsunagu.analytics.evaluation.summary import Summary
from tsunagu.analytics.evaluation.values import deal_values

_ASKING_SHARE = 0.7


def evaluate(  # noqa: PLR0913 - a public door whose choices are all the caller's
    log: EventLog,
    *,
    cut: datetime | None = None,
    train_share: float = 0.7,
    predictors: Sequence[Baseline] | None = None,
    seed: int = 0,
    bootstrap: int = 200,
    progress: Progress | None = None,
) -> Evaluation:
    """Fit predictors on the log as it stood at ``cut`` and judge them on the weeks after it.

    At the cut, later outcomes do not exist: a deal still open then is censored in training.  The
    test part is every deal open at a weekly landmark after the cut, labelled by what was known at
    ``log.observed_until`` and censored there.  Every predictor sees the same landmarks.

    Args:
        log: the whole log.
        cut: an aware instant; default: when ``train_share`` of the outcomes had come in.
        train_share: above 0, below 1; used only without ``cut``.
        predictors: the model first, then its rivals; default: :func:`default_predictors`.
        seed: of everything random.
        bootstrap: how often deals are resampled for the intervals; 0 for no intervals.
        progress: told of each step.

    Raises:
        NotEnoughHistoryError: if there is no outcome, no open deal after the cut, or too little
            for the first predictor to learn from.  A rival that cannot learn is left out with
            its reason.
        ValueError: if ``train_share`` or ``cut`` is out of its range.
    """
    tell = progress if progress is not None else silent
    moment = checked_cut(log, default_cut(log, train_share) if cut is None else cut)
    snapshots = snapshots_after(log, moment)
    landmarks = label(log, snapshots)
    if not len(landmarks):
        raise nothing_to_test(moment)
    questions = Questions(log, log.until(moment), snapshots, landmarks, seed)
    rivals = default_predictors() if predictors is None else predictors
    judgements, skipped = ask_all(rivals, questions, lambda s, d: tell(s, d * _ASKING_SHARE))
    value = deal_values(log, landmarks.deal_ids)
    groups = groupings(log, landmarks.deal_ids, value)
    summary = Summary(landmarks, judgements, value, groups)
    performances = summary.performances(
        seed=seed,
        bootstrap=bootstrap,
        tell=lambda s, d: tell(s, _ASKING_SHARE + d * (1 - _ASKING_SHARE)),
    )
    train, test = parts(log, moment, landmarks)
    tell("done", 1.0)
    return Evaluation(
        cut=moment,
        train=train,
        test=test,
        horizons=summary.horizons,
        warnable=summary.warnable(),
        reachable=summary.reachable(),
        performances=performances,
        native=summary.native(),
        skipped=tuple(skipped),
        notes=summary.notes(),
        seed=seed,
        bootstrap=bootstrap,
    )


def default_predictors() -> tuple[Baseline, ...]:
    """Tsunagu's risk model as it lists deals for a week's and a fortnight's warning and by plain
    risk, then every baseline.

    The best of the baselines also has its list ordered as ours is, so that the gain is not owed to
    the order alone.
    """
    # LightGBM takes long to import, and an evaluation of other predictors does not need it
    from tsunagu.analytics.evaluation.baselines import default_baselines
    from tsunagu.analytics.evaluation.risk_predictor import RiskPredictor, WindowedStageRate
    from tsunagu.analytics.risk.window import DEFAULT_WINDOW

    by_risk = RiskPredictor(DEFAULT_WINDOW, "tsunagu_30")
    early = RiskPredictor(name="tsunagu_lead_14", lead=14)
    return (RiskPredictor(), by_risk, early, *default_baselines(), WindowedStageRate())
