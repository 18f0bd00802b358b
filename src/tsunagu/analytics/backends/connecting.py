"""One URL, one connection: the only place where an engine has a name."""

from __future__ import annotations

import importlib.util
from urllib.parse import parse_qsl

import ibis
from ibis.backends import BaseBackend

from tsunagu.analytics.errors import TsunaguError

_OPTIONS = {"duckdb": ("threads", "memory_limit"), "spark": ()}
_EXAMPLES = (
    "duckdb:// (in memory), duckdb://file.duckdb?threads=2&memory_limit=4GB, spark://local[2]"
)


def connect(url: str = "duckdb://") -> BaseBackend:
    """Connect to the engine that runs the Ibis expressions.

    Args:
        url: ``duckdb://[path][?threads=N&memory_limit=4GB]``, ``spark://local[N]`` for Spark in
            this process, or ``spark://host[:port]`` for a cluster's master.

    Raises:
        TsunaguError: if the URL names no known engine or option, a value is no good, or the
            engine is not installed.

    Example:
        >>> connect("duckdb://?threads=1").name
        'duckdb'
    """
    engine, separator, rest = url.partition("://")
    if not separator or engine not in _OPTIONS:
        raise _bad_url(url, "names no engine that Tsunagu knows")
    target, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(set(options) - set(_OPTIONS[engine]))
    if unknown:
        raise _bad_url(url, f"has unknown option(s) {', '.join(unknown)}")
    return _duckdb(url, target, options) if engine == "duckdb" else _spark(target)


def _bad_url(url: str, reason: str) -> TsunaguError:
    return TsunaguError(f"The connection “{url}” {reason}.", remedy=f"Examples: {_EXAMPLES}.")


def _duckdb(url: str, path: str, options: dict[str, str]) -> BaseBackend:
    import duckdb  # only this engine's users pay for it

    try:
        return ibis.duckdb.connect(path or ":memory:", **options)
    except duckdb.Error as error:
        raise _bad_url(url, f"cannot be opened ({error})") from error


def _spark(master: str) -> BaseBackend:
    if importlib.util.find_spec("pyspark") is None:
        raise TsunaguError(
            "Spark is not installed.", remedy="Install it with: pip install 'tsunagu[spark]'."
        )
    from pyspark.sql import SparkSession  # an extra, slow to import

    where = master if master.startswith("local") else f"spark://{master}"
    builder = SparkSession.builder.master(where).appName("tsunagu")
    settings: dict[str, bool | float | int | str | None] = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }
    return ibis.pyspark.connect(builder.config(map=settings).getOrCreate())
