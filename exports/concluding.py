"""Concluding: what becomes of each record, by its votes, its texts and its equals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from exports import pairs, preferences, texts
from exports.consensus import Consensus
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
    consensus: Consensus
    near: Mapping[str, str] = field(default_factory=dict)
    """Prompts for testing of which there is nearly the same one for training, by their ids."""

    def conclude(self, groups: Iterable[Sequence[Gathered]]) -> Iterator[Record]:
        """Yield every record with its outcome; a group holds equal pairs, of which one is left."""
        for group in groups:
            for one, outcome in self._settled(group):
                yield complete(one, outcome)

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
        decided = [(one, each) for one, each in both if isinstance(each, Majority)]
        chosen = {one.record["responses"][each.preferred]["content"] for one, each in decided}
        first = min(decided, key=lambda each: -each[1].n_votes, default=None)
        for one, outcome in both:
            if not isinstance(outcome, Majority):
                yield one, outcome
            elif len(chosen) > 1:
                yield one, Reason.contradicted
            else:
                yield one, outcome if first and one is first[0] else Reason.repeated

    def _outcome(self, one: Gathered) -> Majority | Reason | None:
        """Return the better of two answers, or why there is none; None of an order of several."""
        record, posterior = one.record, self.consensus.of(one.ordinal)
        outcome: Majority | Reason | None
        if one.votes.number:
            record["posterior"] = posterior
        if one.votes.ranked and one.found is None:
            found, n = preferences.orders(record), len(record["responses"])
            outcome = preferences.conclude(found, n, self.criteria)
        else:
            outcome = pairs.decide(one.votes, one.found, posterior, self.criteria)
            if isinstance(outcome, Majority) and len(record["responses"]) != 2:
                return Reason.not_a_pair
        return outcome if isinstance(outcome, Reason) else self._unfit(record) or outcome

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
