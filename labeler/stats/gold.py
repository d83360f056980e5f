"""Whether a person answers gold as somebody who reads, or as somebody who presses any button.

Two questions, each with its error rates stated beside it: how many gold items a check needs, and
what a person's answers say so far. Known answers are looked at one by one, and a check repeated
forever accuses everybody in the end, unless the chance of ever accusing is what is kept small.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import ceil, exp, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeler.said import Said, say
from labeler.stats.binomial import at_most

Floats = NDArray[np.float64]
HORIZON = 300  # answers that are counted out exactly; what could come later is bounded
STEP = 0.1  # between thresholds that are tried, in logs


class Verdict(StrEnum):
    """What a person's gold answers say so far. None of them decides anything."""

    CAUGHT = "caught"
    """They look more like chance than like reading; it stays, and is for a person to look at."""
    CLEARED = "cleared"
    """They look like reading."""
    NOT_YET = "not yet"
    """There are too few to say."""


@dataclass(frozen=True, slots=True)
class Check:
    """A number of gold items and the count of right answers up to which a person is caught.

    `missed` is the chance that a random clicker passes, `false` that an honest person is caught.
    """

    items: int
    cut: int
    missed: float
    false: float


@dataclass(frozen=True, slots=True)
class Rates:
    """What a test does to people of one accuracy, exactly.

    `caught` is the share caught within the check's items, `ever` an upper bound of the share ever
    caught if gold goes on forever, `mean` the number of answers until caught, of those who are
    caught within the horizon.
    """

    caught: float
    ever: float
    mean: float


@dataclass(frozen=True, slots=True)
class GoldTest:
    """A test that may be looked at after every answer, for a whole life of work.

    Caught: as soon as the first check.items cannot be passed any more, or whenever the logarithm
    of the likelihood ratio of clicker to honest reaches `threshold`. Cleared: while that
    logarithm is -log(1/error) or below. `honest` and `clicker` are rates at these accuracies.
    It is slow to see somebody who reads for long and then stops to: give it recent answers only,
    of a work of its own, if that is the question, and know that each such look has its own error.
    """

    accuracy: float
    chance: float
    error: float
    check: Check
    threshold: float
    honest: Rates
    clicker: Rates


@dataclass(frozen=True, slots=True)
class Found:
    """The verdict, and how often such a verdict is wrong: never give one without the other.

    `caught_if_honest` is the most that honest people are ever caught, `cleared_if_clicker` the
    most that random clickers are ever cleared, by Ville's inequality.
    """

    verdict: Verdict
    right: int
    n: int
    caught_if_honest: float
    cleared_if_clicker: float
    sentence: Said


@lru_cache
def gold_check(accuracy: float, chance: float, error: float = 0.01) -> Check:
    """Return the smallest check that errs no more often than `error` in either direction.

    `accuracy` is an honest person's share of right answers, `chance` a random clicker's: one over
    the number of labels. Exact, by the binomial distribution.
    """
    assert 0 < chance < accuracy < 1, "an honest person does better than chance"
    items = 1
    while True:
        for cut in range(items):
            check = Check(
                items, cut, 1 - at_most(cut, items, chance), at_most(cut, items, accuracy)
            )
            if check.missed <= error and check.false <= error:
                return check
        items += 1


@lru_cache
def gold_test(accuracy: float = 0.90, chance: float = 0.5, error: float = 0.01) -> GoldTest:
    """Return the test that catches an honest person with chance `error` at most, in a lifetime.

    The likelihood ratio is a nonnegative martingale for an honest person, so that by Ville's
    inequality it ever reaches 1/e with chance e at most. The check spends the most of `error`;
    the lowest threshold that the rest affords is found by counting all paths out. Ville (1939),
    Étude critique de la notion de collectif; Wald (1945), Sequential tests of statistical
    hypotheses.
    """
    check = gold_check(accuracy, chance, error)
    threshold = log(1 / error)
    while _rates(accuracy, accuracy, chance, check, threshold).ever > error:
        threshold += STEP
    honest = _rates(accuracy, accuracy, chance, check, threshold)
    clicker = _rates(chance, accuracy, chance, check, threshold)
    return GoldTest(accuracy, chance, error, check, threshold, honest, clicker)


def rates(test: GoldTest, accuracy: float) -> Rates:
    """Return what the test does to people who answer this share of gold rightly."""
    return _rates(accuracy, test.accuracy, test.chance, test.check, test.threshold)


