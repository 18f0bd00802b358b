"""Cards, verdicts and drift in words, Japanese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tsunagu.analytics.contracts import Language
from tsunagu.analytics.lifecycle.comparing import MARGIN

GROUP_WORDS: dict[str, tuple[str, str]] = {
    "silence": ("顧客からの沈黙", "Silence of the customer"),
    "inbound": ("顧客からの接触", "Contacts by the customer"),
    "outbound": ("こちらからの接触", "Contacts by us"),
    "activity": ("活動の量", "Amount of activity"),
    "next_step": ("次の予定", "Next steps"),
    "stage_time": ("段階の滞在期間", "Time in the stage"),
    "stage_moves": ("段階の動き", "Moves between stages"),
    "close_date": ("受注予定日", "Expected close"),
    "amount": ("金額の動き", "Amount"),
    "owner": ("担当者", "Owner"),
    "load": ("担当者の負荷", "Owner's load"),
    "contacts": ("顧客側の関係者", "People at the customer"),
    "calendar": ("時期", "Time of the year"),
    "age": ("案件の経過日数", "Age of the deal"),
    "attributes": ("案件・顧客の属性", "Attributes"),
    "steps": ("活動の順序", "Order of steps"),
    "competitor": ("競合", "Competitors"),
    "survey": ("アンケート", "Surveys"),
    "trouble": ("過去の中途", "Earlier interruptions"),
}
"""Groups of features, as plots name them."""

_REASONS: dict[str, tuple[str, str]] = {
    "first": (
        "最初のモデルのため、そのまま使い始めました。",
        "The first model: it was put to use at once.",
    ),
    "too_few": (
        "直近の期間の中途が{n}件と少なく優劣を判定できないため、新しい記録を学んだ方を使います。",
        "Only {n} break-offs in the newest slice, too few to tell the two apart: the one that "
        "knows the newer records is used.",
    ),
    "better": (
        "直近の期間（中途{n}件）で、予測の誤差が使用中のモデルより{size}小さく、明らかに良いため交代しました。",
        "On the newest slice ({n} break-offs) its error is {size} smaller than that of the model "
        "in use, beyond chance: it took over.",
    ),
    "not_worse": (
        "直近の期間（中途{n}件）で、予測の誤差が使用中のモデルと比べて{sign}{size}で、許容幅（+{margin}）"
        "以内のため交代しました。",
        "On the newest slice ({n} break-offs) its error differs by {sign}{size} from that of the "
        "model in use, within the margin of +{margin}: it took over.",
    ),
    "overtaken": (
        "比較している間に別のモデルの使用が始まったため、採用しませんでした。次の学習で改めて比較します。",
        "While it was compared, another model came into use: it was not taken. The next fit is "
        "compared with that one.",
    ),
    "worse": (
        "直近の期間（中途{n}件）で、予測の誤差が使用中のモデルより{size}大きいため、採用しませんでした。",
        "On the newest slice ({n} break-offs) its error is {size} larger than that of the model "
        "in use: it was not taken.",
    ),
}

LIMITS: tuple[tuple[str, str], ...] = (
    (
        "案件が中途になる確率の見積もりであり、人の評価や人事考課には使えません。",
        "An estimate of how likely deals break off: not fit to judge people by.",
    ),
    (
        "記録されていないことは分かりません。記録の仕方が変わると、確率もずれます。",
        "It knows nothing that is not recorded; where the way of recording changes, it goes off.",
    ),
    (
        "関連を示すもので、原因を示すものではありません。理由の欄は、確認する順番の手がかりです。",
        "It tells what goes together, not what causes what: reasons say where to look first.",
    ),
)


def reason(verdict: Mapping[str, Any], language: Language) -> str:
    """Why a model was taken or not, from :meth:`Verdict.to_dict`."""
    template = _REASONS[verdict["reason"]][_place(language)]
    value = verdict["difference"]["value"] if verdict["difference"] else 0.0
    return template.format(
        n=verdict["break_offs"],
        size=f"{abs(value):.1%}",
        sign="+" if value >= 0 else "-",
        margin=f"{MARGIN:.0%}",
    )


def group(name: str, language: Language) -> str:
    """A group of features; its stable name where no words are set."""
    return GROUP_WORDS.get(name, (name, name))[_place(language)]


def limits(language: Language) -> list[str]:
    """What the model must not be used for."""
    return [words[_place(language)] for words in LIMITS]


def statement(card: Mapping[str, Any], language: Language) -> list[str]:
    """The card in sentences."""
    place = _place(language)
    return [line[place] for line in (_data(card), _method(card), *_trial(card["trial"]))]


def _data(card: Mapping[str, Any]) -> tuple[str, str]:
    data, learned = card["data"], card["learned"]
    first, last = ((data[name] or data["observed_until"])[:10] for name in ("first", "last"))
    deals, events, seen = data["deals"], data["events"], learned["break_offs"]
    return (
        f"{first}から{last}までの案件{deals:,}件、記録{events:,}件から学習しました（うち中途{seen:,}件）。",
        f"Learned from {deals:,} deals with {events:,} records, {first} to {last} "
        f"({seen:,} of them broke off).",
    )


def _method(card: Mapping[str, Any]) -> tuple[str, str]:
    weight, count = card["learned"]["trees_weight"], card["features"]
    if not weight:
        return (
            f"自社の実績がまだ少ないため、標準の評価表で判定します（特徴{count}種）。",
            f"Too little history of your own yet: the shipped scorecard speaks ({count} features).",
        )
    return (
        f"競合リスクの離散時間ハザードモデルです（特徴{count}種、自社の実績の重み{weight:.0%}）。",
        f"A competing-risk discrete-time hazard model ({count} features; your own history "
        f"weighs {weight:.0%}).",
    )


def _trial(trial: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if not trial or "models" not in trial:
        return [
            (
                "履歴が短いため、精度はまだ測れていません。",
                "The history is too short to have measured how good it is.",
            )
        ]
    since, until = trial["since"][:10], trial["until"][:10]
    deals, seen = trial["deals"], trial["break_offs"]
    return [
        (
            f"同じ設定で{since}までを学習し、その後{until}までの案件{deals:,}件（中途{seen:,}件）で測りました。",
            f"Measured on {deals:,} deals from {since} to {until} ({seen:,} broke off), by a model "
            "fitted in the same way on what was known before.",
        )
    ]


def _place(language: Language) -> int:
    return 0 if language == "ja" else 1
