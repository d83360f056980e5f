"""Parts: ranges of a project's comparisons, each gathered by itself by whoever has time for it.

What is gathered lies in a folder of its own, and is there whole or not at all: whoever goes on
after a kill finds what is done. A part needs nothing but the cut and the database, so that several
machines can each take one, if they share the folder.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.choosing import aggregation, near, pairs, selection, texts, votes
from exports.choosing.aggregation import Partition
from exports.choosing.pairs import LeftOut, Reason
from exports.choosing.records import Writing
from exports.choosing.selection import Judged, Said
from exports.choosing.splits import split_of
from exports.choosing.texts import Texts, Turn
from exports.choosing.votes import Votes
from exports.files import folders
from exports.files.sorting import Cabinet
from exports.files.surveys import Survey
from exports.files.tallies import HeldCount
from exports.kept import clearances
from exports.kept.clearances import Fates
from exports.kept.releases import Cut
from exports.privacy import pseudonyms
from labeler.people.accounts import Person
from labeler.schema import Reading
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.rubrics import Rubric

SIZE = 100_000
"""Comparisons of a part."""
RECORDS, LEFT_OUT = "records", "left-out"
VOTES, PROMPTS, TOLD = "votes.npz", "prompts.npz", "told.json"


class Part(NamedTuple):
    """The comparisons from after one id up to another one."""

    number: int
    after: int
    until: int | None
    """The last one has no end."""


class Told(NamedTuple):
    """What was gathered in a part, beside records."""

    records: int
    characters: int
    """In all prompts and answers."""
    reasons: dict[str, int]
    """Comparisons that nobody asked for or that cannot be written, by reason."""
    survey: dict[str, Any]
    held: tuple[HeldCount, ...]
    """Reasons that are held, if people's reasons are asked for."""


Step = Callable[[int], None]
"""Is told of every step: how many comparisons more are done."""


def unheard(_more: int) -> None:
    """Tell nobody: where nobody can hear it."""


def plan(session: Session, project_id: int) -> list[Part]:
    """Return the parts of a project; comparisons that are loaded later change none but the last."""
    mine = sa.select(Comparison.id).where(Comparison.project_id == project_id)
    bounds, after = [0], 0
    while True:
        rest = mine.where(Comparison.id > after).order_by(Comparison.id)
        last = session.scalar(rest.offset(SIZE - 1).limit(1))
        if last is None:
            break
        bounds.append(after := last)
    ends = [*bounds[1:], None]
    return [Part(number, *each) for number, each in enumerate(zip(bounds, ends, strict=True))]


def people(session: Session, project_id: int) -> dict[int, int]:
    """Return the numbers, from 0 on, of all who judged in a project, by the person's own."""
    judged = sa.exists().where(Judgment.project_id == project_id, Judgment.person_id == Person.id)
    found = session.scalars(sa.select(Person.id).where(judged).order_by(Person.id))
    return {person_id: number for number, person_id in enumerate(found)}


def gather(cut: Cut, reading: Reading, work: Path, step: Step, part: Part) -> Told:
    """Gather a part into the folder of its number, unless that is done already."""
    place = home(work, part.number)
    with folders.once(place) as folder:
        if folder is not None:
            _gather(cut, reading, folder, step, part)
    return msgspec.json.decode((place / TOLD).read_bytes(), type=Told)


def _gather(cut: Cut, reading: Reading, folder: Path, step: Step, part: Part) -> None:
    gathering = Gathering(cut, reading, part)
    with Cabinet(folder / RECORDS) as records, Cabinet(folder / LEFT_OUT) as left_out:
        for one in gathering.all(step):
            if isinstance(one, LeftOut):
                leave_out(left_out, one)
            else:
                records.add(one.key, one.line)
    (folder / TOLD).write_bytes(msgspec.json.encode(gathering.tell(folder)))


def home(work: Path, number: int) -> Path:
    """Return the folder of a part."""
    return work / f"part-{number:05d}"


def votes_of(work: Path, number: int) -> Partition:
    """Return the votes of a part that was gathered."""
    with np.load(home(work, number) / VOTES, allow_pickle=False) as file:
        return Partition(file["items"], file["annotators"], file["labels"], int(file["n"]))


def leaks(work: Path, numbers: Sequence[int]) -> dict[str, str]:
    """Return the prompts for testing that are near one for training, among all parts."""
    found = near.Prompts()
    for number in numbers:
        with np.load(home(work, number) / PROMPTS, allow_pickle=False) as file:
            found.extend(file["ids"], file["signatures"], file["tests"])
    return found.leaks()


def leave_out(cabinet: Cabinet, one: LeftOut) -> None:
    """Note a comparison that makes no pair."""
    record = msgspec.json.encode([one.external_id, one.reason.value, one.n_votes])
    cabinet.add(texts.digest(one.external_id), record)


class Waiting(NamedTuple):
    """A record in one line, and what it is sorted by."""

    key: str
    line: bytes


