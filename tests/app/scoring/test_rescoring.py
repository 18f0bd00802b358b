"""Scores follow the facts: the right deal's, once, whoever works and whoever dies."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.app.factories import make_user
from tests.installation import installation

from tsunagu.app.deals.actions import close_deal, log_activity
from tsunagu.app.deals.models import Deal, Outcome
from tsunagu.app.people.models import Role
from tsunagu.app.scoring import actions, bridge, runs, schedule, writing
from tsunagu.app.scoring.active import active_version
from tsunagu.app.scoring.models import (
    RescoreRequest,
    RiskModelVersion,
    Run,
    RunKind,
    Schedule,
    Score,
    ScorePoint,
    State,
)

pytestmark = pytest.mark.django_db


def some_deal() -> Deal:
    return Deal.objects.filter(outcome__isnull=True).order_by("pk")[3]


def test_every_open_deal_and_no_other_has_a_score_with_reasons(scored: Path) -> None:
    running = set(Deal.objects.filter(outcome__isnull=True).values_list("pk", flat=True))
    assert set(Score.objects.values_list("pk", flat=True)) == running
    for score in Score.objects.select_related("deal"):
        assert 0 <= score.risk_7 <= score.risk_30 <= score.risk_90 <= 1
        assert {"group", "contribution", "ja", "en"} == set(score.reasons[0])
        assert score.model == active_version()
        effect = score.risk_30 * (1 - score.risk_30)
        if score.deal.amount is not None:
            assert score.worth == pytest.approx(effect * float(score.deal.amount))
    assert ScorePoint.objects.count() == len(running)


def test_a_change_rescores_its_deal_and_no_other(scored: Path) -> None:
    deal, boss = some_deal(), make_user(Role.OPERATIONS)
    before = dict(Score.objects.values_list("pk", "at"))
    log_activity(boss, deal, "meeting", direction="both")

    actions.request_rescore(deal.pk)
    actions.request_rescore(deal.pk)

    assert Score.objects.get(pk=deal.pk).stale
    assert RescoreRequest.objects.count() == 1
    assert actions.rescore_waiting() == 1
    after = dict(Score.objects.values_list("pk", "at"))
    assert {pk for pk in after if after[pk] != before[pk]} == {deal.pk}
    assert not Score.objects.filter(stale=True).exists()
    assert not RescoreRequest.objects.exists()


def test_an_ended_deal_has_no_score_any_more_but_keeps_its_curve(scored: Path) -> None:
    deal = some_deal()
    close_deal(make_user(Role.OPERATIONS), deal, Outcome.WON)

    assert actions.rescore_deals([deal.pk]) == 0

    assert not Score.objects.filter(pk=deal.pk).exists()
    assert ScorePoint.objects.filter(deal=deal).exists()


def test_a_change_while_a_worker_counts_keeps_its_request(
    scored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = some_deal()
    actions.request_rescore(deal.pk)
    foresee = bridge.foresee_few

    def slowly(*arguments: Any) -> list[bridge.Foresight]:
        found = list(foresee(*arguments))
        actions.request_rescore(deal.pk)  # recorded after the facts were read
        return found

    monkeypatch.setattr(bridge, "foresee_few", slowly)
    actions.rescore_deals([deal.pk])

    assert RescoreRequest.objects.filter(deal=deal).exists()
    assert Score.objects.get(pk=deal.pk).stale


def test_a_second_fit_does_nothing_while_another_worker_fits(scored: Path) -> None:
    assert runs.Worker.claim(runs.open_run(RunKind.FIT)) is not None
    before = RiskModelVersion.objects.count()
    assert not actions.run_fit()
    assert RiskModelVersion.objects.count() == before


def test_scores_keep_what_can_be_said_and_steps_from_a_tenth_on(scored: Path) -> None:
    for score in Score.objects.all():
        assert len(score.verdicts) == len(bridge.HORIZONS)
        assert score.risk_30 >= bridge.WORTH_A_STEP or not score.next_steps
        for step in score.next_steps:
            assert step["after"] < step["before"] == score.risk_30


def foresight(deal: Deal, risk: float) -> bridge.Foresight:
    return bridge.Foresight(deal.pk, (risk,) * 5, 0.1, 0.1, [])


def test_a_slow_worker_never_overwrites_a_newer_score(scored: Path) -> None:
    deal, version = some_deal(), active_version()
    assert version is not None
    now = timezone.now()
    writing.write_scores([foresight(deal, 0.9)], writing.AsOf.now(now, version))
    late = writing.AsOf.now(now - timedelta(seconds=5), version)

    writing.write_scores([foresight(deal, 0.1)], late)

    assert Score.objects.get(pk=deal.pk).risk_30 == 0.9
    assert ScorePoint.objects.filter(deal=deal).latest("on").risk_30 == 0.9


def test_the_day_before_stays_to_compare_with(scored: Path) -> None:
    deal, version = some_deal(), active_version()
    assert version is not None
    now = timezone.now() + timedelta(days=40)
    for day, risk in ((0, 0.2), (1, 0.3), (1, 0.4)):
        as_of = writing.AsOf.now(now + timedelta(days=day), version)
        writing.write_scores([foresight(deal, risk)], as_of)

    score = Score.objects.get(pk=deal.pk)
    assert (score.previous_risk_30, score.risk_30) == (0.2, 0.4)


def test_of_two_workers_one_takes_a_run_and_a_dead_ones_is_taken_over(db: None) -> None:
    run = runs.open_run(RunKind.RESCORE)
    assert runs.open_run(RunKind.RESCORE) == run
    first = runs.Worker.claim(run)
    assert first is not None
    assert runs.Worker.claim(run) is None

    Run.objects.filter(pk=run.pk).update(beat_at=timezone.now() - runs.DEAD_AFTER * 2)
    assert runs.dead_runs() == [run]
    assert runs.Worker.claim(run) is not None
    with pytest.raises(runs.Stopped):
        first.advance(1, 1)


def test_a_stopped_run_ends_and_the_next_begins_anew(scored: Path) -> None:
    boss = make_user(Role.OPERATIONS)
    run = runs.open_run(RunKind.RESCORE)
    actions.stop_run(boss, run)

    assert actions.rescore_all() == 0

    run.refresh_from_db()
    assert run.finished_at is not None
    assert actions.rescore_all() == Score.objects.count()


def test_an_error_is_kept_for_the_page(db: None) -> None:
    run = runs.open_run(RunKind.FIT)
    with pytest.raises(ZeroDivisionError), runs.working_on(run):
        raise ZeroDivisionError("too little of everything")
    run.refresh_from_db()
    assert run.problem == "too little of everything"
    assert run.finished_at is not None


def test_only_operations_fit_and_the_old_model_stays_as_an_earlier_one(scored: Path) -> None:
    with pytest.raises(PermissionDenied):
        actions.start_fit(make_user(Role.MANAGER))
    before = active_version()
    actions.start_fit(make_user(Role.OPERATIONS))
    actions.run_fit()
    assert active_version() != before
    assert RiskModelVersion.objects.filter(state=State.CHAMPION).count() == 1


def test_what_is_due_is_enqueued_once_and_a_missed_night_is_made_up(settings: Any) -> None:
    settings.SCHEDULE = {"x": ("daily 02:30", "tsunagu.app.scoring.tasks.tidy_up")}
    now = timezone.now()
    assert schedule.enqueue_due(now) == []  # only planned
    Schedule.objects.update(due_at=now - timedelta(days=3))

    assert schedule.enqueue_due(now) == ["x"]
    assert schedule.enqueue_due(now) == []
    due = timezone.localtime(Schedule.objects.get().due_at)
    assert (due.hour, due.minute) == (2, 30)
    assert now < due <= now + timedelta(days=1)


RESCORE = """
import sys, time
from tsunagu.cli import application
application.set_up()
from tsunagu.app.scoring import actions, runs
from datetime import timedelta
actions.AT_ONCE = 4
runs.DEAD_AFTER = timedelta(seconds=float(sys.argv[1]))
runs.Worker.tell_before = runs.Worker.tell
def tell(self, step, share):
    self.tell_before(step, share)
    print("page", flush=True)
    time.sleep(float(sys.argv[2]))
runs.Worker.tell = tell
print("count", actions.rescore_all(), flush=True)
"""


def test_a_killed_nightly_run_goes_on_where_it_was(tmp_path: Path) -> None:
    with installation(tmp_path / "home") as there:
        made = there.tsunagu("demo", tmp_path, "--no-serve", "--deals", "150")
        assert made.returncode == 0, made.stderr
        first = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", RESCORE, "45", "0.3"], env=there.env, stdout=subprocess.PIPE
        )
        assert first.stdout is not None
        for _ in range(3):
            assert first.stdout.readline() == b"page\n"
        first.kill()
        first.wait()
        time.sleep(0.2)

        count = int(there.python("-c", RESCORE, "0", "0").split()[-1])

        running = there.one("SELECT count(*) FROM deals_deal WHERE outcome IS NULL")
        done = there.one("SELECT done FROM scoring_run ORDER BY id DESC LIMIT 1")
        moments = there.one("SELECT count(DISTINCT at) FROM scoring_score")
    assert done == running
    assert 0 < count < running
    assert moments == 2
