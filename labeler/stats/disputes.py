"""Disputes: known answers that those who are right elsewhere find wrong."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

Person = TypeVar("Person", bound=Hashable)
Item = TypeVar("Item", bound=Hashable)

OTHERS = 5
"""How many other known answers somebody has judged before their word is heard."""
SHARE = 0.8
"""Which share of the others they had right."""
HEARD = 4
"""How many such people have judged an item before it can be disputed."""


def disputed(answers: Sequence[tuple[Person, Item, bool]]) -> set[Item]:
    """Return the items that fewer than half of the reliable people found right.

    `answers` says who judged which item, and whether rightly, once each. Whoever was right on 80 %
    of at least 5 *other* items is reliable on this one, so that an item that is wrong takes nobody
    their say about itself. Items that fewer than 4 reliable people have judged are never returned.
    """
    judged = Counter(person for person, _, _ in answers)
    right = Counter(person for person, _, is_right in answers if is_right)
    heard, agreed = Counter[Item](), Counter[Item]()
    for person, item, is_right in answers:
        others = judged[person] - 1
        if others >= OTHERS and right[person] - is_right >= SHARE * others:
            heard[item] += 1
            agreed[item] += is_right
    return {item for item, n in heard.items() if n >= HEARD and 2 * agreed[item] < n}
