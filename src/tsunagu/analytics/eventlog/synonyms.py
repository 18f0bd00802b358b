"""Headers that are recognised without a mapping: our own, and those of well-known systems.

Sources: the exports' documented field names of Salesforce, HubSpot, Pipedrive, Zoho, Mazrica,
GENIEE, F-RevoCRM, kintone and eセールスマネージャー, in English and Japanese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import pyarrow.compute as pc

from tsunagu.analytics.contracts import DEAL_SCHEMA, EVENT_SCHEMA, Kind, Outcome
from tsunagu.analytics.errors import InputError, Problem
from tsunagu.analytics.eventlog import cells
from tsunagu.analytics.eventlog.mapping import (
    Condition,
    DealTable,
    EventTable,
    FileChoice,
    Mapping,
    Rule,
)
from tsunagu.analytics.eventlog.sources import Source

SYNONYMS: dict[str, tuple[str, ...]] = {
    "id": (
        "deal_id", "deal id", "opportunity id", "opportunityid", "opportunity_id", "record id",
        "案件番号", "案件id", "商談id", "商談番号", "取引id", "レコード番号", "id",
    ),
    "customer": (
        "customer_id", "accountid", "account id", "account name", "account", "org_id", "org_name",
        "organization", "associated company", "company", "取引先id", "顧客コード", "取引先",
        "取引先名", "顧客企業名", "顧客名", "会社名", "会社",
    ),
    "owner": (
        "owner_id", "ownerid", "owner", "hubspot_owner_id", "deal owner", "opportunity owner",
        "owner_name", "担当者", "担当営業", "営業担当", "商談所有者", "所有者", "担当",
    ),
    "created": (
        "created_at", "createddate", "created date", "createdate", "create date", "created",
        "add_time", "deal created", "作成日時", "作成日", "登録日時", "登録日", "商談開始日",
        "案件作成日",
    ),
    "stage": (
        "stagename", "stage", "dealstage", "deal stage", "stage_id", "sales_stage", "フェーズ",
        "営業ステージ", "ステージ", "段階", "商談フェーズ",
    ),
    "status": ("status", "ステータス", "状態"),
    "amount": (
        "amount", "value", "deal value", "金額", "契約金額", "商談金額", "受注金額", "見込金額",
    ),
    "close_date": (
        "closedate", "close date", "expected_close_date", "expected close date", "完了予定日",
        "契約予定日", "受注予定日",
    ),
    "ended": ("ended_at", "closed date", "close_time", "クローズ日", "完了日", "終了日"),
    "won_at": ("won_time", "受注日", "成約日"),
    "lost_at": ("lost_time", "失注日"),
    "stage_changed": (
        "laststagechangedate", "last stage change date", "stage_change_time",
        "hs_v2_date_entered_current_stage", "フェーズ変更日", "最終フェーズ変更日",
    ),
    "reason": (
        "lost_reason", "lost reason", "closed_lost_reason", "closed lost reason", "失注理由",
        "敗因",
    ),
}  # fmt: skip
"""For each meaning the headers that carry it, most telling first; compared without case."""

FINAL_WORDS: dict[Outcome, tuple[str, ...]] = {
    Outcome.WON: ("won", "closed won", "closedwon", "受注", "成約", "契約", "受注済", "受注確定"),
    Outcome.BROKEN_OFF: ("broken_off", "営業中途", "中途", "中断", "自然消滅", "音信不通"),
    Outcome.LOST: ("lost", "closed lost", "closedlost", "失注", "見送り", "敗退", "却下"),
}
"""Words of stages and states that end a deal."""

_NOTES = re.compile(r"(?:\s*\((?:管理番号:[^)]*|※必須項目です|法人|顧客|案件|活動)\))+\s*$")
"""What Mazrica (管理番号) and eセールスマネージャー (the rest) put behind the name of an item."""


def guess_mapping(sources: Sequence[Source]) -> Mapping:
    """A mapping for files in our own columns, or for one deals table of a known system.

    Raises:
        InputError: if the headers are not recognised.
    """
    events = [source for source in sources if _is_own_events(source)]
    deals = [source for source in sources if source not in events]
    if len(deals) != 1:
        names = ", ".join(source.name for source in sources)
        message = f"without a mapping one deals table is read, not {len(deals)}."
        raise InputError(Problem(names, None, None, None, message, _WRITE_MAPPING))
    own_events = tuple(_own_events(source) for source in events)
    if _is_own_deals(deals[0]):
        return Mapping(_own_deals(deals[0]), own_events)
    return Mapping(_known_deals(deals[0]), own_events)


_WRITE_MAPPING = "Write a mapping; see docs/reference/mapping.md."


def _is_own_events(source: Source) -> bool:
    return {"deal_id", "at", "kind"} <= set(source.table.column_names)


def _is_own_deals(source: Source) -> bool:
    return {"deal_id", "created_at"} <= set(source.table.column_names)


def _own_events(source: Source) -> EventTable:
    optional = {
        name: name
        for name in EVENT_SCHEMA.names
        if name not in ("deal_id", "at", "kind") and source.has(name)
    }
    return EventTable("at", FileChoice(source.name), deal="deal_id", kind="kind", **optional)


def _own_deals(source: Source) -> DealTable:
    has = {name: name if source.has(name) else None for name in DEAL_SCHEMA.names}
    return DealTable(
        id="deal_id",
        source=FileChoice(source.name),
        customer=has["customer_id"],
        owner=has["owner_id"],
        created="created_at",
        at_risk_from=has["at_risk_from"],
        other_attributes=True,
    )


def _known_deals(source: Source) -> DealTable:
    found = {meaning: _find(source, words) for meaning, words in SYNONYMS.items()}
    return DealTable(
        id=_must(source, found, "id"),
        source=FileChoice(source.name),
        customer=found["customer"],
        owner=found["owner"],
        created=_must(source, found, "created"),
        end=found["ended"] or found["close_date"],
        reason=found["reason"],
        outcomes=_outcomes(source, found),
        events=_dated_stage(found),
    )


def _find(source: Source, words: Sequence[str]) -> str | None:
    known = {folded(header): header for header in reversed(source.table.column_names)}
    return next((known[word] for word in words if word in known), None)


def folded(header: str) -> str:
    """A header or word as it is compared: without width, case, and notes in brackets behind it."""
    text = unicodedata.normalize("NFKC", header).strip()
    return _NOTES.sub("", text).casefold()


def _must(source: Source, found: dict[str, str | None], meaning: str) -> str:
    column = found[meaning]
    if column is None:
        headers = ", ".join(f"“{name}”" for name in source.table.column_names[:12])
        message = f"no column is recognised as the deal's {meaning}; the file has {headers}."
        raise InputError(Problem(source.name, 1, None, None, message, _WRITE_MAPPING))
    return column


def _outcomes(source: Source, found: dict[str, str | None]) -> tuple[Rule, ...]:
    """The status, or else the stage, says how a deal ended.

    The end is the column of its own (Pipedrive's ``won_time``), or else the close date, which
    Salesforce and HubSpot set to the real day when a deal is closed.
    """
    column = found["status"] or found["stage"]
    if column is None:
        return ()
    dated = found["ended"] or found["close_date"]
    ends = (found["won_at"] or dated, dated or found["lost_at"], found["lost_at"] or dated)
    if None in ends and not _any_final(source, column):
        return ()
    if None in ends:
        message = "no column is recognised as the date on which deals ended."
        raise InputError(Problem(source.name, 1, column, None, message, _WRITE_MAPPING))
    return tuple(
        Rule(when=(_says(column, words),), kind=Kind.OUTCOME, outcome=outcome, at=at)
        for (outcome, words), at in zip(FINAL_WORDS.items(), ends, strict=True)
    )


def _says(column: str, words: Sequence[str]) -> Condition:
    listed = "|".join(re.escape(word) for word in words)
    return Condition(column, matches=f"(?i)^(?:{listed})$")


def _any_final(source: Source, column: str) -> bool:
    words = [word for known in FINAL_WORDS.values() for word in known]
    stages = cells.plain(source.column(column))
    pattern = _says(column, words).matches
    return bool(pc.any(pc.match_substring_regex(stages, pattern)).as_py())


def _dated_stage(found: dict[str, str | None]) -> tuple[Rule, ...]:
    """The stage of a running deal, where the export says since when; a final stage is no fact."""
    stage, changed = found["stage"], found["stage_changed"]
    if stage is None or changed is None:
        return ()
    final = tuple(word for words in FINAL_WORDS.values() for word in words)
    spelt = {form for word in final for form in (word, word.title(), word.upper())}
    running = Condition(stage, none_of=tuple(sorted(spelt)))
    return (Rule(when=(running,), kind=Kind.STAGE, value=stage, at=changed),)
