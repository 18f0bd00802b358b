"""Parquet files as tables, with their types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tsunagu.analytics.eventlog.encoding import file_error
from tsunagu.analytics.eventlog.sources import Source, unique_headers


def read_parquet(path: Path) -> Source:
    """A Parquet file; columns that are no text, number, truth or time are left out with a notice.

    Raises:
        InputError: if the file is no Parquet file or is damaged.
    """
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        message = f"the file is no Parquet file, or is damaged ({str(error).splitlines()[0]})."
        raise file_error(path, message, "Write it again, or export CSV instead.") from error
    strange = [field.name for field in table.schema if _is_strange(field.type)]
    table = _plain_types(table.drop_columns(strange))
    headers, repeated = unique_headers(path, table.column_names)
    rows = np.arange(2, len(table) + 2)
    names = ", ".join(strange)
    notices = (f"{path.name}: columns of unusual types are left out: {names}.",) if names else ()
    return Source(path.name, table.rename_columns(headers), rows, (), repeated, notices=notices)


def _is_strange(kind: pa.DataType) -> bool:
    tests = (pa.types.is_nested, pa.types.is_duration, pa.types.is_interval, pa.types.is_binary)
    others = (pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_time)
    return any(test(kind) for test in (*tests, *others))


def _plain_types(table: pa.Table) -> pa.Table:
    """Dictionaries and large or viewed strings as plain strings, decimals as floats."""
    return table.cast(pa.schema([pa.field(f.name, _plain_type(f.type)) for f in table.schema]))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return pa.float64() if pa.types.is_decimal(kind) else kind
