"""Words of the command line and its report, in Japanese and English.

The web application has gettext catalogues; these few words do not need them.
"""

from __future__ import annotations

from tsunagu.analytics.contracts import Language, Outcome
from tsunagu.analytics.risk.window import Window

WORDS: dict[str, tuple[str, str]] = {
    "deal": ("案件", "Deal"),
    "customer": ("顧客", "Customer"),
    "owner": ("担当", "Owner"),
    "stage": ("段階", "Stage"),
    "amount": ("金額", "Amount"),
    "break_risk": ("中途リスク", "Break risk"),
    "in_days": ("{days}日以内", "in {days} days"),
    "reasons": ("理由", "Reasons"),
    "open_deals": ("進行中の案件 {count:,}件", "{count:,} open deals"),
    "as_of": ("{date} 現在", "as of {date}"),
    "first": ("はじめの{count}件", "The first {count}"),
    "order_soon": (
        "{until}日以内に途切れる可能性の高い順",
        "Ordered by the probability to break off within {until} days",
    ),
    "order_later": (
        "手を打つ時間のある順：{after}日後から{until}日後までに途切れる可能性の高い順",
        "Ordered by where there is time to act: probability to break off between day {after} and "
        "day {until}",
    ),
    "no_open_deals": ("進行中の案件はありません。", "There are no open deals."),
    "no_reasons": ("特に目立つ理由はありません", "Nothing stands out"),
    "risk_severe": ("非常に高い", "severe"),
    "risk_high": ("高い", "high"),
    "risk_medium": ("注意", "watch"),
    "risk_low": ("低い", "low"),
    "won": ("受注", "Won"),
    "broken_off": ("中途", "Broken off"),
    "lost": ("失注", "Lost"),
    "open": ("継続", "Still open"),
    "can_be_said": ("言えること（誤り1割以内）", "What can be said (wrong in 1 of 10)"),
    "breaks_off": ("途切れる案件に近い", "looks like deals that break off"),
    "holds": ("途切れない案件に近い", "looks like deals that hold"),
    "not_enough_evidence": ("判断できる材料が足りません", "not enough evidence to tell"),
    "next_step": (
        "{step}：30日以内に途切れる確率 {before:.0%} → {after:.0%}",
        "{step}: break-off within 30 days {before:.0%} → {after:.0%}",
    ),
    "association": (
        "過去の似た案件で見られた傾向です。効果を証明するものではありません。",
        "As similar deals went in the past; an association, not a proven effect.",
    ),
    "horizon": ("期間", "Horizon"),
    "written": ("書き出しました: {path}", "Wrote {path}"),
    "report_title": ("中途リスク報告", "Break risk report"),
    "simulated": (
        "この報告はシミュレーションで作った架空の組織によるものです。性能の証拠ではありません。",
        "These are the figures of a simulated organisation: no evidence of quality.",
    ),
    "why": ("なぜ", "Why"),
    "value_at_risk": (
        "中途で失うおそれのある金額（30日）",
        "Revenue at risk of breaking off, 30 days",
    ),
    "expected_breaks": ("30日以内に中途となる見込み", "Expected to break off in 30 days"),
    "count_deals": ("{count}件", "{count} deals"),
    "how_good": ("予測の確かさ", "How good is the foresight?"),
    "how_good_lead": (
        "過去のある時点までの記録だけで学習し、その後に起きたことで確かめました。"
        "同じ件数の注意を出したとき、昔ながらの決まりと比べてどれだけ早く気づけるかを示します。",
        "Learnt only from records up to one moment, judged by what happened after it, with as many "
        "alerts as the rules of thumb beside it.",
    ),
    "the_model": ("このモデルについて", "About this model"),
    "risk_table": ("対応が必要な案件", "Deals that need you"),
    "other_language": ("English", "日本語"),
    "made_by": ("つなぐ {version} が作成", "Made by Tsunagu {version}"),
    "split": (
        "分割 {cut}　学習: {train}　検証: {test}（警告できた中途 {warnable}件）",
        "Cut at {cut}. Learnt from: {train}. Judged on: {test}; {warnable} break-offs could have "
        "been warned of.",
    ),
    "part": (
        "案件{deals}件・評価時点{landmarks}・{ends}",
        "{deals} deals, {landmarks} landmarks, {ends}",
    ),
    "by_group": (
        "予測は、どのグループでも当たっているか",
        "Do the probabilities hold in every group?",
    ),
    "native_volume": (
        "ルール自身の通知数で比べると",
        "At each rule's own volume of alerts",
    ),
    "each_signal": (
        "兆候ごとの成績（しきい値は学習期間のみから）",
        "Each signal by itself (thresholds learnt before the cut)",
    ),
    "signal": ("兆候", "Signal"),
    "threshold": ("しきい値", "Threshold"),
    "new_signals": ("新たな兆候", "New signals"),
    "per_hundred": ("100件・週あたり", "per 100 deals, week"),
    "precision": ("適中率（30日）", "Precision, 30 d"),
    "lift": ("リフト", "Lift"),
    "warned_of": ("7日前までに気づけた中途", "Break-offs warned of, ≥ 7 d"),
    "lead": ("猶予日数の中央値", "Median lead, days"),
    "base_rate": (
        "基準：検証期間の案件・週のうち30日以内に中途となった割合 {rate}",
        "Base rate: {rate} of the open deals of the test weeks broke off within 30 days",
    ),
    "never_spoke": (
        "記録がないか、しきい値に届かず、一度も出なかった兆候：{kinds}",
        "Never raised, for want of records or below the threshold: {kinds}",
    ),
    "way": ("方法", "Method"),
    "learnt": ("学習", "Learnt"),
    "judged": ("検証", "Judged"),
    "macro_f1": ("マクロF1", "Macro-F1"),
    "accuracy": ("正解率", "Accuracy"),
    "top3": ("上位3件に正解", "Top-3"),
    "log_loss": ("平均対数損失", "Mean log-loss"),
    "cause_label": (
        "判断の理由（景気ウォッチャー調査、2021年まで学習・2022年以降で検証）",
        "Cause label (Economy Watchers; learnt to 2021, judged from 2022 on)",
    ),
    "tone": (
        "5段階の調子（景気ウォッチャー調査、2021年まで学習・2022年以降で検証）",
        "Tone in five steps (Economy Watchers; learnt to 2021, judged from 2022 on)",
    ),
    "causes_learnt": (
        "中途の原因（{source}、先のメモで学習・残りで検証）",
        "Causes of interruptions ({source}; learnt from the first notes, judged on the rest)",
    ),
    "causes_shipped": (
        "中途の原因（{source}、学習なし・全メモ）",
        "Causes of interruptions ({source}; nothing learnt, all notes)",
    ),
    "simulated_topics": (
        "シミュレーションの文の話題（別の書き手）",
        "Topics of the simulator's sentences (another writer)",
    ),
    "lost_reason": (
        "失注理由（{source}、通話履歴から・終了日の順に分割）",
        "Lost reason ({source}; from the calls, split by closing date)",
    ),
    "way_prior": ("最も多いもの", "Most frequent"),
    "way_prior_lately": ("直近で最も多いもの", "Most frequent lately"),
    "way_keywords": ("キーワードのみ", "Keywords only"),
    "way_characters": (
        "文字n-gramのTF-IDFと線形SVC",
        "TF-IDF of character n-grams, linear SVC",
    ),
    "way_lexicon": ("同梱の辞書のみ", "Shipped lexicon alone"),
    "way_no_lexicon": ("辞書なし", "Without a lexicon"),
    "way_fewer_phrases": (
        "1件のメモにしかない表現を除いた辞書",
        "Lexicon without phrases of one note",
    ),
    "way_ours": ("つなぐ", "Tsunagu"),
    "way_ours_likeliest": ("つなぐ（最も確からしいもの）", "Tsunagu, the most probable one"),
    "way_ours_ja": ("つなぐ（日本語）", "Tsunagu, Japanese"),
    "way_ours_en": ("つなぐ（英語）", "Tsunagu, English"),
    "outcomes": ("結末", "Outcomes"),
    "data": ("データ", "Data"),
    "history": ("実績", "History"),
    "trees_weight": ("自社実績の重み", "Weight of your own history"),
    "calibration": ("較正", "Calibration"),
    "seed": ("乱数の種", "Seed"),
    "versions": ("版", "Versions"),
    "fingerprint": ("データの指紋", "Data fingerprint"),
    "landmarks": ("評価時点", "Landmarks"),
    "deals_read": ("案件", "Deals"),
    "events_read": ("イベント", "Events"),
    "rejected_rows": ("エラー行", "Rejected rows"),
    "imported": (
        "{file}：新規 {new:,}　変更 {changed:,}　変更なし {unchanged:,}　除外 {rejected:,}",
        "{file}: {new:,} new, {changed:,} changed, {unchanged:,} unchanged, {rejected:,} left out",
    ),
    "scores_imported": (
        "{name}の評価を{count:,}件取り込みました（終了した案件 {ended:,}件は対象外）。",
        "Took {count:,} scores of {name} ({ended:,} deals have ended and were passed over).",
    ),
    "scores_refused": (
        "使えない行が{count:,}件あるため、何も書き込みませんでした。",
        "{count:,} rows cannot be used: nothing was written.",
    ),
    "observed_until": ("記録の最終時刻", "Observed until"),
    "log_exported": (
        "イベントログを書き出しました: {path}",
        "Wrote the event log: {path}",
    ),
    "exported": (
        "{path}：{tables}表・{rows:,}行・添付ファイル{files:,}件。個人情報をすべて含みます。"
        "{passwords}データベースと同じように守ってください。",
        "{path}: {tables} tables, {rows:,} rows, {files:,} attached files. It holds all personal "
        "data. {passwords}Guard it like the database.",
    ),
    "with_passwords": (
        "パスワードのハッシュを含みます。",
        "It holds the hashes of passwords. ",
    ),
    "without_passwords": (
        "パスワードは含みません（復元後、全員に新しいログイン用リンクが必要です）。",
        "It holds no passwords: after a restore everybody needs a new log-in link. ",
    ),
    "files_missing": (
        "見つからない添付ファイル{count:,}件は含まれていません（例: {name}）。",
        "{count:,} attached files are missing and were left out (such as {name}).",
    ),
    "restored": (
        "{made_at} 時点の組織を復元しました：{rows:,}行・添付ファイル{files:,}件。{passwords}",
        "Restored the organisation as of {made_at}: {rows:,} rows, {files:,} attached files. "
        "{passwords}",
    ),
    "migrated": ("データベースは最新です。", "The database is up to date."),
    "rescored": ("進行中の案件{count:,}件を評価しました。", "Scored {count:,} open deals."),
    "fit_under_way": (
        "ほかの処理がモデルを学習しています。使用中のモデルで評価します。",
        "A model is being fitted elsewhere already. Scoring goes by the one in use.",
    ),
    "no_longer_kept": (
        "番号{number}のモデルのファイルは保存期間を過ぎて削除されたため、比べられません。",
        "The file of model {number} was removed after its time: there is nothing to compare with.",
    ),
    "no_such_model": (
        "番号{number}の、指紋つきのモデルはありません。",
        "There is no model {number} with a fingerprint.",
    ),
    "no_such_model_remedy": (
        "モデルのページのアドレスの最後の番号を指定してください。",
        "Give the number with which the address of the model's page ends.",
    ),
    "same_records": (
        "記録は学習したときと同じです。",
        "The records are those that it learned from.",
    ),
    "other_records": (
        "記録は学習したときから変わっています（追加・訂正・消去）。",
        "The records changed since it learned from them (added, mended or erased).",
    ),
    "same_model": ("同じモデルができました。", "The model comes out the same, byte for byte."),
    "other_model": (
        "異なるモデルになりました。ソフトウェアの版も比べてください。",
        "Another model came out. Compare the versions of the packages too.",
    ),
    "try_again": ("直してもう一度実行してください。", "Correct it and try again."),
    "admin_created": ("管理者 {email} を作りました。", "Created the administrator {email}."),
    "serving": ("つなぐを開く: {address}　（終了は Ctrl+C）", "Open {address} (Ctrl+C ends it)"),
    "simulated_organisation": (
        "シミュレーションで作った架空の組織です。次のどれかでログインできます。",
        "The organisation is simulated. Log in as one of these.",
    ),
    "role": ("役割", "Role"),
    "name": ("名前", "Name"),
    "email": ("メールアドレス", "E-mail"),
    "password": ("パスワード", "Password"),
    "representative": ("営業担当", "Representative"),
    "manager": ("マネージャー", "Manager"),
    "operations": ("営業企画", "Sales operations"),
    "administrator": ("管理者", "Administrator"),
}

