"""Concluding: what becomes of each record, by its votes, its texts and its equals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exports.choosing import pairs, preferences
from exports.choosing.criteria import Criteria
from exports.choosing.pairs import LeftOut, Majority, Reason
from exports.choosing.records import PREFERRED, RANKED, Gathered, Record, complete
from exports.choosing.splits import split_of

_REASONS = {reason.value: reason for reason in Reason}


@dataclass(frozen=True)
class Concluding:
    """By what records are concluded."""

    criteria: Criteria
    near: Mapping[str, str] = field(default_factory=dict)
    """Prompts for testing of which there is nearly the same one for training, by their ids."""

    def conclude(self, groups: Iterable[Sequence[Gathered]]) -> Iterator[Gathered]:
        """Yield every record with its outcome; a group holds equal pairs, of which one is left."""
        for group in groups:
            for one, outcome in self._settled(group):
                complete(one, outcome)
                yield one

    def _settled(
        self, group: Sequence[Gathered]
    ) -> Iterator[tuple[Gathered, Majority | Reason | None]]:
        outcomes = [self._outcome(one) for one in group]
        if len(group) == 1:
            yield group[0], outcomes[0]
            return
        both = sorted(
            zip(group, outcomes, strict=True), key=lambda each: each[0].record.comparison_id
        )
        said = [(one, _said(one, outcome)) for one, outcome in both]
        speaking = [one for one, answers in said if answers is not None]
        first = min(speaking, key=lambda one: -one.votes.all, default=None)
        is_contradicted = len({answers for _, answers in said} - {None}) > 1
        for (one, outcome), (_, answers) in zip(both, said, strict=True):
            if answers is None:
                yield one, outcome
            elif is_contradicted:
                yield one, Reason.contradicted
            else:
                yield one, outcome if one is first else Reason.repeated

    def _outcome(self, one: Gathered) -> Majority | Reason | None:
        """Return the better of two answers, or why there is none; None of an order of several."""
        record = one.record
        if one.fault is not None:
            return one.fault
        if self.near and self._is_near(record.prompt_id):
            return Reason.near_duplicate
        if one.votes.ranked and one.found is None:
            found, n = preferences.orders(record), len(record.responses)
            return preferences.conclude(found, n, self.criteria)
        outcome = pairs.decide(one.votes, one.found, record.posterior, self.criteria)
        is_pair = len(record.responses) == 2
        return outcome if is_pair or isinstance(outcome, Reason) else Reason.not_a_pair

    def _is_near(self, prompt_id: str) -> bool:
        return prompt_id in self.near and split_of(prompt_id, self.criteria.test_share) == "test"


def left_out(record: Record) -> LeftOut | None:
    """Return why a record that is concluded makes no pair; None if it makes one."""
    if record.outcome in (PREFERRED, RANKED):
        return None
    return LeftOut(record.comparison_id, _REASONS[record.outcome], record.n_votes)


def _said(one: Gathered, outcome: Majority | Reason | None) -> tuple[str, ...] | None:
    """Return the answers, best first; none if all were found bad, None if nothing came out."""
    contents = one.record.contents
    if isinstance(outcome, Majority):
        return contents[outcome.preferred], contents[1 - outcome.preferred]
    if outcome is None:
        ranks = preferences.mean_ranks(preferences.orders(one.record), len(contents))
        return tuple(content for _, content in sorted(zip(ranks, contents, strict=True)))
    return () if outcome is Reason.both_bad else None
