"""Learning from every break-off and a weighted share of the rest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tsunagu.analytics.contracts import HORIZONS_DAYS, EventLog
from tsunagu.analytics.features import weekly
from tsunagu.analytics.risk import RiskModel, Settings, dataset, inputs, sampling
from tsunagu.analytics.risk.periods import BROKEN_OFF_CLASS, expand
from tsunagu.analytics.risk.weighing import lower_quantile, medians, quantiles
from tsunagu.analytics.testing import shuffled

SHARE = 0.2


@pytest.fixture(scope="module")
def kept(known_log: EventLog) -> sampling.Shares:
    return sampling.Shares(SHARE, SHARE)


def test_every_landmark_before_a_break_off_is_kept(known_log, kept) -> None:
    landmarks = weekly(known_log)
    whole = inputs.history(known_log, inputs.in_order(landmarks.to_pyarrow()))
    days = (whole.ended_at - whole.at) / 86_400
    broke = (whole.outcome == BROKEN_OFF_CLASS) & (days <= HORIZONS_DAYS[-1])
    chosen = sampling.sample(known_log, landmarks, kept).to_pyarrow()
    weight = chosen["weight"].to_numpy()
    assert (weight == 1.0).sum() == broke.sum()
    assert set(np.round(weight, 6)) == {1.0, 1 / SHARE}


def test_weights_stand_for_what_was_left_out(known_log, kept) -> None:
    landmarks = weekly(known_log)
    weight = sampling.sample(known_log, landmarks, kept).to_pyarrow()["weight"].to_numpy()
    total = landmarks.count().to_pyarrow().as_py()
    rest = total - (weight == 1.0).sum()
    assert len(weight) < 0.6 * total
    assert weight.sum() == pytest.approx(total, abs=4 * np.sqrt(rest * (1 - SHARE) / SHARE))


def test_the_draw_knows_no_order_of_rows(known_log, kept) -> None:
    mixed = shuffled(known_log, seed=1)
    one, other = (
        inputs.in_order(sampling.sample(log, weekly(log), kept).to_pyarrow())
        for log in (known_log, mixed)
    )
    assert one.equals(other)


def test_few_other_ends_are_all_kept(known_log) -> None:
    assert sampling.shares(known_log, weekly(known_log), 0.1).ends > 0.1
    assert sampling.shares(known_log, weekly(known_log), 0.1).rest == 0.1


def test_the_share_follows_from_how_many_fit(known_log) -> None:
    landmarks = weekly(known_log)
    total = landmarks.count().to_pyarrow().as_py()
    assert sampling.share_for(known_log, landmarks, total) == 1.0
    share = sampling.share_for(known_log, landmarks, total // 2)
    drawn = sampling.sample(known_log, landmarks, sampling.Shares(share, share))
    assert drawn.count().to_pyarrow().as_py() == pytest.approx(total // 2, rel=0.05)


def test_nothing_left_out_is_the_plain_fit(known_log, tmp_path: Path) -> None:
    """The same data with all weights 1, drawn or not."""
    plain = dataset.prepare(known_log, Settings())
    almost = dataset.prepare(known_log, Settings(share=1 - 1e-12))
    assert almost.plan == plain.plan
    assert almost.snapshots.keys.equals(plain.snapshots.keys)
    np.testing.assert_array_equal(almost.history.weight, np.ones(len(plain.history.at)))


def test_hazards_of_the_sample_are_those_of_everything(known_log, kept) -> None:
    data = dataset.prepare(known_log, Settings(share=SHARE))
    whole = dataset.prepare(known_log, Settings())
    rates = []
    for each in (data, whole):
        h = each.history
        rows = expand(h.at, h.ended_at, h.outcome, h.observed_until)
        rows = rows.weighted(h.weight[rows.landmark])
        counts = np.zeros((5, 4))
        np.add.at(counts, (rows.interval, rows.label), rows.weight)
        rates.append(counts / counts.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(rates[0], rates[1], rtol=0.15, atol=0.01)


def test_the_summary_tells_of_everything_and_of_the_share(known_log) -> None:
    sampled = RiskModel.fit(known_log, settings=Settings(share=SHARE)).summary
    whole = RiskModel.fit(known_log).summary
    assert (sampled.landmarks, sampled.break_offs) == (whole.landmarks, whole.break_offs)
    assert sampled.fingerprint == whole.fingerprint
    assert json.loads(json.dumps(sampled.to_dict()))["settings"]["share"] == SHARE


def test_even_weights_give_numpys_quantiles_and_whole_weights_those_of_repeated_rows() -> None:
    rng = np.random.default_rng(0)
    values, weight = rng.normal(size=50), rng.integers(1, 4, 50).astype(float)
    shares = np.array([0.1, 0.5, 0.9])
    assert np.array_equal(quantiles(values, shares, np.ones(50)), np.quantile(values, shares))
    assert np.array_equal(quantiles(values, shares, np.full(50, 3.0)), np.quantile(values, shares))
    many = np.repeat(values, weight.astype(int))
    spread = np.ptp(values) / 20
    assert quantiles(values, shares, weight) == pytest.approx(np.quantile(many, shares), abs=spread)
    lower = np.quantile(many, 0.1, method="lower")
    assert lower_quantile(values, 0.1, weight) == pytest.approx(lower, abs=spread)


def test_medians_pass_over_what_is_unknown() -> None:
    features = np.array([[1, np.nan], [2, np.nan], [9, np.nan], [np.nan, np.nan]], np.float32)
    found = medians(features, np.array([1.0, 1.0, 1.0, 5.0]))
    assert found[0] == 2
    assert np.isnan(found[1])
