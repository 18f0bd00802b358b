"""Result tables as files that are safe to open in a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from tsunagu.analytics.errors import TsunaguError

_FORMULA_START = r"^[=+\-@\t\r\n＝＋－＠]"


def write_table(table: pa.Table, file: Path) -> None:
    """Write ``table`` as CSV (UTF-8 with BOM, no formula can start) or Parquet, by the suffix.

    Raises:
        TsunaguError: if the suffix is neither ``.csv`` nor ``.parquet``, or the folder is missing.
    """
    writers = {".csv": _write_csv, ".parquet": pq.write_table}
    writer = writers.get(file.suffix.lower())
    if writer is None:
        raise TsunaguError(f"“{file}” is neither .csv nor .parquet.", remedy="Name it so.")
    if not file.parent.is_dir():
        raise TsunaguError(f"There is no folder “{file.parent}”.", remedy="Make it first.")
    writer(table, file)


def _write_csv(table: pa.Table, file: Path) -> None:
    with file.open("wb") as stream:
        stream.write(b"\xef\xbb\xbf")
        pyarrow.csv.write_csv(_without_formulas(table), stream)


def _without_formulas(table: pa.Table) -> pa.Table:
    """Prefix texts that a spreadsheet would run as a formula with an apostrophe (OWASP)."""
    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            column = pc.replace_substring_regex(table[field.name], f"({_FORMULA_START})", r"'\1")
            table = table.set_column(index, field, column)
    return table
