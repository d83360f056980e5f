"""Gold, speed and sides: how many honest people are noticed, and how soon others are.

Gold is counted out exactly. Honest people of the other worlds differ: between people the log of
their pace by 0.35, between judgments by 0.6, their share of first sides by three points of 100.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.quality.rows import Row
from labeler.stats import gold
from labeler.stats.signals import copying, pace, sides

PEOPLE = 200
BIASED = 10  # of them, for each of two ways of choosing a side
WORLDS = 50
VOTES = 10
BETWEEN, WITHIN = 0.35, 0.6

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def measure(seed: int) -> list[Row]:
    """Return what was found of each promise."""
    random = np.random.default_rng(seed)
    return [*_gold(), *_sides(random), *_speed(random), *_copying(random)]


def _gold() -> Iterator[Row]:
    test = gold.gold_test()
    honest, clicker = test.honest, test.clicker
    yield _at_least("random clickers caught within 25 gold", 0.99, clicker.caught)
    yield _at_most("honest people (0.90 right) ever caught", 0.01, honest.ever)
    yield Row(
        "gold items until a random clicker is caught, on average",
        "≤ 14",
        f"{clicker.mean:.1f}",
        clicker.mean <= 14,
    )


def _sides(random: np.random.Generator) -> Iterator[Row]:
    shares = np.clip(random.normal(0.5, 0.03, (WORLDS, PEOPLE)), 0, 1)
    honest = [_noticed(random.binomial(1000, world), 1000) for world in shares]
    yield _at_most("honest people noticed for their sides, 1,000 votes", 0.001, np.mean(honest))
    left, mostly = [], []
    for world in shares:
        left.append(_noticed(_biased(random, world, 15, 1.0), 15)[:BIASED])
        mostly.append(_noticed(_biased(random, world, 40, 0.9), 40)[BIASED : 2 * BIASED])
    yield _at_least("always-first noticed by 15 votes, a tenth biased", 0.9, np.mean(left))
    yield _at_least("nine of ten first noticed by 40 votes", 0.9, np.mean(mostly))


def _biased(random: np.random.Generator, honest: Floats, votes: int, share: float) -> Whole:
    """Return counts of first sides, half of the biased always first and half with this share."""
    shares = np.concatenate([np.ones(BIASED), np.full(BIASED, share), honest[2 * BIASED :]])
    return random.binomial(votes, shares)


def _noticed(first: Whole, votes: int) -> list[bool]:
    found = sides.side_signals(first, np.full(len(first), votes))
    return [signal.noticeable for signal in found]


def _speed(random: np.random.Generator) -> Iterator[Row]:
    honest = [_fast(random, 1.0) for _ in range(WORLDS)]
    hasty = [_fast(random, 8.0)[:BIASED] for _ in range(WORLDS)]
    yield _at_most("honest people noticed for their pace, 10 votes", 0.002, np.mean(honest))
    yield _at_least("eight times too fast noticed by 10 votes", 0.95, np.mean(hasty))


def _fast(random: np.random.Generator, times: float) -> list[bool]:
    """Return who is noticed, the first BIASED people being so many times faster than they were."""
    person = np.repeat(np.arange(PEOPLE), VOTES)
    words = np.exp(random.normal(5.5, 0.7, len(person)))
    own = random.normal(0, BETWEEN, PEOPLE)
    own[:BIASED] -= np.log(times)
    logs = own[person] + 0.6 * np.log(words) + random.normal(0, WITHIN, len(person))
    found = pace.pace_signals(person, words, np.exp(logs))
    return [found[who].noticeable for who in range(PEOPLE)]


def _copying(random: np.random.Generator) -> Iterator[Row]:
    """Measure twenty people who vote five times on 10,000 items, one copying 95 of 100 answers."""
    accuracy = np.clip(random.beta(9.7, 2.3, 20), 0.5, 0.99)
    who = np.argsort(random.random((10_000, 20)), axis=1)[:, :5]
    right = random.random(who.shape) < accuracy[who]
    label = right.astype(np.int64)
    seen = (who == 1).any(axis=1) & (who == 0).any(axis=1) & (random.random(10_000) < 0.95)
    label[seen[:, None] & (who == 1)] = label[seen[:, None] & (who == 0)]
    item = np.repeat(np.arange(10_000), 5)
    pairs = copying.copying_signals(item, who.reshape(-1), label.reshape(-1))
    noticed = [(pair.first, pair.second) for pair in pairs if pair.signal.noticeable]
    found = "; ".join(f"{one} and {two}" for one, two in noticed) or "nobody"
    yield Row("person 1 copies person 0", "0 and 1", found, noticed == [(0, 1)])


def _at_least(what: str, target: float, found: float | np.floating) -> Row:
    return Row(what, f"≥ {target:.0%}", f"{found:.2%}", bool(found >= target))


def _at_most(what: str, target: float, found: float | np.floating) -> Row:
    return Row(what, f"≤ {target:.1%}", f"{found:.3%}", bool(found <= target))
