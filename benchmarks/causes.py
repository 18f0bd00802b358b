"""How well are causes and tone told from texts, and lost reasons from calls?

    python benchmarks/causes.py --notes benchmarks/notes/causes.jsonl
    python benchmarks/causes.py --economy current_2015_2023.parquet --choose
    python benchmarks/causes.py --economy current_2015_2023.parquet
    python benchmarks/causes.py --school school_crm

Splits follow time and are never shuffled.  ``--choose`` looks at the training years only: it learns
from a sample of those before their last and judges on their last; the choices below come from it.
Without it models learn from all training years and are judged once on the years after.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC

from tsunagu.analytics.causes import CauseModel, Settings, ToneModel
from tsunagu.analytics.causes.classifier import Classifier, Documents
from tsunagu.analytics.causes.lexicon import Lexicon
from tsunagu.analytics.causes.shipped import CAUSES, CauseBeliefs, cause_beliefs
from tsunagu.analytics.causes.words import Reader
from tsunagu.analytics.contracts import Cause
from tsunagu.analytics.simulation import vocabulary
from tsunagu.analytics.simulation.causes import CAUSES as SIMULATED

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

TEST_FROM = 202201
INNER_FROM = 202101
INNER_SAMPLE = 12_000
TONES = "×▲□○◎"  # -2 to +2
KEYWORDS = {
    "来客数の動き": "来客 客数 来店 入場者 宿泊",
    "販売量の動き": "販売量 売上 販売台数 売行き",
    "お客様の様子": "お客様 客の様子 購買意欲 買い控え 節約",
    "受注量や販売量の動き": "受注 出荷 生産量 引き合い",
    "取引先の様子": "取引先 得意先 荷主",
    "求人数の動き": "求人",
    "単価の動き": "単価",
    "競争相手の様子": "競合 競争 同業",
    "受注価格や販売価格の動き": "受注価格 販売価格 値上げ 原材料",
    "周辺企業の様子": "周辺 近隣",
    "求職者数の動き": "求職",
    "採用者数の動き": "採用",
    "雇用形態の様子": "派遣 正社員 雇用",
    "それ以外": "",
}
REASONS = tuple(KEYWORDS)
BETTER = ("良い", "好調", "増加", "増え", "伸び", "回復", "改善", "上回")
WORSE = ("悪", "減少", "減っ", "落ち込", "厳し", "低迷", "苦", "下回")

# Chosen by --choose.
CAUSE_SETTINGS = Settings(ridge=0.5, rarest=2)
TONE_SETTINGS = Settings(ridge=0.2, rarest=2, characters=3)
CAUSE_BALANCE, TONE_BALANCE = 0.75, 0.5
CAUSE_SVC: dict[str, Any] = {"C": 0.3, "class_weight": "balanced"}
TONE_SVC: dict[str, Any] = {"C": 0.3}
RIDGES = (0.2, 0.5, 1.0)
BALANCES = (0.0, 0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Split:
    """Texts and labels to learn from and to judge on."""

    texts: list[str]
    label: Ints
    later_texts: list[str]
    later: Ints


def economy(path: Path, column: str, labels: Sequence[str], inner: bool) -> Split:
    """Comments with labels of ``column``, parted by month."""
    rows = pq.read_table(path).sort_by([("year-month", "ascending"), ("id", "ascending")])
    months = np.array(rows["year-month"].to_pylist(), dtype=np.int64)
    texts = np.array(rows["説明"].to_pylist(), dtype=object)
    label = np.array([labels.index(value) for value in rows[column].to_pylist()])
    begin = INNER_FROM if inner else TEST_FROM
    early = np.flatnonzero(months < begin)
    late = np.flatnonzero((months >= begin) & ((months < TEST_FROM) | (not inner)))
    if inner:
        chosen = np.random.default_rng(0).choice(early, INNER_SAMPLE, replace=False)
        early = np.sort(chosen)
    return Split(list(texts[early]), label[early], list(texts[late]), label[late])


def counted(texts: Iterable[str], words: Sequence[str]) -> Ints:
    """How many of the words each text contains."""
    return np.array([sum(word in text for word in words) for text in texts])


def keyword_causes(split: Split) -> Ints:
    """The label with most keywords, else the most frequent one."""
    usual = REASONS[np.bincount(split.label).argmax()]
    hits = np.column_stack(
        [counted(split.later_texts, KEYWORDS[r].split()) for r in REASONS]
    ).astype(np.float64)
    hits[:, REASONS.index(usual)] += 0.5
    best: Ints = hits.argmax(axis=1)
    return best


def keyword_tones(split: Split) -> Ints:
    """Better words less worse words, at most two steps."""
    balance = counted(split.later_texts, BETTER) - counted(split.later_texts, WORSE)
    steps: Ints = np.clip(balance, -2, 2) + 2
    return steps


def characters(split: Split, choices: dict[str, Any]) -> Ints:
    """TF-IDF of one to three characters and a linear support vector machine."""
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    model = LinearSVC(**choices).fit(vectors.fit_transform(split.texts), split.label)
    told: Ints = model.predict(vectors.transform(split.later_texts))
    return told


def our_causes(split: Split, settings: Settings) -> Floats:
    """The classifier that causes use, with no lexicon since the labels are others."""
    prior = np.log((np.bincount(split.label, minlength=len(REASONS)) + 1.0) / len(split.label))
    model = Classifier(prior, settings)
    model.fit(_documents(split.texts), split.label)
    return model.log_probabilities(_documents(split.later_texts))


def _documents(texts: Sequence[str]) -> Documents:
    nothing = np.zeros((len(texts), len(REASONS)))
    return Documents(Reader().read(texts), [frozenset[str]()] * len(texts), nothing)


def our_tones(split: Split, settings: Settings) -> Floats:
    """Log-probabilities of the steps."""
    model = ToneModel.fit(split.texts, list(split.label - 2), settings)
    return np.log(model.probabilities(split.later_texts))


def decided(logs: Floats, label: Ints, balance: float) -> Ints:
    """Labels for macro-F1: rare ones are preferred to the power of ``balance``."""
    shares = (np.bincount(label, minlength=logs.shape[1]) + 1.0) / len(label)
    best: Ints = (logs - balance * np.log(shares)).argmax(axis=1)
    return best


def line(name: str, told: Ints, truth: Ints) -> None:
    """Macro-F1 over the labels that occur, and accuracy."""
    f1 = f1_score(truth, told, average="macro", labels=np.unique(truth), zero_division=0)
    print(f"{name:<58}{f1:>8.3f}{(told == truth).mean():>10.3f}", flush=True)


def head(title: str) -> None:
    """Heading of a table."""
    print(f"\n{title:<58}{'macro-F1':>8}{'accuracy':>10}")


def choose(path: Path) -> None:
    """Print measures of choices within the training years."""
    tasks: list[tuple[str, str, Sequence[str], Callable[[Split, Settings], Floats], Settings]] = [
        ("cause label", "判断の理由", REASONS, our_causes, CAUSE_SETTINGS),
        ("tone", "景気の現状判断", TONES, our_tones, TONE_SETTINGS),
    ]
    for title, column, labels, ours, settings in tasks:
        split = economy(path, column, labels, inner=True)
        head(f"{title}, inner: {len(split.label)} before, {len(split.later)} in 2021")
        for c in (0.1, 0.3):
            for weight in (None, "balanced"):
                told = characters(split, {"C": c, "class_weight": weight})
                line(f"characters C={c} class_weight={weight}", told, split.later)
        for chars in (0, 3):
            for ridge in RIDGES:
                logs = ours(split, replace(settings, ridge=ridge, characters=chars))
                for balance in BALANCES:
                    name = f"ours ridge={ridge} characters={chars} balance={balance}"
                    line(name, decided(logs, split.label, balance), split.later)


def choose_for_few(path: Path) -> None:
    """Mean log-loss on comments of 2021 after few earlier ones: the default of ``Settings``."""
    split = economy(path, "判断の理由", REASONS, inner=True)
    later = replace(split, later_texts=split.later_texts[::3], later=split.later[::3])
    print(f"\ncause label, inner, few learnt: mean log-loss on {len(later.later)} of 2021")
    for size in (50, 200):
        few = replace(later, texts=split.texts[-size:], label=split.label[-size:])
        for ridge in (0.05, 0.1, 0.2, 0.5, 1.0):
            loss = _loss(np.exp(our_causes(few, Settings(ridge=ridge))), few.later)
            print(f"{size} learnt, ridge {ridge}: {loss:.3f}", flush=True)


def judge_economy(path: Path) -> None:
    """Both tasks on the years after the training years."""
    split = economy(path, "判断の理由", REASONS, inner=False)
    head(f"cause label: {len(split.label)} to 2021, {len(split.later)} in 2022-2023")
    line("keywords only", keyword_causes(split), split.later)
    line("TF-IDF of characters, linear SVC", characters(split, CAUSE_SVC), split.later)
    logs = our_causes(split, CAUSE_SETTINGS)
    line("ours", decided(logs, split.label, CAUSE_BALANCE), split.later)
    line("ours, the most probable label", logs.argmax(axis=1), split.later)
    split = economy(path, "景気の現状判断", TONES, inner=False)
    head(f"tone: {len(split.label)} to 2021, {len(split.later)} in 2022-2023")
    line("keywords only", keyword_tones(split), split.later)
    line(
        "ours, the shipped lexicon alone",
        ToneModel.shipped().steps(split.later_texts) + 2,
        split.later,
    )
    line("TF-IDF of characters, linear SVC", characters(split, TONE_SVC), split.later)
    logs = our_tones(split, TONE_SETTINGS)
    line("ours", decided(logs, split.label, TONE_BALANCE), split.later)
    line("ours, the most probable step", logs.argmax(axis=1), split.later)


def judge_notes(path: Path) -> None:
    """Notes 1 to 200 to learn from, nested; the rest to judge on."""
    notes = [json.loads(row) for row in path.read_text("utf-8").splitlines()]
    texts = [note["text"] for note in notes]
    causes = [note["cause"] for note in notes]
    truth = np.array([CAUSES.index(Cause(cause)) for cause in causes])
    for title, beliefs in _lexicons(texts):
        head(f"{title}, judged on notes 201 to {len(notes)}")
        for size in (0, 50, 100, 200):
            model = CauseModel.fit(texts[:size], causes[:size], beliefs=beliefs)
            told = model.probabilities(texts[200:])
            line(
                f"{size} learnt; mean log-loss {_loss(told, truth[200:]):.3f}",
                told.argmax(axis=1),
                truth[200:],
            )
    head("TF-IDF of characters, linear SVC, judged on the same")
    for size in (50, 100, 200):
        split = Split(texts[:size], truth[:size], texts[200:], truth[200:])
        line(f"{size} learnt", characters(split, {}), split.later)
    judge_simulated()
    begin = time.process_time()
    CauseModel.shipped().probabilities(texts * 20)
    print(f"\n{len(texts) * 20 / (time.process_time() - begin):.0f} notes a CPU second, shipped")


def _lexicons(texts: Sequence[str]) -> list[tuple[str, CauseBeliefs]]:
    """As shipped; without phrases that only one note has, maybe remembered; and empty."""
    beliefs = cause_beliefs()
    found = [beliefs.lexicon.weights(sentences) for sentences in Reader().read(texts)]
    once = {entry for entry in beliefs.lexicon.entries if sum(entry in f for f in found) == 1}
    fewer = [entry for entry in beliefs.lexicon.entries if entry not in once]
    width = len(CAUSES)
    return [
        ("shipped lexicon", beliefs),
        (
            f"without {len(once)} phrases of one note",
            replace(beliefs, lexicon=Lexicon(fewer, width)),
        ),
        ("no lexicon", replace(beliefs, lexicon=Lexicon([], width))),
    ]


def _loss(told: Floats, truth: Ints) -> float:
    return float(-np.log(told[np.arange(len(truth)), truth]).mean())


def judge_simulated() -> None:
    """Sentences of the simulator, by another writer: is a cause of the sentence's topic told?"""
    topics = sorted({cause.topic for cause in SIMULATED})
    of_cause = {cause.name: cause.topic for cause in SIMULATED}
    pairs = [
        (topic, template.replace("{}", slots[0] if slots else ""))
        for topic in topics
        for template, slots in [(t, vocabulary.CORES[topic][1]) for t in vocabulary.CORES[topic][0]]
    ]
    told = CauseModel.shipped().probabilities([text for _, text in pairs]).argmax(axis=1)
    guess = np.array([topics.index(of_cause.get(CAUSES[i].value, "")) for i in told])
    head(f"{len(pairs)} sentences of the simulator, {len(topics)} topics")
    line("shipped lexicon", guess, np.array([topics.index(topic) for topic, _ in pairs]))


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=Path)
    parser.add_argument("--economy", type=Path)
    parser.add_argument("--choose", action="store_true")
    wanted = parser.parse_args()
    if wanted.notes:
        judge_notes(wanted.notes)
    if wanted.economy:
        if wanted.choose:
            choose_for_few(wanted.economy)
            choose(wanted.economy)
        else:
            judge_economy(wanted.economy)


if __name__ == "__main__":
    main()
