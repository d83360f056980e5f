"""Near-duplicates: prompts kept for testing that are nearly the same as a prompt for training.

What was seen in training tells nothing when it is asked again in a test. Two prompts are near if
four fifths of all the runs of three words that are in either are in both, as far as 64 hashes can
tell: an estimate of .8 has a standard error of .05. Capitals, punctuation and space do not count.
Prompts of fewer than six words are near if they are equal, since below that one word less or more
already makes them differ by more. All is made of the texts alone, on every machine alike.

Broder (1997), On the resemblance and containment of documents: the smallest of all hashes is the
same in two sets with a probability of their resemblance. Li and König (2010), b-bit minwise
hashing: eight bits of it are enough. Leskovec, Rajaraman and Ullman, Mining of Massive Datasets,
chapter 3: bands, so that not every prompt has to be compared with every other. By so many bands
none is missed that the hashes call near.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b, shake_128
from itertools import pairwise
from math import ceil
from unicodedata import normalize
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

NEAR = 0.8
"""Jaccard's coefficient of the runs of words from which on two prompts are near."""
FEWEST = 6
"""Prompts with fewer words are near only if they are equal."""
BANDS, ROWS = 16, 4
HASHES = BANDS * ROWS
ALIKE = ceil(HASHES * (1 / 256 + NEAR * 255 / 256))
"""How many of the hashes of near prompts are the same; one in 256 of the others is by chance."""
LOOKED_AT = HASHES - ALIKE + 1
"""Bands of which near prompts share one at least, since each hash that differs spoils one band."""

Signatures = NDArray[np.uint32]
_Numbers = NDArray[np.int64]

BATCH = 2**20
"""Characters that are looked at together."""
PAIRS = 2**13
"""Pairs of prompts that are compared together."""
REMEMBERED, LONGEST = 2**16, 40
"""How many words are remembered, and how long they may be."""

# Scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana, Chinese characters.
_ALONE = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u1049\u1050-\u109f\u1780-\u17d3"
    "\u3041-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# What is written on letters, which `\w` leaves out: accents, and vowels of Hebrew, Arabic and the
# scripts of India, whose full stops stand between them.
_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_LETTERS = rf"[^\W_{_ALONE}]"
_WORD = re.compile(rf"{_LETTERS}+(?:[{_MARKS}]+{_LETTERS}*)*|[{_ALONE}]")

# Any numbers do that are odd, and the same for ever. The two for mixing are those of MurmurHash3.
_DRAWN = np.frombuffer(shake_128(b"near").digest(8 * HASHES), "<u4").astype(np.uint32)
_FACTORS, _STEPS = _DRAWN[:HASHES] | np.uint32(1), _DRAWN[HASHES:]
_PLACES = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], np.uint32)
_MIXING = np.array([0x85EBCA6B, 0xC2B2AE35], np.uint32)


def signatures(texts: Sequence[str]) -> Signatures:
    """Return texts × 16 numbers, each holding four hashes of a text: a band."""
    found = np.empty((len(texts), BANDS), np.uint32)
    ends = np.cumsum([len(text) for text in texts]) // BATCH
    cuts = [0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), len(texts)]
    for start, stop in pairwise(cuts):
        _sign(texts[start:stop], found[start:stop])
    return found


