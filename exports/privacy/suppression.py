"""Suppression: which numbers about people can be published without telling of one of them.

Pure: no tables, no session. People are counted, never what they did. A number of fewer than k
people is not told, nor is one by which it could be worked out: what is left of a total when all
that is told was taken off it, and what a number is more or less than it was in a release before,
is always nobody's or that of k people at least.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import product
from typing import TypeAlias, TypeVar

from labeler.errors import Invalid

K = 10
"""How many people a number is about at the least, unless somebody says otherwise."""
LEAST_K = 5
"""What nobody can go below."""
MANY = 50
"""From so many people on the lowest and the highest of them tell of nobody."""
MOST_ATTRIBUTES = 2
"""How many attributes of people are crossed at most."""
SHARE = (2, 5)
"""The largest part of a group's hours that one of them may have where its pay is told: 40 %."""
OTHER = "other"
"""What groups that are too small are called together."""

Name = TypeVar("Name", bound=str)
Value = TypeVar("Value")
People: TypeAlias = AbstractSet[int]
Adds: TypeAlias = Mapping[int, Value]
"""What each person adds to a number."""
Unit: TypeAlias = tuple[int, str]
"""A person, and on what they worked where one person may be in several rows."""
Table: TypeAlias = Mapping[str, Mapping[Unit, Value]]
"""What each unit adds to each row of a table; each is in one row."""


def require_k(k: int) -> int:
    """Return k if it is not too low; raises Invalid."""
    if k < LEAST_K:
        raise Invalid(f"Groups of fewer than {LEAST_K} people are never told of: k is {k}.")
    return k


def is_small(people: Collection[object], k: int) -> bool:
    """Say whether there is somebody, and fewer than k are."""
    return 0 < len(people) < k


def hidden(groups: Mapping[Name, People], k: int) -> set[Name]:
    """Return which groups are not told, where the sum over all of them is known.

    Those that are too small, and with them the next larger ones until they are k people together:
    what is left of the sum is theirs. Where even all are fewer, all are hidden.
    """
    found = {name for name, people in groups.items() if is_small(people, k)}
    rest = [name for name in groups.keys() - found if groups[name]]
    rest.sort(key=lambda name: (len(groups[name]), name), reverse=True)
    while rest and is_small(_together(groups, found), k):
        found.add(rest.pop())
    return found


def merged(groups: Mapping[str, People], k: int) -> dict[str, frozenset[int]]:
    """Return the groups that are told; what is hidden of them is one more, which is last.

    Nothing if that leaves no more than one, which would be everybody.
    """
    small = hidden(groups, k)
    told = {name: frozenset(groups[name]) for name in sorted(groups.keys() - small)}
    told = {name: people for name, people in told.items() if people}
    if other := _together(groups, small):
        told[OTHER] = frozenset(other)
    enough = all(len(people) >= k for people in told.values())
    return told if enough and told.keys() != {OTHER} else {}


def overlap_safely(groups: Iterable[People], people: People, k: int) -> bool:
    """Say whether the sizes of groups that overlap can be told, and how many people there are.

    They can if nobody is in a mixture of groups in which fewer than k people are: then any number
    that follows from these sizes is one of k people or more.
    """
    those = list(groups)
    mixtures = Counter(tuple(person in group for group in those) for person in people)
    return all(number >= k for number in mixtures.values())


def crossed(
    attributes: Sequence[Mapping[str, People]], k: int
) -> dict[tuple[str, ...], frozenset[int]] | None:
    """Return the groups of people who are alike in all attributes; None if one is too small.

    Raises Invalid for more attributes than may be crossed.
    """
    if len(attributes) > MOST_ATTRIBUTES:
        raise Invalid(f"At most {MOST_ATTRIBUTES} attributes of people are crossed.")
    groups = [group for attribute in attributes for group in attribute.values()]
    if not overlap_safely(groups, frozenset().union(*groups), k):
        return None
    cells = {
        names: frozenset.intersection(
            *(frozenset(each[name]) for each, name in zip(attributes, names, strict=True))
        )
        for names in product(*attributes)
    }
    return {names: people for names, people in cells.items() if people}


def follows(wanted: Iterable[AbstractSet[Unit]], told: Iterable[AbstractSet[Unit]]) -> bool:
    """Say whether the sum over any of the wanted sets can be worked out of the sums that are told.

    It can if it is one of those, or they add up to it: if it lies in their span.
    """
    import numpy as np

    unknown, known = list(wanted), list(told)
    units = frozenset().union(*unknown, *known)
    parts = {tuple(unit in one for one in (*known, *unknown)) for unit in units}
    sums = np.array(sorted(parts), dtype=np.float64).T
    if not unknown or not sums.size:
        return False
    base = sums[: len(known)]
    rank = np.linalg.matrix_rank(base) if known else 0
    rest = sums[len(known) :]
    return any(np.linalg.matrix_rank(np.vstack([base, one])) == rank for one in rest)


