"""Notes and names read like a Japanese team's own."""

from __future__ import annotations

import re

import pandas as pd

from tsunagu.analytics.simulation import vocabulary

JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")


def _notes(simulated) -> pd.Series:
    return simulated.events[simulated.events.kind == "note"].text


def test_notes_are_japanese_and_end_as_sentences(simulated):
    notes = _notes(simulated)
    assert notes.map(lambda text: bool(JAPANESE.search(text))).all()
    assert notes.str.endswith("。").all()
    assert not notes.str.contains(r"\{|\}|None|nan|。。", regex=True).any()


def test_notes_vary(simulated):
    notes = _notes(simulated)
    assert notes.nunique() / len(notes) > 0.6
    assert sum(len(templates) for templates, _ in vocabulary.CORES.values()) > 120


def test_every_sentence_has_at_most_one_slot():
    cores = [text for templates, _ in vocabulary.CORES.values() for text in templates]
    texts = [*cores, *vocabulary.OPENINGS, *vocabulary.CLOSINGS, *vocabulary.UNANSWERED_CLOSINGS]
    assert max(text.count("{}") for text in texts) == 1
    assert all(text.endswith("。") for text in cores)


def test_notes_of_rivals_tell_of_breaks_but_not_only_of_them(simulated):
    events = simulated.with_truth()
    notes = events[events.kind == "note"]
    rival = notes.text.str.contains("|".join(vocabulary.COMPETITORS))
    by_rival = (notes.cause_category == "competitor").groupby(rival).mean()
    assert by_rival[True] > 2 * by_rival[False]
    assert (rival & ~notes.interrupted).sum() > 50


def test_names_stand_beside_the_log_for_every_deal(simulated):
    names = pd.read_parquet(simulated.folder / "names.parquet")
    assert set(names.deal_id) == set(simulated.deals.deal_id)
    assert names.title.map(lambda text: bool(JAPANESE.search(text))).all()
    customers = names.merge(simulated.deals, on="deal_id")
    assert (customers.groupby("customer_id").customer_name.nunique() == 1).all()
    assert customers.customer_name.nunique() > 0.8 * customers.customer_id.nunique()
