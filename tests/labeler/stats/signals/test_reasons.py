"""Reasons that are the same text again."""

from math import isnan
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeler.stats.signals.reasons import reason_signals, similarity

LONG = "The first answer names its source and the second one invents a date"
WORDS = "answer source date wrong right clear short long names misses explains invents".split()


def different(seed: int, n: int, words: int = 14) -> list[str]:
    random = Random(seed)
    return [" ".join(random.choices(WORDS, k=words)) for _ in range(n)]


def test_one_text_pasted_again_and_again() -> None:
    found = reason_signals([(1, LONG)] * 6 + [(2, text) for text in different(1, 6)])
    assert (found[1].own.statistic, found[1].own.noticeable) == (5 / 6, True)
    assert found[1].own.sentence.startswith("5 of 6 longer reasons are nearly the same")
    assert not found[1].others.noticeable
    assert not found[2].own.noticeable


def test_capitals_spaces_and_punctuation_do_not_make_a_text_new() -> None:
    changed = ["  " + LONG.upper() + "!!", LONG.replace(" ", " , "), LONG + "…"]
    found = reason_signals([(1, LONG), *[(2, text) for text in changed]])
    assert found[2].own.statistic == 2 / 3
    assert found[2].others.statistic == 1.0
    assert found[2].others.noticeable


def test_one_word_changed_in_a_long_text_is_still_the_same() -> None:
    text = different(2, 1, words=80)[0]
    nearly = " ".join([*text.split()[:-1], "indeed"])
    assert 0.9 <= similarity(text, nearly) < 1
    found = reason_signals([(1, text), (2, nearly)])
    assert (found[1].others.statistic, found[2].others.statistic) == (1.0, 1.0)


def test_texts_on_the_same_matter_are_not_the_same() -> None:
    found = reason_signals([(person, text) for person in (1, 2) for text in different(person, 200)])
    assert found[1].own.statistic == 0
    assert found[1].others.statistic == 0


def test_short_reasons_never_count() -> None:
    found = reason_signals([(1, "The first one is better.")] * 100)
    assert found[1].own.n == 0
    assert isnan(found[1].own.statistic)
    assert not found[1].own.noticeable


def test_a_favourite_sentence_now_and_then_is_usual() -> None:
    texts = [LONG] * 9 + different(3, 41)
    found = reason_signals([(1, text) for text in texts])
    assert (found[1].own.statistic, found[1].own.noticeable) == (8 / 50, False)


def test_two_texts_in_common_are_too_few() -> None:
    found = reason_signals([(1, LONG), (2, LONG), (1, LONG + " again"), (2, LONG + " again")])
    assert found[1].others.statistic == 1.0
    assert not found[1].others.noticeable


def test_words_of_other_scripts_are_words() -> None:
    bangla = "প্রথম উত্তরটি সঠিক কারণ এতে তথ্যের উৎস দেওয়া আছে"
    found = reason_signals([(1, bangla), (2, bangla), (2, bangla.replace("সঠিক", "ভুল"))])
    assert (found[1].others.n, found[1].others.statistic) == (1, 1.0)
    assert found[2].others.statistic == 0.5


def test_nobody_wrote_anything() -> None:
    assert reason_signals([]) == {}
    assert isnan(reason_signals([(1, "")])[1].others.statistic)


def test_the_same_shingles_many_times_are_joined_too() -> None:
    # A hundred texts that differ in a word at the end share their bands.
    text = different(5, 1, words=120)[0]
    found = reason_signals([(1, f"{text} {number}") for number in range(100)])
    assert found[1].own.statistic == pytest.approx(0.99)


@given(st.permutations(range(12)))
def test_the_order_of_reasons_does_not_matter(order: list[int]) -> None:
    texts = [LONG, LONG, *different(4, 8), LONG + " indeed", LONG.lower()]
    reasons = [(at % 3, text) for at, text in enumerate(texts)]
    assert repr(sorted(reason_signals([reasons[at] for at in order]).items())) == repr(
        sorted(reason_signals(reasons).items())
    )


@given(st.text(), st.text())
def test_similarity_is_a_share_and_the_same_in_both_directions(one: str, other: str) -> None:
    assert 0 <= similarity(one, other) == similarity(other, one) <= 1
