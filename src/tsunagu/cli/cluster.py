"""What `score` and `fit` do where a cluster holds the log."""

from __future__ import annotations

from dataclasses import replace

import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends import BaseBackend

from tsunagu.analytics.backends import connect, is_spark
from tsunagu.analytics.backends.mapping import write_parquet
from tsunagu.analytics.backends.spark import check_executors
from tsunagu.analytics.contracts import EventLog, Outcome, incidence_column
from tsunagu.analytics.errors import TsunaguError
from tsunagu.analytics.eventlog.remote import open_remote_log
from tsunagu.analytics.eventlog.state import deal_states
from tsunagu.analytics.features.snapshots import current
from tsunagu.analytics.risk import RiskModel
from tsunagu.analytics.risk.spreading import scores
from tsunagu.analytics.risk.window import Window
from tsunagu.cli.options import parse_moment

_DATABASES = ("sqlite:", "postgres")
"""Other addresses, such as ``s3a://``, are Spark's to read."""


def connect_cluster(backend: str) -> BaseBackend:
    """Spark at ``backend``, its executors able to run Tsunagu.

    Raises:
        TsunaguError: if it is no Spark, cannot be reached, or its executors lack something.
    """
    if not is_spark(backend):
        raise TsunaguError(
            f"“{backend}” is no Spark.",
            remedy="Give spark://HOST:PORT, local[2] or local-cluster[2,1,1024]; without --backend "
            "this process does the work.",
        )
    connection = connect(backend)
    check_executors(connection)
    return connection


def log_on(connection: BaseBackend, source: str, at: str | None) -> EventLog:
    """The log in a folder that Spark reads, as it stood at the ISO date ``at``, or whole.

    Raises:
        TsunaguError: if ``source`` is no such log or ``at`` is no ISO date.
    """
    if source.startswith(_DATABASES):
        raise TsunaguError(
            "Spark does not read the application's database.",
            remedy="Write it as files with `tsunagu export --log FOLDER`, and name that folder.",
        )
    log = open_remote_log(source, connection)
    return log if at is None else log.until(parse_moment(at, log.time_zone))


def score_into(
    connection: BaseBackend, log: EventLog, model: RiskModel, folder: str, order: Window, top: int
) -> tuple[int, pa.Table]:
    """Let the executors score every open deal and write what they found into ``folder``.

    Returns:
        How many deals were scored, and the first ``top`` of them in the order in which to act:
        the columns of a score table, then ``customer_id, owner_id, stage, amount``.

    Raises:
        TsunaguError: if there is such a folder already.
    """
    write_parquet(scores(model, log, current(log)), folder)
    written = connection.read_parquet(folder)
    return int(written.count().to_pyarrow().as_py()), _first(written, log, order, top)


def _first(written: ir.Table, log: EventLog, order: Window, top: int) -> pa.Table:
    urgent = written[incidence_column(Outcome.BROKEN_OFF, order.until)]
    if order.after:
        urgent -= written[incidence_column(Outcome.BROKEN_OFF, order.after)]
    ranked = written.mutate(urgent=urgent)
    first = ranked.order_by(ranked.urgent.desc(), "deal_id").limit(top).to_pyarrow()
    chosen = first["deal_id"].to_pylist()
    some = replace(
        log,
        events=log.events.filter(log.events.deal_id.isin(chosen)),
        deals=log.deals.filter(log.deals.deal_id.isin(chosen)),
    )
    states = deal_states(some).drop("created_at").to_pyarrow() if chosen else None
    table = first if states is None else first.join(states, "deal_id", join_type="left outer")
    order_of = [("urgent", "descending"), ("deal_id", "ascending")]
    return table.sort_by(order_of).drop_columns(["urgent"])
