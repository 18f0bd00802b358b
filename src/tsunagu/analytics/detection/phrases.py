"""The sentences for each kind of signal, as data.  ``wording`` puts values into them.

Placeholders: ``{n}`` the number, ``{usual}`` what it is compared with, ``{total}``, ``{day}`` a
date, ``{name}``, ``{quote}``; ``{n_percent}``, ``{usual_percent}`` and ``{percent}`` (of the
total) are shares of a hundred.
"""

from __future__ import annotations

from tsunagu.analytics.contracts import SignalKind

Pair = tuple[str, str]
"""Japanese, English."""

ARROW = " → "
"""Between the stages of a move."""

NAMES: dict[SignalKind, Pair] = {
    SignalKind.SILENCE: ("沈黙", "Silence"),
    SignalKind.NO_NEXT_STEP: ("次の予定なし", "No next step"),
    SignalKind.NEXT_STEP_OVERDUE: ("予定の超過", "Next step overdue"),
    SignalKind.STAGE_OVERDUE: ("段階の長期滞在", "Too long in the stage"),
    SignalKind.STAGE_BACK: ("段階の後戻り", "Stage moved back"),
    SignalKind.CLOSE_DATE_PUSHED: ("完了予定日の延期", "Close date pushed"),
    SignalKind.AMOUNT_CUT: ("金額の減少", "Amount cut"),
    SignalKind.OWNER_UNMET: ("交代後の面談なし", "New owner not met"),
    SignalKind.CONTACT_LEFT: ("窓口の異動・退職", "Contact left"),
    SignalKind.SINGLE_CONTACT: ("窓口が一人", "Single contact"),
    SignalKind.TONE_TURNING: ("温度感の低下", "Tone turning"),
    SignalKind.COMPETITOR_NAMED: ("競合の話題", "Competitor named"),
    SignalKind.BUDGET_NAMED: ("予算・価格の話題", "Budget named"),
    SignalKind.REORGANISATION_NAMED: ("組織・方針変更の話題", "Reorganisation named"),
    SignalKind.TIMING_NAMED: ("時期の先送りの話題", "Timing named"),
    SignalKind.CHECKPOINT_SKIPPED: ("チェックポイントの省略", "Checkpoint skipped"),
    SignalKind.SURVEY_LOW: ("アンケートの低評価", "Low survey score"),
    SignalKind.SURVEY_MISSING: ("アンケート未回答", "Survey unanswered"),
    SignalKind.RISK_HIGH: ("中途リスク高", "High risk"),
    SignalKind.RISK_RISING: ("中途リスク急上昇", "Risk rising"),
}

SENTENCES: dict[SignalKind, dict[str, Pair]] = {
    SignalKind.SILENCE: {
        "": (
            "お客様からの連絡が{n}営業日ありません（最後は{day}、通常の間隔は約{usual}営業日）",
            "No word from the customer for {n} business days "
            "(last on {day}; usual gap about {usual} business days)",
        ),
        "never": (
            "こちらから連絡して{n}営業日、お客様からの連絡がまだありません（通常は約{usual}営業日）",
            "Still no first word from the customer after {n} business days "
            "(usually about {usual} business days)",
        ),
    },
    SignalKind.NO_NEXT_STEP: {
        "": (
            "{day}から{n}営業日、次の予定が入っていません",
            "No next step planned for {n} business days, since {day}",
        )
    },
    SignalKind.NEXT_STEP_OVERDUE: {
        "": (
            "{day}の予定を{n}営業日過ぎていますが、接触の記録がありません",
            "The step planned for {day} is {n} business days overdue, with no contact on record",
        )
    },
    SignalKind.STAGE_OVERDUE: {
        "": (
            "段階「{name}」に{n}日とどまっています（受注案件は約{usual}日、{day}から）",
            "{n} days in stage “{name}”, since {day} (won deals: about {usual} days)",
        )
    },
    SignalKind.STAGE_BACK: {
        "": ("{day}に段階が後戻りしました（{name}）", "The stage moved back on {day} ({name})")
    },
    SignalKind.CLOSE_DATE_PUSHED: {
        "": (
            "完了予定日が{n}回、合計{total}日延びました（現在は{day}）",
            "The close date was pushed {n} times, by {total} days in all (now {day})",
        )
    },
    SignalKind.AMOUNT_CUT: {
        "": (
            "金額が最大時の{usual}から{n}に下がりました（{percent}%減、{day}）",
            "The amount fell from {usual} to {n} ({percent}% less, on {day})",
        )
    },
    SignalKind.OWNER_UNMET: {
        "": (
            "{day}に担当が替わってから{n}営業日、お客様と接触できていません",
            "The owner changed on {day} and has not met the customer for {n} business days",
        )
    },
    SignalKind.CONTACT_LEFT: {
        "record": (
            "お客様の担当者{name}が{day}に異動または退職しました",
            "The customer's contact {name} left or changed on {day}",
        ),
        "unnamed": (
            "お客様の担当者が{day}に異動または退職しました",
            "The customer's contact left or changed on {day}",
        ),
        "bounced": (
            "{day}のメールが宛先不明で戻りました",
            "An e-mail came back undelivered on {day}",
        ),
        "said": (
            "担当者の異動・退職を示す記述があります（{day}「{quote}」）",
            "A note speaks of a contact who left or changed ({day}: “{quote}”)",
        ),
    },
    SignalKind.SINGLE_CONTACT: {
        "": (
            "{n}営業日たっても、つながりのあるお客様側の担当者が{total}人だけです",
            "Only one contact known at the customer after {n} business days",
        ),
        "nobody": (
            "{n}営業日たっても、つながりのあるお客様側の担当者がいません",
            "No contact known at the customer after {n} business days",
        ),
    },
    SignalKind.TONE_TURNING: {
        "": (
            "やり取りの温度感が下がっています（{day}「{quote}」）",
            "The tone is turning ({day}: “{quote}”)",
        )
    },
    SignalKind.COMPETITOR_NAMED: {
        "": (
            "競合の話が出ています（{day}「{quote}」）",
            "A competitor came up ({day}: “{quote}”)",
        ),
        "named": ("競合{name}が挙がっています（{day}）", "The competitor {name} came up ({day})"),
    },
    SignalKind.BUDGET_NAMED: {
        "": (
            "予算や価格の話が出ています（{day}「{quote}」）",
            "Budget or price came up ({day}: “{quote}”)",
        )
    },
    SignalKind.REORGANISATION_NAMED: {
        "": (
            "お客様の組織や方針の変更の話が出ています（{day}「{quote}」）",
            "A change of organisation or policy came up ({day}: “{quote}”)",
        )
    },
    SignalKind.TIMING_NAMED: {
        "": (
            "時期を先送りする話が出ています（{day}「{quote}」）",
            "Putting it off came up ({day}: “{quote}”)",
        )
    },
    SignalKind.CHECKPOINT_SKIPPED: {
        "": (
            "チェックポイント「{name}」を満たさずに進みました（{day}、未達{n}件）",
            "Moved on without the checkpoint “{name}” ({day}; {n} open)",
        )
    },
    SignalKind.SURVEY_LOW: {
        "": (
            "アンケートの評点が{n}点でした（{usual}点満点、{day}）",
            "The survey score was {n} of {usual} ({day})",
        )
    },
    SignalKind.SURVEY_MISSING: {
        "": (
            "{day}に送ったアンケートの回答が{n}営業日ありません",
            "The survey of {day} has not been answered for {n} business days",
        )
    },
    SignalKind.RISK_HIGH: {
        "": (
            "30日以内の中途リスクが{n_percent}%です（{day}時点）",
            "The risk to break off within 30 days is {n_percent}% (on {day})",
        )
    },
    SignalKind.RISK_RISING: {
        "": (
            "30日以内の中途リスクが{day}の{usual_percent}%から{n_percent}%に上がりました",
            "The risk to break off within 30 days rose from {usual_percent}% on {day} "
            "to {n_percent}%",
        )
    },
}
"""By kind and case; the case ``""`` is the usual one."""

