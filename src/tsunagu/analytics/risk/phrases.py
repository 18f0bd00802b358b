"""The sentences for each feature, as data.  ``wording`` puts values into them.

Placeholders: ``{n}`` the value as a number; ``{days}``, ``{times}`` the value with its English
unit; ``{name}`` the level, step or attribute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pair = tuple[str, str]
"""Japanese, English."""


@dataclass(frozen=True)
class Unit:
    """How a value and what is usual are written.

    Attributes:
        ja: after the number in Japanese.
        en: after the number in English.
        decimals: of the number.
        scale: what the value is multiplied with first.
        offset: what is added after that.
    """

    ja: str
    en: str = ""
    decimals: int = 0
    scale: float = 1.0
    offset: float = 0.0


DAYS = Unit("日")
TIMES = Unit("回")
RATIO = Unit("倍", "x", decimals=1)
PERCENT = Unit("%", "%", scale=100.0)
PEOPLE = Unit("人")
DEALS = Unit("件")
COMPANIES = Unit("社")
POINTS = Unit("点", decimals=1)
PLACE = Unit("番目", offset=1.0)
PLAIN = Unit("")


@dataclass(frozen=True)
class Phrase:
    """Sentences for one feature.

    Attributes:
        unit: of the value.
        raises: where it raises the risk.
        null: where the value is unknown, or the thing never happened.
        lowers: where it lowers the risk; as ``raises`` if None.
        zero: where the value is written as 0.
        negative: where the value is below 0; ``{n}`` is then its size.
        compare: whether to tell what is usual.
        bad: which values read as bad news: high or low ones; None: neither.
        reference: what high and low are measured against where no median is known or told.
        null_bad: whether ``null`` reads as bad news; None: neither.
    """

    unit: Unit
    raises: Pair
    null: Pair
    lowers: Pair | None = None
    zero: Pair | None = None
    negative: Pair | None = None
    compare: bool = True
    bad: Literal["high", "low"] | None = None
    reference: float = 0.0
    null_bad: bool | None = None


_NO_RHYTHM = (
    "お客様からの連絡がまだ少なく、普段の間隔が分かりません",
    "Too few contacts from the customer to know their rhythm yet",
)
_NO_STAGE = ("段階がまだ記録されていません", "No stage on record yet")
_NO_CLOSE_DATE = ("完了予定日が決まっていません", "No expected close date is set")
_NO_AMOUNT = ("金額がまだ記録されていません", "No amount on record yet")
_NO_HANDOVER = ("担当者の交代はありません", "The owner has not changed")
_NO_OWNER = ("担当者が記録されていません", "No owner on record")
_NO_CALENDAR = ("暦の情報がありません", "No calendar information")

SINCE: dict[str, Phrase] = {
    "inbound": Phrase(
        DAYS,
        raises=("お客様からの返信が{n}日間ありません", "No reply from the customer for {days}"),
        lowers=("お客様から{n}日前に連絡がありました", "The customer was in touch {days} ago"),
        null=("お客様からの連絡はまだ一度もありません", "The customer has never been in touch yet"),
        zero=("お客様から今日連絡がありました", "The customer was in touch today"),
        bad="high",
        null_bad=True,
    ),
    "outbound": Phrase(
        DAYS,
        raises=("こちらからの連絡が{n}日間ありません", "We have not been in touch for {days}"),
        lowers=("こちらから{n}日前に連絡しました", "We were in touch {days} ago"),
        null=("こちらからはまだ一度も連絡していません", "We have never been in touch yet"),
        zero=("こちらから今日連絡しました", "We were in touch today"),
        bad="high",
        null_bad=True,
    ),
    "any": Phrase(
        DAYS,
        raises=("{n}日間、何の動きもありません", "Nothing has happened for {days}"),
        lowers=("{n}日前に動きがありました", "Something happened {days} ago"),
        null=("まだ何の動きも記録されていません", "Nothing on record yet"),
        zero=("今日動きがありました", "Something happened today"),
        bad="high",
        null_bad=True,
    ),
}
"""By counter: how long ago it last happened.  Kinds of contact are in :data:`KIND_NAMES`."""

KIND_NAMES: dict[str, tuple[str, str, str]] = {
    "call": ("電話", "call", "calls"),
    "email": ("メール", "e-mail", "e-mails"),
    "meeting": ("打ち合わせ", "meeting", "meetings"),
    "visit": ("訪問", "visit", "visits"),
    "quote": ("見積の提示", "quote", "quotes"),
    "note": ("メモの記入", "note", "notes"),
    "inbound": ("お客様からの連絡", "contact from the customer", "contacts from the customer"),
    "outbound": ("こちらからの連絡", "contact from us", "contacts from us"),
    "any": ("活動", "activity", "activities"),
}

SINGLE: dict[str, Phrase] = {
    "inbound_gap_mean_days": Phrase(
        DAYS,
        raises=(
            "お客様からの連絡は平均{n}日おきです",
            "The customer is in touch every {days} on average",
        ),
        null=_NO_RHYTHM,
        zero=(
            "お客様からの連絡は平均1日未満の間隔です",
            "The customer is in touch more than once a day on average",
        ),
        bad="high",
        null_bad=True,
    ),
    "silence_vs_rhythm": Phrase(
        RATIO,
        raises=(
            "お客様の沈黙が普段の間隔の{n}倍続いています",
            "The customer's silence is {n}x their usual pause",
        ),
        lowers=(
            "お客様の沈黙は普段の間隔の{n}倍にとどまっています",
            "The customer's silence is only {n}x their usual pause",
        ),
        null=_NO_RHYTHM,
        zero=("お客様から連絡があったばかりです", "The customer has just been in touch"),
        bad="high",
    ),
    "unanswered_outbound": Phrase(
        TIMES,
        raises=(
            "こちらからの連絡{n}回に返信がありません",
            "{times} contacted without an answer",
        ),
        lowers=(
            "返信待ちの連絡は{n}回です",
            "{times} contacted since their last answer",
        ),
        null=("返信待ちの連絡は分かりません", "Unknown whether an answer is awaited"),
        zero=("返信待ちの連絡はありません", "No answer is awaited from the customer"),
        bad="high",
    ),
    "has_next_step": Phrase(
        PLAIN,
        raises=("次の予定が入っています", "A next step is planned"),
        null=("次の予定がありません", "No next step is planned"),
        zero=("次の予定がありません", "No next step is planned"),
        compare=False,
        bad="low",
        reference=0.5,
        null_bad=True,
    ),
    "next_step_overdue_days": Phrase(
        DAYS,
        raises=(
            "次の予定を{n}日過ぎても接触がありません",
            "The planned next step is {days} overdue",
        ),
        null=("次の予定が一度も登録されていません", "No next step has ever been planned"),
        zero=("次の予定に遅れはありません", "The next step is not overdue"),
        bad="high",
        null_bad=True,
    ),
    "days_in_stage": Phrase(
        DAYS,
        raises=("今の段階に{n}日間とどまっています", "In the current stage for {days}"),
        lowers=("今の段階に入って{n}日です", "{days} into the current stage"),
        null=_NO_STAGE,
        zero=("今日この段階に入りました", "Entered the current stage today"),
        bad="high",
    ),
    "stage_days_ratio": Phrase(
        RATIO,
        raises=(
            "今の段階の滞在が、受注案件の中央値の{n}倍です",
            "The time in this stage is {n}x that of deals that were won",
        ),
        lowers=(
            "今の段階の滞在は、受注案件の中央値の{n}倍にとどまっています",
            "The time in this stage is only {n}x that of deals that were won",
        ),
        null=(
            "この段階を経て受注した案件の実績がまだありません",
            "No won deal to compare the time in this stage with",
        ),
        zero=("今の段階に入ったばかりです", "Only just in the current stage"),
        compare=False,
        bad="high",
        reference=1.0,
    ),
    "stage_days_rank": Phrase(
        PERCENT,
        raises=(
            "この段階の過去の案件の{n}%より長くとどまっています",
            "Longer in this stage than {n}% of past stays",
        ),
        lowers=(
            "この段階の滞在は、過去の案件の{n}%より長いだけです",
            "Longer in this stage than only {n}% of past stays",
        ),
        null=("この段階の過去の実績がまだありません", "No past stays in this stage yet"),
        zero=(
            "この段階の滞在は、過去のどの案件よりも短いです",
            "In this stage for less time than any past stay",
        ),
        compare=False,
        bad="high",
        reference=0.5,
    ),
    "stage": Phrase(
        PLAIN,
        raises=("現在の段階は「{name}」です", "The current stage is “{name}”"),
        null=("段階が未記録か、まれな段階です", "The stage is not on record, or rare"),
        compare=False,
    ),
    "stage_position": Phrase(
        PLACE,
        raises=("段階は全体の{n}番目です", "The deal is in stage number {n} of the process"),
        null=_NO_STAGE,
        compare=False,
    ),
    "stage_moves": Phrase(
        TIMES,
        raises=("段階がこれまでに{n}回変わりました", "The stage has changed {times} so far"),
        null=_NO_STAGE,
        zero=("段階がまだ一度も変わっていません", "The stage has not changed yet"),
    ),
    "stage_regressions": Phrase(
        TIMES,
        raises=("段階が{n}回後戻りしました", "The deal went back a stage {times}"),
        null=_NO_STAGE,
        zero=("段階の後戻りはありません", "The deal has not gone back a stage"),
        bad="high",
    ),
    "days_to_close_date": Phrase(
        DAYS,
        raises=("完了予定日まで{n}日です", "{days} to the expected close date"),
        null=_NO_CLOSE_DATE,
        zero=("今日が完了予定日です", "The expected close date is today"),
        negative=("完了予定日を{n}日過ぎています", "{days} past the expected close date"),
        compare=False,
        bad="low",
        null_bad=True,
    ),
    "close_date_pushes": Phrase(
        TIMES,
        raises=("完了予定日が{n}回延期されました", "The close date was pushed {times}"),
        null=_NO_CLOSE_DATE,
        zero=("完了予定日は延期されていません", "The close date has not been pushed"),
        bad="high",
    ),
    "close_date_pushed_days": Phrase(
        DAYS,
        raises=(
            "完了予定日が合計{n}日延期されました",
            "The close date was pushed by {days} in all",
        ),
        null=_NO_CLOSE_DATE,
        zero=("完了予定日は延期されていません", "The close date has not been pushed"),
        bad="high",
    ),
    "amount_now": Phrase(
        Unit(""),
        raises=("金額は{n}です", "The amount is {n}"),
        null=_NO_AMOUNT,
        zero=("金額は0です", "The amount is 0"),
    ),
    "amount_change_ratio": Phrase(
        Unit("%", "%", scale=100.0),
        raises=("金額は当初の{n}%です", "The amount is {n}% of the first"),
        null=_NO_AMOUNT,
        compare=False,
        bad="low",
        reference=1.0,
    ),
    "amount_cuts": Phrase(
        TIMES,
        raises=("金額が{n}回減額されました", "The amount was cut {times}"),
        null=_NO_AMOUNT,
        zero=("金額は減額されていません", "The amount has not been cut"),
        bad="high",
    ),
    "owner_changes": Phrase(
        TIMES,
        raises=("担当者が{n}回替わりました", "The owner changed {times}"),
        null=_NO_HANDOVER,
        zero=_NO_HANDOVER,
        bad="high",
        null_bad=False,
    ),
    "days_since_owner_change": Phrase(
        DAYS,
        raises=("担当者が{n}日前に替わりました", "The owner changed {days} ago"),
        null=_NO_HANDOVER,
        zero=("担当者が今日替わりました", "The owner changed today"),
        compare=False,
    ),
    "owner_met_customer": Phrase(
        PLAIN,
        raises=(
            "交代後の担当者がお客様と話せています",
            "The new owner has been in touch with the customer",
        ),
        null=_NO_HANDOVER,
        zero=(
            "交代後の担当者がまだお客様と話せていません",
            "The new owner has not been in touch with the customer yet",
        ),
        compare=False,
        bad="low",
        reference=0.5,
        null_bad=False,
    ),
    "owner_open_deals": Phrase(
        DEALS,
        raises=("担当者は進行中の案件を{n}件抱えています", "The owner has {deals}"),
        null=_NO_OWNER,
        zero=("担当者に進行中の案件はほかにありません", "The owner has no open deals"),
    ),
    "owner_events_30": Phrase(
        DEALS,
        raises=(
            "担当者の直近30日間の活動は{n}件です",
            "The owner's deals saw {events} in the last 30 days",
        ),
        null=_NO_OWNER,
        zero=(
            "担当者の活動が直近30日間ありません",
            "Nothing happened in the owner's deals in the last 30 days",
        ),
    ),
    "contacts_known": Phrase(
        PEOPLE,
        raises=("把握しているお客様側の担当者は{n}人です", "{people} known at the customer"),
        null=(
            "お客様側の担当者をまだ把握できていません",
            "Nobody is known at the customer yet",
        ),
        zero=(
            "お客様側の担当者をまだ把握できていません",
            "Nobody is known at the customer yet",
        ),
        bad="low",
        null_bad=True,
    ),
    "competitors_named": Phrase(
        COMPANIES,
        raises=("競合が{n}社挙がっています", "{competitors} named"),
        null=("競合の名前は挙がっていません", "No competitor named"),
        zero=("競合の名前は挙がっていません", "No competitor named"),
        compare=False,
        bad="high",
        null_bad=False,
    ),
    "last_survey_score": Phrase(
        POINTS,
        raises=("直近のアンケートの評点は{n}点です", "The last survey score was {n}"),
        null=("アンケートの回答はまだありません", "No survey answered yet"),
        bad="low",
    ),
    "interruptions_before": Phrase(
        TIMES,
        raises=("この案件には過去に営業中途が{n}回ありました", "Interrupted {times} before"),
        null=("この案件に過去の営業中途はありません", "Never interrupted before"),
        zero=("この案件に過去の営業中途はありません", "Never interrupted before"),
        compare=False,
        bad="high",
        null_bad=False,
    ),
    "month": Phrase(
        PLAIN,
        raises=("時期（{n}月）の影響です", "The time of the year (month {n})"),
        null=_NO_CALENDAR,
        compare=False,
    ),
    "business_days_7": Phrase(
        DAYS,
        raises=("直近7日間の営業日は{n}日です", "{business} in the last 7 days"),
        null=_NO_CALENDAR,
        zero=("直近7日間に営業日がありません", "No business days in the last 7 days"),
        compare=False,
    ),
    "holidays_next_14": Phrase(
        DAYS,
        raises=("今後14日間に祝日が{n}日あります", "{holidays} in the next 14 days"),
        null=_NO_CALENDAR,
        zero=("今後14日間に祝日はありません", "No public holidays in the next 14 days"),
        compare=False,
    ),
    "days_to_quarter_end": Phrase(
        DAYS,
        raises=("四半期末まで{n}日です", "{days} to the end of the quarter"),
        null=_NO_CALENDAR,
        zero=("今日が四半期末です", "The quarter ends today"),
        compare=False,
    ),
    "days_since_created": Phrase(
        DAYS,
        raises=("案件の登録から{n}日たっています", "The deal is {days} old"),
        null=("案件の登録日が分かりません", "Unknown when the deal was created"),
        zero=("案件は今日登録されました", "The deal was created today"),
    ),
    "last_step": Phrase(
        PLAIN,
        raises=("最後に記録された手順は「{name}」です", "The last step on record was “{name}”"),
        null=(
            "手順の記録がないか、最後の手順はまれなものです",
            "No step on record yet, or the last one was a rare one",
        ),
        compare=False,
    ),
    "days_since_step_any": Phrase(
        DAYS,
        raises=("最後の手順の記録から{n}日たっています", "{days} since the last step on record"),
        lowers=("最後の手順の記録は{n}日前です", "The last step on record was {days} ago"),
        null=("手順はまだ記録されていません", "No step on record yet"),
        zero=("今日、手順が記録されました", "A step was recorded today"),
        bad="high",
        null_bad=True,
    ),
}
"""By the feature's name."""
