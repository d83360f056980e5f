"""Tables: migrated judgments become assignments and judgments, and every total counts them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import bulk, clock
from labeler.people import stand_ins
from labeler.people.accounts import Person
from labeler.work import comparisons, judgments, lanes, totals
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.comparisons import Comparison
from labeler.work.judgments import LEFT_OUT, Judgment, JudgmentState
from labeler.work.migrated.answering import Read
from labeler.work.projects import Project
from labeler.work.totals import Totals

AT_ONCE = 1000
LONGEST_S = 7 * 24 * 3600.0
"""Whatever a source says, nobody took longer over a comparison."""


@dataclass(frozen=True, slots=True)
class Place:
    """A comparison that was stored just now."""

    id: int
    lane_id: int
    wanted: int
    is_adaptive: bool


@dataclass(frozen=True, slots=True)
class Act:
    """What one person did, where and when."""

    at: datetime
    place: Place
    person_id: int
    read: Read

    @property
    def state(self) -> JudgmentState:
        """How the judgment stands, if it is one."""
        return self.read.given.state

    @property
    def counts(self) -> bool:
        """Whether it is a judgment that counts."""
        return self.read.answer is not None and self.state is JudgmentState.accepted


class Filling:
    """One migration on its way into the tables."""

    def __init__(
        self, session: Session, project: Project, batch_id: int, source: str, by: Person
    ) -> None:
        self._session, self._project, self._batch_id = session, project, batch_id
        self._source, self._by = source, by
        self._totals: dict[tuple[int, int], Totals] = {}
        self._judged: Counter[int] = Counter()
        self._votes: Counter[int] = Counter()
        self._newest: dict[int, int] = {}
        self.judgments = self.skips = self.people = 0

    def fill(self, kept: Mapping[str, Sequence[Read]]) -> None:
        """Store what was said, by the comparison's id in the file, in the order of its moments."""
        places = self._places()
        acts = self._acts(kept, places)
        for at in range(0, len(acts), AT_ONCE):
            self._insert(acts[at : at + AT_ONCE])
        totals.write_all(self._session, self._project.id, self._totals)
        self._count(places)
        self._adapt(places)
        self.judgments = sum(act.read.answer is not None for act in acts)
        self.skips = len(acts) - self.judgments
        self.people = len({act.person_id for act in acts})

    def _places(self) -> dict[str, Place]:
        names = ("external_id", "id", "lane_id", "wanted", "is_adaptive")
        rows = self._session.execute(
            sa.select(*(getattr(Comparison, name) for name in names))
            .where(Comparison.batch_id == self._batch_id)
            .order_by(Comparison.id)
        )
        return {external_id: Place(*rest) for external_id, *rest in rows}

    def _acts(self, kept: Mapping[str, Sequence[Read]], places: Mapping[str, Place]) -> list[Act]:
        reads = [(place, read) for name, place in places.items() for read in kept.get(name, ())]
        newest, now = self._newest_moment(), clock.now()
        acts = []
        for (place, read), person_id in zip(reads, self._authors(reads), strict=True):
            at = read.given.at or now
            acts.append(Act(max(at, newest or at), place, person_id, read))
        return sorted(acts, key=lambda act: act.at)

    def _authors(self, reads: Sequence[tuple[Place, Read]]) -> Iterator[int]:
        """Yield who said each; somebody of whom nothing is known is somebody else each time."""
        known = stand_ins.find_or_add(
            self._session,
            self._project.id,
            self._source,
            (read.given.who for _, read in reads if read.given.who),
            by=self._by,
        )
        nameless = Counter(place.id for place, read in reads if not read.given.who)
        most = max(nameless.values(), default=0)
        unknown = stand_ins.add_unknown(
            self._session, self._project.id, self._source, most, by=self._by
        )
        used: Counter[int] = Counter()
        for place, read in reads:
            if read.given.who:
                yield known[read.given.who]
            else:
                yield unknown[used[place.id]]
                used[place.id] += 1

    def _newest_moment(self) -> datetime | None:
        newest = sa.select(sa.func.max(Judgment.created_at))
        return self._session.scalar(newest.where(Judgment.project_id == self._project.id))

    def _insert(self, acts: Sequence[Act]) -> None:
        numbers = bulk.reserve(self._session, Assignment, len(acts))
        promised = [
            self._assignment(number, act) for number, act in zip(numbers, acts, strict=True)
        ]
        self._session.execute(_PROMISE, promised)
        kept = [
            pair for pair in zip(promised, acts, strict=True) if pair[1].read.answer is not None
        ]
        numbers = bulk.reserve(self._session, Judgment, len(kept))
        said = [
            self._judgment(number, promise, act)
            for number, (promise, act) in zip(numbers, kept, strict=True)
        ]
        if said:
            self._session.execute(_SAY, said)

    def _assignment(self, number: int, act: Act) -> dict[str, Any]:
        given, is_judged = act.read.given, act.read.answer is not None
        took = timedelta(seconds=min(max(0.0, given.seconds), LONGEST_S))
        self._of(act).tally["given" if is_judged else "skipped"] += 1
        return {
            "id": number,
            "project_id": self._project.id,
            "comparison_id": act.place.id,
            "person_id": act.person_id,
            "is_repeat": act.state is JudgmentState.repeat,
            "state": AssignmentState.judged if is_judged else AssignmentState.skipped,
            "places": list(act.read.places),
            "guideline_number": self._project.guideline_number,
            "rubric_number": self._project.rubric_number,
            "pay_minor": 0,
            "currency": self._project.currency,
            "opened_at": act.at - took,
            "deadline": act.at,
            "closed_at": act.at,
            "skip_reason": given.skipped,
        }

    def _judgment(self, number: int, promise: Mapping[str, Any], act: Act) -> dict[str, Any]:
        answer = act.read.answer
        assert answer is not None
        took = promise["closed_at"] - promise["opened_at"]
        said = {
            "id": number,
            "project_id": self._project.id,
            "comparison_id": act.place.id,
            "assignment_id": promise["id"],
            "person_id": act.person_id,
            "version": 1,
            "key": str(uuid4()),
            "verdict": answer.verdict,
            "step": answer.step,
            "place": answer.place,
            "preferred": answer.preferred,
            "strength": answer.strength,
            "reason": answer.reason,
            "said": answer.said,
            "guideline_number": self._project.guideline_number,
            "rubric_number": self._project.rubric_number,
            "gold_right": None,
            "duration_ms": took // timedelta(milliseconds=1),
            "created_at": act.at,
            "is_current": True,
            "state": act.state,
            "excluded_at": act.at if act.state in LEFT_OUT else None,
        }
        self._tell(Judgment(**said), act)
        return said

    def _tell(self, judgment: Judgment, act: Act) -> None:
        """Add a judgment to the totals, as if it had been made here."""
        mine, place = self._of(act), act.place
        mine.count(judgment)
        self._newest[place.id] = judgment.id
        if not act.counts:
            return
        before = self._votes[place.id]
        self._judged[place.id] += 1
        self._votes[place.id] += comparisons.bit(judgment.label)
        if not place.is_adaptive:
            mine.move_votes(act.at, (before, self._votes[place.id]))

    def _of(self, act: Act) -> Totals:
        key = act.person_id, act.place.lane_id
        if key not in self._totals:
            self._totals[key] = Totals(self._project.id, act.person_id)
        return self._totals[key]

    def _count(self, places: Mapping[str, Place]) -> None:
        """Say of comparisons how often they were judged; more than was wanted is surplus."""
        more: Counter[int] = Counter()
        rows = []
        for place in places.values():
            if judged := self._judged[place.id]:
                surplus = max(0, judged - place.wanted)
                more[place.lane_id] += surplus
                votes = self._votes[place.id]
                rows.append({"this": place.id, "n": judged, "said": votes, "over": surplus})
        if rows:
            self._session.execute(_COUNT, rows)
        lanes.replenish(self._session, {lane: n for lane, n in more.items() if n})

    def _adapt(self, places: Mapping[str, Place]) -> None:
        """Want more judgments where the answer is unsure, if that is how the project asks."""
        for place in places.values():
            if place.is_adaptive and self._judged[place.id]:
                last = self._session.get_one(Judgment, self._newest[place.id])
                judgments.reconsider(self._session, last)


# Of tables: for classes, rows would be parted by which of their values are empty.
_PROMISES: Any = Assignment.__table__
_SAYINGS: Any = Judgment.__table__
_PROMISE, _SAY = sa.insert(_PROMISES), sa.insert(_SAYINGS)
_TABLE: Any = Comparison.__table__
_COUNT = (
    sa.update(_TABLE)
    .where(_TABLE.c.id == sa.bindparam("this"))
    .values(
        taken=sa.bindparam("n"),
        judged=sa.bindparam("n"),
        votes=sa.bindparam("said"),
        surplus=sa.bindparam("over"),
    )
)
