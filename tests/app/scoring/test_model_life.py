"""A fitted model's life: compared, taken or not, taken back, made again, watched."""

from __future__ import annotations

import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.app.factories import make_user
from tests.app.scoring.conftest import AT

from tsunagu.app.people.models import AuditEntry, Role
from tsunagu.app.scoring import actions, bridge, lifecycle, registry, watching
from tsunagu.app.scoring.active import active_version
from tsunagu.app.scoring.models import DriftFinding, RiskModelVersion, Run, RunKind, State

pytestmark = pytest.mark.django_db

VERDICT = {"promoted": True, "reason": "too_few", "difference": None, "break_offs": 3}


@pytest.fixture(scope="module")
def first(scored: Path, django_db_blocker: Any) -> RiskModelVersion:
    """A challenger that met the first model, which nobody had compared."""
    with django_db_blocker.unblock():
        return registry.challenge()


def judged(monkeypatch: pytest.MonkeyPatch, verdict: dict[str, Any]) -> None:
    """Let every comparison end like this."""
    found = lifecycle.Judged(verdict, {}, {}, "f" * 64)

    class Quick:
        fitted = bridge.Fitted(b"x", {"deals": 1}, 0.5)

        def judge(self, _: Any) -> lifecycle.Judged:
            return found

    def fit(at: Any, progress: Any) -> Quick:
        return Quick()

    monkeypatch.setattr(lifecycle.Challenger, "fit", fit)


def test_a_challenger_is_judged_against_the_champion_and_has_a_card(
    first: RiskModelVersion,
) -> None:
    assert first.state == State.CHAMPION
    assert first.against is not None
    assert RiskModelVersion.objects.get(pk=first.against.pk).state == State.RETIRED
    assert first.verdict["reason"] in {"too_few", "not_worse", "better"}
    assert first.card["data"]["deals"] == first.summary["deals"]
    assert first.fingerprint == first.card["data"]["digest"]
    assert first.reference["bins"]
    assert lifecycle.reason(first.verdict, "ja") != lifecycle.reason(first.verdict, "en") != ""


def test_a_version_can_be_made_again_byte_for_byte_from_its_seed_and_fingerprint(
    first: RiskModelVersion,
) -> None:
    found = registry.reproduce(RiskModelVersion.objects.get(pk=first.pk))
    assert (found.same_records, found.same_model) == (True, True)


def test_a_worse_challenger_is_kept_but_not_used_and_not_tried_again_each_night(
    first: RiskModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = {"value": 0.2, "low": 0.1, "high": 0.3}
    judged(
        monkeypatch,
        {"promoted": False, "reason": "worse", "difference": figure, "break_offs": 60},
    )
    version = registry.challenge()

    assert (version.state, active_version()) == (State.REJECTED, first)
    assert "20.0%" in lifecycle.reason(version.verdict, "en")
    assert AuditEntry.objects.filter(action="reject_model").count() == 1
    RiskModelVersion.objects.filter(pk=first.pk).update(
        created_at=timezone.now() - timedelta(days=30)
    )
    RiskModelVersion.objects.filter(pk=version.pk).update(summary={"deals": 10**6})
    assert not actions.fit_is_due(timezone.now())
    assert actions.fit_is_due(timezone.now() + timedelta(days=8))


def test_what_a_worker_that_died_left_uncompared_is_gone_with_the_next_fit(
    first: RiskModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = registry.add(bridge.Fitted(b"x", {}, 0.1), None)
    judged(monkeypatch, VERDICT)
    registry.challenge()
    assert not RiskModelVersion.objects.filter(pk=left.pk).exists()


def test_operations_take_an_earlier_model_back_and_all_deals_are_scored_with_it(
    first: RiskModelVersion,
) -> None:
    earlier, boss = first.against, make_user(Role.OPERATIONS)
    assert earlier is not None
    with pytest.raises(PermissionDenied):
        registry.roll_back(make_user(Role.MANAGER), earlier)
    registry.roll_back(boss, earlier)

    assert active_version() == earlier
    assert RiskModelVersion.objects.get(pk=first.pk).state == State.RETIRED
    assert Run.objects.get(kind=RunKind.RESCORE, finished_at=None).asked_by == boss
    entry = AuditEntry.objects.get(action="roll_back_model")
    assert (entry.before, entry.after) == ({"model": first.pk}, {"model": earlier.pk})
    with pytest.raises(registry.NotUsedEarlierError):
        registry.roll_back(boss, earlier)


def test_a_look_for_drift_finds_none_where_there_is_none(first: RiskModelVersion) -> None:
    assert watching.watch(AT) >= 0
    drift = RiskModelVersion.objects.get(pk=first.pk).drift
    assert len(drift["volume"]["weeks"]) == len(drift["volume"]["events"]) == lifecycle.WEEKS + 1
    assert sum(drift["volume"]["events"]) > 0
    assert set(drift["features"]["series"]) <= set(drift["features"]["labels"])
    assert drift["calibration"]["readings"][0]["drifted"] is False


def reading(subject: str, drifted: bool) -> dict[str, Any]:
    return {"subject": subject, "value": 0.4, "limit": 0.25, "seen": 90, "drifted": drifted}


def test_a_finding_is_told_once_ends_by_itself_and_begins_anew(first: RiskModelVersion) -> None:
    DriftFinding.objects.all().delete()
    nights = [timezone.now() + timedelta(days=n) for n in range(4)]
    steady: dict[str, Any] = {k: {"readings": []} for k in ("features", "calibration", "volume")}
    moved = copy.deepcopy(steady)
    moved["features"]["readings"] = [reading("silence", True), reading("stage", False)]

    watching.keep(first, moved, nights[0])
    watching.keep(first, moved, nights[1])
    finding = DriftFinding.objects.get()
    assert (finding.subject, finding.since, finding.until) == ("silence", nights[0], None)
    boss = make_user(Role.OPERATIONS)
    watching.note(boss, finding)
    watching.note(boss, finding)
    assert AuditEntry.objects.filter(action="note_drift").count() == 1
    watching.keep(first, moved, nights[1])
    assert DriftFinding.objects.get().noted_by == boss

    watching.keep(first, steady, nights[2])
    assert DriftFinding.objects.get().until == nights[2]
    watching.keep(first, moved, nights[3])
    assert DriftFinding.objects.filter(until=None).get().noted_by is None
