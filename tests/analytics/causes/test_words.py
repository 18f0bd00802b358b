"""Texts become content words: Japanese in normal forms, English in lower case."""

import pytest

from tsunagu.analytics.causes.words import NOT, quotes, read


def words(text: str) -> list[str]:
    return [word for sentence in read([text])[0] for word in sentence.words]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("引継ぎをした", "引き継ぎをしました"),
        ("ＣＲＭを導入", "crmの導入"),
        ("The client's Budget", "the client budget"),
        ("It isn’t approved", "it is not approved"),
        ("we cannot wait", "We can't wait"),
    ],
)
def test_spellings_of_the_same_words_read_alike(one: str, other: str) -> None:
    assert words(one) == words(other)


@pytest.mark.parametrize(
    "text", ["行かない", "行かず", "行きません", "会議は無い", "never", "can't"]
)
def test_every_negation_is_the_same_word(text: str) -> None:
    assert words(text)[-1] == NOT


def test_sentences_are_quoted_as_written() -> None:
    text = "予算は３００万円。「すごい。」と言われた！\n\nCall at 10.30. ＯＫ?"
    assert quotes(text) == [
        "予算は３００万円。", "「すごい。」と言われた！", "Call at 10.30.", "ＯＫ?",
    ]  # fmt: skip


def test_a_mail_without_any_full_stop_is_read_whole() -> None:
    assert words("予算" * 30_000).count("予算") > 29_000


def test_marks_alone_are_no_words() -> None:
    assert words("……（、）！？ 　☆") == []
