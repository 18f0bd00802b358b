"""Signals come out of the database's facts, and thresholds go in and out as they are kept."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tests.app.factories import BEGAN, Organisation
from tests.app.scores import make_points

from tsunagu.app.deals.actions import log_activity
from tsunagu.app.deals.models import Deal
from tsunagu.app.scoring import detection
from tsunagu.app.scoring.detection import Found, Verdict

pytestmark = pytest.mark.django_db

SHIPPED = detection.thresholds_from(None, {})


def signals(deal: Deal, thresholds: Any = SHIPPED) -> dict[str, Found]:
    return {f.kind: f for f in detection.look([deal.pk], timezone.now(), thresholds).found}


def test_every_open_deal_is_looked_at_and_no_other(loaded: Path) -> None:
    every = list(Deal.objects.values_list("pk", flat=True))
    running = set(Deal.objects.filter(outcome__isnull=True).values_list("pk", flat=True))

    seen = detection.look(every, timezone.now(), SHIPPED)

    assert set(seen.next_looks) == running
    assert {f.deal_id for f in seen.found} <= running
    assert len({(f.deal_id, f.kind, f.at) for f in seen.found}) == len(seen.found) > 0


def test_a_deal_alone_has_the_signals_that_it_has_among_others(loaded: Path) -> None:
    at = timezone.now()
    every = detection.look(Deal.objects.values_list("pk", flat=True), at, SHIPPED)
    pk = every.found[0].deal_id

    alone = detection.look([pk], at, SHIPPED)

    assert alone.found == [f for f in every.found if f.deal_id == pk]
    assert alone.next_looks[pk] == every.next_looks[pk]


def test_words_in_a_note_are_read(organisation: Organisation) -> None:
    deal, owner = organisation.own, organisation.representative
    assert "budget_named" not in signals(deal)

    log_activity(owner, deal, "note", text="来期の予算が凍結されたとのこと。")

    found = signals(deal)["budget_named"]
    assert "予算が凍結" in found.ja
    assert "予算" in str(found.evidence["quote"])


def test_a_customer_who_falls_silent_is_noticed(organisation: Organisation) -> None:
    deal = organisation.own
    for week in range(8):
        at = BEGAN + timedelta(days=7 * week)
        log_activity(organisation.representative, deal, "call", direction="both", at=at)

    found = signals(deal)["silence"]

    assert found.at == BEGAN + timedelta(days=49)
    assert found.strength > 0.8


def test_a_rising_risk_is_a_signal_that_keeps_its_day(organisation: Organisation) -> None:
    make_points(organisation.own, *[0.05] * 10, 0.5, 0.55)
    found = signals(organisation.own)

    assert {"risk_high", "risk_rising"} <= set(found)
    assert timezone.localtime(found["risk_high"].at).date() == timezone.localdate() - timedelta(2)


def test_people_are_called_by_their_names(organisation: Organisation) -> None:
    from tsunagu.app.deals.actions import change_owner

    change_owner(organisation.manager, organisation.own, organisation.colleague)
    keen = {(str(organisation.own.process_id), "owner_unmet"): 0.001}
    at = timezone.now() + timedelta(days=10)
    seen = detection.look([organisation.own.pk], at, detection.thresholds_from(None, keen))
    found = {f.kind: f for f in seen.found}["owner_unmet"]

    assert found.evidence["owner"] == organisation.colleague.name


def test_a_process_has_its_own_cut(organisation: Organisation) -> None:
    deal = organisation.own
    assert "stage_overdue" in signals(deal)
    dull = detection.thresholds_from(None, {(str(deal.process_id), "stage_overdue"): 1e6})
    assert "stage_overdue" not in signals(deal, dull)
    elsewhere = detection.thresholds_from(None, {("-1", "stage_overdue"): 1e6})
    assert "stage_overdue" in signals(deal, elsewhere)


def test_dismissals_raise_the_cut_of_their_own_process_alone(loaded: Path) -> None:
    fitted = json.loads(json.dumps(detection.fit(timezone.now())))
    said = [Verdict("silence", confirmed=False, process="7")] * 30

    taught = json.loads(json.dumps(detection.teach(fitted, said)))

    before = fitted["kinds"]["silence"]["cut"]
    assert taught["processes"]["7"]["silence"] > 1.5 * before
    assert taught["kinds"] == fitted["kinds"]


def test_precision_comes_with_its_interval() -> None:
    said = [Verdict("silence", confirmed=n < 3, process="1") for n in range(10)]
    share = detection.precision(said)["silence"]
    assert (share.decisions, share.confirmed, share.value) == (10, 3, 0.3)
    assert 0 < share.low < 0.3 < share.high < 1


def test_every_kind_has_names_and_a_shipped_cut() -> None:
    for kind in detection.kinds().values():
        assert all([kind.ja, kind.en, kind.unit, kind.source, kind.cut > 0])