def tells_of_enough(some: Adds[int], k: int, *, of: Adds[int] | None = None) -> bool:
    """Say whether a number can be told that people add up to.

    If it is a part of another one that is told, `of`, what it leaves of that counts as well.
    """
    parts = [some]
    if of is not None:
        parts.append({who: n - some.get(who, 0) for who, n in of.items()})
    return not any(is_small({who for who, n in part.items() if n}, k) for part in parts)


def tells_of_pay(seconds: Adds[int], k: int) -> bool:
    """Say whether it can be told how a group is paid: enough people, and nobody has most hours."""
    total, most = sum(seconds.values()), max(seconds.values(), default=0)
    return len(seconds) >= k and 0 < most * SHARE[1] <= total * SHARE[0]


def percentile(values: Mapping[int, int], percent: int) -> int | None:
    """Return a percentile of values that are there so often, by nearest rank; one of them.

    None where it would be the lowest or the highest, unless there are MANY.
    """
    number = sum(values.values())
    rank = -(-number * percent // 100)
    if not number or (number < MANY and not 1 < rank < number):
        return None
    for value in sorted(values):
        rank -= values[value]
        if rank <= 0:
            return value
    raise AssertionError("A rank is within the number of values.")


def moved(now: Adds[Value], before: Adds[Value]) -> set[int]:
    """Return who adds something else than before."""
    return {who for who in now.keys() | before.keys() if now.get(who) != before.get(who)}


def frozen(now: Table[Value], before: Table[Value], k: int) -> set[str]:
    """Return which rows stay as they were published; where they were not, they stay untold.

    Rows between which people moved, or that took others in, stay or change together. They stay if
    what is new of one of them, or what moved from one to another, is that of fewer than k people;
    and others stay with them until what is new of all that stay is that of k people together:
    where the sum of all rows is told, that is known.
    """
    pieces = _pieces(now, before)
    changed = {n: _changed(names, now, before) for n, names in enumerate(pieces)}
    found = {n for n, names in enumerate(pieces) if _tells_of_few(names, now, before, k)}
    rest = [n for n in changed.keys() - found if changed[n]]
    rest.sort(key=lambda n: (len(changed[n]), min(pieces[n])), reverse=True)
    while rest and is_small(set().union(*(changed[n] for n in found)), k):
        found.add(rest.pop())
    # If even all who changed anything are fewer than k, the sum stays as well.
    return set().union(*(pieces[n] for n in found))


def _pieces(now: Table[Value], before: Table[Value]) -> list[set[str]]:
    """Return the rows that have to do with each other: a unit is in one now, in another before."""
    names = {unit: name for name, units in before.items() for unit in units}
    pieces = [{name} for name in sorted(now.keys() | before.keys())]
    for name, units in sorted(now.items()):
        linked = {name, *(names[unit] for unit in units if unit in names)}
        touched = [piece for piece in pieces if piece & linked]
        pieces = [piece for piece in pieces if not piece & linked]
        pieces.append(set().union(*touched))
    return pieces


def _changed(names: Iterable[str], now: Table[Value], before: Table[Value]) -> set[int]:
    """Return the people of whom anything in these rows is new, gone or other than before."""
    new, old = _units(names, now), _units(names, before)
    changes = {unit for unit in new.keys() | old.keys() if new.get(unit) != old.get(unit)}
    return {who for who, _ in changes}


def _tells_of_few(names: set[str], now: Table[Value], before: Table[Value], k: int) -> bool:
    """Say whether what is new in these rows, or moved between them, is that of too few people."""
    old = _units(names, before)
    gone = old.keys() - _units(names, now).keys()
    groups: dict[tuple[str, str], set[int]] = {("", name): set() for name in names}
    for name in names:
        groups["-", name] = {who for who, thing in gone if (who, thing) in before.get(name, {})}
    was_in = {unit: name for name in names for unit in before.get(name, {})}
    for name in names:
        for unit, value in now.get(name, {}).items():
            if old.get(unit) != value:
                groups["", name].add(unit[0])
            if unit in was_in:
                groups.setdefault((was_in[unit], name), set()).add(unit[0])
    return any(is_small(people, k) for people in groups.values())


def _units(names: Iterable[str], table: Table[Value]) -> dict[Unit, Value]:
    return {unit: value for name in names for unit, value in table.get(name, {}).items()}


def _together(groups: Mapping[Name, People], names: Iterable[Name]) -> set[int]:
    return set().union(*(groups[name] for name in names))
