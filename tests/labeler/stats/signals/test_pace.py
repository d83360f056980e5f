"""Pace: fast beside the pool, and too fast to have read; slow is never noticed."""

from math import isnan, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeler.stats.signals.pace import pace_signals, reading_signals

PEOPLE, VOTES = 60, 10
Work = tuple[np.ndarray, np.ndarray, np.ndarray]


def work(seed: int, *, votes: int = VOTES, faster: float = 1.0) -> Work:
    """Return person, words and seconds of a pool; person 0 takes a `faster`th of the time."""
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(PEOPLE), votes)
    words = np.exp(random.normal(5.5, 0.7, len(person)))
    own = random.normal(0, 0.35, PEOPLE)
    own[0] = -log(faster)
    noise = random.normal(0, 0.6, len(person))
    return person, words, np.exp(own[person] + 0.6 * np.log(words) + noise)


def test_eight_times_faster_is_noticed_within_ten_votes_and_nearly_nobody_else() -> None:
    found = [pace_signals(*work(seed, faster=8)) for seed in range(50)]
    assert sum(each[0].noticeable for each in found) >= 45
    others = [each[who].noticeable for each in found for who in range(1, PEOPLE)]
    assert sum(others) <= 0.002 * len(others)


def test_a_quarter_of_the_pool_that_hurries_does_not_hide_itself() -> None:
    person, words, seconds = work(3)
    seconds = np.where(person < PEOPLE // 4, seconds / 12, seconds)
    found = pace_signals(person, words, seconds)
    assert sum(found[who].noticeable for who in range(PEOPLE // 4)) >= 10
    assert not any(found[who].noticeable for who in range(PEOPLE // 4, PEOPLE))


def test_slow_work_is_never_noticed() -> None:
    found = pace_signals(*work(1, faster=1 / 50))
    assert found[0].statistic > log(25)
    assert not found[0].noticeable


def test_who_reads_short_texts_is_not_fast() -> None:
    # Without the words, forty times shorter texts would look like nine times faster work.
    person, words, seconds = work(2, votes=40)
    shorter = np.where(person == 0, words / 40, words)
    as_long = np.where(person == 0, seconds / 40**0.6, seconds)
    signal = pace_signals(person, shorter, as_long)[0]
    assert signal.statistic == pytest.approx(0, abs=0.4)
    assert not signal.noticeable


def test_the_statistic_is_the_factor_in_logs_and_its_interval_holds_it() -> None:
    signal = pace_signals(*work(4, votes=200, faster=4))[0]
    assert signal.interval.low < signal.statistic < signal.interval.high
    assert signal.statistic == pytest.approx(-log(4), abs=0.2)
    assert signal.sentence.startswith("For texts of the same length, these 200 judgments took 2")


def test_nine_votes_say_nothing() -> None:
    person, words, seconds = work(5, faster=100)
    kept = np.arange(len(person)) != 0
    signal = pace_signals(person[kept], words[kept], seconds[kept])[0]
    assert isnan(signal.statistic)
    assert (signal.n, signal.noticeable) == (9, False)


def test_without_a_pool_there_is_nothing_to_compare_with() -> None:
    person, words, seconds = work(6, faster=100)
    few = person < 7
    found = pace_signals(person[few], words[few], seconds[few])
    assert len(found) == 7
    assert not any(signal.noticeable for signal in found.values())


def test_times_that_were_not_measured_are_left_out() -> None:
    assert pace_signals([], [], []) == {}
    assert reading_signals([], [], []) == {}
    assert pace_signals([1, 1, 1], [100, 0, 100], [0, 5, float("nan")]) == {}


def test_everybody_equally_fast_on_equal_texts_is_not_noticeable() -> None:
    person = np.repeat(np.arange(20), 10)
    found = pace_signals(person, np.full(200, 300), np.full(200, 60.0))
    assert not any(signal.noticeable for signal in found.values())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_votes_and_the_unit_of_time_do_not_matter(seed: int) -> None:
    person, words, seconds = work(7)
    order = np.random.default_rng(seed).permutation(len(person))
    found = pace_signals(person, words, seconds)
    other = pace_signals(person[order], words[order], 60 * seconds[order])
    assert [signal.statistic for signal in found.values()] == pytest.approx(
        [signal.statistic for signal in other.values()], abs=1e-6
    )


def test_reading_faster_than_anybody_can_is_noticed_from_five_votes_on() -> None:
    five = reading_signals([1] * 5, [600] * 5, [20] * 5)[1]  # 1,800 words a minute
    assert (five.statistic, five.noticeable) == (1.0, True)
    assert five.sentence.startswith("In 5 of 5 judgments the texts would have been read at more")
    assert not reading_signals([1] * 3, [600] * 3, [20] * 3)[1].noticeable


def test_a_glance_now_and_then_and_fast_reading_are_usual() -> None:
    glances = reading_signals([1] * 50, [600] * 50, [20] * 10 + [120] * 40)[1]
    assert (glances.statistic, glances.noticeable) == (0.2, False)
    fast = reading_signals([1] * 50, [600] * 50, [37] * 50)[1]  # 973 words a minute
    assert (fast.statistic, fast.noticeable) == (0.0, False)
