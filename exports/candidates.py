"""Candidates: what becomes of each comparison, by its votes, its texts and its equals."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exports import pairs, rows, selection
from exports.pairs import LeftOut, Majority, Reason
from exports.releases import Cut
from exports.rows import Row
from exports.selection import Judged, Reading
from exports.surveys import Survey

Decided = tuple[Judged, Majority | Reason]


@dataclass(frozen=True)
class Candidate:
    """A comparison that has a better answer and can be written."""

    external_id: str
    row: Row

    @property
    def chosen(self) -> str:
        """The better answer."""
        return self.row["chosen"][0]["content"]


def judge(cut: Cut, reading: Reading, survey: Survey) -> Iterator[Candidate | LeftOut]:
    """Yield what becomes of every comparison by itself; the survey counts what is looked at."""
    for page in selection.select(reading, cut.project_id, cut.mark):
        decided = [(one, pairs.decide(one, cut.criteria)) for one in page]
        for one, outcome in decided:
            if outcome not in (Reason.gold, Reason.language):
                survey.add(one)
        yield from _build(cut, reading, decided)


def settle(groups: Iterable[Sequence[Candidate]]) -> Iterator[Candidate | LeftOut]:
    """Yield one candidate of each group of equal pairs, and why the others are left out."""
    for group in groups:
        if len({one.chosen for one in group}) > 1:
            yield from (_left_out(one, Reason.contradicted) for one in group)
            continue
        first, *others = sorted(group, key=lambda one: (-one.row["n_votes"], one.external_id))
        yield first
        yield from (_left_out(one, Reason.repeated) for one in others)


def _build(cut: Cut, reading: Reading, decided: Sequence[Decided]) -> Iterator[Candidate | LeftOut]:
    preferring = [one for one, outcome in decided if isinstance(outcome, Majority)]
    texts = {}
    if preferring:
        with reading() as session:
            texts = rows.texts(session, preferring)
    for one, outcome in decided:
        made: Row | Reason
        if isinstance(outcome, Majority):
            made = rows.build(one, texts[one.id], outcome, cut.pseudonym_key)
        else:
            made = outcome
        if isinstance(made, Reason):
            yield LeftOut(one.external_id, made, len(one.votes))
        else:
            yield Candidate(one.external_id, made)


def _left_out(one: Candidate, reason: Reason) -> LeftOut:
    return LeftOut(one.external_id, reason, one.row["n_votes"])
