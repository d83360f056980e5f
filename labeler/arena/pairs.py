"""Pairs: which two endpoints answer in a conversation. Those that met least come first."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from random import SystemRandom
from typing import TypeAlias

Pair: TypeAlias = frozenset[str]
_random = SystemRandom()


def met(conversations: Iterable[tuple[str, str, int]]) -> dict[Pair, int]:
    """Count how often two met, whoever of them came first."""
    found: dict[Pair, int] = {}
    for one, other, number in conversations:
        pair = frozenset((one, other))
        found[pair] = found.get(pair, 0) + number
    return found


def draw(names: Sequence[str], before: Mapping[Pair, int]) -> tuple[str, str]:
    """Draw two of these names, in an order that is drawn, too."""
    pairs = [frozenset(pair) for pair in combinations(names, 2)]
    least = min(before.get(pair, 0) for pair in pairs)
    drawn = sorted(secrets.choice([pair for pair in pairs if before.get(pair, 0) == least]))
    first, second = _random.sample(drawn, 2)
    return first, second


def places() -> list[int]:
    """Draw which of two responses stands at A, and which at B."""
    return _random.sample([0, 1], 2)
