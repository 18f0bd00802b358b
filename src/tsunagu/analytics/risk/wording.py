"""Reasons in words, Japanese and English, with the actual value and what is usual in the stage."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from tsunagu.analytics.features import FeatureSpec
from tsunagu.analytics.risk import phrases
from tsunagu.analytics.risk.phrases import Pair, Phrase, Unit

_SINCE = re.compile(r"days_since_(\w+)")
_COUNT = re.compile(r"(\w+)_(\d+|ever)")
_TOUCH = frozenset({"activity", "inbound", "outbound"})
_STEP, _ATTRIBUTE = "step:", "attr:"
_LARGE = 1_000
_RAISES = ("リスクを高める傾向", "tends to raise the risk")
_LOWERS = ("リスクを下げる傾向", "tends to lower the risk")


@dataclass(frozen=True)
class Fact:
    """One feature of one snapshot, ready to be worded.

    Attributes:
        spec: of the feature.
        value: its number, or its category's code; NaN where null.
        usual: the median in training, NaN where unknown.
        words: of the category's codes; empty for numbers.
        staged: whether ``usual`` is of the deal's stage, not of all stages.
        raises: whether the group raises the risk.
    """

    spec: FeatureSpec
    value: float
    usual: float
    words: tuple[str, ...]
    staged: bool
    raises: bool

    @property
    def missing(self) -> bool:
        """Whether the value is null, or a category's code without a word."""
        if self.spec.categorical:
            return not 0 <= self.value < len(self.words)
        return math.isnan(self.value)

    @property
    def level(self) -> str:
        """The category's word, empty for numbers and where missing."""
        return self.words[int(self.value)] if self.spec.categorical and not self.missing else ""


def sentences(fact: Fact) -> Pair:
    """The sentence in Japanese and in English."""
    phrase = phrase_of(fact.spec)
    chosen = _choose(phrase, fact)
    values = _values(phrase, fact)
    ja, en = (text.format(**values) for text in chosen)
    notes = [*_usual(phrase, fact), *_lean(phrase, fact)]
    if not notes:
        return ja, _capital(en)
    return (
        f"{ja}（{'、'.join(note[0] for note in notes)}）",
        _capital(f"{en} ({'; '.join(note[1] for note in notes)})"),
    )


def is_absurd(fact: Fact) -> bool:
    """Whether the sentence would praise a long silence.

    The trees cannot be bound to think better of it (see ``docs/reference/foresight-model.md``), but
    nobody is told that it does good.
    """
    name, group = fact.spec.name, fact.spec.group
    seldom = group in _TOUCH and _COUNT.fullmatch(name)  # few contacts are a silence, too
    if fact.raises or not (group == "silence" or seldom or _SINCE.fullmatch(name)):
        return False
    return reads_badly(phrase_of(fact.spec), fact) is True


def phrase_of(spec: FeatureSpec) -> Phrase:
    """The sentences for a feature; plain ones from its labels where it has none of its own."""
    if spec.name in phrases.SINGLE:
        return phrases.SINGLE[spec.name]
    if spec.name.startswith(_STEP):
        return _of_step(spec.name.removeprefix(_STEP))
    if spec.name.startswith(_ATTRIBUTE):
        return _of_attribute(spec)
    since, count = _SINCE.fullmatch(spec.name), _COUNT.fullmatch(spec.name)
    if since and since[1] in phrases.KIND_NAMES:
        return phrases.SINCE.get(since[1]) or _of_kind(since[1])
    if count and count[1] in phrases.KIND_NAMES:
        return _of_count(count[1], count[2])
    return _plain(spec)


def _of_kind(kind: str) -> Phrase:
    ja, en, _ = phrases.KIND_NAMES[kind]
    return Phrase(
        phrases.DAYS,
        raises=(f"{ja}が{{n}}日間ありません", f"No {en} for {{days}}"),
        lowers=(f"{ja}が{{n}}日前にありました", f"The last {en} was {{days}} ago"),
        null=(f"{ja}はまだ一度もありません", f"No {en} yet"),
        zero=(f"今日{ja}がありました", f"The last {en} was today"),
        bad="high",
        null_bad=True,
    )


def _of_count(kind: str, span: str) -> Phrase:
    ja, one, many = phrases.KIND_NAMES[kind]
    if span == "ever":
        return Phrase(
            phrases.TIMES,
            raises=(f"{ja}はこれまでに{{n}}回です", f"{{{kind}}} so far"),
            null=(f"{ja}の回数が分かりません", f"Unknown how many {many}"),
            zero=(f"{ja}はまだ一度もありません", f"No {one} yet"),
            bad="low",
        )
    return Phrase(
        phrases.TIMES,
        raises=(f"直近{span}日間の{ja}は{{n}}回です", f"{{{kind}}} in the last {span} days"),
        null=(f"{ja}の回数が分かりません", f"Unknown how many {many}"),
        zero=(f"直近{span}日間、{ja}がありません", f"No {one} in the last {span} days"),
        bad="low",
    )


