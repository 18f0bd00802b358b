"""How well causes, tone and lost reasons are told: the same numbers that users can print."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import f1_score
from tests.real_data import real_data

from tsunagu.analytics.errors import InputError
from tsunagu.analytics.evaluation.texts import TextTable, evaluate_texts
from tsunagu.analytics.evaluation.texts.measuring import Judge, Resampling, macro_f1

NOTES = Path(__file__).parents[3] / "benchmarks" / "notes" / "causes.jsonl"
SAID = {
    ("来客数の動き", "○"): "来客数が増え、店の雰囲気も良い。",
    ("販売量の動き", "▲"): "販売量が減少し、売上が厳しい。",
    ("求人数の動き", "□"): "求人は前月と変わらない。",
}


def comments(
    path: Path, months: tuple[int, ...] = (202011, 202105, 202203), repeat: int = 6
) -> Path:
    rows = [
        (month, number, text, reason, tone)
        for month in months
        for number, ((reason, tone), text) in enumerate([*SAID.items()] * repeat)
    ]
    names = ["year-month", "id", "説明", "判断の理由", "景気の現状判断"]
    columns = (pa.array(column) for column in zip(*rows, strict=True))
    pq.write_table(pa.table(dict(zip(names, columns, strict=True))), path)
    return path


def school(folder: Path, deals: int = 60) -> Path:
    """Deals with a talk are lost over the price; those without are out of reach."""
    folder.mkdir()
    kinds = cycle([("Price", 300), ("Unreachable", 0)])
    lost, calls = [], []
    for number, (reason, seconds) in zip(range(deals), kinds, strict=False):
        begin = date(2023, 1, 2) + timedelta(days=number)
        contact = f"c{number}"
        lost.append([contact, "Lost", f"{begin} 09:00:00", begin + timedelta(days=5), reason])
        calls.append([contact, "Outbound", f"{begin} 10:00:00", seconds, "me"])
    with (folder / "deals.csv").open("w", newline="") as file:
        names = ["contact_id", "stage", "created", "closing_date", "lost_reason"]
        csv.writer(file).writerows([names, *lost])
    with gzip.open(folder / "calls.csv.gz", "wt", newline="") as packed:
        names = ["contact_id", "type", "start", "dur_s", "owner"]
        csv.writer(packed).writerows([names, *calls])
    return folder


def table(source: Path, name: str, bootstrap: int = 0) -> TextTable:
    judged = evaluate_texts([source], bootstrap=bootstrap)
    return {found.name: found for found in judged.tables}[name]


def test_comments_learn_from_the_years_before_2022_and_are_judged_after(tmp_path: Path) -> None:
    judged = evaluate_texts([comments(tmp_path / "comments.parquet")], bootstrap=20)
    assert [found.name for found in judged.tables] == ["cause_label", "tone"]
    for found in judged.tables:
        rivals = {row.name for row in found.rows if not row.ours}
        assert {"prior", "keywords", "characters"} <= rivals
        ours = found.row("ours")
        assert (ours.learnt, ours.judged) == (36, 18)
        assert ours.figures["macro_f1"].value == 1.0
        assert found.row("prior").figures["macro_f1"].value < 0.2


def test_what_is_kept_aside_cannot_teach(tmp_path: Path) -> None:
    usual = table(comments(tmp_path / "a.parquet"), "cause_label")
    more = table(comments(tmp_path / "b.parquet", (202011, 202105, 202203, 202212)), "cause_label")
    assert usual.row("ours").learnt == more.row("ours").learnt
    assert more.row("ours").judged == 2 * usual.row("ours").judged


def test_lost_reasons_are_told_from_the_calls_beside_the_prior(tmp_path: Path) -> None:
    found = table(school(tmp_path / "school"), "lost_reason", bootstrap=20)
    ours, prior = found.row("ours").figures, found.row("prior").figures
    assert ours["accuracy"].value == 1.0
    assert prior["accuracy"].value == pytest.approx(0.5, abs=0.1)
    assert prior["top3"].value == 1.0  # of two reasons


def test_own_notes_are_judged_in_both_languages(tmp_path: Path) -> None:
    few = tmp_path / "notes.jsonl"
    few.write_text("\n".join(NOTES.read_text("utf-8").splitlines()[:90]), "utf-8")
    judged = evaluate_texts([few], bootstrap=20)
    learnt, shipped, simulated = judged.tables
    assert {row.judged for row in learnt.rows} == {30}
    assert {row.learnt for row in learnt.rows if row.name == "ours"} == {0, 50}
    assert shipped.row("ours").judged == 90
    assert shipped.row("ours_ja").judged + shipped.row("ours_en").judged == 90
    assert simulated.row("ours").figures["accuracy"].value > 0.3
    assert json.loads(json.dumps(judged.to_dict()))["tables"][0]["name"] == "causes_learnt"


def test_macro_f1_is_the_usual_one_and_counts_weights_as_repeats() -> None:
    rng = np.random.default_rng(1)
    truth, told = rng.integers(0, 4, 200), rng.integers(0, 5, 200)
    weights = rng.integers(0, 3, (2, 200))
    weights[0] = 1
    found = macro_f1(truth, told, weights.astype(np.float64))
    for value, often in zip(found, weights, strict=True):
        labels, (a, b) = np.unique(truth), (np.repeat(truth, often), np.repeat(told, often))
        expected = f1_score(a, b, average="macro", labels=labels, zero_division=0)
        assert value == pytest.approx(expected)


def test_intervals_enclose_their_figures_and_the_same_seed_draws_the_same() -> None:
    truth = np.repeat([0, 1, 2], 40)
    told = np.where(np.arange(120) % 4 == 0, 0, truth)
    first, again = (Judge(truth, Resampling(5, 100)).row("way", 9, told) for _ in range(2))
    assert first == again
    for figure in first.figures.values():
        assert figure.low < figure.value < figure.high


@pytest.mark.parametrize("name", ["nowhere", "nowhere.jsonl", "nowhere.parquet"])
def test_an_absent_source_says_what_is_wanted(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"does not exist.*\.jsonl.*Economy Watchers.*CRM"):
        evaluate_texts([tmp_path / name])


def test_a_source_that_cannot_be_used_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "a.jsonl").write_text('{"text": "?", "language": "en", "cause": "weather"}\n')
    (tmp_path / "b.jsonl").write_text(NOTES.read_text("utf-8").splitlines()[0], "utf-8")
    (tmp_path / "a.parquet").write_text("no parquet")
    pq.write_table(pa.table({"year-month": [202001]}), tmp_path / "b.parquet")
    comments(tmp_path / "c.parquet", months=(202001,))
    (tmp_path / "empty").mkdir()
    school(tmp_path / "few", deals=4)
    expected = {
        "a.txt": "of no known kind",
        "a.jsonl": "row 1: is no note.*weather",
        "b.jsonl": "holds 1 notes",
        "a.parquet": "cannot be read",
        "b.parquet": "column “id”: is missing",
        "c.parquet": "0 after it",
        "empty": "deals.csv: cannot be read",
        "few": "holds 4 lost deals",
    }
    for name, message in expected.items():
        with pytest.raises(InputError, match=message):
            evaluate_texts([tmp_path / name])


@pytest.mark.real
def test_the_school_s_lost_reasons_are_told_better_than_by_the_prior() -> None:
    found = table(real_data("school_crm"), "lost_reason")
    assert found.row("ours").figures["top3"].value > 0.6
    assert found.row("prior").figures["top3"].value < 0.4


@pytest.mark.real
@pytest.mark.slow
def test_comments_are_told_better_than_by_plain_rivals() -> None:
    path = real_data("economy_watchers/current_2015_2023.parquet")
    tables = {found.name: found for found in evaluate_texts([path], bootstrap=0).tables}
    for name, least in (("cause_label", 0.46), ("tone", 0.44)):
        ours = tables[name].row("ours").figures["macro_f1"].value
        assert ours > least
        for rival in ("prior", "keywords", "characters"):
            assert ours > tables[name].row(rival).figures["macro_f1"].value
