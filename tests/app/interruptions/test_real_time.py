"""A fact is looked at as soon as it is recorded, the passing of time when it is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from tests.app.conftest import browser
from tests.app.factories import BEGAN, Organisation, make_deal
from tests.app.scores import make_score

from tsunagu.app.deals.actions import log_activity, plan_next_step
from tsunagu.app.deals.models import Deal, Process
from tsunagu.app.interruptions import gathering, looking, tasks, watching
from tsunagu.app.interruptions.models import Interruption, Signal, Watch
from tsunagu.app.interruptions.states import State
from tsunagu.app.scoring import schedule

Commits = Any


@pytest.fixture
def queued(settings: Any) -> None:
    """Tasks wait in the database."""
    backend = "django_tasks_db.DatabaseBackend"
    settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": ["default", "scores", "outward"]}}


@pytest.fixture
def silent(organisation: Organisation) -> Deal:
    """A customer who spoke every week and then no more."""
    for week in range(8):
        at = BEGAN + timedelta(days=7 * week)
        user = organisation.representative
        log_activity(user, organisation.own, "call", direction="both", at=at)
    return organisation.own


def test_a_silence_becomes_a_suspicion_once_a_fact_lets_us_look(
    silent: Deal, organisation: Organisation, django_capture_on_commit_callbacks: Commits
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        log_activity(organisation.representative, silent, "note", text="見積を社内で検討中")

    case = Interruption.objects.get(deal=silent)
    assert case.state == State.SUSPECTED
    assert "silence" in set(case.signals.values_list("kind", flat=True))
    assert Watch.objects.get(deal=silent).looked_at is not None


def test_the_customers_word_ends_the_silence_but_not_the_case(
    silent: Deal, organisation: Organisation, django_capture_on_commit_callbacks: Commits
) -> None:
    looking.deal_changed(silent.pk)
    with django_capture_on_commit_callbacks(execute=True):
        log_activity(organisation.representative, silent, "call", direction="both")

    assert Signal.objects.get(deal=silent, kind="silence").gone_at is not None
    assert Interruption.objects.get(deal=silent).state == State.SUSPECTED


def test_a_quiet_deal_is_looked_at_when_time_could_raise_something(
    organisation: Organisation,
) -> None:
    deal = make_deal(organisation.representative, at=timezone.now())
    plan_next_step(organisation.representative, deal, timezone.localdate() + timedelta(days=5))
    looking.deal_changed(deal.pk)

    look_at = Watch.objects.get(deal=deal).look_at

    assert look_at is not None
    assert timezone.now() < look_at < timezone.now() + timedelta(days=60)
    assert not Interruption.objects.filter(deal=deal).exists()


def test_thresholds_that_are_saved_count_at_once_and_in_their_process_alone(
    silent: Deal, organisation: Organisation, django_capture_on_commit_callbacks: Commits
) -> None:
    looking.deal_changed(silent.pk)
    silence = Signal.objects.get(deal=silent, kind="silence")
    other = Process.objects.create(name="代理店")
    operations, url = browser(organisation.operations), reverse("interruptions:thresholds")

    def save(process: Process, **cuts: str) -> Signal:
        with django_capture_on_commit_callbacks(execute=True):
            assert operations.post(f"{url}?process={process.pk}", cuts).status_code == 302
        silence.refresh_from_db()
        return silence

    assert save(other, silence="1000").gone_at is None
    assert save(silent.process, silence="1000").gone_at is not None
    assert save(silent.process, reset="1").gone_at is None


def test_many_facts_make_one_task(organisation: Organisation, queued: None) -> None:
    for deal in (organisation.own, organisation.shared, organisation.foreign):
        looking.deal_changed(deal.pk)
    looking.deals_changed([organisation.own.pk, organisation.unshared.pk])

    assert DBTaskResult.objects.filter(task_path=tasks.look_at_due.module_path).count() == 1
    assert Watch.objects.filter(look_at__lte=timezone.now()).count() == 4


def test_a_look_waits_a_moment_for_facts_that_come_together(
    organisation: Organisation, queued: None
) -> None:
    looking.deal_changed(organisation.own.pk)

    task = DBTaskResult.objects.get(task_path=tasks.look_at_due.module_path)
    assert timedelta(0) < task.run_after - task.enqueued_at < timedelta(seconds=0.5)


def test_a_task_under_way_does_not_stand_for_the_next_one(
    organisation: Organisation, queued: None
) -> None:
    looking.deal_changed(organisation.own.pk)
    DBTaskResult.objects.update(status="RUNNING")
    looking.deal_changed(organisation.shared.pk)

    assert DBTaskResult.objects.filter(status="READY").count() == 1


def test_a_risk_that_moved_lets_us_look_and_one_that_did_not_does_not(
    organisation: Organisation, queued: None
) -> None:
    deal = organisation.own
    make_score(deal, 0.20)
    watching.due_now([deal.pk])
    gathering.look_at_waiting()

    make_score(deal, 0.21)
    looking.deals_scored([deal.pk])
    assert not DBTaskResult.objects.exists()
    make_score(deal, 0.40)
    looking.deals_scored([deal.pk])
    assert DBTaskResult.objects.count() == 1


def test_every_night_all_open_deals_are_looked_at(organisation: Organisation, queued: None) -> None:
    looking.look_at_all()

    due = Watch.objects.filter(look_at__lte=timezone.now())
    assert due.count() == Deal.objects.filter(outcome__isnull=True).count()


def test_the_schedule_looks_every_minute_and_learns_every_night(db: None) -> None:
    times = {task: when for when, task in schedule.plan().values()}
    assert times["tsunagu.app.interruptions.tasks.look_at_due"] == schedule.Every(60)
    assert "tsunagu.app.interruptions.tasks.nightly" in times
    assert "tsunagu.app.interruptions.looking.deal_changed" in configured.DEAL_CHANGED
    assert "tsunagu.app.interruptions.looking.deals_changed" in configured.DEALS_CHANGED
