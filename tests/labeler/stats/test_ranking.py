"""Rankings from votes on pairs, against published examples and against their own promises."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labeler.stats.connectivity import Doubt, Incomparable
from labeler.stats.newton import Unsettled
from labeler.stats.ranking import bradley_terry, counted, davidson, fit, tables
from labeler.stats.strengths import Ranking

# Citations between four journals of statistics, row cited by column: Biometrika, Communications
# in Statistics, JASA, JRSS B. Stigler (1994), Citation patterns in the journals of statistics.
CITATIONS = [[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]]

# Six brands of chocolate pudding: one, other, preferred one, preferred other, said neither.
# Davidson (1970), On extending the Bradley-Terry model, table 1.
PUDDINGS = """
    1 2 19 22 16   1 3 16 19 12   2 3 19 19 10   1 4 18 23 13   2 4 23 19  9
    3 4 19 20 15   1 5 13 19 18   2 5 16 20 12   3 5 16 15 17   4 5 17 14 16
    1 6 18 21 12   2 6 22 20 12   3 6 13 18 10   4 6 14 19 18   5 6 11 21 12
"""


def puddings() -> tuple[np.ndarray, np.ndarray]:
    wins, ties = np.zeros((6, 6)), np.zeros((6, 6))
    for one, other, won, lost, tied in np.array(PUDDINGS.split(), dtype=int).reshape(-1, 5):
        wins[one - 1, other - 1], wins[other - 1, one - 1] = won, lost
        ties[one - 1, other - 1] = ties[other - 1, one - 1] = tied
    return wins, ties


def simulated(votes: int, models: int = 4, seed: int = 0) -> list[np.ndarray]:
    """Draw left, right and outcome with a liking for the left side and ties."""
    rng = np.random.default_rng(seed)
    left = rng.integers(models, size=votes)
    right = (left + rng.integers(1, models, size=votes)) % models
    margin = (left - right) / models + 0.4
    weights = np.column_stack([np.exp(margin / 2), np.exp(-margin / 2), np.full(votes, 0.7)])
    chances = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    outcome = (rng.random((votes, 1)) > chances[:, :2]).sum(axis=1)
    return [left, right, outcome]


def test_citations_between_journals() -> None:
    ranking = bradley_terry(CITATIONS)
    against_biometrika = [ranking.difference(journal, 0) for journal in (1, 2, 3)]
    estimates = [effect.estimate for effect in against_biometrika]
    errors = [effect.standard_error for effect in against_biometrika]
    assert estimates == pytest.approx([-2.9491, -0.4796, 0.2690], abs=5e-5)
    assert errors == pytest.approx([0.1025, 0.0606, 0.0708], abs=5e-5)


def test_chocolate_puddings_with_ties() -> None:
    ranking = davidson(*puddings())
    published = [0.1388, 0.1730, 0.1617, 0.1654, 0.1587, 0.2024]
    assert ranking.worths == pytest.approx(published, abs=5e-5)
    assert ranking.nu == pytest.approx(0.7468, abs=5e-5)
    assert ranking.log_likelihood == pytest.approx(-809.71, abs=5e-3)
    assert ranking.doubts == ()


def test_two_models_are_as_far_apart_as_the_log_odds() -> None:
    difference = bradley_terry([[0, 30], [10, 0]]).difference(0, 1)
    assert difference.estimate == pytest.approx(np.log(3))
    assert difference.standard_error == pytest.approx((1 / 30 + 1 / 10) ** 0.5)


def test_ties_of_two_models_are_as_many_as_expected() -> None:
    ranking = davidson([[0, 30], [10, 0]], [[0, 20], [20, 0]])
    chances = ranking.win_probabilities()
    assert (chances[0, 1], chances[1, 0]) == pytest.approx((30 / 60, 10 / 60))


CHAIN = [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
ISLANDS = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]
UNSEEN = [[0, 2, 0], [2, 0, 0], [0, 0, 0]]
TIERS = [[0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]


@pytest.mark.parametrize(
    ("wins", "expected", "words"),
    [
        pytest.param(
            CHAIN,
            (Doubt("unbeaten", ((0,),)), Doubt("winless", ((2,),))),
            "these never lost to any other: model 0. these never won against any other: model 2",
            id="one before the other before the third",
        ),
        pytest.param(
            ISLANDS,
            (Doubt("disconnected", ((0, 1), (2, 3))),),
            "no vote compares these with each other: models 0, 1; models 2, 3",
            id="two pairs that never met",
        ),
        pytest.param(
            UNSEEN,
            (Doubt("disconnected", ((0, 1), (2,))),),
            "no vote compares these with each other: models 0, 1; model 2",
            id="a model without a vote",
        ),
        pytest.param(
            TIERS,
            (Doubt("unbeaten", ((0, 1),)), Doubt("winless", ((2, 3),))),
            "these never lost to any other: models 0, 1. "
            "these never won against any other: models 2, 3",
            id="one pair always before the other",
        ),
    ],
)
def test_votes_that_cannot_rank_are_refused_or_doubted(
    wins: list[list[int]], expected: tuple[Doubt, ...], words: str
) -> None:
    with pytest.raises(Incomparable) as refused:
        bradley_terry(wins)
    assert refused.value.doubts == expected
    assert str(refused.value) == words
    ranking = bradley_terry(wins, prior=0.5)
    assert ranking.doubts == expected
    assert np.isfinite(ranking.strengths).all()
    assert np.isfinite(ranking.standard_errors).all()


def test_with_a_prior_a_chain_is_ranked_in_its_order() -> None:
    strengths = bradley_terry(CHAIN, prior=0.5).strengths
    assert strengths[0] > strengths[1] > strengths[2]


def test_models_that_only_tie_are_compared() -> None:
    nothing, ties = np.zeros((3, 3)), np.ones((3, 3)) - np.eye(3)
    with pytest.raises(Unsettled):
        davidson(nothing, ties)
    ranking = davidson(nothing, ties, prior=0.5)
    assert ranking.strengths == pytest.approx(0.0)
    assert ranking.doubts == ()
    assert bradley_terry(ties / 2).strengths == pytest.approx(0.0)


def test_more_ties_than_wins_around_a_circle_are_refused() -> None:
    # One beats two and either ties with three: the ties pull apart as far as the win does.
    wins, ties = np.zeros((3, 3)), np.zeros((3, 3))
    wins[0, 1] = 5
    ties[0, 2] = ties[2, 0] = ties[1, 2] = ties[2, 1] = 5
    with pytest.raises(Unsettled):
        davidson(wins, ties)
    strengths = davidson(wins, ties, prior=0.5).strengths
    assert strengths[0] > strengths[2] > strengths[1]


def test_a_weak_prior_hardly_moves_many_votes() -> None:
    with_prior, without = bradley_terry(CITATIONS, prior=0.5), bradley_terry(CITATIONS)
    assert with_prior.strengths == pytest.approx(without.strengths, abs=0.02)
    assert np.ptp(with_prior.strengths) < np.ptp(without.strengths)


@pytest.mark.parametrize("ties", [True, False])
def test_single_votes_say_what_their_counts_say(ties: bool) -> None:
    left, right, outcome = simulated(400)
    single = fit(left, right, outcome, side=False, ties=ties)
    wins, tied = tables(counted(left, right, outcome, 4))
    together = davidson(wins, tied) if ties else bradley_terry(wins + tied / 2)
    assert single.strengths == pytest.approx(together.strengths, abs=1e-9)
    assert single.covariance == pytest.approx(together.covariance, abs=1e-9)
    assert single.nu == (pytest.approx(together.nu) if ties else None)


def test_the_side_is_found_and_no_model_gains_by_it() -> None:
    left, right, outcome = simulated(40_000)
    ranking = fit(left, right, outcome)
    assert ranking.side is not None
    assert ranking.side.interval(0.999).low < 0.4 < ranking.side.interval(0.999).high
    assert np.diff(ranking.strengths) == pytest.approx(0.25, abs=0.06)
    assert ranking.nu == pytest.approx(0.7, abs=0.05)


def test_a_style_is_found_and_no_model_gains_by_it() -> None:
    rng = np.random.default_rng(3)
    left, right, _ = simulated(20_000)
    # The last model writes at length, which wins votes; in itself it is as good as the others.
    longer = rng.normal(size=len(left)) + (left == 3) - (right == 3)
    outcome = (rng.random(len(left)) > 1 / (1 + np.exp(-0.8 * longer))).astype(int)
    plain, styled = (
        fit(left, right, outcome),
        fit(left, right, outcome, covariates=longer[:, None]),
    )
    assert plain.strengths[3] > 0.4
    assert styled.strengths == pytest.approx(0.0, abs=0.08)
    assert styled.covariates[0].estimate == pytest.approx(0.8, abs=0.06)


def test_what_cannot_be_told_apart_is_refused() -> None:
    left, right, outcome = simulated(200)
    with pytest.raises(Unsettled, match="cannot tell the estimates apart"):
        fit(left, right, outcome, covariates=np.ones((200, 1)))
    with pytest.raises(Unsettled, match="persons differ"):
        fit(left, right, outcome, cluster=np.zeros(200))


def test_a_side_that_always_wins_needs_a_prior() -> None:
    left, right = np.array([0, 1] * 20), np.array([1, 0] * 20)
    outcome = np.zeros(40, dtype=int)
    with pytest.raises(Unsettled):
        fit(left, right, outcome)
    ranking = fit(left, right, outcome, prior=0.5)
    assert ranking.strengths == pytest.approx(0.0)
    assert ranking.side is not None
    assert ranking.side.estimate > 3


def test_without_votes_nothing_is_known() -> None:
    nothing = np.zeros((3, 3))
    with pytest.raises(Incomparable, match="model 0; model 1; model 2"):
        davidson(nothing, nothing)
    for ranking in (davidson(nothing, nothing, prior=0.5), fit([], [], [], models=3, prior=0.5)):
        assert ranking.strengths == pytest.approx(0.0)
        assert ranking.doubts == (Doubt("disconnected", ((0,), (1,), (2,))),)
        assert ranking.ranks() == [(1, 3)] * 3


def test_one_model_is_as_good_as_itself() -> None:
    ranking = bradley_terry([[0]], prior=0.5)
    assert ranking.strengths.tolist() == [0.0]
    assert ranking.standard_errors == pytest.approx([0.0])
    assert ranking.ranks() == [(1, 1)]


def test_persons_who_always_say_the_same_count_once() -> None:
    # Three persons say one, one says the other, ten times each. The odds are 3 : 1, A = 40 p(1-p),
    # and B sums the squares of 10 (y - p) over four persons, times 4/3.
    left, right, who = np.zeros(40, int), np.ones(40, int), np.repeat(np.arange(4), 10)
    ranking = fit(left, right, (who == 3).astype(int), cluster=who, side=False)
    difference = ranking.difference(0, 1)
    middle = (3 * (10 * 0.25) ** 2 + (10 * 0.75) ** 2) * 4 / 3
    assert difference.estimate == pytest.approx(np.log(3))
    assert difference.standard_error == pytest.approx(middle**0.5 / (40 * 0.75 * 0.25))


def full(votes: int = 300, seed: int = 1) -> dict[str, np.ndarray]:
    """Votes with two covariates, one of few values, and persons."""
    rng = np.random.default_rng(seed)
    left, right, outcome = simulated(votes, seed=seed)
    styles = np.column_stack([rng.normal(size=votes), rng.integers(-1, 2, size=votes)])
    votes = {"left": left, "right": right, "outcome": outcome, "covariates": styles}
    return {**votes, "cluster": rng.integers(20, size=len(left))}


def numbers(ranking: Ranking) -> list[object]:
    effects = [ranking.side, *ranking.covariates]
    arrays = [ranking.strengths.tolist(), ranking.covariance.tolist()]
    return [*arrays, ranking.log_likelihood, ranking.nu, *effects]


@pytest.mark.parametrize("left_out", [(), ("covariates",), ("cluster",), ("covariates", "cluster")])
def test_the_order_of_votes_shows_in_no_digit(left_out: tuple[str, ...]) -> None:
    votes = {name: column for name, column in full().items() if name not in left_out}
    order = np.random.default_rng(2).permutation(300)
    shuffled = {name: column[order] for name, column in votes.items()}
    assert numbers(fit(**shuffled)) == numbers(fit(**votes))


def test_the_names_of_persons_change_nothing() -> None:
    votes = full()
    named = fit(**{**votes, "cluster": np.array([f"p{-who}" for who in votes["cluster"]])})
    assert named.covariance == pytest.approx(fit(**votes).covariance, rel=1e-9)


def test_swapped_sides_mirror_the_side_and_leave_the_rest() -> None:
    votes = full()
    mirrored = {
        "left": votes["right"],
        "right": votes["left"],
        "outcome": np.array([1, 0, 2])[votes["outcome"]],
        "covariates": -votes["covariates"],
        "cluster": votes["cluster"],
    }
    one, other = fit(**votes), fit(**mirrored)
    assert one.side is not None
    assert other.side is not None
    assert other.side.estimate == pytest.approx(-one.side.estimate)
    assert other.side.standard_error == pytest.approx(one.side.standard_error)
    assert other.strengths == pytest.approx(one.strengths)
    assert other.covariates[0].estimate == pytest.approx(one.covariates[0].estimate)


def test_every_vote_twice_leaves_estimates_and_halves_variances() -> None:
    votes = full()
    del votes["cluster"]
    doubled = fit(**{name: np.concatenate([column, column]) for name, column in votes.items()})
    once = fit(**votes)
    assert doubled.strengths == pytest.approx(once.strengths, abs=1e-9)
    assert doubled.nu == pytest.approx(once.nu)
    assert doubled.standard_errors == pytest.approx(once.standard_errors / 2**0.5)


def test_one_person_who_says_everything_twice_makes_nothing_surer() -> None:
    votes = full()
    doubled = fit(**{name: np.concatenate([column, column]) for name, column in votes.items()})
    assert doubled.standard_errors == pytest.approx(fit(**votes).standard_errors)


tournaments = arrays(np.int64, st.integers(2, 5).map(lambda n: (n, n)), elements=st.integers(1, 9))


@settings(deadline=None)
@given(tournaments, st.randoms(use_true_random=False))
def test_the_names_of_models_change_nothing(wins: np.ndarray, random: Random) -> None:
    order = random.sample(range(len(wins)), len(wins))
    ties = wins + wins.T
    renamed = davidson(wins[order][:, order], ties[order][:, order])
    ranking = davidson(wins, ties)
    assert renamed.strengths == pytest.approx(ranking.strengths[order], abs=1e-8)
    assert renamed.standard_errors == pytest.approx(ranking.standard_errors[order])


@settings(deadline=None)
@given(tournaments)
def test_wins_are_as_many_as_expected(wins: np.ndarray) -> None:
    np.fill_diagonal(wins, 0)
    ranking = bradley_terry(wins)
    expected = (ranking.win_probabilities() * (wins + wins.T)).sum(axis=1)
    assert expected == pytest.approx(wins.sum(axis=1))
    assert ranking.strengths.sum() == pytest.approx(0.0, abs=1e-9)
    assert ranking.covariance.sum(axis=1) == pytest.approx(0.0, abs=1e-9)


@settings(deadline=None)
@given(tournaments)
def test_any_small_table_is_ranked_with_a_prior(wins: np.ndarray) -> None:
    sparse = np.where(wins > 6, wins, 0)
    np.fill_diagonal(sparse, 0)
    ranking = davidson(sparse, np.zeros_like(wins), prior=0.5)
    assert np.isfinite(ranking.strengths).all()
    beaten = sparse > 0
    assert bool(ranking.doubts) == (not connected(beaten))


def connected(beaten: np.ndarray) -> bool:
    paths = np.linalg.matrix_power(np.eye(len(beaten)) + beaten, len(beaten))
    return bool((paths > 0).all())


def clustered(persons: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw thirty votes from each of some persons, who have tastes and sides of their own."""
    left, right, _ = simulated(30 * persons, seed=int(rng.integers(2**31)))
    who = np.repeat(np.arange(persons), 30)
    taste = np.array([0.0, 0.2, 0.4, 0.6]) + rng.normal(size=(persons, 4)) * 0.7
    side = rng.normal(0.2, 0.5, size=persons)
    margin = taste[who, left] - taste[who, right] + side[who]
    weights = np.column_stack([np.exp(margin / 2), np.exp(-margin / 2), np.full(len(who), 0.5)])
    chances = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    outcome = (rng.random((len(who), 1)) > chances[:, :2]).sum(axis=1)
    return {"left": left, "right": right, "outcome": outcome, "cluster": who}


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(20)
    truth = fit(**clustered(10_000, rng))
    assert truth.side is not None
    covered, naive = [], []
    for _ in range(150):
        votes = clustered(60, rng)
        for kept, hits in ((votes, covered), ({**votes, "cluster": None}, naive)):
            ranking = fit(**kept)
            assert ranking.side is not None
            intervals = [*ranking.intervals(), ranking.side.interval()]
            truths = [*truth.strengths, truth.side.estimate]
            hits += [i.low <= t <= i.high for i, t in zip(intervals, truths, strict=True)]
    assert 0.92 <= np.mean(covered) <= 0.98
    assert np.mean(naive) < 0.9
