"""Why a deal was interrupted, told from notes and signals."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tsunagu.analytics import testing
from tsunagu.analytics.causes import CauseModel
from tsunagu.analytics.causes.shipped import cause_beliefs
from tsunagu.analytics.contracts import CAUSE_WORDS, Cause, SignalKind, cause_schema
from tsunagu.analytics.errors import InputError
from tsunagu.analytics.simulation.causes import CAUSE_NAMES

NOTES = Path(__file__).parents[3] / "benchmarks" / "notes" / "causes.jsonl"
BUDGET, LEFT = Cause.CUSTOMER_BUDGET_REVIEWED, Cause.CUSTOMER_CONTACT_LEFT


def likeliest(*texts: str, signals: tuple[str, ...] = ()) -> Cause:
    return CauseModel.shipped().suggest(texts, signals)[0].cause


def chance(model: CauseModel, text: str, cause: Cause) -> float:
    return float(model.probabilities([text])[0, list(Cause).index(cause)])


@pytest.mark.parametrize(
    ("note", "cause"),
    [
        ("上期の予算が削減され、この件は見送りだそうです。", BUDGET),
        ("Their budget was cut again, so no order this year.", BUDGET),
        ("ご担当だった林様は先月ご退職されたそうです。", LEFT),
        ("Mrs. Lind has left the company.", LEFT),
        ("後任への引継ぎができておらず、新しい営業担当は前任者の約束を知らない。",
         Cause.INTERNAL_OWNER_CHANGED),
        ("他社の値引きが大きく、価格で負けそうです。", Cause.COMPETITOR_DISCOUNT),
        ("補助金の制度改正待ち。", Cause.ENVIRONMENT_REGULATION),
        ("We forgot to send the samples and missed the deadline.", Cause.INTERNAL_SLOW_FOLLOW_UP),
        ("先方より budget cut のため保留と連絡あり", BUDGET),
    ],
)  # fmt: skip
def test_a_note_names_its_cause_with_no_history_at_all(note: str, cause: Cause) -> None:
    assert likeliest(note) == cause


@pytest.mark.parametrize(
    ("said", "denied"),
    [
        ("予算が厳しい。", "予算は問題ない。"),
        ("A competitor is in.", "There is no competitor in."),
        ("競合がいる。", "競合はいない。"),
    ],
)
def test_what_is_denied_counts_against_its_cause(said: str, denied: str) -> None:
    model = CauseModel.shipped()
    cause = model.suggest([said])[0].cause
    assert chance(model, denied, cause) < chance(model, "", cause) < chance(model, said, cause)


def test_a_negation_that_belongs_to_the_phrase_does_not_turn_it() -> None:
    assert likeliest("予算が下りないとのこと。") == BUDGET
    assert likeliest("何度メールしても返事がない。") == Cause.CUSTOMER_LOST_INTEREST


def test_signals_speak_where_nobody_wrote_anything() -> None:
    assert likeliest(signals=("owner_unmet",)) == Cause.INTERNAL_OWNER_CHANGED
    assert likeliest(signals=("contact_left", "silence")) == LEFT


def test_evidence_quotes_the_sentence_and_its_telling_words() -> None:
    mail = "お世話になります。来期の予算が削られたと聞きました。引き続きお願いします。"
    first = CauseModel.shipped().suggest(["天気の話。", mail], ["budget_named"])[0]
    quote, signal = first.evidence
    assert (quote.source, quote.quote) == (1, "来期の予算が削られたと聞きました。")
    assert {"予算", "削ら"} <= set(quote.words)
    assert (signal.source, signal.quote) == (None, "budget_named")
    assert "来期の予算が削られたと聞きました。" in first.words("ja")
    assert first.words("en").startswith("Budget reviewed (customer): ")


def test_evidence_tells_learnt_words_too() -> None:
    texts, causes = ["ヨミ落ちで終了"] * 6, [Cause.ENVIRONMENT_SEASON] * 6
    first = CauseModel.fit(texts, causes).suggest(["またヨミ落ちになった。"])[0]
    assert first.cause == Cause.ENVIRONMENT_SEASON
    assert first.evidence[0].quote == "またヨミ落ちになった。"


def test_a_long_mail_adds_up_the_same_words_once() -> None:
    model = CauseModel.shipped()
    once, often = "予算が削られた。", "予算が削られた。" * 20
    assert chance(model, often, BUDGET) == pytest.approx(chance(model, once, BUDGET))


def test_nothing_known_gives_what_is_believed_beforehand() -> None:
    told = CauseModel.shipped().probabilities(["", None, "晴れ。"])  # type: ignore[list-item]
    assert told[0] == pytest.approx(told[1])
    assert told.max() < 0.15


def test_a_few_confirmed_cases_move_the_lexicon_a_little_and_many_turn_it() -> None:
    past, note, ours = "予算待ちのため保留。", "予算の件で保留。", Cause.ENVIRONMENT_SEASON
    odds = [chance(CauseModel.fit([past] * n, [ours] * n), note, ours) for n in (0, 1, 4, 60)]
    assert odds == sorted(odds)
    assert odds[1] < 0.5
    assert odds[3] > 0.7


def test_signals_are_learnt_from() -> None:
    kinds = [["silence"], ["our_own_signal"]] * 10
    causes = [Cause.CUSTOMER_LOST_INTEREST, Cause.ENVIRONMENT_MARKET] * 10
    model = CauseModel.fit([""] * 20, causes, kinds)
    assert model.suggest([""], ["our_own_signal"])[0].cause == Cause.ENVIRONMENT_MARKET


def test_columns_go_in_and_probabilities_come_out() -> None:
    signals = pa.array([["silence"], [], None], pa.list_(pa.string()))
    cases = pa.table(
        {"deal_id": ["b", "a", "c"], "text": ["予算凍結", None, ""], "signals": signals}
    )
    scores = CauseModel.shipped().score(cases)
    assert scores.schema.equals(cause_schema())
    assert scores["deal_id"].to_pylist() == ["b", "a", "c"]
    assert np.sum([scores[cause.value] for cause in Cause], axis=0) == pytest.approx([1, 1, 1])


def test_the_contract_of_models_of_texts_holds(tmp_path: Path) -> None:
    notes = [json.loads(row) for row in NOTES.read_text("utf-8").splitlines()[:40]]
    texts, causes = [note["text"] for note in notes], [note["cause"] for note in notes]
    testing.check_text_model(CauseModel.fit, CauseModel.load, texts, causes, tmp_path)


def test_causes_outside_the_taxonomy_and_uneven_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="weather"):
        CauseModel.fit(["雨"], ["environment.weather"])
    with pytest.raises(ValueError, match="2 texts but 1 causes"):
        CauseModel.fit(["雨", "雪"], [BUDGET])


@pytest.mark.parametrize("content", ["", "[]", '{"format": "other"}',
    '{"format": "tsunagu-cause-model", "version": 9}',
    '{"format": "tsunagu-cause-model", "version": 1, "beliefs": {}}'])  # fmt: skip
def test_a_file_that_is_no_model_is_refused_by_name(content: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"model\.json"):
        CauseModel.load(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.json"):
        CauseModel.load(tmp_path / "nowhere.json")


def test_every_cause_has_names_and_phrases_in_both_languages() -> None:
    assert set(CAUSE_WORDS) == set(Cause)
    entries = cause_beliefs().lexicon.entries
    for label, cause in enumerate(Cause):
        phrases = [entry.phrase for entry in entries if entry.label == label]
        assert any(phrase.isascii() for phrase in phrases), cause
        assert any(not phrase.isascii() for phrase in phrases), cause
        assert cause.words("ja") != cause.words("en")


def test_no_phrase_stands_twice_under_a_cause() -> None:
    pairs = [(entry.label, entry.phrase) for entry in cause_beliefs().lexicon.entries]
    assert len(pairs) == len(set(pairs))


def test_the_lexicon_speaks_of_signals_that_exist() -> None:
    assert set(cause_beliefs().signals) <= {kind.value for kind in SignalKind}


def test_the_simulator_knows_the_same_taxonomy() -> None:
    assert set(CAUSE_NAMES) == {cause.value for cause in Cause}


def test_the_notes_for_judging_cover_every_cause_in_both_languages() -> None:
    notes = [json.loads(row) for row in NOTES.read_text("utf-8").splitlines()]
    kinds = {(note["cause"], note["language"]) for note in notes}
    assert len({note["text"] for note in notes}) >= 200
    assert kinds == {(cause.value, language) for cause in Cause for language in ("ja", "en")}


def test_importing_loads_neither_tokenizer_nor_dictionary() -> None:
    heavy = "{'sudachipy', 'sudachidict_core', 'scipy', 'sklearn'}"
    code = f"import sys, tsunagu.analytics.causes; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
