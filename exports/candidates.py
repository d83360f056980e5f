"""Candidates: what becomes of each comparison, by its votes, its texts and its equals."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports import pairs, pseudonyms, rows, selection
from exports.pairs import LeftOut, Majority, Reason
from exports.releases import Cut
from exports.rows import Texts, Written
from exports.selection import Judged
from exports.surveys import Survey
from labeler.people.accounts import Person
from labeler.schema import Reading
from labeler.work.judgments import Judgment

Decided = tuple[Judged, Majority | Reason]

UNCOUNTED = (Reason.gold, Reason.withdrawn, Reason.language)
"""Why comparisons are not even counted in what a release tells of the judging."""


class Candidate(NamedTuple):
    """A comparison that has a better answer and can be written."""

    pair_id: str
    prompt_id: str
    external_id: str
    language: str
    n_votes: int
    agreement: float
    line: bytes
    """The row as it is written, in JSON."""

    @classmethod
    def of(cls, external_id: str, written: Written) -> Self:
        """Make the candidate of a row."""
        row = written.row
        return cls(
            row["pair_id"],
            row["prompt_id"],
            external_id,
            row["language"],
            row["n_votes"],
            row["agreement"],
            written.line,
        )

    @classmethod
    def read(cls, record: bytes) -> Self:
        """Read what `record` wrote."""
        told, line = record.split(b"\t", 1)
        return cls._make([*json.loads(told), line])

    @property
    def record(self) -> bytes:
        """All of it in one line."""
        return json.dumps(self[:-1]).encode() + b"\t" + self.line

    @property
    def chosen(self) -> str:
        """The better answer."""
        text: str = json.loads(self.line)["chosen"][0]["content"]
        return text


def judge(cut: Cut, reading: Reading, survey: Survey) -> Iterator[Candidate | LeftOut]:
    """Yield what becomes of every comparison by itself; the survey counts what is looked at."""
    with reading() as session:
        names = _names(session, cut)
    for decided, texts in _pages(cut, reading):
        for one, outcome in decided:
            if outcome not in UNCOUNTED:
                survey.add(one)
            yield _build(one, outcome, texts, names)


def settle(groups: Iterable[Sequence[Candidate]]) -> Iterator[Candidate | LeftOut]:
    """Yield one candidate of each group of equal pairs, and why the others are left out."""
    for group in groups:
        if len(group) > 1 and len({one.chosen for one in group}) > 1:
            yield from (_left_out(one, Reason.contradicted) for one in group)
            continue
        first, *others = sorted(group, key=lambda one: (-one.n_votes, one.external_id))
        yield first
        yield from (_left_out(one, Reason.repeated) for one in others)


def _pages(cut: Cut, reading: Reading) -> Iterator[tuple[list[Decided], dict[int, Texts]]]:
    for page in selection.select(reading, cut.project_id, cut.mark):
        decided = [(one, pairs.decide(one, cut.criteria)) for one in page]
        preferring = [one for one, outcome in decided if isinstance(outcome, Majority)]
        with reading() as session:
            texts = rows.texts(session, preferring)
        yield decided, texts


def _names(session: Session, cut: Cut) -> dict[int, str]:
    """Return what those who judged are called in this release; who was erased is not called."""
    judged = sa.exists().where(
        Judgment.project_id == cut.project_id, Judgment.person_id == Person.id
    )
    keys = sa.select(Person.id, Person.pseudonym_key).where(Person.pseudonym_key.is_not(None))
    found = selection.rows(session, keys.where(judged))
    own = {number: key for number, key in found if key is not None}
    return pseudonyms.of_people(cut.pseudonym_key, own, cut.masked)


def _build(
    one: Judged, outcome: Majority | Reason, texts: dict[int, Texts], names: Mapping[int, str]
) -> Candidate | LeftOut:
    made: Written | Reason
    if isinstance(outcome, Majority):
        made = rows.build(one, texts[one.id], outcome, names)
    else:
        made = outcome
    if isinstance(made, Reason):
        return LeftOut(one.external_id, made, one.votes.number)
    return Candidate.of(one.external_id, made)


def _left_out(one: Candidate, reason: Reason) -> LeftOut:
    return LeftOut(one.external_id, reason, one.n_votes)
