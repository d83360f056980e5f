"""Duels: votes on answers as votes on the models that gave them, two at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labeler.quality.records import Array, Records


@dataclass(frozen=True, eq=False)
class Duels:
    """Aligned arrays, a place per vote on two models, which count through `names`.

    `outcome`: 0 the left one is better, 1 the right one, 2 neither, of which `both_bad` says that
    neither will do. `vote` is its place among the records. `first_left` says whether the left one
    gave response 0. `has_sides` is whether it is known who stood on the left; where it is not,
    lots are drawn. `has_several` says that some comparisons have more than two answers. `unnamed`
    are the comparisons of votes on an answer whose model has no name.
    """

    left: Array
    right: Array
    outcome: Array
    vote: Array
    item: Array
    person: Array
    first_left: Array
    both_bad: Array
    names: Sequence[str]
    has_sides: bool
    has_several: bool
    unnamed: Array

    @property
    def people(self) -> int:
        """How many people gave these votes."""
        return len(np.unique(self.person))

    def those(self, which: Array) -> "Duels":
        """Return some of the votes, and the models that are in them."""
        used, places = np.unique(
            np.concatenate([self.left[which], self.right[which]]), return_inverse=True
        )
        left, right = np.split(places.reshape(-1), 2)
        columns = ("outcome", "vote", "item", "person", "first_left", "both_bad")
        return replace(
            self,
            left=left,
            right=right,
            names=[self.names[each] for each in used.tolist()],
            **{name: getattr(self, name)[which] for name in columns},
        )


def of(records: Records) -> Duels:
    """Return the votes that compare two named models.

    A tie, and "both are bad", say that neither is better. Of more than two answers, the one that
    was found best has beaten each of the others, and nothing is said of these: strengths stay
    consistent so (Azari Soufiani and others (2013), Generalized method-of-moments for rank
    aggregation: breaking at the top).
    """
    parts = [_pairs(records), *(_best(records, rank) for rank in range(_most(records)))]
    left, right, outcome, vote, first_left = np.concatenate(parts, axis=1)
    item = records.item[vote]
    named = (left >= 0) & (right >= 0)
    everything = Duels(
        *(left, right, outcome, vote),
        item=item,
        person=records.person[vote],
        first_left=first_left == 1,
        both_bad=records.label[vote] > records.compared.answers[item],
        names=records.compared.names,
        has_sides=_knows_sides(records),
        has_several=_most(records) > 0,
        unnamed=item[~named],
    )
    return everything.those(named & (left != right))


def _pairs(records: Records) -> Array:
    """Return rows of duels, one column a vote on two answers.

    Nobody knows on which sides the answers of a tie stood; drawn by lot, they stand there as
    often as they do, and ties say next to nothing of sides.
    """
    which = np.flatnonzero(records.counts & (records.compared.answers[records.item] == 2))
    label, place = records.label[which].astype(np.int64), records.place[which].astype(np.int64)
    lot = records.id[which] & 1
    first_left = np.where((place >= 0) & (label < 2), label == place, lot == 0)
    outcome = np.where(label < 2, label == first_left, 2)
    return _rows(records, which, np.where(first_left, 0, 1), np.where(first_left, 1, 0), outcome)


def _best(records: Records, rank: int) -> Array:
    """Return rows of duels between what was found best of several and the next other answer."""
    answers = records.compared.answers[records.item]
    which = np.flatnonzero(records.counts & records.chose & (answers > 2) & (rank + 1 < answers))
    best = records.label[which].astype(np.int64)
    other = rank + (rank >= best)
    lot = records.id[which] + rank & 1
    left, right = np.where(lot == 0, best, other), np.where(lot == 0, other, best)
    return _rows(records, which, left, right, lot)


def _rows(records: Records, which: Array, left: Array, right: Array, outcome: Array) -> Array:
    item = records.item[which].astype(np.int64)
    models = records.compared.models.astype(np.int64)
    sides = models[item, left], models[item, right]
    return np.stack([*sides, outcome.astype(np.int64), which, left == 0])


def _most(records: Records) -> int:
    """Return how many others the best of the largest comparison has beaten; 0 if all are pairs."""
    most = int(records.compared.answers.max(initial=2))
    return most - 1 if most > 2 else 0


def _knows_sides(records: Records) -> bool:
    chose = records.counts & records.chose
    return bool(chose.any()) and bool((records.place[chose] >= 0).all())
