"""Planning: what designs come to among people of whom the answer is known."""

from math import isnan, nan

import numpy as np
import pytest

from labeler.stats.planning import Design, forecasts

FIXED = [Design(number) for number in (1, 3, 5)]


def test_one_judgment_is_right_as_often_as_people_are() -> None:
    (one,) = forecasts([0.8] * 20, nan, [Design(1)])
    # σ(b · logit 0.8), over items whose ease b is log-normal, by quadrature.
    noise, weights = np.polynomial.hermite_e.hermegauss(41)
    chances = 1 / (1 + (0.2 / 0.8) ** np.exp(0.7 * noise))
    assert one.votes == 1
    assert one.right == pytest.approx(chances @ weights / weights.sum(), abs=0.02)


def test_whoever_clicks_at_random_is_right_half_of_the_time_however_many_they_are() -> None:
    assert [each.right for each in forecasts([0.5] * 9, nan, FIXED)] == [
        pytest.approx(0.5, abs=0.02)
    ] * 3


def test_more_judgments_make_more_right() -> None:
    rights = [each.right for each in forecasts([0.7, 0.75, 0.8], 0.6, FIXED)]
    assert rights == sorted(rights)
    assert rights[0] < rights[-1]


def test_agreement_says_how_able_people_are() -> None:
    low, high = (forecasts([0.8] * 20, agreement, [Design(1)])[0] for agreement in (0.6, 0.75))
    # Two people with accuracy a on every item would agree in a² + (1 - a)²: 0.72 and 0.85.
    assert low.right < 0.75 < high.right


def test_adaptive_designs_stop_between_their_least_and_most() -> None:
    told = forecasts([0.8] * 20, 0.67, [Design(9, 2, sure) for sure in (0.6, 0.9, 0.99)])
    votes = [each.votes for each in told]
    assert votes == sorted(votes)
    assert all(2 <= each <= 9 for each in votes)
    assert [each.right for each in told] == sorted(each.right for each in told)


def test_adaptive_votes_go_further_than_a_fixed_number() -> None:
    adaptive, *fixed = forecasts([0.8] * 20, 0.67, [Design(9, 2, 0.95), Design(5), Design(7)])
    needed = np.interp(adaptive.right, [each.right for each in fixed], [5, 7])
    assert adaptive.votes < 0.8 * needed


def test_the_same_seed_gives_the_same_plan() -> None:
    assert forecasts([0.8], 0.7, FIXED, seed=3) == forecasts([0.8], 0.7, FIXED, seed=3)


def test_labels_beside_the_answers_make_chance_agreement_rarer() -> None:
    two, four = (forecasts([0.7] * 9, nan, [Design(5)], labels=n)[0] for n in (2, 4))
    assert not isnan(two.right)
    assert four.right > two.right
