"""Spark sessions: what Tsunagu asks of them, and what to do where one cannot be had."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

import ibis
import pyarrow as pa
from ibis.backends import BaseBackend

from tsunagu.analytics.errors import TsunaguError

_SETTINGS: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
"""What results depend on, and what suits a batch job; a URL's options may overrule the latter."""

_CHECKED = ("tsunagu", "lightgbm", "numpy", "pyarrow")


def connect_spark(master: str, options: Mapping[str, str]) -> BaseBackend:
    """Start a session, or take the one that this process has.

    Args:
        master: as Spark names it: ``local[2]``, ``local-cluster[2,1,1024]``, ``spark://host:7077``.
        options: Spark's own settings.

    Raises:
        TsunaguError: if PySpark or Java is missing, or no session can be had.
    """
    _check_installed()
    from pyspark.sql import SparkSession  # an extra, slow to import

    if master.startswith("local"):  # a cluster's executors have a Python of their own
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("tsunagu")
    try:
        session = builder.config(map={**_SETTINGS, **options}).getOrCreate()
    except Exception as error:  # Java's errors and Spark's have no ancestor in common
        raise _no_session(master, error) from error
    session.sparkContext.setLogLevel("ERROR")
    return ibis.pyspark.connect(session)


def check_executors(connection: BaseBackend) -> None:
    """See whether the executors can run Tsunagu, before anything long begins.

    Raises:
        TsunaguError: if they have another Python or another Tsunagu than this process, or none.
    """
    session: Any = connection._session
    frame = session.range(1).mapInArrow(_versions, "name string, version string")
    try:
        theirs = {row["name"]: row["version"] for row in frame.collect()}
    except Exception as error:  # whatever an executor's Python stumbles over comes as one of many
        raise _cannot_run(what_went_wrong(error)) from error
    other = [
        f"{name} {theirs.get(name)} instead of {ours}"
        for name, ours in _own_versions().items()
        if theirs.get(name) != ours
    ]
    if other:
        raise _cannot_run(", ".join(other))


def _check_installed() -> None:
    if importlib.util.find_spec("pyspark") is None:
        raise TsunaguError(
            "Spark is not installed.", remedy="Install it with: pip install 'tsunagu[spark]'."
        )
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        raise TsunaguError(
            f"Spark needs Java, and there is none {'in JAVA_HOME=' + home if home else 'here'}.",
            remedy="Install Java 17 (Debian: apt install openjdk-17-jre-headless), or let JAVA_HOME"
            " name one.",
        )


def _no_session(master: str, error: Exception) -> TsunaguError:
    return TsunaguError(
        f"Spark cannot be reached at “{master}” ({what_went_wrong(error)}).",
        remedy="Name a master that runs, such as spark://HOST:7077, or local[2] for this machine.",
    )


def _cannot_run(why: str) -> TsunaguError:
    return TsunaguError(
        f"The executors cannot run Tsunagu: {why}.",
        remedy="Give them the same Python and packages as this process: install tsunagu[spark] on "
        "every worker and let PYSPARK_PYTHON name its Python, or ship an environment with "
        "spark.archives (see docs/reference/scale.md).",
    )


def what_went_wrong(error: Exception) -> str:
    """What went wrong, without the stack traces that Spark puts around it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("at ", "File ", "...", "JVM"))]
    named = [line for line in told if "Error: " in line or "Exception: " in line]
    return (named or told or [type(error).__name__])[0].lstrip(": ").removesuffix(".")


def _versions(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
    for batch in batches:
        if len(batch):
            found = _own_versions()
            yield pa.RecordBatch.from_pydict({"name": list(found), "version": list(found.values())})


def _own_versions() -> dict[str, str]:
    python = ".".join(str(part) for part in sys.version_info[:2])
    return {"Python": python} | {name: version(name) for name in _CHECKED}
