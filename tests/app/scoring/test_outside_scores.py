"""Scores of a model elsewhere stand on their deals under its name, whole or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.app.factories import make_user

from tsunagu.analytics.contracts import score_schema
from tsunagu.app.deals.models import Deal
from tsunagu.app.people.models import AuditEntry, Role
from tsunagu.app.scoring import actions, outside
from tsunagu.app.scoring.models import OutsideModel, Score, ScorePoint, Source

pytestmark = pytest.mark.django_db


def open_deals(count: int) -> list[int]:
    found = Deal.objects.filter(outcome__isnull=True).order_by("pk")
    return list(found.values_list("pk", flat=True)[:count])


def table(deals: list[Any], at: datetime, **columns: list[Any]) -> pa.Table:
    risks = dict(
        zip(outside.RISKS, ([x] * len(deals) for x in (0.1, 0.2, 0.3, 0.4, 0.5)), strict=True)
    )
    ends = {"won_30": [0.25] * len(deals), "lost_30": [0.05] * len(deals)}
    instants = pa.array([at] * len(deals), pa.timestamp("us", tz="UTC"))
    return pa.table({"deal_id": deals, "at": instants, **risks, **ends, **columns})


def bring(scores: pa.Table, **options: Any) -> outside.Checked:
    return actions.import_scores(make_user(Role.OPERATIONS), scores, "森 3", **options)


def test_the_columns_are_those_that_the_analytics_write() -> None:
    assert set(outside.COLUMNS) <= set(score_schema().names)


def test_scores_stand_on_their_deals_with_the_name_of_their_model(scored: Path) -> None:
    deals, now = open_deals(2), timezone.now()
    points = ScorePoint.objects.count()
    done = bring(table([f"{deal:012}" for deal in deals], now))

    assert (done.problems, done.ended) == ([], 0)
    for score in Score.objects.filter(pk__in=deals):
        assert (score.source, str(score.outside), score.at) == (Source.OUTSIDE, "森 3", now)
        assert (score.risk_7, score.risk_90, score.won_30, score.lost_30) == (0.1, 0.5, 0.25, 0.05)
        assert score.model is None
    assert Score.objects.filter(source=Source.OUTSIDE).count() == 2
    assert ScorePoint.objects.count() == points  # the day's own value gave way
    entry = AuditEntry.objects.get(action="import_scores")
    assert entry.after == {"name": "森 3", "deals": 2, "ended": 0, "until": None}


def test_the_deals_page_says_whose_risk_it_shows(scored: Path) -> None:
    [deal] = open_deals(1)
    bring(table([deal], timezone.now()))
    reader = Client()
    reader.force_login(make_user(Role.OPERATIONS, email="reader@example.com"))
    assert "外部モデル「森 3」" in reader.get(reverse("deals:detail", args=[deal])).content.decode()


def test_the_next_scoring_replaces_them_unless_a_day_was_said(scored: Path) -> None:
    gone, kept = open_deals(2)
    now = timezone.now()
    actions.request_rescore(kept)
    bring(table([gone], now))
    bring(table([kept], now), keep_until=now + timedelta(days=1))

    actions.rescore_all()
    actions.request_rescore(kept)
    actions.rescore_deals([kept])

    assert Score.objects.get(pk=gone).outside is None
    score = Score.objects.get(pk=kept)
    assert (score.at, str(score.outside), score.stale) == (now, "森 3", False)

    Score.objects.filter(pk=kept).update(keep_until=now - timedelta(days=1))
    actions.rescore_deals([kept])
    score = Score.objects.get(pk=kept)
    assert (score.outside, score.keep_until) == (None, None)


def test_newer_scores_from_outside_replace_kept_ones(scored: Path) -> None:
    [deal] = open_deals(1)
    now = timezone.now()
    bring(table([deal], now - timedelta(microseconds=1)), keep_until=now + timedelta(days=9))
    bring(table([deal], now, won_30=[0.5]))
    assert Score.objects.get(pk=deal).won_30 == 0.5


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("deal_id", "999999999", "No such deal"),
        ("deal_id", "案件1", "No such deal"),
        ("broken_off_7", -0.1, "no probability"),
        ("won_30", float("nan"), "no probability"),
        ("lost_30", None, "no probability"),
        ("broken_off_60", 0.29, "lower than that of a shorter time"),
        ("won_30", 0.9, "above 1"),
        ("at", timedelta(hours=1), "not come yet"),
        ("at", timedelta(days=-300), "newer score"),
    ],
)
def test_one_bad_row_is_named_and_nothing_is_written(
    scored: Path, settings: Any, column: str, value: Any, message: str
) -> None:
    settings.LANGUAGE_CODE = "en"
    now, before = timezone.now(), set(Score.objects.values_list("pk", "at"))
    scores = table([str(deal) for deal in open_deals(3)], now)
    cells = scores[column].to_pylist()
    cells[1] = now + value if isinstance(value, timedelta) else value
    place = scores.column_names.index(column)
    scores = scores.set_column(place, column, pa.array(cells, scores[column].type))

    problems = bring(scores, first_row=2).problems

    assert [(p.row, message in p.message) for p in problems] == [(3, True)]
    assert problems[0].remedy
    assert set(Score.objects.values_list("pk", "at")) == before
    assert not OutsideModel.objects.exists()


def test_a_deal_that_stands_twice_is_named(scored: Path) -> None:
    first, second = open_deals(2)
    scores = table([str(first), f"{second:012}", f"{first:012}"], timezone.now())
    assert [(p.row, p.column) for p in bring(scores).problems] == [(3, "deal_id")]


def test_deals_that_have_ended_are_passed_over(scored: Path) -> None:
    ended = Deal.objects.filter(outcome__isnull=False).values_list("pk", flat=True)[0]
    done = bring(table([*open_deals(1), ended], timezone.now()))
    assert (done.ended, sum(len(found) for _, found in done.found)) == (1, 1)
    assert not Score.objects.filter(pk=ended).exists()


def test_only_who_may_configure_the_model_brings_scores(scored: Path) -> None:
    with pytest.raises(PermissionDenied):
        actions.import_scores(make_user(Role.MANAGER), table([1], timezone.now()), "森")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns(["lost_30"]), "lost_30"),
        (lambda t: t.set_column(1, "at", pa.array(["yesterday"])), "at"),
        (lambda t: t.set_column(2, "broken_off_7", pa.array(["高い"])), "高い"),
    ],
)
def test_a_table_of_something_else_is_refused(scored: Path, change: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        bring(change(table(open_deals(1), timezone.now())))


def test_csv_and_parquet_are_read_alike(scored: Path, tmp_path: Path) -> None:
    now = timezone.now()
    scores = table([f"{deal:012}" for deal in open_deals(2)], now)
    with (tmp_path / "scores.csv").open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        pyarrow.csv.write_csv(scores, file)
    found, first = outside.read(tmp_path / "scores.csv")
    assert first == 2
    assert outside.check(found, first, timezone.now()) == outside.check(scores, 1, timezone.now())
    with pytest.raises(ValidationError, match=r"none\.parquet"):
        outside.read(tmp_path / "none.parquet")
