"""The tables of a card, of any crowd at all: whether anybody can be worked out of all of them."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.cards.labor import people
from exports.cards.labor.blocks import Workforce
from exports.cards.labor.conduct import Conduct
from exports.cards.labor.counted import Judged, Until, Worked
from exports.cards.labor.known import Known
from exports.cards.labor.paid import Paid
from exports.cards.labor.telling import Teller
from exports.choosing.selection import Mark
from exports.kept.declared import Declared
from exports.privacy.suppression import OTHER
from labeler.pay.worktime import Kind

AT = datetime(2026, 12, 4, tzinfo=UTC)
DAY = date(2026, 11, 23)
PLACES, TAGS = ("KE", "FR", "DE", "UG"), ("sw", "fr", "de")
Kinds = tuple[str, str]
CROWDS = st.dictionaries(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(TAGS)), st.integers(1, 16), min_size=1
)
"""How many people judge in a language in a country."""


def known_of(crowd: Mapping[Kinds, int], kinds: Mapping[Kind, int]) -> Known:
    """Know of a crowd in which everybody judged two tasks, and so many did each kind of work."""
    kind_of = [kind for kind, number in sorted(crowd.items()) for _ in range(number)]
    worked = Worked()
    for kind, number in kinds.items():
        worked.kinds[kind] |= dict.fromkeys(range(min(number, len(kind_of))), timedelta(hours=1))
    return Known(
        until=Until(1, Mark(1, AT)),
        judged=Judged({who: {tag: 2} for who, (_, tag) in enumerate(kind_of)}, 0, DAY, DAY),
        places={who: place for who, (place, _) in enumerate(kind_of)},
        worked=worked,
        paid=Paid(),
        conduct=Conduct(),
        hard={},
        readers={},
    )


def tell(known: Known, k: int) -> tuple[Workforce, dict[str, float | None]]:
    teller = Teller(known, k, [], lambda _: known)
    where = people.countries(teller)
    found = people.workforce(teller, where, known.people, Declared())
    return found, people.time(teller, {}).paid_hours.model_dump(by_alias=True)


def follows(wanted: np.ndarray, known: list[np.ndarray]) -> bool:
    """Say whether a sum can be worked out of sums that are known."""
    return bool(
        np.linalg.matrix_rank(np.array([*known, wanted])) == np.linalg.matrix_rank(np.array(known))
    )


@settings(deadline=None)
@given(CROWDS, st.integers(5, 12))
def test_no_small_country_or_language_follows_from_what_is_told(
    crowd: dict[Kinds, int], k: int
) -> None:
    found, _ = tell(known_of(crowd, {}), k)
    order = sorted(crowd)
    shown = {
        0: {row.country for row in found.by_country} - {OTHER},
        1: {row.tag for row in found.by_language} - {OTHER},
    }
    sums = [np.ones(len(order))]
    for at, names in shown.items():
        sums += [np.array([float(kind[at] == name) for kind in order]) for name in names]
        if OTHER in {
            getattr(row, ("country", "tag")[at])
            for row in (found.by_country, found.by_language)[at]
        }:
            sums.append(np.array([float(kind[at] not in names) for kind in order]))
    for row in found.by_country_and_language:
        inside = [
            (row.country == kind[0] or (row.country == OTHER and kind[0] not in shown[0]))
            and (row.tag == kind[1] or (row.tag == OTHER and kind[1] not in shown[1]))
            for kind in order
        ]
        sums.append(np.array(inside, dtype=float))
    for at in (0, 1):
        sizes = Counter[str]()
        for kind, number in crowd.items():
            sizes[kind[at]] += number
        for name, number in sizes.items():
            wanted = np.array([float(kind[at] == name) for kind in order])
            if number < k and not wanted.all():
                assert not follows(wanted, sums)
    assert all(row.annotators >= k for row in found.by_country)
    everybody = sum(crowd.values())
    assert found.annotators == (everybody if everybody >= k else None)
    if found.by_country:
        assert sum(row.judgments for row in found.by_country) == found.judgments == 2 * everybody


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(Kind)), st.integers(0, 30)), st.integers(10, 30))
def test_no_kind_of_time_that_few_people_had_follows_from_the_others(
    kinds: dict[Kind, int], crowd: int
) -> None:
    _, told = tell(known_of({("FR", "fr"): crowd}, kinds), 10)
    numbers = {name: min(kinds.get(kind, 0), crowd) for kind, name in people.KINDS.items()}
    untold = {name for name, hours in told.items() if hours is None}
    assert {name for name, number in numbers.items() if 0 < number < 10} <= untold
    for name, number in numbers.items():
        assert name in untold or told[name] == float(number)
    # What is left of the sum is that of ten people at least: the first so many did each kind.
    rest = [numbers[name] for name in untold]
    assert not rest or max(rest) == 0 or max(rest) >= 10 or sum(numbers.values()) == sum(rest)


def test_a_kind_of_time_that_few_had_takes_another_along() -> None:
    kinds = {Kind.judging: 20, Kind.instructions: 12, Kind.clarification: 3}
    _, told = tell(known_of({("FR", "fr"): 20}, kinds), 10)
    assert {name for name, hours in told.items() if hours is None} == {
        *("clarification", "instructions"),
    }
    assert (told["annotation"], told["break"]) == (20.0, 0.0)


def test_sizes_of_languages_are_not_told_where_one_person_judges_in_two() -> None:
    known = known_of({("FR", "fr"): 20, ("KE", "sw"): 20}, {})
    judged = dict(known.judged.by_language) | {0: {"fr": 1, "sw": 1}}
    mixed = Known(
        **{name: getattr(known, name) for name in known.__dataclass_fields__ if name != "judged"},
        judged=known.judged._replace(by_language=judged),
    )
    sure, _ = tell(known, 10)
    unsure, _ = tell(mixed, 10)
    assert [row.annotators for row in sure.by_language] == [20, 20]
    assert [row.annotators for row in unsure.by_language] == [None, None]
    assert [row.judgments for row in unsure.by_language] == [39, 41]
    assert (len(sure.by_country_and_language), unsure.by_country_and_language) == (2, ())
    assert list(accumulate(row.judgments for row in sure.by_language)) == [40, 80]
