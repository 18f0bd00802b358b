"""The readers' door: files and a mapping in, a complete event log's folder out."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Mappable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from tsunagu.analytics.contracts import Outcome, Progress, silent
from tsunagu.analytics.errors import InputError, Problem, TsunaguError
from tsunagu.analytics.eventlog import store
from tsunagu.analytics.eventlog.assembly import Assembled, assemble, outcome_counts
from tsunagu.analytics.eventlog.encoding import file_error
from tsunagu.analytics.eventlog.files import Assigned, expand, load_assigned, load_source
from tsunagu.analytics.eventlog.mapping import Mapping
from tsunagu.analytics.eventlog.mapping_file import load_mapping
from tsunagu.analytics.eventlog.rejects import REJECTS_FOLDER, Reject, rejects_of, write_rejects
from tsunagu.analytics.eventlog.sources import merge_mended
from tsunagu.analytics.eventlog.synonyms import guess_mapping

_SHOWN_PROBLEMS = 20
_READING_SHARE = 0.3
MENDED_FOLDER = "mended"
"""Where mended reject files are kept that lay in the log which a new reading replaces."""


@dataclass(frozen=True)
class ReadReport:
    """What came of a reading.

    Attributes:
        folder: of the log.
        deals: deals read.
        events: events read.
        outcomes: finished deals by outcome; the others are open.
        rejected_rows: rows that could not be read.
        notices: what else the user should know, such as rows that were left out on purpose.
        problems: the first twenty.
        reject_files: one for each source with rejected rows.
        observed_until: aware, UTC.
    """

    folder: Path
    deals: int
    events: int
    outcomes: Mappable[Outcome, int]
    rejected_rows: int
    notices: tuple[str, ...]
    problems: tuple[Problem, ...]
    reject_files: tuple[Path, ...]
    observed_until: datetime

    @property
    def open_deals(self) -> int:
        """Deals without an outcome."""
        return self.deals - sum(self.outcomes.values())


def read_log(
    sources: Sequence[Path],
    mapping: Mapping | Path | None,
    out: Path,
    *,
    all_or_nothing: bool = False,
    progress: Progress | None = None,
) -> ReadReport:
    """Read files into the event log's folder ``out``.

    Rows that cannot be read go to ``out/rejects``; mended there, such a file is given again beside
    the original, whose rows it replaces.  The folder appears whole or not at all: a reading that
    fails or is stopped leaves nothing behind, and an older log in its place.

    Args:
        sources: CSV, TSV, workbook, Parquet or XES files (text also ``.gz``), mended reject files,
            or a log's folder.
        mapping: what they mean, or its TOML file; None: recognise the headers.
        out: folder; an older log in it is replaced.
        all_or_nothing: fail at the first row that cannot be read.
        progress: told each step; may raise to stop.

    Raises:
        InputError: if a file or the mapping cannot be used as a whole, no deal is left, or, with
            ``all_or_nothing``, any row is rejected.
        TsunaguError: if the log cannot be written.
    """
    step = progress or silent
    _check_replaceable(out)
    paths = expand(sources)
    known, assigned = _load(paths, mapping, step)
    assembled = assemble(assigned, known, datetime.now(UTC), step)
    rejected = [rejects_of(sheet) for sheet in assembled.sheets]
    _check_complete(rejected, all_or_nothing=all_or_nothing)
    _check_any_deal(assembled, assigned, rejected)
    step("write", 0.9)
    try:
        with _appearing(out) as folder:
            files = _write(folder, assembled, rejected, known)
            _keep_repairs(folder, paths, out)
            step("write", 1.0)
    except OSError as error:
        remedy = "Free some space, or check the permissions of the folder."
        raise TsunaguError(f"{out} cannot be written ({error}).", remedy=remedy) from error
    return _report(out, assembled, rejected, files)


def _check_replaceable(out: Path) -> None:
    """A folder is replaced only if it holds a log, or nothing."""
    if not out.exists():
        return
    if not out.is_dir() or (any(out.iterdir()) and not (out / store.META_FILE).is_file()):
        remedy = "Name a new folder, an empty one, or one that holds an event log."
        raise file_error(out, "is in the way: it holds something else than an event log.", remedy)


def _load(
    paths: Sequence[Path], mapping: Mapping | Path | None, step: Progress
) -> tuple[Mapping, list[Assigned]]:
    def reading(name: str, share: float) -> None:
        step(name, share * _READING_SHARE)

    if not paths:
        remedy = "Name at least one file."
        raise InputError(Problem("sources", None, None, None, "no file is given.", remedy))
    if mapping is not None:
        known = load_mapping(mapping) if isinstance(mapping, Path) else mapping
        return known, load_assigned(paths, list(known.choices()), step=reading)
    ready = {}
    for done, path in enumerate(paths):
        reading(f"read {path.name}", done / len(paths))
        ready[path] = load_source(path)
    originals = merge_mended(
        [source for source in ready.values() if source.original is None],
        [source for source in ready.values() if source.original is not None],
    )
    known = _with_settings(guess_mapping(originals), paths)
    return known, load_assigned(paths, list(known.choices()), ready)


def _with_settings(mapping: Mapping, paths: Sequence[Path]) -> Mapping:
    """Files of a log's folder bring its time zone, stages and end of observation along."""
    folder = paths[0].parent
    if not (folder / store.META_FILE).is_file():
        return mapping
    meta = store.read_meta(folder)
    return replace(
        mapping,
        time_zone=meta["time_zone"],
        observed_until=meta["observed_until"],
        stages=tuple(meta["stages"]),
    )


