"""The way of an analyst: simulate or read, fit, score, explain, evaluate."""

import csv
import json
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import tsunagu

from tsunagu.analytics.risk import RiskModel, Window

MAPPING = """
time_zone = "Asia/Tokyo"

[deals]
file = "deals*"
id = "案件番号"
customer = "顧客"
owner = "担当"
created = "登録日"
end = "終了日"

[[deals.outcomes]]
outcome = "won"
when = { "結果" = "受注" }

[[deals.outcomes]]
outcome = "broken_off"
when = { "結果" = "中途" }
"""
DEALS = """案件番号,顧客,担当,登録日,終了日,結果
A-1,山田商店,佐藤,令和6年4月1日,2024/05/01,受注
A-2,﨑本工業,髙橋,R6.4.2,２０２４年５月３日,中途
A-3,鈴木物産,佐藤,2024-04-31,,
A-4,田中建設,佐藤,2024-04-05,,
"""


@pytest.fixture
def export(tmp_path: Path) -> tuple[Path, Path]:
    """A Shift_JIS export with one date that does not exist, and its mapping."""
    deals, mapping = tmp_path / "deals.csv", tmp_path / "crm.toml"
    deals.write_bytes(DEALS.encode("cp932"))
    mapping.write_text(MAPPING, encoding="utf-8")
    return deals, mapping


def test_reading_an_export_keeps_good_rows_and_rejects_the_bad_one(
    export: tuple[Path, Path], tmp_path: Path
) -> None:
    deals, mapping = export
    done = tsunagu("read", deals, "--mapping", mapping, "--out", tmp_path / "log", "--lang", "en")
    assert done.exit_code == 3
    assert "deals.csv, row 4, column “登録日”" in done.output
    assert "2024-04-31" in done.output
    assert pq.read_table(tmp_path / "log" / "deals.parquet")["deal_id"].to_pylist() == [
        "A-1",
        "A-2",
        "A-4",
    ]


def test_reading_as_json_names_what_was_read(export: tuple[Path, Path], tmp_path: Path) -> None:
    deals, mapping = export
    done = tsunagu("read", deals, "--mapping", mapping, "--out", tmp_path / "log", "--json")
    report = json.loads(done.stdout)
    assert (report["deals"], report["rejected_rows"]) == (3, 1)
    assert report["outcomes"] == {"won": 1, "broken_off": 1, "lost": 0}


def test_all_or_nothing_leaves_nothing_behind(export: tuple[Path, Path], tmp_path: Path) -> None:
    deals, mapping = export
    done = tsunagu("read", deals, "-o", tmp_path / "log", "--mapping", mapping, "--all-or-nothing")
    assert done.exit_code == 1
    assert not (tmp_path / "log").exists()


def test_scores_are_shown_in_the_order_in_which_to_act(log: Path, model: Path) -> None:
    shown = json.loads(tsunagu("score", log, "--model", model, "--top", "5", "--json").stdout)
    after, until = shown["order"]["after"], shown["order"]["until"]

    def risk_in_window(deal: dict[str, float]) -> float:
        return deal[f"broken_off_{until}"] - (deal[f"broken_off_{after}"] if after else 0)

    risks = [risk_in_window(deal) for deal in shown["deals"]]
    assert len(risks) == 5
    assert risks == sorted(risks, reverse=True)
    assert all(deal["reasons"] for deal in shown["deals"])


def test_scores_for_people_carry_number_word_and_reason(log: Path, model: Path) -> None:
    done = tsunagu("score", log, "--model", model, "--top", "3", "--lang", "en")
    assert done.exit_code == 0
    assert "%" in done.output
    assert any(word in done.output for word in ("severe", "high", "watch", "low"))


