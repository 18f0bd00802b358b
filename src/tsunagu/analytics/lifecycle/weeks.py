"""Whole weeks of the team's calendar, and what was recorded in each."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.contracts import EventLog
from tsunagu.analytics.detection.workdays import Workdays
from tsunagu.analytics.features.clock import in_micros


def whole_weeks(log: EventLog, count: int) -> tuple[list[date], list[int]]:
    """The Mondays of the last ``count`` weeks that are over, and the business days of each."""
    today = log.observed_until.astimezone(ZoneInfo(log.time_zone)).date()
    this = today - timedelta(days=today.weekday())
    weeks = [this - timedelta(weeks=back) for back in range(count, 0, -1)]
    moment = float(in_micros(log.observed_until))
    calendar = Workdays.spanning(log.time_zone, moment, moment).calendar
    begin = np.array(weeks, "datetime64[D]")
    days = np.busday_count(begin, begin + np.timedelta64(7, "D"), busdaycal=calendar)
    return weeks, [int(count) for count in days]


def counted(instants: ir.Column, log: EventLog, weeks: list[date]) -> list[int]:
    """How many of ``instants`` lie in each week."""
    column = instants.name("at").to_pyarrow().cast(pa.timestamp("us", tz=log.time_zone))
    local = pc.local_timestamp(column).cast(pa.date32())
    days = local.to_numpy(zero_copy_only=False).astype("datetime64[D]")
    begin = np.array(weeks, "datetime64[D]")
    place = (days - begin[0]).astype(np.int64) // 7
    inside = place[(place >= 0) & (place < len(weeks))]
    return [int(count) for count in np.bincount(inside, minlength=len(weeks))]