def _check_complete(rejected: Sequence[Sequence[Reject]], *, all_or_nothing: bool) -> None:
    problems = [reject.problem for each in rejected for reject in each]
    if problems and all_or_nothing:
        raise _nothing_read(problems)


def _nothing_read(problems: Sequence[Problem]) -> InputError:
    first, count = problems[0], len(problems)
    rows = "1 row is wrong" if count == 1 else f"{count:,} rows are wrong; the first"
    return InputError(replace(first, message=f"nothing was read, {rows}: {first.message}"))


def _check_any_deal(
    assembled: Assembled, assigned: Sequence[Assigned], rejected: Sequence[Sequence[Reject]]
) -> None:
    """A log without a deal is a mistake somewhere: say what is known of it."""
    if len(assembled.deals):
        return
    tables = [each for each in zip(assigned, rejected, strict=True) if 0 in each[0].tables]
    problems = [reject.problem for _, rejects in tables for reject in rejects]
    if problems:
        raise _nothing_read(problems)
    names = ", ".join(each.source.name for each, _ in tables)
    message = " ".join(["there is no deal in the file.", *assembled.notices])
    remedy = "Check that the files and the mapping belong together."
    raise InputError(Problem(names, None, None, None, message, remedy))


@contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """A folder that takes the place of ``out`` once it is complete, or vanishes."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    old = draft.with_name(draft.name + "-old")
    try:
        draft.chmod(0o755)
        yield draft
        if out.exists():
            out.rename(old)
        try:
            draft.rename(out)
        except OSError:
            old.rename(out)
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _write(
    folder: Path, assembled: Assembled, rejected: Sequence[Sequence[Reject]], mapping: Mapping
) -> list[str]:
    pq.write_table(assembled.events, folder / store.EVENTS_FILE, compression="zstd")
    pq.write_table(assembled.deals, folder / store.DEALS_FILE, compression="zstd")
    names = [
        write_rejects(folder / REJECTS_FOLDER, sheet, rejects).name
        for sheet, rejects in zip(assembled.sheets, rejected, strict=True)
        if rejects
    ]
    store.write_meta(
        folder,
        observed_until=assembled.observed_until,
        time_zone=mapping.time_zone,
        stages=mapping.stages,
    )
    return names


def _keep_repairs(folder: Path, paths: Sequence[Path], out: Path) -> None:
    """Mended files that lie in the folder about to be replaced are somebody's work: keep them."""
    inside = [path for path in paths if out.resolve() in path.resolve().parents]
    kept = [path for path in inside if path.name not in (store.EVENTS_FILE, store.DEALS_FILE)]
    for path in kept:
        target = folder / MENDED_FOLDER / path.name
        target.parent.mkdir(exist_ok=True)
        number = 2
        while target.exists():
            target = target.with_name(f"{path.stem}-{number}{path.suffix}")
            number += 1
        shutil.copyfile(path, target)


def _report(
    out: Path, assembled: Assembled, rejected: Sequence[Sequence[Reject]], files: Sequence[str]
) -> ReadReport:
    problems = [reject.problem for each in rejected for reject in each]
    return ReadReport(
        folder=out,
        deals=len(assembled.deals),
        events=len(assembled.events),
        outcomes=outcome_counts(assembled.events),
        rejected_rows=len(problems),
        notices=(*assembled.notices, *_summaries(problems)),
        problems=tuple(problems[:_SHOWN_PROBLEMS]),
        reject_files=tuple(out / REJECTS_FOLDER / name for name in files),
        observed_until=assembled.observed_until,
    )


def _summaries(problems: Sequence[Problem]) -> list[str]:
    """One line for each reason for which rows were rejected."""
    counts = Counter((problem.file, problem.message) for problem in problems)
    return [
        f"{file}: {count:,} {'row' if count == 1 else 'rows'} rejected: {message}"
        for (file, message), count in counts.items()
    ]
