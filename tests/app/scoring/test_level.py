"""Between two fits the scores go with how often deals end lately."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from statistics import mean

import pytest
from django.db.models import Q
from django.utils import timezone
from tests.app.scoring.conftest import AT

from tsunagu.analytics.features import current
from tsunagu.app.scoring import actions, bridge, lifecycle, registry, runs
from tsunagu.app.scoring.active import active_version
from tsunagu.app.scoring.models import RiskModelVersion, Score, State

pytestmark = pytest.mark.django_db


def in_use_since(fitted: bridge.Fitted) -> RiskModelVersion:
    RiskModelVersion.objects.filter(state=State.CHAMPION).update(state=State.RETIRED)
    return RiskModelVersion.objects.create(
        content=fitted.content,
        summary=fitted.summary,
        weight=fitted.weight,
        state=State.CHAMPION,
        level_at=AT,
    )


def test_a_drop_in_break_offs_since_the_fit_lowers_the_scores_without_a_new_fit(
    scored: Path,
) -> None:
    """No deal has ended since the simulated organisation's last fact, weeks ago."""
    fitted = lifecycle.Challenger.fit(AT, runs.silent).fitted()
    version = in_use_since(fitted)
    assert fitted.weight > 0

    actions.rescore_all()

    scores = list(Score.objects.all())
    as_fitted = bridge.load(fitted.content)
    at = scores[0].at
    frozen = {f.deal_id: f.risk[2] for f in bridge.foresee(as_fitted, Q(), at)}
    assert mean(score.risk_30 for score in scores) < mean(frozen.values())
    log = bridge.whole_log(at)
    as_of_now = as_fitted.as_of(log).score(log, current(log)).to_pylist()
    told = {int(row["deal_id"]): row["broken_off_30"] for row in as_of_now}
    assert {score.pk: score.risk_30 for score in scores} == pytest.approx(told)
    assert {score.model_id for score in scores} == {version.pk}
    version.refresh_from_db()
    assert version.level
    assert version.level_at == at

    one = scores[0]
    assert actions.rescore_deals([one.pk]) == 1  # between the nights: by the same level
    again = Score.objects.get(pk=one.pk)
    assert again.risk_30 == pytest.approx(one.risk_30, rel=0.01)


def test_the_level_is_looked_up_twice_a_day_and_not_for_a_scorecard(
    scored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(bridge, "level", lambda _, at: asked.append(at))
    version, now = active_version(), timezone.now()
    assert version is not None

    for hours in (0, 11, 13, 14, 30):
        version = registry.follow(version, now + timedelta(hours=hours))

    assert asked == [now + timedelta(hours=13), now + timedelta(hours=30)]
    assert version.level == {}
