"""One URL, one connection: the only place where an engine has a name."""

from __future__ import annotations

from urllib.parse import parse_qsl

import ibis
from ibis.backends import BaseBackend

from tsunagu.analytics.backends.spark import connect_spark
from tsunagu.analytics.errors import TsunaguError

_DUCKDB_OPTIONS = ("threads", "memory_limit")
_SPARKS_OWN = "spark."
_EXAMPLES = (
    "duckdb:// (in memory), duckdb://file.duckdb?threads=2&memory_limit=4GB, local[2], "
    "spark://HOST:7077?spark.executor.memory=8g"
)


def connect(url: str = "duckdb://") -> BaseBackend:
    """Connect to the engine that runs the Ibis expressions.

    Args:
        url: ``duckdb://[path][?threads=N&memory_limit=4GB]``; ``local[N]`` for Spark in this
            process, ``local-cluster[executors,cores,MiB]`` for a small one of its own processes,
            ``spark://host[:port]`` for a cluster's master; Spark's own settings as options, such as
            ``?spark.executor.memory=8g``.

    Raises:
        TsunaguError: if the URL names no known engine or option, a value is no good, or the
            engine is not installed or cannot be reached.

    Example:
        >>> connect("duckdb://?threads=1").name
        'duckdb'
    """
    address, _, query = url.partition("?")
    engine, separator, target = address.partition("://")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if is_spark(url):
        _refuse(url, [name for name in options if not name.startswith(_SPARKS_OWN)])
        inside = target.startswith("local") or not separator
        return connect_spark((target or address) if inside else address, options)
    if not separator or engine != "duckdb":
        raise _bad_url(url, "names no engine that Tsunagu knows")
    _refuse(url, [name for name in options if name not in _DUCKDB_OPTIONS])
    return _duckdb(url, target, options)


def is_spark(url: str) -> bool:
    """Whether the URL names a Spark."""
    return url.startswith(("spark://", "local[", "local-cluster["))


def _refuse(url: str, unknown: list[str]) -> None:
    if unknown:
        raise _bad_url(url, f"has unknown option(s) {', '.join(sorted(unknown))}")


def _bad_url(url: str, reason: str) -> TsunaguError:
    return TsunaguError(f"The connection “{url}” {reason}.", remedy=f"Examples: {_EXAMPLES}.")


def _duckdb(url: str, path: str, options: dict[str, str]) -> BaseBackend:
    import duckdb  # only this engine's users pay for it

    try:
        return ibis.duckdb.connect(path or ":memory:", **options)
    except duckdb.Error as error:
        raise _bad_url(url, f"cannot be opened ({error})") from error