def _of_step(step: str) -> Phrase:
    name = _literal(step)
    return Phrase(
        phrases.TIMES,
        raises=(f"「{name}」がこれまでに{{n}}回ありました", f"“{name}” {{times}} so far"),
        null=(f"「{name}」の回数が分かりません", f"Unknown how often “{name}”"),
        zero=(f"「{name}」はまだ一度もありません", f"No “{name}” yet"),
    )


def _of_attribute(spec: FeatureSpec) -> Phrase:
    ja, en = _literal(spec.label_ja), _literal(spec.label_en)
    shown = "「{name}」" if spec.categorical else "{n}"
    shown_en = "“{name}”" if spec.categorical else "{n}"
    return Phrase(
        Unit("", decimals=1),
        raises=(f"{ja}が{shown}です", f"{en.capitalize()} is {shown_en}"),
        null=(f"{ja}が未記録か、まれな値です", f"{en.capitalize()} is not on record, or rare"),
        compare=False,
    )


def _plain(spec: FeatureSpec) -> Phrase:
    ja, en = _literal(spec.label_ja), _literal(spec.label_en)
    shown = "{name}" if spec.categorical else "{n}"
    return Phrase(
        Unit("", decimals=1),
        raises=(f"{ja}：{shown}", f"{en}: {shown}"),
        null=(f"{ja}：不明", f"{en}: unknown"),
    )


def _literal(text: str) -> str:
    """Names are the user's: braces in them are no placeholders."""
    return text.replace("{", "{{").replace("}", "}}")


def _choose(phrase: Phrase, fact: Fact) -> Pair:
    if fact.missing:
        return phrase.null
    shown = _shown(phrase.unit, fact.value)
    if phrase.negative and shown < 0:
        return phrase.negative
    if phrase.zero and shown == 0:
        return phrase.zero
    news = reads_badly(phrase, fact)
    worse = fact.raises if news is None else news
    return phrase.raises if worse or phrase.lowers is None else phrase.lowers


def reads_badly(phrase: Phrase, fact: Fact) -> bool | None:
    """Whether the sentence reads as bad news by itself; None where a reader cannot tell."""
    if fact.missing:
        return phrase.null_bad
    known = phrase.compare and not math.isnan(fact.usual)
    distance = fact.value - (fact.usual if known else phrase.reference)
    if phrase.bad is None or (known and distance == 0):
        return None
    return distance > 0 if phrase.bad == "high" else distance < 0


def _shown(unit: Unit, value: float) -> float:
    """The number as written, halves away from zero."""
    scaled = value * unit.scale + unit.offset
    factor = 10.0**unit.decimals
    return math.copysign(math.floor(abs(scaled) * factor + 0.5) / factor, scaled)


def _written(unit: Unit, value: float) -> str:
    size = abs(_shown(unit, value))
    whole = size == int(size)
    return f"{size:,.0f}" if whole or size >= _LARGE else f"{size:,.{unit.decimals}f}"


def _values(phrase: Phrase, fact: Fact) -> dict[str, str]:
    if fact.missing or fact.spec.categorical:
        return {"name": fact.level}
    size = _written(phrase.unit, fact.value)
    signed = f"-{size}" if fact.value < 0 and phrase.negative is None else size
    counted = {
        key: f"{size} {one if size == '1' else many}" for key, (one, many) in _COUNTED.items()
    }
    return {"n": signed, **counted}


_COUNTED: dict[str, Pair] = {
    "days": ("day", "days"),
    "times": ("time", "times"),
    "deals": ("open deal", "open deals"),
    "events": ("event", "events"),
    "people": ("person", "people"),
    "competitors": ("competitor", "competitors"),
    "business": ("business day", "business days"),
    "holidays": ("public holiday", "public holidays"),
    **{kind: (one, many) for kind, (_ja, one, many) in phrases.KIND_NAMES.items()},
}


def _usual(phrase: Phrase, fact: Fact) -> list[Pair]:
    """What is usual, where it is known and differs from the value as written."""
    if not phrase.compare or fact.spec.categorical or not fact.usual >= 0:
        return []
    usual = _written(phrase.unit, fact.usual)
    if not fact.missing and usual == _written(phrase.unit, fact.value):
        return []
    where = ("この段階の通常は", "usual at this stage: ") if fact.staged else ("通常は", "usual: ")
    return [(f"{where[0]}{usual}{phrase.unit.ja}", f"{where[1]}{usual}{phrase.unit.en}")]


def _lean(phrase: Phrase, fact: Fact) -> list[Pair]:
    """Which way it moves the risk, where the sentence does not show it by itself."""
    if reads_badly(phrase, fact) == fact.raises:
        return []
    return [_RAISES if fact.raises else _LOWERS]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
