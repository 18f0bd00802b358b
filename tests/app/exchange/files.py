"""Files as people bring them, and an import that goes all the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tsunagu.app.exchange import actions, mapping
from tsunagu.app.exchange.models import Import
from tsunagu.app.people.models import User

HEADER = "案件番号,案件名,取引先名,担当者,作成日,フェーズ,金額,完了予定日,失注理由,確度"
DEALS = (
    'A-1,基幹システム更新,青葉商事,佐藤 花子,2026-04-01,提案,"1,200,000",2026-12-20,,A',
    "A-2,倉庫の自動化,みどり物流,鈴木 一郎,令和8年5月7日,受注,80万円,2026/6/30,,",
    "A-3,会計の刷新,青葉商事,佐藤 花子,2026/5/8,失注,300000,2026-07-10,予算,C",
)


def csv_of(header: str, rows: Sequence[str], encoding: str = "utf-8") -> bytes:
    return ("\r\n".join([header, *rows]) + "\r\n").encode(encoding)


def upload(user: User, content: bytes, kind: str = "deals", name: str = "deals.csv") -> Import:
    return actions.upload(user, kind=kind, name=name, size=len(content), blocks=[content])


def checked(user: User, content: bytes, kind: str = "deals", **changes: object) -> Import:
    """Uploaded, mapped as recognised (with ``changes`` to the columns), and checked."""
    source = upload(user, content, kind, f"{kind}.csv")
    chosen = mapping.guess(source)
    for name, header in changes.items():
        chosen.columns[name] = str(header)
    actions.map_columns(user, source, chosen)
    return source


def imported(user: User, content: bytes, kind: str = "deals", **changes: object) -> Import:
    """Checked and brought in."""
    source = checked(user, content, kind, **changes)
    actions.start(user, source)
    return source


def imported_file(user: User, path: Path, kind: str = "deals") -> Import:
    return imported(user, path.read_bytes(), kind)
