"""Repeats: what was judged twice by the same person, paired with its first look."""

from dataclasses import dataclass

import numpy as np

from labeler.quality.records import Array, Records


@dataclass(frozen=True, eq=False)
class Pairs:
    """Aligned arrays, a place per second look: whose, and the places of both among the records."""

    person: Array
    before: Array
    after: Array
    same: Array
    """Whether the same was said again, of whichever answers."""


def of(records: Records) -> Pairs:
    """Return every second look whose first one still stands."""
    key = records.item.astype(np.int64) * len(records.people) + records.person
    after = np.flatnonzero(records.is_repeat)
    first = np.flatnonzero(~records.is_repeat)
    first = first[np.argsort(key[first], kind="stable")]
    place = np.searchsorted(key[first], key[after])
    there = place < len(first)
    there[there] = key[first[place[there]]] == key[after[there]]
    after, before = after[there], first[place[there]]
    same = records.label[before] == records.label[after]
    return Pairs(records.person[after], before, after, np.asarray(same))