class Prompts:
    """Collects the signatures of prompts, 81 bytes for each, to find those that are near."""

    def __init__(self) -> None:
        self._ids = bytearray()
        self._signatures = bytearray()
        self._tests = bytearray()
        self._id_length = 0

    def add(self, ids: Sequence[str], signed: Signatures, are_tests: Sequence[bool]) -> None:
        """Add prompts, whose ids are hexadecimal and of one length. To add one twice is as once."""
        assert len(ids) == len(signed) == len(are_tests), "each prompt has an id and a side"
        raw = [bytes.fromhex(each) for each in ids]
        self._id_length = self._id_length or len(raw[0]) if raw else self._id_length
        assert {len(each) for each in raw} <= {self._id_length}, "ids are of one length"
        self._ids += b"".join(raw)
        self._signatures += np.ascontiguousarray(signed, "<u4").tobytes()
        self._tests += bytes(map(bool, are_tests))

    def arrays(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
        """Return all that was added, as `extend` takes it: ids, signatures, sides."""
        ids, signatures, tests = self._ids, self._signatures, self._tests
        return (
            np.frombuffer(ids, np.uint8),
            np.frombuffer(signatures, np.uint8),
            np.frombuffer(tests, np.uint8),
        )

    def extend(
        self, ids: NDArray[np.uint8], signatures: NDArray[np.uint8], tests: NDArray[np.uint8]
    ) -> None:
        """Add what `arrays` returned elsewhere."""
        self._ids += ids.tobytes()
        self._signatures += signatures.tobytes()
        self._tests += tests.tobytes()
        self._id_length = len(self._ids) // max(1, len(self._tests))

    def leaks(self) -> dict[str, str]:
        """Return the nearest prompt for training of each prompt for testing that is near one.

        By id; of several that are as near, the one with the smallest id. Whatever shares a band is
        compared pair by pair: 10,000 tests made by the template of 90,000 others take a minute.
        """
        is_test = np.frombuffer(self._tests, np.bool)
        tests, trains = np.flatnonzero(is_test), np.flatnonzero(~is_test)
        if not len(tests) or not len(trains):
            return {}
        ids = np.frombuffer(self._ids, f"S{self._id_length}")
        trains = trains[np.argsort(ids[trains])]
        nearest = self._nearest(tests, trains)
        found = np.flatnonzero(nearest >= 0)
        pairs = {self._id(tests[at]): self._id(trains[nearest[at]]) for at in found}
        return dict(sorted(pairs.items()))

    def _nearest(self, tests: _Numbers, trains: _Numbers) -> _Numbers:
        """Return the place in `trains`, which are sorted by id, for each test; -1 if none is near.

        The best is the largest of numbers that hold how many hashes are alike and, below, the
        place counted from behind.
        """
        signed = np.frombuffer(self._signatures, "<u4").reshape(-1, BANDS)
        best = np.zeros(len(tests), np.int64)
        for band in range(LOOKED_AT):
            keys, wanted = signed[trains, band], signed[tests, band]
            for test, train in _shared(wanted, keys):
                alike = _alike(signed.take(tests[test], 0), signed.take(trains[train], 0))
                near = alike >= ALIKE
                score = alike[near] * 2**32 + (len(trains) - train[near])
                np.maximum.at(best, test[near], score)
        return np.where(best > 0, len(trains) - best % 2**32, -1)

    def _id(self, row: int) -> str:
        return self._ids[row * self._id_length : (row + 1) * self._id_length].hex()


class _Hashes(dict[str, bytes]):
    """The hashes of the words in what stands between two spaces, four bytes for each word."""

    def __missing__(self, written: str) -> bytes:
        hashes = b"".join(crc32(_bytes(word)).to_bytes(4, "little") for word in _words(written))
        if len(written) <= LONGEST:
            if len(self) >= REMEMBERED:
                self.clear()
            self[written] = hashes
        return hashes


_hashes = _Hashes()


def _sign(texts: Sequence[str], found: Signatures) -> None:
    """Write the signatures of texts into the rows of `found`."""
    said = [b"".join(map(_hashes.__getitem__, text.split())) for text in texts]
    counts = np.fromiter(map(len, said), np.int64, len(said)) // 4
    for at in np.flatnonzero(counts < FEWEST):
        found[at] = _exact(texts[int(at)])
    long = np.flatnonzero(counts >= FEWEST)
    if len(long):
        hashes = np.frombuffer(b"".join([said[int(at)] for at in long]), "<u4")
        found[long] = _smallest(_runs(hashes, counts[long]), counts[long] - 2)


def _exact(text: str) -> Signatures:
    """Return a signature that only equal texts share; without words all that is written counts."""
    said = " ".join(_words(text)) or "".join(text.casefold().split())
    return np.frombuffer(blake2b(_bytes(said), digest_size=HASHES).digest(), "<u4")


def _words(text: str) -> list[str]:
    return _WORD.findall(normalize("NFKC", text).casefold())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _runs(hashes: Signatures, counts: _Numbers) -> Signatures:
    """Return a hash of each run of three words that does not reach into the next text."""
    first, second, third = _PLACES
    runs = hashes[:-2] * first + hashes[1:-1] * second + hashes[2:] * third
    for shift, factor in zip((16, 13), _MIXING, strict=True):
        runs ^= runs >> np.uint32(shift)
        runs *= factor
    runs ^= runs >> np.uint32(16)
    inside = np.ones(len(hashes), np.bool)
    ends = np.cumsum(counts)
    inside[ends - 1] = inside[ends - 2] = False
    found: Signatures = runs[inside[:-2]]
    return found


def _smallest(runs: Signatures, counts: _Numbers) -> Signatures:
    """Return eight bits of the smallest run of each text under every one of the hashes."""
    starts = np.cumsum(counts) - counts
    smallest = np.empty((HASHES, len(counts)), np.uint32)
    mixed = np.empty_like(runs)
    for row, factor, step in zip(smallest, _FACTORS, _STEPS, strict=True):
        np.multiply(runs, factor, out=mixed)
        np.add(mixed, step, out=mixed)
        np.minimum.reduceat(mixed, starts, out=row)
    # What is smallest begins with zeros, so that its bits are spread before eight are taken.
    kept = (smallest * _PLACES[0] >> np.uint32(24)).astype(np.uint8)
    return np.ascontiguousarray(kept.T).view("<u4")


def _shared(wanted: Signatures, keys: Signatures) -> Iterator[tuple[_Numbers, _Numbers]]:
    """Yield all places of equal numbers in both, PAIRS at a time."""
    order = np.argsort(keys)
    keys = keys[order]
    first = np.searchsorted(keys, wanted)
    counts = np.searchsorted(keys, wanted, "right") - first
    ends = np.cumsum(counts)
    ahead = first - (ends - counts)
    for start in range(0, int(ends[-1]), PAIRS):
        pair = np.arange(start, min(start + PAIRS, int(ends[-1])))
        one = np.searchsorted(ends, pair, "right")
        yield one, order[ahead[one] + pair]


def _alike(one: Signatures, other: Signatures) -> _Numbers:
    """Return how many of the hashes in each row are the same."""
    same = (one.view(np.uint8) == other.view(np.uint8)).view(np.uint64)
    # Eight sums of one byte each; the product has them all added up in its first byte.
    sums = np.bitwise_count(same).view(np.uint64)[:, 0]
    alike: _Numbers = (sums * np.uint64(0x0101010101010101) >> np.uint64(56)).astype(np.int64)
    return alike
