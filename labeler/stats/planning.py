"""What labels will come to, and what they will take, before anybody is asked: simulated.

A world is made that looks like a pilot: annotators who differ as much as they did, and are so able
that two votes agree as often as they did. In it every design is tried on the same items. An item's
ease b is log-normal; somebody of the ability a, as log-odds, is right on it with σ(a·b), and says
any other label otherwise. How much items differ is no part of what few votes on each tell; it is
taken to be `SPREAD`, which gives the agreement and the accuracy of published preferences. To take
all items for equally hard would promise two or three points too much.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Array: TypeAlias = NDArray[Any]

ITEMS = 4_000
"""How many items are simulated: a share is told to about half a point."""
SPREAD = 0.7
"""The standard deviation of the logarithm of an item's ease."""
_SHIFTS = np.linspace(-3.0, 3.0, 25)


@dataclass(frozen=True, slots=True)
class Design:
    """How often an item is labelled: at least and at most, and from which confidence on no more.

    Without a confidence each item is labelled `most` times.
    """

    most: int
    least: int = 1
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a design comes to: votes on an item, and the share of items whose label is right."""

    design: Design
    votes: float
    right: float


def forecasts(
    accuracies: ArrayLike,
    agreement: float,
    designs: list[Design],
    *,
    labels: int = 2,
    seed: int = 0,
) -> list[Forecast]:
    """Simulate the designs among annotators with these accuracies, estimated from a pilot.

    `agreement` is how often two votes on an item were the same; nan where there was no pilot, and
    then accuracies are taken as they are.
    """
    rng = np.random.default_rng(seed)
    most = max(design.most for design in designs)
    ease = np.exp(SPREAD * rng.standard_normal(ITEMS))[:, None]
    able = _abilities(rng, np.asarray(accuracies, dtype=float), agreement, labels, ease[:, 0])
    who = rng.integers(0, len(able), size=(ITEMS, most))
    right = rng.random(who.shape) < _chance(able[who] * ease)
    said = np.where(right, 0, rng.integers(1, labels, who.shape))
    overall = _chance(able[:, None] * ease[:, 0]).mean(axis=1)
    weight = np.maximum(np.log(overall * (labels - 1) / (1 - overall)), 0.0)[who]
    scores = np.cumsum(weight[:, :, None] * (said[:, :, None] == np.arange(labels)), axis=1)
    return [_forecast(design, scores) for design in designs]


def _forecast(design: Design, scores: _Array) -> Forecast:
    """Let each item stop where its label is sure enough; label 0 is the right one."""
    items, most, _ = scores.shape
    stops = np.full(items, min(design.most, most))
    if design.confidence is not None:
        odds = np.exp(scores - scores.max(axis=2, keepdims=True))
        sure = odds.max(axis=2) / odds.sum(axis=2) >= design.confidence
        sure[:, : design.least - 1] = False
        sure[:, design.most - 1 :] = True
        stops = sure.argmax(axis=1) + 1
    final = scores[np.arange(items), stops - 1]
    best = np.isclose(final, final.max(axis=1, keepdims=True))
    return Forecast(design, float(stops.mean()), float((best[:, 0] / best.sum(axis=1)).mean()))


def _abilities(
    rng: np.random.Generator, accuracies: _Array, agreement: float, labels: int, ease: _Array
) -> _Array:
    """Return abilities that differ as the accuracies do and give this agreement."""
    sure = np.clip(accuracies, 0.05, 0.99)
    able: _Array = np.log(sure / (1 - sure))
    if np.isnan(agreement):
        return able
    pairs = rng.integers(0, len(able), size=(2, len(ease)))
    found = []
    for shift in _SHIFTS:
        first, second = (_chance((able[each] + shift) * ease) for each in pairs)
        found.append(float((first * second + (1 - first) * (1 - second) / (labels - 1)).mean()))
    # Below its least agreement grows again: people who are wrong alike are no pilot to plan by.
    least = int(np.argmin(found))
    shifted: _Array = able + np.interp(agreement, found[least:], _SHIFTS[least:])
    return shifted


def _chance(log_odds: _Array) -> _Array:
    chance: _Array = 1 / (1 + np.exp(-log_odds))
    return chance
