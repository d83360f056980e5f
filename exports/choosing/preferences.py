"""Preferences: of a record's answers, which is better than which.

Two answers that were compared make one pair. Answers that were put in order make several: each
order says of any two which stands above the other, and that is a vote on them. What pairs come of
one comparison share its weight, since they are not independent of each other.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from exports.choosing import pairs, votes
from exports.choosing.criteria import Criteria
from exports.choosing.pairs import Majority, Reason
from exports.choosing.records import PREFERRED, RANKED, Record
from exports.choosing.votes import Votes
from labeler.work.rubrics import Verdict

Order = list[list[int]]
"""Tiers of responses, best first."""


class Preference(NamedTuple):
    """One answer of a comparison is better than another."""

    chosen: int
    rejected: int
    n_votes: int
    agreement: float
    strength: float
    posterior: float
    """Probability that the chosen answer is the better one; the share of votes in an order."""
    weight: float
    """1 divided by how many pairs come of the comparison."""


def of(record: Record, criteria: Criteria) -> list[Preference]:
    """Return the pairs of a record, in the order of their responses' numbers."""
    if record.outcome == PREFERRED:
        return [_compared(record)]
    if record.outcome == RANKED:
        return _ranked(orders(record), len(record.responses), criteria)
    return []


def orders(record: Record) -> list[Order]:
    """Return the orders that count; an empty one says that no answer will do."""
    kind = Verdict.ranking.value
    return [one.ranking for one in record.said if one.counts and one.verdict == kind]


def conclude(found: Sequence[Order], n: int, criteria: Criteria) -> Reason | None:
    """Return why orders of n answers make no pair; None if they do."""
    if len(found) < (criteria.min_judgments or 1):
        return Reason.too_few_judgments
    if 2 * sum(not order for order in found) >= len(found):
        return Reason.both_bad
    return None if _ranked(found, n, criteria) else Reason.split


def mean_ranks(found: Sequence[Order], n: int) -> list[float]:
    """Return the mean rank of each of n answers, from 1; who has no place shares the last ones.

    Answers that share a place share the mean of the ranks that they take up.
    """
    placed = [order for order in found if order]
    sums = [0.0] * n
    for order in placed:
        named = {number for tier in order for number in tier}
        rest = [number for number in range(n) if number not in named]
        before = 0
        for tier in filter(None, [*order, rest]):
            for number in tier:
                sums[number] += before + (len(tier) + 1) / 2
            before += len(tier)
    return [each / max(1, len(placed)) for each in sums]


def _compared(record: Record) -> Preference:
    chosen = record.preferred
    posterior = record.posterior[chosen] if record.posterior else 1.0
    agreement, strength = record.agreement, record.strength
    return Preference(chosen, 1 - chosen, record.n_votes, agreement, strength, posterior, 1.0)


def _ranked(found: Sequence[Order], n: int, criteria: Criteria) -> list[Preference]:
    decided = dict(_decided(found, n, criteria))
    wanted = _wanted(mean_ranks(found, n), criteria)
    chosen = [pair for pair in decided if wanted is None or pair in wanted]
    return [_preference(pair, decided[pair], 1 / len(chosen)) for pair in chosen]


def _decided(
    found: Sequence[Order], n: int, criteria: Criteria
) -> Iterator[tuple[tuple[int, int], Majority]]:
    by_votes = criteria.model_copy(update={"aggregation": "majority"})
    for pair in combinations(range(n), 2):
        outcome = pairs.decide(_votes(found, pair), None, (), by_votes) if found else None
        if isinstance(outcome, Majority):
            yield pair, outcome


def _votes(found: Sequence[Order], pair: tuple[int, int]) -> Votes:
    tally = [0, 0, 0, 0]
    for order in found:
        places = {number: place for place, tier in enumerate(order) for number in tier}
        one, other = (places.get(number, len(order)) for number in pair)
        tally[3 if not order else 2 if one == other else 0 if one < other else 1] += 1
    zero, first, same, bad = tally
    return votes.NONE._replace(number=len(found), tally=(zero, first, same, bad))


def _wanted(ranks: Sequence[float], criteria: Criteria) -> set[tuple[int, int]] | None:
    """Return the pairs that are asked for; None if all are."""
    order = sorted(range(len(ranks)), key=lambda number: (ranks[number], number))
    if criteria.ranking_pairs == "all":
        return None
    if criteria.ranking_pairs == "top":
        asked = [(order[0], other) for other in order[1:]]
    else:
        asked = list(pairwise(order))
    return {(min(pair), max(pair)) for pair in asked}


def _preference(pair: tuple[int, int], outcome: Majority, weight: float) -> Preference:
    chosen, rejected = pair if outcome.preferred == 0 else pair[::-1]
    share = outcome.agreement
    return Preference(chosen, rejected, outcome.n_votes, share, 0.0, share, weight)
