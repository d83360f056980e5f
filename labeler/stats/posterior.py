"""What one item's true label probably is, from what a few people said and how often each is right.

The model is one coin for each annotator: with probability a the true label is said, else one of
the others, each as likely as the next; beforehand every label is as likely as the next. Written
without numpy, since it runs with every judgment of an adaptive project.
Dawid and Skene (1979), with one parameter for each annotator.
"""

from collections.abc import Iterable, Sequence
from math import exp, log

PRIOR = (8.0, 2.4)
"""The Beta distribution that annotators' accuracies are drawn from: a mean of 0.77."""
MOST = 0.999
"""No accuracy counts as higher: one vote must not settle an item for ever."""


def accuracy(right: float, votes: float, prior: tuple[float, float] = PRIOR) -> float:
    """Return an annotator's accuracy: (right + a)/(votes + a + b), the mean of the Beta posterior.

    It is the same as in `consensus.one_coin`. `right` is how many of the votes were right, by
    expectation, as a sum of posteriors, where that is not known.
    """
    return (right + prior[0]) / (votes + sum(prior))


def posterior(votes: Iterable[tuple[int, float]], labels: int) -> list[float]:
    """Return the probability of each label, given votes as (label, the annotator's accuracy).

    Labels run from 0; without votes all are as likely. An annotator who is right less often than
    chance says nothing rather than the opposite.
    """
    assert labels >= 2, "there is nothing to choose from"
    weights = [0.0] * labels
    for label, right in votes:
        weights[label] += max(0.0, evidence(right, labels))
    return _normalised(weights)


def evidence(right: float, labels: int) -> float:
    """Return by how much one vote raises the logarithm of its label's odds."""
    right = min(right, MOST)
    return log(right * (labels - 1) / (1 - right))


def _normalised(weights: Sequence[float]) -> list[float]:
    highest = max(weights)
    odds = [exp(weight - highest) for weight in weights]
    total = sum(odds)
    return [each / total for each in odds]
