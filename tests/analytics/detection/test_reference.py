"""The reference tells what the code does: kinds, cuts and words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsunagu.analytics.contracts import SignalKind
from tsunagu.analytics.detection import NAMES
from tsunagu.analytics.detection.phrases import EVIDENCE, SENTENCES
from tsunagu.analytics.detection.texts import lexicon
from tsunagu.analytics.detection.thresholds import shipped_file

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "detection.md"


@pytest.mark.parametrize("kind", list(SignalKind))
def test_each_kind_stands_in_the_reference_with_its_cut_and_words(kind: SignalKind) -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    row = shipped_file()[kind.value]
    ja, en = NAMES[kind]
    line = next(t for t in text.splitlines() if t.startswith(f"| `{kind.value}` | {ja} | {en} |"))
    lasts = row.get("lasts", "–")
    assert f" | {row['cut']} | {row['half']} | {lasts} | " in line
    assert row["source"] in line
    for sentence in SENTENCES[kind].values():
        assert f"| `{kind.value}` | {sentence[0]} | {sentence[1]} |" in text


def test_every_kind_has_words_evidence_and_both_languages() -> None:
    assert set(SENTENCES) == set(EVIDENCE) == set(NAMES) == set(SignalKind)


def test_every_topic_of_the_lexicon_can_be_denied() -> None:
    assert all(topic.named and topic.unless for topic in lexicon().values())
