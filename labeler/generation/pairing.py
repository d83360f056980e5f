"""Pairing: which answers to a prompt are compared with each other.

Everything here follows from what is given: the same answers in the same order, with the same seed,
make the same comparisons, whenever and however often it is done.
"""

import enum
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import inf
from statistics import NormalDist
from typing import TypeAlias


class Pairing(enum.Enum):
    """Which answers to a prompt are compared."""

    all = "all"
    """Each with each."""
    baseline = "baseline"
    """Each with the answer of a named endpoint."""
    best_against_rest = "best_against_rest"
    """Each with the answer of the endpoint that votes so far found best."""
    balanced = "balanced"
    """Some, drawn by lot: each two endpoints meet equally often."""
    uncertain = "uncertain"
    """Those of endpoints first of which votes so far say least which one is better."""
    together = "together"
    """All of them in one comparison, to be ranked or rated."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Which endpoint gave an answer, and which of its answers to the prompt that is, from 0."""

    endpoint: str
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """How much stronger one endpoint is than another, as far as votes say, in log-odds."""

    estimate: float = 0.0
    standard_error: float = inf

    def doubt(self, more: int = 0) -> float:
        """Return how probably the weaker one is the better one, from 0 to ½.

        `more` votes that are asked for already count as if they were in: between equals each of
        them brings an information of ¼.
        """
        information = (0.0 if self.standard_error == inf else self.standard_error**-2) + more / 4
        return NormalDist().cdf(-abs(self.estimate) * information**0.5)


UNMET = Gap()
Two: TypeAlias = tuple[str, str]
"""Two endpoints by name, in alphabetical order; the same one twice if its answers are compared."""
Compared: TypeAlias = tuple[int, ...]
"""The answers of a comparison, by their place among those to the prompt."""


def two(one: str, other: str) -> Two:
    """Name two endpoints."""
    return (one, other) if one <= other else (other, one)


@dataclass
class Pairs:
    """Chooses what is compared, prompt after prompt, and remembers what met before."""

    pairing: Pairing
    seed: int = 0
    against: str = ""
    """The endpoint that all others are compared with, where that is so."""
    per_prompt: int = 1
    """How many pairs are chosen, where they are chosen."""
    gaps: Mapping[Two, Gap] = field(default_factory=dict)
    """What votes said before, by endpoints."""
    alone: bool = False
    """Whether there is one endpoint only, whose answers are compared among themselves."""
    _met: Counter[Two] = field(default_factory=Counter)
    _used: Counter[str] = field(default_factory=Counter)

    def of(self, prompt: str, answers: Sequence[Answer]) -> list[Compared]:
        """Return the comparisons of a prompt; none if there are fewer than two answers.

        `prompt` is what lots are drawn from beside the seed.
        """
        if len(answers) < 2:
            return []
        if self.pairing is Pairing.together:
            return [tuple(range(len(answers)))]
        if self.pairing is Pairing.all:
            return list(combinations(range(len(answers)), 2))
        if self.pairing in (Pairing.baseline, Pairing.best_against_rest):
            return against(self.against, answers)
        return self._chosen(prompt, answers)

    def most(self, answers: Sequence[Answer]) -> int:
        """Return how many comparisons a prompt has if all its answers can be compared."""
        if self.pairing in (Pairing.balanced, Pairing.uncertain):
            return min(self.per_prompt, len(self._open(answers)))
        return len(self.of("", answers))

    def _chosen(self, prompt: str, answers: Sequence[Answer]) -> list[Compared]:
        found: list[Compared] = []
        left, here = self._open(answers), Counter[int]()
        lots = {pair: self._lot(prompt, *pair) for pair in left}
        while left and len(found) < self.per_prompt:
            rank = self._by_doubt if self.pairing is Pairing.uncertain else self._by_use
            one = min(left, key=lambda pair: (*rank(pair, answers, here), lots[pair]))
            left.remove(one)
            found.append(one)
            here.update(one)
            names = [answers[at].endpoint for at in one]
            self._met[two(*names)] += 1
            self._used.update(names)
        return found

    def _by_use(
        self, pair: Compared, answers: Sequence[Answer], here: Counter[int]
    ) -> tuple[float, ...]:
        """Rank a pair: those first whose endpoints met least often, and were used least."""
        names = [answers[at].endpoint for at in pair]
        used = sum(self._used[name] for name in names)
        return self._met[two(*names)], used, sum(here[at] for at in pair)

    def _by_doubt(
        self, pair: Compared, answers: Sequence[Answer], here: Counter[int]
    ) -> tuple[float, ...]:
        """Rank a pair: those first of which it is least known which endpoint is better."""
        names = two(*(answers[at].endpoint for at in pair))
        gap = self.gaps.get(names, UNMET)
        return -gap.doubt(self._met[names]), *self._by_use(pair, answers, here)

    def _open(self, answers: Sequence[Answer]) -> list[Compared]:
        pairs = combinations(range(len(answers)), 2)
        return [
            (one, other)
            for one, other in pairs
            if self.alone or answers[one].endpoint != answers[other].endpoint
        ]

    def _lot(self, *parts: object) -> bytes:
        return hashlib.sha256("\0".join(map(str, [self.seed, *parts])).encode()).digest()


def against(endpoint: str, answers: Sequence[Answer]) -> list[Compared]:
    """Pair each answer of another endpoint with one of this, sample by sample.

    Where one of these is missing, the others take turns.
    """
    base = [at for at, answer in enumerate(answers) if answer.endpoint == endpoint]
    if not base:
        return []
    by_sample = {answers[at].sample: at for at in base}
    return [
        tuple(sorted((by_sample.get(answer.sample, base[answer.sample % len(base)]), at)))
        for at, answer in enumerate(answers)
        if answer.endpoint != endpoint
    ]
