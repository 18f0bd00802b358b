"""A deal that is new here has a risk curve at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import Max
from django.utils import timezone
from tests.app.scoring.test_rescoring import some_deal

from tsunagu.app.deals import timeline
from tsunagu.app.deals.models import Deal
from tsunagu.app.scoring import actions, runs, tracing
from tsunagu.app.scoring.models import Run, RunKind, ScorePoint

pytestmark = pytest.mark.django_db


def test_running_deals_get_a_point_for_each_week_that_they_ran(scored: Path) -> None:
    old = Deal.objects.filter(
        outcome__isnull=True, created_at__lt=timezone.now() - timedelta(days=8)
    )

    assert tracing.trace_back() == old.count()

    assert old.count() > 5
    for deal in old:
        days = list(deal.score_points.filter(traced=True).values_list("on", flat=True))
        assert all(day.weekday() == 0 for day in days)
        assert min(days) >= timezone.localdate(deal.created_at)
        assert len(days) >= (timezone.localdate() - min(days)).days // 7
    assert Run.objects.get(kind=RunKind.TRACE).share == 1


def test_what_was_kept_on_its_day_stays_and_is_told_from_what_was_computed(scored: Path) -> None:
    actions.rescore_all()
    deal = Deal.objects.filter(outcome__isnull=True).earliest("created_at")
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday() + 7)
    ScorePoint.objects.create(deal=deal, on=monday, risk_30=0.77)

    tracing.trace_back()

    kept = ScorePoint.objects.get(deal=deal, on=monday)
    assert (kept.risk_30, kept.traced) == (0.77, False)
    chart = timeline.data(deal)
    assert [f"{monday:%Y-%m-%d}", 77] in chart["risk"]
    assert f"{monday:%Y-%m-%d}" not in chart["traced"]
    assert len(chart["traced"]) > 1


def test_it_is_done_once_and_again_after_facts_of_the_past_came_in(scored: Path) -> None:
    tracing.trace_back()
    assert tracing.trace_back() == 0
    deal = Deal.objects.filter(score_points__traced=True).first()
    assert deal is not None

    tracing.forget_traces([deal.pk])

    assert tracing.trace_back() == 1


def test_a_traced_point_of_today_gives_way_to_the_score(scored: Path) -> None:
    deal, today = some_deal(), timezone.localdate()
    ScorePoint.objects.update_or_create(
        deal=deal, on=today, defaults={"risk_30": 0.5, "traced": True}
    )
    actions.rescore_deals([deal.pk])
    assert not ScorePoint.objects.get(deal=deal, on=today).traced
    assert deal.score_points.aggregate(last=Max("on"))["last"] == today


def test_a_stopped_run_keeps_what_it_drew(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "AT_ONCE", 3)
    run = runs.open_run(RunKind.TRACE)
    Run.objects.filter(pk=run.pk).update(stop=True)

    assert tracing.trace_back() == 0

    drawn = Deal.objects.filter(score_points__traced=True).distinct().count()
    assert 0 < drawn <= 3
    assert tracing.trace_back() > 0
