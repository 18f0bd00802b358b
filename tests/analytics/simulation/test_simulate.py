"""Running the simulation: seeds, sizes, folders, stops, and its documentation."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tsunagu.analytics.errors import InputError, TsunaguError
from tsunagu.analytics.eventlog.store import open_log
from tsunagu.analytics.simulation import Parameters, simulate
from tsunagu.analytics.simulation.parameters import reference_table

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "simulation.md"


def _bytes(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        simulate(tmp_path / name, deals=300, seed=11)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")


def test_another_seed_gives_another_organisation(tmp_path):
    for seed in (1, 2):
        simulate(tmp_path / str(seed), deals=200, seed=seed)
    one, two = (pd.read_parquet(tmp_path / str(seed) / "deals.parquet") for seed in (1, 2))
    assert not one.created_at.equals(two.created_at)


def test_branches_make_one_organisation_with_unique_ids(tmp_path):
    shares: list[float] = []
    report = simulate(
        tmp_path / "log",
        deals=1001,
        parameters=Parameters(branch_deals=200),
        progress=lambda _step, share: shares.append(share),
    )
    assert shares == pytest.approx([n / 6 for n in range(7)])
    deals = pd.read_parquet(tmp_path / "log" / "deals.parquet")
    assert report.deals == len(deals) == deals.deal_id.nunique() == 1001
    assert deals.groupby("owner_id").team.nunique().max() == 1
    assert deals.groupby("customer_id").industry.nunique().max() == 1
    truth = pd.read_parquet(tmp_path / "log" / "truth.parquet")
    assert set(truth.deal_id) == set(deals.deal_id)


@pytest.mark.parametrize("deals", [1, 7, 200])
def test_small_teams_work_too(tmp_path, deals):
    report = simulate(tmp_path / "log", deals=deals)
    log = open_log(tmp_path / "log")
    assert report.deals == log.deals.count().execute() == deals
    assert report.events == log.events.count().execute()


def test_records_end_on_the_day_asked_for(tmp_path):
    report = simulate(tmp_path / "log", deals=200, end=date(2025, 5, 4))
    log = open_log(tmp_path / "log")
    assert report.observed_until.isoformat() == "2025-05-04T14:59:59+00:00"
    assert log.observed_until == report.observed_until
    assert log.events["at"].max().execute() <= pd.Timestamp(report.observed_until)
    assert log.time_zone == "Asia/Tokyo"


def test_an_earlier_simulation_is_replaced_whole(tmp_path):
    simulate(tmp_path / "log", deals=300, seed=1)
    report = simulate(tmp_path / "log", deals=200, seed=2)
    assert report.deals == len(pd.read_parquet(tmp_path / "log" / "truth.parquet")) == 200
    assert [entry.name for entry in tmp_path.iterdir()] == ["log"]


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "list.xlsx").write_bytes(b"precious")
    with pytest.raises(InputError, match="Name a new or empty folder"):
        simulate(tmp_path / "mine", deals=200)
    assert (tmp_path / "mine" / "list.xlsx").read_bytes() == b"precious"


def test_a_log_that_was_read_from_files_is_not_overwritten(tmp_path):
    simulate(tmp_path / "log", deals=200)
    (tmp_path / "log" / "parameters.json").unlink()
    with pytest.raises(InputError, match="is no earlier simulation"):
        simulate(tmp_path / "log", deals=200)


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "log").write_text("here")
    with pytest.raises(InputError, match="is a file"):
        simulate(tmp_path / "log", deals=200)


@pytest.mark.parametrize("earlier", [False, True])
def test_stopping_leaves_nothing_half_written(tmp_path, earlier):
    if earlier:
        simulate(tmp_path / "log", deals=200)
    before = _bytes(tmp_path / "log") if earlier else None

    def stop(_step: str, share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(
            tmp_path / "log", deals=600, parameters=Parameters(branch_deals=200), progress=stop
        )
    assert [entry.name for entry in tmp_path.iterdir()] == (["log"] if earlier else [])
    assert not earlier or _bytes(tmp_path / "log") == before


@pytest.mark.parametrize("deals", [0, -5])
def test_no_deals_is_an_error_with_a_remedy(tmp_path, deals):
    with pytest.raises(TsunaguError, match=rf"{deals} deals.*1 or more"):
        simulate(tmp_path / "log", deals=deals)
    assert not list(tmp_path.iterdir())


def test_impossible_seeds_days_and_parameters_are_errors_with_remedies(tmp_path):
    with pytest.raises(TsunaguError, match="seed of 0 or more"):
        simulate(tmp_path / "log", seed=-1)
    with pytest.raises(TsunaguError, match=r"from 2000 to 2090"):
        simulate(tmp_path / "log", end=date(9999, 1, 1))
    with pytest.raises(TsunaguError, match=r"win_share is 1\.5.*from 0 to 1"):
        Parameters(win_share=1.5)
    with pytest.raises(TsunaguError, match="cycle_days is nan"):
        Parameters(cycle_days=float("nan"))
    with pytest.raises(TsunaguError, match="whole number"):
        Parameters(branch_deals=300.5)  # type: ignore[arg-type]


def test_parameters_stand_beside_the_log(tmp_path):
    parameters = Parameters(win_share=0.3)
    simulate(tmp_path / "log", deals=200, seed=4, parameters=parameters)
    known = json.loads((tmp_path / "log" / "parameters.json").read_text())
    assert (known["deals"], known["seed"], known["end"]) == (200, 4, "2026-09-30")
    assert Parameters(**known["parameters"]) == parameters


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [({"break_rate": 0.0, "shock_share": 0.0}, "broken_off"), ({"win_share": 0.0}, "won")],
)
def test_parameters_do_what_they_say(tmp_path, changed, outcome):
    report = simulate(tmp_path / "log", deals=400, parameters=Parameters(**changed))
    assert report.outcomes[outcome] == 0


def test_extremes_of_every_parameter_run(tmp_path):
    for field in fields(Parameters):
        for bound in (field.metadata["low"], field.metadata["high"]):
            parameters = Parameters(**{field.name: bound})
            report = simulate(tmp_path / "log", deals=60, parameters=parameters)
            assert report.events > 60, field.name


def test_every_parameter_is_documented_as_it_is():
    assert reference_table() in REFERENCE.read_text(encoding="utf-8")
