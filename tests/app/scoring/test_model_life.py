"""A fitted model's life: compared, taken or not, taken back, made again, watched."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.app.factories import make_user
from tests.app.scoring.conftest import AT

from tsunagu.app.people.models import AuditEntry, Role
from tsunagu.app.scoring import actions, bridge, lifecycle, registry, tasks, watching
from tsunagu.app.scoring.active import active_version
from tsunagu.app.scoring.models import DriftFinding, RiskModelVersion, Run, RunKind, State

pytestmark = pytest.mark.django_db

VERDICT = {"promoted": True, "reason": "too_few", "difference": None, "break_offs": 3}


@pytest.fixture(scope="module")
def first(scored: Path, django_db_blocker: Any) -> RiskModelVersion:
    """A challenger that met the first model, which nobody had compared."""
    with django_db_blocker.unblock():
        return registry.challenge()


def nothing() -> None:
    pass


def judged(
    monkeypatch: pytest.MonkeyPatch,
    verdict: dict[str, Any],
    between: Callable[[], object] = nothing,
) -> None:
    """Let every comparison end like this, after what happens ``between``."""
    found = lifecycle.Judged(verdict, {"format": 1}, {})
    summary = {"deals": 1, "observed_until": "2026-10-01T00:00:00+00:00"}

    class Quick:
        def fitted(self) -> bridge.Fitted:
            return bridge.Fitted(b"x", summary, 0.5)

        def fingerprint(self) -> str:
            return "f" * 64

        def judge(self, *_: Any) -> lifecycle.Judged:
            between()
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


def test_a_worker_that_dies_while_comparing_leaves_nothing_behind(
    first: RiskModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies() -> None:
        raise KeyboardInterrupt

    judged(monkeypatch, VERDICT, dies)
    before = RiskModelVersion.objects.count()
    with pytest.raises(KeyboardInterrupt):
        registry.challenge()
    assert (RiskModelVersion.objects.count(), active_version()) == (before, first)


def test_of_two_fits_at_once_one_wins_and_the_other_is_kept_as_overtaken(
    first: RiskModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second begins and ends while the first one compares."""
    others: list[RiskModelVersion] = []

    def meanwhile() -> None:
        judged(monkeypatch, VERDICT)
        others.append(registry.challenge())

    judged(monkeypatch, VERDICT, meanwhile)
    late = registry.challenge()

    assert active_version() == others[0]
    assert late.state == RiskModelVersion.objects.get(pk=late.pk).state == State.REJECTED
    assert late.verdict["reason"] == "overtaken"
    assert "another model came into use" in lifecycle.reason(late.verdict, "en")
    assert RiskModelVersion.objects.get(pk=first.pk).state == State.RETIRED
    assert RiskModelVersion.objects.filter(state=State.CHAMPION).count() == 1
    taken = AuditEntry.objects.filter(action="promote_model", object_id=str(late.pk))
    assert not taken.exists()


def test_a_model_taken_back_while_another_is_compared_stays(
    first: RiskModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = first.against
    assert earlier is not None
    judged(monkeypatch, VERDICT, lambda: registry.roll_back(make_user(Role.OPERATIONS), earlier))
    assert registry.challenge().verdict["reason"] == "overtaken"
    assert active_version() == earlier


def test_the_first_model_is_used_at_once_and_gets_its_card_later(
    first: RiskModelVersion,
) -> None:
    earliest = first.against
    assert earliest is not None
    assert earliest.card == {}
    assert earliest.fingerprint
    RiskModelVersion.objects.filter(pk=first.pk).update(state=State.RETIRED)
    RiskModelVersion.objects.filter(pk=earliest.pk).update(state=State.CHAMPION)

    assert tasks.measure_first.call()

    measured = RiskModelVersion.objects.get(pk=earliest.pk)
    assert measured.verdict["reason"] == "first"
    assert measured.card["data"]["digest"] == measured.fingerprint
    assert measured.reference["bins"]
    assert not registry.measure()


def test_where_another_first_model_was_quicker_it_is_used_and_ours_forgotten(
    first: RiskModelVersion,
) -> None:
    before = RiskModelVersion.objects.count()
    assert registry.first() == first
    assert RiskModelVersion.objects.count() == before


def made(state: State, days_ago: int, **more: Any) -> RiskModelVersion:
    now = timezone.now()
    return RiskModelVersion.objects.create(
        content=b"x",
        weight=0.5,
        state=state,
        card={"format": 1},
        created_at=now - timedelta(days=days_ago),
        used_since=now - timedelta(days=days_ago),
        **more,
    )


def test_files_of_long_ago_are_removed_but_rows_cards_and_the_last_five_stay(
    first: RiskModelVersion,
) -> None:
    RiskModelVersion.objects.filter(pk=first.pk).update(
        created_at=timezone.now() - timedelta(days=400)
    )
    used = [made(State.RETIRED, days) for days in (100, 110, 120, 130, 140, 150, 160)]
    refused, fresh = made(State.REJECTED, 100), made(State.REJECTED, 89)
    RiskModelVersion.objects.filter(pk=first.against_id).update(state=State.REJECTED)

    assert registry.prune(timezone.now()) == 3
    assert registry.prune(timezone.now()) == 0

    gone = RiskModelVersion.objects.exclude(pruned_at=None)
    assert set(gone) == {used[5], used[6], refused}
    assert all(bytes(version.content) == b"" and version.card for version in gone)
    kept = RiskModelVersion.objects.filter(pruned_at=None)
    assert {first, fresh} < set(kept)
    assert all(bytes(version.content) for version in kept)
    assert AuditEntry.objects.filter(action="prune_model").count() == 3
    with pytest.raises(registry.NoLongerKeptError):
        registry.roll_back(make_user(Role.OPERATIONS), used[6])
    with pytest.raises(registry.NoLongerKeptError):
        registry.reproduce(RiskModelVersion.objects.get(pk=used[6].pk))


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
