"""The public logs on which time to break-off is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.eventlog import read_log
from tsunagu.analytics.eventlog.store import open_log

_HERE = Path(__file__).resolve().parent
_MAPPINGS = _HERE.parent / "mappings"


@dataclass(frozen=True)
class Source:
    """A public data set and what its columns mean.

    Attributes:
        title: heading of its tables.
        files: below the folder of data.
        mapping: TOML.
        prepare: makes the files to read from the given ones, in a folder; None: as they are.
    """

    title: str
    files: tuple[str, ...]
    mapping: Path
    prepare: Callable[[list[Path], Path], list[Path]] | None = None

    def paths(self, data: Path) -> list[Path]:
        """Where its files lie.

        Raises:
            SystemExit: if one is missing.
        """
        paths = [data / name for name in self.files]
        missing = [str(path) for path in paths if not path.is_file()]
        if missing:
            raise SystemExit(
                f"{', '.join(missing)}: missing; docs/reference/evaluation.md says where from"
            )
        return paths

    def read(self, data: Path, folder: Path) -> EventLog:
        """The event log, written below ``folder``."""
        paths = self.paths(data)
        made = paths if self.prepare is None else self.prepare(paths, folder)
        read_log(made, self.mapping, folder / "log")
        return open_log(folder / "log")


_MAVEN = """
copy (
    select p.* replace (replace(p.product, 'GTXPro', 'GTX Pro') as product), sales_price, manager
    from read_csv($1, all_varchar = true) p
    left join read_csv($2) c on c.product = replace(p.product, 'GTXPro', 'GTX Pro')
    left join read_csv($3) using (sales_agent)
    order by opportunity_id
) to '{}' (header)
"""


def _priced(paths: list[Path], folder: Path) -> list[Path]:
    """Opportunities with their list price and their agent's manager."""
    out = folder / "sales_pipeline.csv"
    duckdb.connect().execute(_MAVEN.format(out), [str(path) for path in paths])
    return [out]


SOURCES = {
    "bpic2012": Source(
        "BPI Challenge 2012 (break-off: the customer lets the offer lapse)",
        ("bpic2012/BPI_Challenge_2012.xes.gz",),
        _MAPPINGS / "bpic2012.toml",
    ),
    "school_crm": Source(
        "The school's CRM (break-off: silence, or put off)",
        ("school_crm/deals.csv", "school_crm/calls.csv.gz"),
        _MAPPINGS / "school_crm.toml",
    ),
    "maven_crm": Source(
        "Maven CRM (a fictitious company; here the event is a deal lost for any reason)",
        ("maven_crm/sales_pipeline.csv", "maven_crm/products.csv", "maven_crm/sales_teams.csv"),
        _HERE / "maven_crm.toml",
        _priced,
    ),
}