def test_scores_as_a_file_cover_all_open_deals(log: Path, model: Path, tmp_path: Path) -> None:
    shown = json.loads(tsunagu("score", log, "-m", model, "--top", "0", "--json").stdout)
    file = tmp_path / "scores.csv"
    assert tsunagu("score", log, "-m", model, "--top", "0", "--out", file).exit_code == 0
    with file.open(encoding="utf-8-sig", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == shown["open"] > 0


def test_explaining_a_deal_shows_every_horizon(log: Path, model: Path) -> None:
    deal = json.loads(tsunagu("score", log, "-m", model, "--top", "1", "--json").stdout)["deals"][0]
    done = tsunagu("explain", log, deal["deal_id"], "--model", model, "--lang", "en")
    assert done.exit_code == 0
    assert all(f"in {days} days" in done.output for days in (7, 14, 30, 60, 90))


def test_explaining_says_what_can_be_told_and_which_step_goes_with_less_risk(
    log: Path, model: Path
) -> None:
    shown = json.loads(tsunagu("score", log, "-m", model, "--top", "1", "--json").stdout)
    deal = shown["deals"][0]["deal_id"]
    told = json.loads(tsunagu("explain", log, deal, "-m", model, "--json").stdout)
    assert set(told["verdicts"].values()) <= {"breaks_off", "holds", "not_enough_evidence"}
    talk = next(step for step in told["next_steps"] if step["step"] == "talk")
    assert talk["after"] < talk["before"] == told["broken_off_30"]
    page = " ".join(tsunagu("explain", log, deal, "-m", model, "--lang", "en").output.split())
    assert f"{talk['before']:.0%} → {talk['after']:.0%}" in page
    assert "not a proven effect" in page


def test_a_list_for_a_longer_warning_is_ordered_by_the_window_chosen_for_it(
    log: Path, model: Path, tmp_path: Path
) -> None:
    chosen = {7: Window(14, 7), 14: Window(30, 14)}
    replace(RiskModel.load(model), windows=chosen).save(tmp_path / "m")
    for lead, window in chosen.items():
        done = tsunagu("score", log, "-m", tmp_path / "m", "--lead", str(lead), "--json")
        assert json.loads(done.stdout)["order"] == asdict(window)


def test_an_unknown_deal_is_an_error_with_a_remedy(log: Path, model: Path) -> None:
    done = tsunagu("explain", log, "no-such-deal", "--model", model)
    assert done.exit_code == 1
    assert "no-such-deal" in done.output
    assert "tsunagu score" in done.output


def test_evaluating_shows_the_baselines_and_writes_a_report(log: Path, tmp_path: Path) -> None:
    page = tmp_path / "evaluation.html"
    done = tsunagu("evaluate", log, "--json", "--bootstrap", "20", "--html", page)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    names = {performance["name"] for performance in found["performances"]}
    assert {"tsunagu", "odoo", "hardest_rule", "base_rate"} <= names
    assert found["origin"] == "simulation"
    assert "架空の組織" in page.read_text(encoding="utf-8")


NOTES = Path(__file__).parents[2] / "benchmarks" / "notes" / "causes.jsonl"


def test_evaluating_texts_shows_rivals_in_tables_and_as_json(tmp_path: Path) -> None:
    few = tmp_path / "notes.jsonl"
    few.write_text("\n".join(NOTES.read_text("utf-8").splitlines()[:90]), "utf-8")
    shown = tsunagu("evaluate", "--text", few, "--bootstrap", "0", "--lang", "en")
    assert shown.exit_code == 0, shown.output
    for word in ("Macro-F1", "linear SVC", "Most frequent", "Tsunagu, Japanese"):
        assert word in shown.output
    assert "文字n-gram" in tsunagu("evaluate", "--text", few, "--bootstrap", "0").output
    found = json.loads(tsunagu("evaluate", "--text", few, "--bootstrap", "9", "--json").stdout)
    assert found["tables"][0]["name"] == "causes_learnt"
    assert found["tables"][0]["rows"][0]["figures"]["macro_f1"]["low"] is not None


def test_what_means_nothing_for_texts_is_refused() -> None:
    done = tsunagu("evaluate", "--text", NOTES, "--cut", "2024-01-01", "--detection")
    assert done.exit_code == 1
    assert "--cut, --detection" in done.output


def test_evaluating_reads_files_through_a_mapping(
    export: tuple[Path, Path], tmp_path: Path
) -> None:
    deals, mapping = export
    done = tsunagu("evaluate", deals, "--mapping", mapping)
    assert done.exit_code == 1  # two outcomes are not enough, and it says so
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("fit", "nowhere", "--model", "m.tsunagu"),
        ("score", "nowhere", "--model", "m.tsunagu"),
        ("evaluate", "nowhere"),
        ("evaluate", "--text", "nowhere"),
        ("read", "nowhere.csv", "--out", "log"),
        ("simulate", "log", "--deals", "0"),
        ("simulate", "log", "--end", "31.3.2026"),
    ],
)
def test_a_mistake_gives_one_clear_message(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = tsunagu(*arguments)
    assert done.exit_code == 1
    assert done.output.startswith("✗ ")
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "name",
    [
        *("simulate", "read", "fit", "score", "evaluate", "explain", "tour"),
        *("serve", "migrate", "rescore", "createadmin", "demo"),
    ],
)
def test_help_shows_an_example(name: str) -> None:
    done = tsunagu(name, "--help")
    assert done.exit_code == 0
    assert f"tsunagu {name}" in done.output


def test_a_date_before_the_first_deal_leaves_nothing_open(log: Path, model: Path) -> None:
    done = tsunagu("score", log, "-m", model, "--at", "2001-01-01", "--lang", "en")
    assert done.exit_code == 0
    assert "no open deals" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "No log is named"),
        (("log", "--log", "log"), "Two logs are named"),
        (("log", "--into", "scores"), "--backend and --into go together"),
        (("log", "--backend", "local[2]"), "--backend and --into go together"),
        (("log", "--backend", "duckdb://", "--into", "scores"), "is no Spark"),
    ],
)
def test_a_cluster_needs_a_log_a_place_to_write_and_a_spark(
    model: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = tsunagu("score", *arguments, "--model", model, "--lang", "en")
    assert done.exit_code == 1
    assert said in done.output