def judge(test: GoldTest, right: ArrayLike) -> Found:
    """Return what a person's gold answers say: True where right, in the order of answering."""
    answers = np.asarray(right, dtype=bool)
    n, right_ones = len(answers), int(answers.sum())
    limits = _limits(n, test.accuracy, test.chance, test.check, test.threshold)
    too_many = np.flatnonzero(np.cumsum(~answers) >= limits)
    verdict, seen = Verdict.NOT_YET, n
    if len(too_many):
        verdict, seen = Verdict.CAUGHT, int(too_many[0]) + 1
    elif n and _ratio(n, n - right_ones, test) <= log(test.error):
        verdict = Verdict.CLEARED
    sentence = _sentence(verdict, int(answers[:seen].sum()), seen, test)
    return Found(verdict, right_ones, n, test.honest.ever, test.error, sentence)


def _sentence(verdict: Verdict, right: int, n: int, test: GoldTest) -> Said:
    if verdict is Verdict.CAUGHT:
        return say(
            "By the time that %(n)s known comparisons were answered, %(right)s were as expected, "
            "fewer than is usual. Of 1,000 people who answer %(usual)s of 100 as expected, up to "
            "%(errs)s come here by mistake.",
            right=right,
            n=n,
            usual=round(100 * test.accuracy),
            errs=ceil(1000 * test.honest.ever),
        )
    if verdict is Verdict.CLEARED:
        return say(
            "%(right)s of %(n)s known comparisons were answered as expected, as by somebody who "
            "reads. Of 1,000 people who choose without reading, up to %(errs)s come here by "
            "chance.",
            right=right,
            n=n,
            errs=ceil(1000 * test.error),
        )
    return say(
        "%(right)s of %(n)s known comparisons were answered as expected; these are too few to "
        "say more.",
        right=right,
        n=n,
    )


def _ratio(n: int, wrong: int, test: GoldTest) -> float:
    right_step, wrong_step = _steps(test.accuracy, test.chance)
    return (n - wrong) * right_step + wrong * wrong_step


def _steps(accuracy: float, chance: float) -> tuple[float, float]:
    """Return what a right and a wrong answer add to the log-likelihood ratio."""
    return log(chance / accuracy), log((1 - chance) / (1 - accuracy))


def _limits(n: int, accuracy: float, chance: float, check: Check, threshold: float) -> Floats:
    """Return, for each answer from the first on, how many wrong ones are too many by then."""
    right_step, wrong_step = _steps(accuracy, chance)
    seen = np.arange(1, n + 1)
    limits = np.ceil((threshold - seen * right_step) / (wrong_step - right_step) - 1e-9)
    failed = check.items - check.cut
    limits[: check.items] = np.minimum(limits[: check.items], failed)
    return np.asarray(limits, dtype=float)


def _rates(share: float, accuracy: float, chance: float, check: Check, threshold: float) -> Rates:
    """Count all paths of right and wrong answers out, up to the horizon, and bound the rest."""
    limits = _limits(HORIZON, accuracy, chance, check, threshold)
    paths, caught = np.zeros(HORIZON + 2), np.zeros(HORIZON)
    paths[0] = 1.0  # by the number of wrong answers
    for seen, limit in enumerate(limits):
        paths[1:] = share * paths[1:] + (1 - share) * paths[:-1]
        paths[0] *= share
        caught[seen] = paths[ceil(limit) :].sum()
        paths[ceil(limit) :] = 0.0
    later = _later(paths, share, _steps(accuracy, chance), threshold)
    mean = float(caught @ np.arange(1, HORIZON + 1)) / max(float(caught.sum()), 1e-300)
    return Rates(float(caught[: check.items].sum()), min(1.0, float(caught.sum() + later)), mean)


def _later(paths: Floats, share: float, steps: tuple[float, float], threshold: float) -> float:
    """Return an upper bound of the share caught after the horizon, Lundberg's.

    With t such that exp(t·log ratio) is a martingale, that is Ville's inequality again; t is 1
    for an honest person's share.
    """
    wrong = np.arange(len(paths))
    ratios = (HORIZON - wrong) * steps[0] + wrong * steps[1]
    return float(paths @ np.exp(np.minimum(_exponent(share, steps) * (ratios - threshold), 0.0)))


def _exponent(share: float, steps: tuple[float, float]) -> float:
    """Return t > 0 with share·exp(t·right) + (1-share)·exp(t·wrong) = 1; 0 if there is none."""
    low, high = 0.0, 50.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        grows = share * exp(middle * steps[0]) + (1 - share) * exp(middle * steps[1]) > 1
        low, high = (low, middle) if grows else (middle, high)
    return low
