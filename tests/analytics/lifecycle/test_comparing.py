"""The better model goes on; where nothing can be told, the newer one does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.analytics.evaluation.small_logs import small_log
from tests.analytics.risk.conftest import _known_log

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation import Figure
from tsunagu.analytics.lifecycle import card, fingerprint, importance, reference, try_out, wording
from tsunagu.analytics.lifecycle.comparing import judge, refit
from tsunagu.analytics.risk import RiskModel


@pytest.mark.parametrize(
    ("figure", "promoted", "reason"),
    [
        (Figure(-0.05, -0.08, -0.01), True, "better"),
        (Figure(-0.05, -0.12, 0.01), True, "not_worse"),
        (Figure(0.019, -0.01, 0.05), True, "not_worse"),
        (Figure(0.03, -0.01, 0.08), False, "worse"),
        (Figure(0.03, 0.01, 0.05), False, "worse"),
    ],
)
def test_better_or_not_worse_by_the_margin(figure: Figure, promoted: bool, reason: str) -> None:
    verdict = judge(figure, 40)
    assert (verdict.promoted, verdict.reason) == (promoted, reason)
    assert "40" in wording.reason(verdict.to_dict(), "ja")
    assert "40 break-offs" in wording.reason(verdict.to_dict(), "en")


@pytest.fixture(scope="module")
def log() -> EventLog:
    return _known_log(300, seed=3)


@pytest.fixture(scope="module")
def model(log: EventLog) -> RiskModel:
    return RiskModel.fit(log)


@pytest.fixture(scope="module")
def champion(log: EventLog) -> RiskModel:
    """Of long ago, when whoever recorded ends took won deals for broken off ones."""
    events = log.events
    value = events.value.cases(("won", "broken_off"), ("broken_off", "won"), else_=events.value)
    wrong = replace(log, events=events.mutate(value=value))
    return RiskModel.fit(wrong.until(log.observed_until - timedelta(days=200)), seed=1)


def test_a_champion_that_has_not_seen_the_slice_competes_as_it_is(
    log: EventLog, model: RiskModel, champion: RiskModel
) -> None:
    trial = try_out(log, model, champion, bootstrap=50)
    assert trial.evaluation is not None
    assert champion.summary.observed_until <= trial.evaluation.cut
    assert [p.name for p in trial.evaluation.performances] == ["challenger", "champion"]
    assert trial.verdict.promoted
    assert trial.verdict.difference is not None
    assert trial.verdict.difference.value < 0


def test_the_first_model_is_measured_beside_the_plain_rate_and_has_a_card(
    log: EventLog, model: RiskModel
) -> None:
    trial = try_out(log, model, None, bootstrap=20)
    weights = importance(model, log)
    made = card(model, fingerprint(log), trial, weights)

    assert trial.verdict.reason == "first"
    assert [m["name"] for m in made["trial"]["models"]] == ["challenger", "stage_rate"]
    assert 0 < made["trial"]["models"][0]["figures"]["auc"] <= 1
    assert made["trial"]["models"][0]["curve"]
    assert list(weights.values()) == sorted(weights.values(), reverse=True)
    assert set(reference(model, log).bins) <= set(model.recipe.names)
    assert len(wording.statement(made, "ja")) == len(wording.statement(made, "en")) == 3


def test_a_log_without_history_has_a_card_that_says_so() -> None:
    log = small_log({"d1": {}}, [("d1", 1, "call", None, "in")])
    model = RiskModel.fit(log)
    made = card(model, fingerprint(log), try_out(log, model, model), importance(model, log))

    assert made["trial"]["verdict"]["reason"] == "too_few"
    assert "too short" in wording.statement(made, "en")[-1]
    assert reference(model, log).deals == 1


def test_the_same_log_seed_and_settings_give_the_same_model(
    log: EventLog, model: RiskModel
) -> None:
    assert refit(log, model.summary)._to_dict() == model._to_dict()