STEPS: dict[str, str] = {
    "bootstrap": "信頼区間の計算",
    "compare": "使用中のモデルとの比較",
    "done": "完了",
    "features": "特徴量の計算",
    "load": "取り込み",
    "export": "書き出し",
    "check": "確認",
    "write": "復元",
    "detect": "兆候の検知",
    "read xes": "XESの読み込み",
    "score": "リスクの計算",
    "simulate": "シミュレーション",
    "texts": "文章の評価",
    "trace": "過去のリスクの計算",
    "trees": "モデルの学習",
    "weighing": "重みの決定",
}
"""Japanese names of the steps that long jobs report."""


def words(key: str, language: Language, **values: object) -> str:
    """The words for ``key`` with ``values`` filled in."""
    text = WORDS[key][0 if language == "ja" else 1]
    return text.format(**values) if values else text


def step_words(step: str, language: Language) -> str:
    """The words for a step of a long job; the step's own name where none are set."""
    return STEPS.get(step, step) if language == "ja" else step


def outcome_words(outcome: Outcome, language: Language) -> str:
    """The name of an outcome."""
    return words(outcome.value, language)


def order_words(window: Window, language: Language) -> str:
    """How a list is ordered."""
    key = "order_later" if window.after else "order_soon"
    return words(key, language, after=window.after, until=window.until)


RISK_LEVELS: tuple[tuple[float, str], ...] = (
    (0.5, "risk_severe"),
    (0.25, "risk_high"),
    (0.1, "risk_medium"),
    (0.0, "risk_low"),
)


def risk_level(probability: float) -> str:
    """Key of the word for a probability; words stand beside every risk number."""
    return next(key for floor, key in RISK_LEVELS if probability >= floor)


def money(amount: float | None, language: Language) -> str:
    """An amount of unknown currency: 1,234万 in Japanese, 12,340,000 in English."""
    if amount is None:
        return "—"
    if language == "ja" and abs(amount) >= 10_000:
        units = amount / 10_000
        return (
            f"{units:,.0f}万" if abs(units) >= 100 or units == round(units) else f"{units:,.1f}万"
        )
    return f"{amount:,.0f}"
