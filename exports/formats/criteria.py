"""One thing at a time: pairs of which one answer is better by a criterion.

Where answers were rated, the one with more points on average is better, and the margin is the
difference. Where they were compared, the votes decide, and the margin is the mean of the steps
towards the chosen answer, those towards the other one taken away.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from exports.choosing.criteria import Criteria
from exports.choosing.records import NOBODY, Rating, Record
from exports.choosing.texts import Turn
from exports.formats.columns import SOURCE, Row, answer, columns, is_unfit, model

SCHEMA = columns(
    {"margin"},
    prompt=list[Turn],
    chosen=list[Turn],
    rejected=list[Turn],
    criterion=str,
    margin=float,
    **SOURCE,
    n_votes=int,
    chosen_model=str,
    rejected_model=str,
)


def rows(record: Record, _criteria: Criteria) -> Iterator[Row]:
    """Yield a row for each criterion and pair of answers of which one is better by it."""
    if is_unfit(record):
        return
    said = [one for each in record.said if each.counts for one in each.criteria]
    for name in sorted({one.name for one in said}):
        ratings = [one for one in said if one.name == name]
        for chosen, rejected, margin, n_votes in _better(ratings, len(record.responses)):
            yield {
                "prompt": record.prompt,
                "chosen": answer(record, chosen),
                "rejected": answer(record, rejected),
                "criterion": name,
                "margin": margin,
                "pair_id": record.pair_id,
                "prompt_id": record.prompt_id,
                "language": record.language,
                "n_votes": n_votes,
                "chosen_model": model(record, chosen),
                "rejected_model": model(record, rejected),
            }


def _better(ratings: Sequence[Rating], n: int) -> Iterator[tuple[int, int, float, int]]:
    """Yield better, worse, margin and votes for pairs of answers that are not alike."""
    points = [[one.points for one in ratings if one.response == each] for each in range(n)]
    for one, other in combinations(range(n), 2):
        if points[one] and points[other]:
            means = [sum(points[each]) / len(points[each]) for each in (one, other)]
            yield from _ordered(one, other, means[0] - means[1], len(points[one]))
    compared = [one for one in ratings if one.response == NOBODY]
    if compared and n == 2:
        steps = sum(_towards(each) for each in compared)
        yield from _ordered(0, 1, steps / len(compared), len(compared))


def _towards(rating: Rating) -> int:
    """Return the steps towards response 0."""
    return {0: rating.strength, 1: -rating.strength}.get(rating.preferred, 0)


def _ordered(
    one: int, other: int, ahead: float, n_votes: int
) -> Iterator[tuple[int, int, float, int]]:
    if ahead > 0:
        yield one, other, ahead, n_votes
    elif ahead < 0:
        yield other, one, -ahead, n_votes
