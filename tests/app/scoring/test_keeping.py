"""A nightly run reads what changed, and says what reading everything would say."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.db.models import Q
from django.utils import timezone
from tests.app.factories import make_user

from tsunagu.analytics.features import current
from tsunagu.app.deals.actions import close_deal, log_activity
from tsunagu.app.deals.models import Deal, Event, Outcome
from tsunagu.app.people.models import Role, User
from tsunagu.app.scoring import actions, bridge, keeping
from tsunagu.app.scoring.active import active_version, model_of
from tsunagu.app.scoring.models import Run, RunKind, Score

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keeping, "FOLDER", tmp_path / "kept")
    return tmp_path / "kept"


@pytest.fixture
def model(scored: Path) -> Any:
    """The model in use, all deals having been at rest for a month."""
    Deal.objects.update(changed_at=timezone.now() - timedelta(days=30))
    version = active_version()
    assert version is not None
    return model_of(version)


def night(model: Any, at: datetime) -> pa.Table:
    run = Run.objects.create(kind=RunKind.RESCORE, finished_at=at)
    found = keeping.features(model, bridge.open_keys(Q(), at), at, run)
    return found.sort_by("deal_id")


def from_scratch(model: Any, at: datetime) -> pa.Table:
    log = bridge.records(Deal.objects.all(), Event.objects.all(), at, bridge.known(model).split)
    whole = log.log(at)
    return model.recipe.transform(whole, current(whole)).to_pyarrow().sort_by("deal_id")


def read_whole(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Filled with how many deals are read whole, reading by reading."""
    counts: list[int] = []
    whole = keeping._whole

    def counted(model: Any, wanted: Q, at: datetime) -> Any:
        counts.append(Deal.objects.filter(wanted, outcome__isnull=True).count())
        return whole(model, wanted, at)

    monkeypatch.setattr(keeping, "_whole", counted)
    return counts


def test_the_second_night_reads_only_what_changed(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, now = read_whole(monkeypatch), timezone.now()
    everything = Deal.objects.filter(outcome__isnull=True).count()
    assert night(model, now).equals(from_scratch(model, now))
    first, second, *_ = Deal.objects.filter(outcome__isnull=True).order_by("pk")
    boss = make_user(Role.OPERATIONS)
    log_activity(boss, first, "meeting", direction="both")
    close_deal(boss, second, Outcome.WON)

    later = now + timedelta(days=3)
    assert night(model, later).equals(from_scratch(model, later))

    assert counts == [everything, 1]


def test_a_fact_that_was_dated_ahead_counts_from_its_day_on(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, now = read_whole(monkeypatch), timezone.now()
    deal = Deal.objects.filter(outcome__isnull=True).order_by("pk")[2]
    Event.objects.create(deal=deal, at=now + timedelta(days=1), kind="call", direction="in")
    night(model, now)
    for days, whole in ((0.5, 0), (2, 1)):
        later = now + timedelta(days=days)
        assert night(model, later).equals(from_scratch(model, later))
        assert counts[-1] == whole


def test_what_another_database_or_recipe_kept_is_not_believed(
    model: Any, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    now, counts = timezone.now(), read_whole(monkeypatch)
    night(model, now)
    Run.objects.all().delete()  # a backup that knows nothing of that night
    night(model, now)
    assert counts[0] == counts[1] > 1
    for file in folder.glob("*.parquet"):
        file.write_bytes(b"damaged")
    assert night(model, now).equals(from_scratch(model, now))
    assert counts[2] == counts[0]


def test_a_person_whose_name_was_erased_still_has_a_load(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, counts = timezone.now(), read_whole(monkeypatch)
    night(model, now)
    owner = Deal.objects.filter(outcome__isnull=True).order_by("pk")[0].owner
    theirs = Deal.objects.filter(outcome__isnull=True, owner=owner).count()
    User.objects.filter(pk=owner.pk).update(external_id="someone")
    assert night(model, now).equals(from_scratch(model, now))
    assert counts[-1] >= theirs


def test_what_is_kept_can_be_forgotten(model: Any, folder: Path) -> None:
    night(model, timezone.now())
    keeping.forget()
    assert not list(folder.iterdir())


def test_all_scores_of_a_run_are_those_of_single_deals(scored: Path) -> None:
    actions.rescore_all()
    by_run = dict(Score.objects.values_list("pk", "risk_30"))
    some = sorted(by_run)[:5]
    actions.rescore_deals(some)
    alone = dict(Score.objects.filter(pk__in=some).values_list("pk", "risk_30"))
    assert alone == pytest.approx({pk: by_run[pk] for pk in some}, abs=2e-3)  # moments later


def test_two_files_are_kept_and_no_more(model: Any, folder: Path) -> None:
    for _ in range(4):
        night(model, timezone.now())
    assert len(list(folder.iterdir())) == 2