class Gathering:
    """Reads the comparisons of a part, and counts what is said of them."""

    def __init__(self, cut: Cut, reading: Reading, part: Part) -> None:
        self._cut, self._reading, self._part = cut, reading, part
        with reading() as session:
            self._numbers = people(session, cut.project_id)
            self._writing = Writing(_names(session, cut), _scales(session, cut), cut.criteria)
        self.survey, self.ballots = Survey(), Ballots()
        self.prompts = Prompts(cut.criteria.test_share)
        self.records, self._characters, self._reasons = 0, 0, dict[str, int]()
        self.held = Counter[tuple[str, str]]()
        """How many of the reasons that are held stand how, by what was found first in them."""

    def all(self, step: Step | None = None) -> Iterator[Waiting | LeftOut]:
        """Yield every comparison that was judged: its record, or why nobody asked for it."""
        _, after, until = self._part
        project_id, mark = self._cut.project_id, self._cut.mark
        for page in selection.select(self._reading, project_id, mark, after=after, until=until):
            asked = []
            for one in page:
                reason = pairs.unasked(one, self._cut.criteria)
                if reason is None:
                    asked.append(one)
                else:
                    yield self._left_out(one, reason, votes.count(one.said))
            with self._reading() as session:
                told, fates = texts.of(session, asked), self._fates(session, asked)
            for one in asked:
                yield self._gather(one, told[one.id], fates)
            self.prompts.sign()
            if step is not None:
                step(len(page))

    def tell(self, folder: Path) -> Told:
        """Write votes and prompts down and return the rest."""
        said = self.ballots.partition(self.records)
        np.savez(folder / VOTES, items=said[0], annotators=said[1], labels=said[2], n=self.records)
        ids, signatures, tests = self.prompts.found.arrays()
        np.savez(folder / PROMPTS, ids=ids, signatures=signatures, tests=tests)
        held = tuple(HeldCount(*one, number) for one, number in sorted(self.held.items()))
        return Told(self.records, self._characters, self._reasons, self.survey.dump(), held)

    @property
    def people(self) -> int:
        """How many people judged in the project."""
        return len(self._numbers)

    def _fates(self, session: Session, asked: Sequence[Judged]) -> Fates:
        """Return what owners decided by the mark about reasons that are held."""
        if not asked or not self._cut.criteria.tells_reasons:
            return {}
        moment = self._cut.mark.cut_at
        return clearances.by_moment(session, moment, first=asked[0].id, last=asked[-1].id)

    def _gather(self, one: Judged, told: Texts, fates: Fates) -> Waiting | LeftOut:
        said, held = votes.counted(one.said, self._cut.criteria), list[tuple[str, str]]()
        if self._cut.criteria.tells_reasons:
            said, held = clearances.screened(said, fates)
        counted = votes.count(said)
        self.survey.add(one, said, counted)
        self._characters += told.characters
        try:
            gathered = self._writing.gather(self.records, one, said, counted, told)
            line = gathered.pack()
        except UnicodeEncodeError:  # readers of files would choke on half a character
            return self._left_out(one, Reason.unreadable, counted)
        if b"\\u0000" in line and texts.is_unreadable(told.words):
            return self._left_out(one, Reason.unreadable, counted)
        self.ballots.add(self.records, said, self._numbers)
        self.prompts.add(gathered.record.prompt_id, told.prompt)
        self.records += 1
        self.held.update(held)
        return Waiting(gathered.key, line)

    def _left_out(self, one: Judged, reason: Reason, counted: Votes) -> LeftOut:
        self._reasons[reason.value] = self._reasons.get(reason.value, 0) + 1
        return LeftOut(one.external_id, reason, counted.number)


class Ballots:
    """All votes on pairs, in three columns: on which record, by whom, with which label."""

    def __init__(self) -> None:
        self._records, self._people, self._labels = array("i"), array("i"), array("b")

    def add(self, ordinal: int, said: Sequence[Said], numbers: Mapping[int, int]) -> None:
        """Note the votes on a record that count."""
        for one in said:
            label = votes.label(one.verdict, one.preferred) if one.counts else None
            if label is not None:
                self._records.append(ordinal)
                self._people.append(numbers[one.person_id])
                self._labels.append(label)

    def partition(self, records: int) -> Partition:
        """Return the votes on so many records, as models take them."""
        return aggregation.partition(self._records, self._people, self._labels, records)


class Prompts:
    """The prompts of records, by what tells whether two are nearly the same."""

    def __init__(self, test_share: float) -> None:
        self._test_share = test_share
        self._waiting: dict[str, str] = {}
        self.found = near.Prompts()

    def add(self, prompt_id: str, prompt: Sequence[Turn]) -> None:
        """Note the prompt of a record."""
        self._waiting[prompt_id] = " ".join(turn["content"] for turn in prompt)

    def sign(self) -> None:
        """Reckon with what was noted."""
        ids = list(self._waiting)
        are_tests = [split_of(each, self._test_share) == "test" for each in ids]
        self.found.add(ids, near.signatures(list(self._waiting.values())), are_tests)
        self._waiting = {}


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
