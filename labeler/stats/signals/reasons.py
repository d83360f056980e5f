"""Whether the reasons that people write are the same text again: their own, or somebody else's.

People have favourite sentences, and a short reason is often the same as another, so short ones
never count and some repetition is usual. A reason is what remains without capitals and
punctuation; two are alike if nine of ten runs of three words are in both.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from labeler.said import say
from labeler.stats.signals.signal import Signal, share_signal

FEWEST_WORDS = 6
SHINGLE = 3
ALIKE = 0.9
OWN = 0.20  # of a person's reasons may be as one written before
OTHERS = 0.05  # may be as somebody else's
FEWEST = 3
BANDS, ROWS = 16, 4  # texts ALIKE share a band with chance 1 - (1 - 0.9⁴)¹⁶, all but one in 10⁷

Hashes = NDArray[np.uint64]
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u0900-\u0dff]+[^\W_]*)*")


@dataclass(frozen=True, slots=True)
class Reasons:
    """How many of a person's reasons repeat an earlier one, and how many are as somebody else's."""

    own: Signal
    others: Signal


def reason_signals(reasons: Sequence[tuple[int, str]]) -> dict[int, Reasons]:
    """Return what the texts of each person say, from (person, text) in any order.

    n counts the texts of FEWEST_WORDS words or more. Texts written with no spaces between words
    are one word, and so never count.
    """
    words = [_words(text) for _, text in reasons]
    long = [at for at, found in enumerate(words) if len(found) >= FEWEST_WORDS]
    groups = _groups([words[at] for at in long])
    wrote: dict[int, list[int]] = {person: [] for person, _ in reasons}
    authors: dict[int, set[int]] = defaultdict(set)
    for at, group in zip(long, groups, strict=True):
        wrote[reasons[at][0]].append(group)
        authors[group].add(reasons[at][0])
    return {person: _reasons(mine, authors) for person, mine in wrote.items()}


def similarity(one: str, other: str) -> float:
    """Return the share of runs of three words that are in both texts, of those in either."""
    return _jaccard(_shingles(_words(one)), _shingles(_words(other)))


def _reasons(mine: list[int], authors: dict[int, set[int]]) -> Reasons:
    n = len(mine)
    again = n - len(Counter(mine))
    shared = sum(1 for group in mine if len(authors[group]) > 1)
    own = say(
        "%(again)s of %(n)s longer reasons are nearly the same as another one by the same person; "
        "up to 20 of 100 would be usual.",
        again=again,
        n=n,
    )
    others = say(
        "%(shared)s of %(n)s longer reasons are nearly the same as one by another person; up to "
        "5 of 100 would be usual.",
        shared=shared,
        n=n,
    )
    return Reasons(
        share_signal(again, n, usual=OWN, sentence=own, fewest=FEWEST),
        share_signal(shared, n, usual=OTHERS, sentence=others, fewest=FEWEST),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(normalize("NFKC", text).casefold()))


def _shingles(words: Sequence[str]) -> Hashes:
    """Return the hashes of all runs of SHINGLE words, in order, each once."""
    runs = (" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1))
    digests = b"".join(blake2b(run.encode(), digest_size=8).digest() for run in runs)
    return np.unique(np.frombuffer(digests, dtype="<u8"))


def _jaccard(one: Hashes, other: Hashes) -> float:
    both = len(np.intersect1d(one, other, assume_unique=True))
    either = len(one) + len(other) - both
    return both / either if either else 0.0


def _groups(texts: list[tuple[str, ...]]) -> list[int]:
    """Return a number per text, the same for texts that are alike, by one step or several."""
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    shingles = [_shingles(text) for text in places]
    head = list(range(len(places)))
    for one, other in _candidates(shingles):
        if _jaccard(shingles[one], shingles[other]) >= ALIKE:
            head[_root(head, other)] = _root(head, one)
    return [_root(head, places[text]) for text in texts]


def _root(head: list[int], place: int) -> int:
    while head[place] != place:
        head[place] = head[head[place]]
        place = head[place]
    return place


def _candidates(shingles: list[Hashes]) -> Iterator[tuple[int, int]]:
    """Yield pairs that may be alike: those with the same smallest hashes in one of the bands.

    Broder (1997), On the resemblance and containment of documents. In a band that very many
    share, each is compared with the first only, since alike texts are joined step by step.
    """
    smallest = np.array([_smallest(found) for found in shingles]).reshape(-1, BANDS, ROWS)
    for band in range(BANDS):
        places: dict[bytes, list[int]] = defaultdict(list)
        for place, rows in enumerate(smallest[:, band]):
            places[rows.tobytes()].append(place)
        for same in places.values():
            yield from _pairs(same)


def _pairs(places: list[int]) -> Iterable[tuple[int, int]]:
    if len(places) > 50:
        return ((places[0], other) for other in places[1:])
    return combinations(places, 2)


def _smallest(hashes: Hashes) -> Hashes:
    """Return the smallest of the hashes under each of BANDS·ROWS further hash functions."""
    mixed = (hashes[:, None] ^ _SEEDS) * _FACTORS
    smallest: Hashes = (mixed ^ (mixed >> np.uint64(29))).min(axis=0)
    return smallest


_RANDOM = np.random.default_rng(0)
_SEEDS = _RANDOM.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
_FACTORS = _RANDOM.integers(0, 2**62, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
