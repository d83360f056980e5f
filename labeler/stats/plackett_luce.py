"""Which model is better, from rankings of several answers at once."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labeler.stats.connectivity import Incomparable, doubts
from labeler.stats.newton import Likelihood, maximum
from labeler.stats.strengths import Ranking

_Array: TypeAlias = NDArray[Any]


class _Choices(NamedTuple):
    """Choices of one model among equally many: (choices, options), the one chosen first."""

    options: _Array
    times: _Array


def plackett_luce(
    rankings: Sequence[Sequence[int]], models: int | None = None, prior: float = 0.0
) -> Ranking:
    """Return the strengths that make the rankings most likely, best first in each.

    A ranking is a series of choices, P(i is chosen from a set) = exp(si) / sum of exp(sj) over the
    set: the best of all, then the best of the rest. It names at least two of the models, which are
    numbered below `models`, each once, without ties. Of pairs this is `bradley_terry`, and `prior`
    means the same. Standard errors are those of independent rankings. Raises Incomparable if there
    is no prior and some models were never compared, never came last or never first.
    Plackett (1975), The analysis of permutations; Luce (1959), Individual choice behavior.
    """
    assert all(len(set(ranking)) == len(ranking) >= 2 for ranking in rankings), "two or more models"
    number = max(map(max, rankings), default=0) + 1 if models is None else models
    choices = _choices(rankings)
    found = doubts(_beaten(choices, number))
    if found and not prior:
        raise Incomparable(found)
    known = choices + _against_average(number, prior) if prior else choices
    best = maximum(partial(_likelihood, known), np.zeros(number), number)
    return Ranking(best.place, best.covariance, best.value, found)


def _choices(rankings: Sequence[Sequence[int]]) -> list[_Choices]:
    """Take rankings apart into choices; rankings that are alike are counted together."""
    choices = []
    for length in sorted(set(map(len, rankings))):
        alike = np.array([ranking for ranking in rankings if len(ranking) == length])
        rows, times = np.unique(alike, axis=0, return_counts=True)
        choices += [_Choices(rows[:, place:], times * 1.0) for place in range(length - 1)]
    return choices


def _against_average(models: int, prior: float) -> list[_Choices]:
    """Let each model win and lose against an opponent of strength zero, numbered after the last."""
    each, average = np.arange(models), np.full(models, models)
    pairs = [np.column_stack([each, average]), np.column_stack([average, each])]
    return [_Choices(pair, np.full(models, prior)) for pair in pairs]


def _beaten(choices: list[_Choices], models: int) -> _Array:
    table = np.zeros((models, models), dtype=bool)
    for options, _ in choices:
        table[options[:, :1], options[:, 1:]] = True
    return table


def _likelihood(choices: list[_Choices], at: _Array) -> Likelihood:
    """Return the sum over choices, without the opponent, whose strength is known."""
    size = len(at) + 1
    strengths = np.append(at, 0.0)
    value, gradient, information = 0.0, np.zeros(size), np.zeros((size, size))
    for options, times in choices:
        among = strengths[options]
        log_total = np.logaddexp.reduce(among, axis=1, keepdims=True)
        expected = np.exp(among - log_total) * times[:, None]
        value += float(times @ (among[:, 0] - log_total[:, 0]))
        gradient += np.bincount(options[:, 0], times, size)
        gradient -= np.bincount(options.ravel(), expected.ravel(), size)
        information += _spread(options, expected, times, size)
    return Likelihood(value, gradient[:-1], information[:-1, :-1])


def _spread(options: _Array, expected: _Array, times: _Array, size: int) -> _Array:
    """Return the summed variances of choices: diag(p) - pp' in the places of their options."""
    both = expected[:, :, None] * expected[:, None, :] / times[:, None, None]
    places = options[:, :, None] * size + options[:, None, :]
    products = np.bincount(places.ravel(), both.ravel(), size**2).reshape(size, size)
    return np.diag(np.bincount(options.ravel(), expected.ravel(), size)) - products
