"""Models that are really fitted and really compared, on records that were spoiled or mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import ibis
import pytest
from tests.analytics.risk.conftest import _known_log

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.evaluation.splitting import default_cut
from tsunagu.analytics.lifecycle.comparing import NEWEST
from tsunagu.app.people.models import AuditEntry
from tsunagu.app.scoring import bridge, lifecycle, registry
from tsunagu.app.scoring.active import active_version
from tsunagu.app.scoring.models import RiskModelVersion, State

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def good() -> EventLog:
    return _known_log(500, seed=3)


def spoiled(log: EventLog) -> EventLog:
    """Until the newest slice the ends were entered wrongly: shaky deals won, steady ones lost."""
    events, shaky = log.events, log.deals.filter(log.deals.temper == "shaky").deal_id
    wrong = (events.kind == "outcome") & (events.at < ibis.literal(default_cut(log, 1 - NEWEST)))
    said = ibis.ifelse(events.deal_id.isin(shaky), "won", "broken_off")
    return replace(log, events=events.mutate(value=ibis.ifelse(wrong, said, events.value)))


def records_are(monkeypatch: pytest.MonkeyPatch, log: EventLog) -> None:
    monkeypatch.setattr(bridge, "whole_log", lambda _: log)


def first_then(
    monkeypatch: pytest.MonkeyPatch, before: EventLog, now: EventLog
) -> tuple[RiskModelVersion, RiskModelVersion]:
    """A model from the records before the newest slice, and its challenger from those of now."""
    records_are(monkeypatch, before.until(default_cut(before, 1 - NEWEST) - timedelta(days=1)))
    champion = registry.first()
    records_are(monkeypatch, now)
    return champion, registry.challenge()


def test_a_model_from_spoiled_records_is_worse_on_the_newest_slice_and_not_taken(
    good: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion, challenger = first_then(monkeypatch, good, spoiled(good))

    assert challenger.verdict["reason"] == "worse"
    assert challenger.verdict["difference"]["value"] > 0.02
    assert challenger.verdict["break_offs"] >= 10
    assert challenger.state == State.REJECTED
    assert active_version() == champion
    assert AuditEntry.objects.filter(action="reject_model", object_id=str(challenger.pk)).exists()
    assert "使用中のモデルより" in lifecycle.reason(challenger.verdict, "ja")
    assert "採用しませんでした" in lifecycle.reason(challenger.verdict, "ja")
    assert "larger than that of the model in use" in lifecycle.reason(challenger.verdict, "en")


def test_a_model_from_mended_records_is_better_and_takes_over(
    good: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion, challenger = first_then(monkeypatch, spoiled(good), good)

    assert challenger.verdict["reason"] == "better", challenger.verdict
    assert challenger.verdict["difference"]["high"] < 0
    assert active_version() == challenger
    assert RiskModelVersion.objects.get(pk=champion.pk).state == State.RETIRED
    assert "it took over" in lifecycle.reason(challenger.verdict, "en")
