"""Texts as sentences of content words: Japanese in SudachiPy's normal forms, else lower case.

Japanese and English may stand mixed in one sentence, as they do in sales notes.  Source of the
normal forms: Takaoka et al., Sudachi: a Japanese Tokenizer for Business, LREC 2018.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import local
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sudachipy import Dictionary, Tokenizer

NOT = "not"
"""The one word for negation in both languages: ない, ず, no, never, n't."""

REMEMBERED = 4_096
"""Sentences that stay read: a deal's notes are read again at every look at it."""

_LONGEST = 4_000  # SudachiPy refuses more than some 49,000 bytes at once
_BOUNDARY = re.compile(r"(?<=[。！？!?])(?![。！？!?」』）])|\n+|(?<=\.)\s+")
_RUN = re.compile(r"[a-z][a-z'-]*|[^a-z]+")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々〆]")
_PLAIN = re.compile(r"[0-9]+|[,;:()]")
_ENGLISH_BREAKS = frozenset({"but", "and", "because", "so", "although", "while", ",", ";", ":"})
_ENGLISH_NOTS = frozenset({"not", "no", "never", "without", "cannot", "nobody", "none", "nothing"})
_IRREGULAR = {"can't": "can", "won't": "will", "shan't": "shall", "cannot": "can"}
_ENDING = re.compile(r"'(?:s|ve|ll|re|d|m|t)?$")
_EMPTY_CLASSES = frozenset({"助詞", "助動詞", "補助記号", "空白", "記号"})
_JAPANESE_NOTS = frozenset({"ない", "無い", "ず"})
_EMPTY_WORDS = frozenset({"為る", "居る", "おる", "成る", "有る", "事", "御", "さん", "様"})
_BREAKING_PARTICLES = frozenset({"が", "けれど", "けど", "ので", "から", "し"})


@dataclass(slots=True, eq=False)
class Sentence:
    """Content words of one sentence, in order; lists of one length, never changed once read.

    Attributes:
        quote: the sentence as written.
        words: normal forms, :data:`NOT` for each negation.
        surfaces: as written, but for width and case.
        clauses: number of the clause that the word stands in: a negation reaches no further.
        japanese: whether the word came from the Japanese tokenizer.
    """

    quote: str
    words: list[str]
    surfaces: list[str]
    clauses: list[int]
    japanese: list[bool]


def read(texts: Iterable[str]) -> list[list[Sentence]]:
    """Sentences of each text."""
    return [[_sentence(quote) for quote in quotes(text)] for text in texts]


@lru_cache(maxsize=REMEMBERED)
def _sentence(quote: str) -> Sentence:
    sentence = Sentence(quote, [], [], [], [])
    clause = 0
    for run in _RUN.findall(unicodedata.normalize("NFKC", quote).replace("’", "'").lower()):
        if "a" <= run[0] <= "z":
            tokens = _english(run)
        elif _JAPANESE.search(run):
            tokens = _japanese(run)
        else:
            tokens = ((word, word, False) for word in _PLAIN.findall(run))
        clause = _gather(sentence, tokens, clause)
    return sentence


def _japanese(run: str) -> Iterator[_Token]:
    for morpheme in _tokenizer().tokenize(run, _short()):
        word, surface = morpheme.normalized_form(), morpheme.surface()
        kind, finer = _part_of_speech(morpheme.part_of_speech_id())
        if word in _JAPANESE_NOTS and kind in ("助動詞", "形容詞"):
            yield NOT, surface, True
        elif finer == "読点" or (finer == "接続助詞" and word in _BREAKING_PARTICLES):
            yield ",", surface, True
        elif kind not in _EMPTY_CLASSES and word not in _EMPTY_WORDS:
            yield word, surface, True


_Token = tuple[str, str, bool]


def quotes(text: str) -> list[str]:
    """The sentences of a text as written, without blanks around them."""
    return [
        part[start : start + _LONGEST]
        for sentence in _BOUNDARY.split(text)
        if (part := sentence.strip())
        for start in range(0, len(part), _LONGEST)
    ]


def _gather(sentence: Sentence, tokens: Iterable[_Token], clause: int) -> int:
    """Append tokens; a breaking one begins the next clause, and a mark is no word."""
    for word, surface, japanese in tokens:
        clause += word in _ENGLISH_BREAKS
        if word[0] in ",;:()":
            continue
        sentence.words.append(word)
        sentence.surfaces.append(surface)
        sentence.clauses.append(clause)
        sentence.japanese.append(japanese)
    return clause


def _english(run: str) -> Iterator[_Token]:
    """A word without its ending 's, 've ...; n't gives a :data:`NOT` of its own."""
    negated = run.endswith("n't") or run == "cannot"
    if run in _ENGLISH_NOTS and not negated:
        yield NOT, run, False
        return
    bare = run.removesuffix("n't") if negated else _ENDING.sub("", run)
    word = _IRREGULAR.get(run, bare).strip("-'")
    if word:
        yield word, run, False
    if negated:
        yield NOT, run, False


_own = local()


def _tokenizer() -> Tokenizer:
    """One per thread: SudachiPy's tokenizer is not for sharing."""
    if not hasattr(_own, "tokenizer"):
        _own.tokenizer = _dictionary().tokenizer()
    tokenizer: Tokenizer = _own.tokenizer
    return tokenizer


@cache
def _dictionary() -> Dictionary:
    from sudachipy import Dictionary

    return Dictionary()


@cache
def _short() -> object:
    from sudachipy import SplitMode

    return SplitMode.A


@cache
def _part_of_speech(identity: int) -> tuple[str, str]:
    kind, finer, *_ = _dictionary().pos_of(identity)
    return kind, finer