EVIDENCE: dict[SignalKind, dict[str, str]] = {
    SignalKind.SILENCE: {
        "number": "silent_business_days",
        "usual": "usual_gap_business_days",
        "total": "gaps_seen",
        "day": "last_heard_on",
    },
    SignalKind.NO_NEXT_STEP: {"number": "business_days", "day": "since"},
    SignalKind.NEXT_STEP_OVERDUE: {"number": "business_days", "day": "due_on"},
    SignalKind.STAGE_OVERDUE: {
        "number": "days",
        "usual": "won_deals_median_days",
        "day": "entered_on",
        "name": "stage",
    },
    SignalKind.STAGE_BACK: {"day": "on", "name": "move"},
    SignalKind.CLOSE_DATE_PUSHED: {
        "number": "pushes",
        "total": "days_in_all",
        "day": "close_date_now",
    },
    SignalKind.AMOUNT_CUT: {
        "number": "amount_now",
        "usual": "amount_most",
        "total": "share_cut",
        "day": "on",
    },
    SignalKind.OWNER_UNMET: {"number": "business_days", "day": "changed_on", "name": "owner"},
    SignalKind.CONTACT_LEFT: {"day": "on", "name": "contact", "quote": "quote"},
    SignalKind.SINGLE_CONTACT: {"number": "business_days", "total": "contacts", "day": "since"},
    SignalKind.TONE_TURNING: {
        "number": "tone_now",
        "usual": "tone_before",
        "total": "reserved_sentences",
        "day": "on",
        "quote": "quote",
    },
    SignalKind.COMPETITOR_NAMED: {
        "number": "mentions",
        "day": "on",
        "name": "competitor",
        "quote": "quote",
    },
    SignalKind.BUDGET_NAMED: {"number": "mentions", "day": "on", "quote": "quote"},
    SignalKind.REORGANISATION_NAMED: {"number": "mentions", "day": "on", "quote": "quote"},
    SignalKind.TIMING_NAMED: {"number": "mentions", "day": "on", "quote": "quote"},
    SignalKind.CHECKPOINT_SKIPPED: {"number": "open", "day": "on", "name": "checkpoint"},
    SignalKind.SURVEY_LOW: {"number": "score", "usual": "top", "day": "on"},
    SignalKind.SURVEY_MISSING: {"number": "business_days", "day": "asked_on"},
    SignalKind.RISK_HIGH: {"number": "risk_30_days", "day": "on"},
    SignalKind.RISK_RISING: {
        "number": "risk_30_days",
        "usual": "risk_before",
        "day": "compared_with",
    },
}
"""By kind, the names under which the columns of evidence leave the library."""
