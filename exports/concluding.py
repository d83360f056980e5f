"""Concluding: what becomes of each record, by its votes, its texts and its equals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from exports import pairs, preferences, texts
from exports.criteria import Criteria
from exports.pairs import LeftOut, Majority, Reason
from exports.records import PREFERRED, RANKED, Gathered, Record, complete
from exports.splits import split_of
from labeler.errors import Invalid

_FORBIDDEN = frozenset({"no-competing", "research-only"})
"""What terms say of an answer (`output_use`) that nobody may train another model on."""
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
            zip(group, outcomes, strict=True), key=lambda each: each[0].record["comparison_id"]
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
        if (unfit := self._unfit(record)) is not None:
            return unfit
        if one.votes.ranked and one.found is None:
            found, n = preferences.orders(record), len(record["responses"])
            return preferences.conclude(found, n, self.criteria)
        outcome = pairs.decide(one.votes, one.found, record["posterior"], self.criteria)
        is_pair = len(record["responses"]) == 2
        return outcome if is_pair or isinstance(outcome, Reason) else Reason.not_a_pair

    def _unfit(self, record: Record) -> Reason | None:
        if not self.criteria.held_back and _is_held_back(record):
            return Reason.held_back
        answers = [answer["content"] for answer in record["responses"]]
        if fault := texts.fault(record["prompt"], answers, self.criteria.max_tokens):
            return fault
        is_near = self.near and record["prompt_id"] in self.near
        if is_near and split_of(record["prompt_id"], self.criteria.test_share) == "test":
            return Reason.near_duplicate
        return None


def left_out(record: Record) -> LeftOut | None:
    """Return why a record that is concluded makes no pair; None if it makes one."""
    if record["outcome"] in (PREFERRED, RANKED):
        return None
    return LeftOut(record["comparison_id"], _REASONS[record["outcome"]], record["n_votes"])


def _said(one: Gathered, outcome: Majority | Reason | None) -> tuple[str, ...] | None:
    """Return the answers, best first; none if all were found bad, None if nothing came out."""
    contents = [answer["content"] for answer in one.record["responses"]]
    if isinstance(outcome, Majority):
        return contents[outcome.preferred], contents[1 - outcome.preferred]
    if outcome is None:
        ranks = preferences.mean_ranks(preferences.orders(one.record), len(contents))
        return tuple(content for _, content in sorted(zip(ranks, contents, strict=True)))
    return () if outcome is Reason.both_bad else None


def output_use(provenance: str) -> str:
    """Return what an answer's terms say of training on it; empty if that is not known."""
    if "output_use" not in provenance:
        return ""
    try:
        return str(msgspec.json.decode(provenance).get("output_use", ""))
    except (msgspec.DecodeError, AttributeError):
        raise Invalid("An answer's provenance cannot be read.") from None


def _is_held_back(record: Record) -> bool:
    return any(output_use(each["provenance"]) in _FORBIDDEN for each in record["responses"])
