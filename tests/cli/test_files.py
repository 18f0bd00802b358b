"""What a command writes can be opened in a spreadsheet without fear."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from tsunagu.app.spreadsheets import FORMULA
from tsunagu.cli.files import write_table


@pytest.mark.parametrize("beginning", FORMULA)
def test_no_cell_begins_as_a_formula(tmp_path: Path, beginning: str) -> None:
    write_table(pa.table({"name": [f"{beginning}SUM(A1)", "青葉商事"]}), tmp_path / "a.csv")

    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [row["name"] for row in csv.DictReader(stream)]
    assert rows == [f"'{beginning}SUM(A1)", "青葉商事"]
