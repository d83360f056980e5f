"""Gathering: judgments are read page by page, and each comparison becomes a record that waits."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports import pairs, pseudonyms, selection, texts, votes
from exports.pairs import LeftOut, Reason
from exports.records import Gathered, Writing
from exports.releases import Cut
from exports.selection import Said
from exports.surveys import Survey
from labeler.people.accounts import Person
from labeler.schema import Reading
from labeler.work.judgments import Judgment
from labeler.work.rubrics import Rubric


@dataclass
class Ballots:
    """All votes on pairs, in three columns: on which record, by whom, with which label."""

    records: "array[int]" = field(default_factory=lambda: array("q"))
    people: "array[int]" = field(default_factory=lambda: array("q"))
    labels: "array[int]" = field(default_factory=lambda: array("b"))
    numbers: dict[int, int] = field(default_factory=dict)
    """People's own numbers from 0 on, in the order in which they are met."""

    def add(self, ordinal: int, said: Sequence[Said]) -> None:
        """Note the votes on a record that count."""
        for one in said:
            label = votes.label(one.verdict, one.preferred) if one.counts else None
            if label is not None:
                self.records.append(ordinal)
                self.people.append(self.numbers.setdefault(one.person_id, len(self.numbers)))
                self.labels.append(label)


class Waiting(NamedTuple):
    """A record in one line, and what it is sorted by."""

    key: str
    line: bytes


def gather(
    cut: Cut, reading: Reading, survey: Survey, ballots: Ballots, *, until: int | None = None
) -> Iterator[Waiting | LeftOut]:
    """Yield every comparison that was judged: its record, or why nobody asked for it.

    Only comparisons up to the id `until`, if it is given.
    """
    with reading() as session:
        writing = Writing(_names(session, cut), _scales(session, cut), cut.criteria)
    ordinal = 0
    for page in selection.select(reading, cut.project_id, cut.mark, until=until):
        asked = []
        for one in page:
            reason = pairs.unasked(one, cut.criteria)
            if reason is None:
                asked.append(one)
            else:
                yield LeftOut(one.external_id, reason, votes.count(one.said).number)
        with reading() as session:
            told = texts.of(session, asked)
        for one in asked:
            said = votes.counted(one.said, cut.criteria)
            survey.add(one, said)
            gathered = writing.gather(ordinal, one, said, told[one.id])
            line = _packed(gathered)
            if line is None:
                yield LeftOut(one.external_id, Reason.unreadable, gathered.votes.number)
                continue
            ballots.add(ordinal, said)
            ordinal += 1
            yield Waiting(gathered.key, line)


def _packed(gathered: Gathered) -> bytes | None:
    """Write a record in one line; None if readers of files would choke on one of its texts."""
    try:
        line = gathered.pack()
    except UnicodeEncodeError:
        return None
    if b"\\u0000" not in line:
        return line
    record = gathered.record
    said = [turn["content"] for turn in record["prompt"]]
    said += [answer[key] for answer in record["responses"] for key in ("content", "model")]
    return None if texts.is_unreadable(said) else line


def _names(session: Session, cut: Cut) -> dict[int, str]:
    """Return what those who judged are called in this release; who was erased is not called."""
    judged = sa.exists().where(
        Judgment.project_id == cut.project_id, Judgment.person_id == Person.id
    )
    keys = sa.select(Person.id, Person.pseudonym_key).where(Person.pseudonym_key.is_not(None))
    found = selection.rows(session, keys.where(judged))
    own = {number: key for number, key in found if key is not None}
    return pseudonyms.of_people(cut.pseudonym_key, own, cut.masked)


def _scales(session: Session, cut: Cut) -> dict[int, int]:
    """Return the most steps from the middle that each version of the form lets people say."""
    rubrics = session.scalars(sa.select(Rubric).where(Rubric.project_id == cut.project_id))
    scales = ((rubric.number, rubric.pairwise) for rubric in rubrics)
    return {number: scale.steps // 2 for number, scale in scales if scale is not None}
