"""Previews: what a release would hold, by the same rules and from the same texts, unwritten."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports import formats
from exports.choosing import aggregation, concluding
from exports.choosing.concluding import Concluding
from exports.choosing.criteria import Criteria
from exports.choosing.pairs import WORDS, LeftOut, Reason
from exports.choosing.records import PREFERRED, RANKED, Gathered, Record, encode
from exports.files.sorting import Found
from exports.formats.columns import Row
from exports.kept import clearances
from exports.kept.releases import Cut
from exports.making import consensus, shards
from exports.making.parts import Gathering, Part, Waiting
from labeler.schema import Reading
from labeler.stats.tables import Array
from labeler.work.comparisons import Comparison

MOST_JUDGED = 5_000
"""Judged comparisons that a preview looks at: it should be there in a second or two."""
MOST = 200_000
"""Comparisons that a preview looks at at all."""
SHOWN = 3
"""Rows of each format, and comparisons left out, that are shown."""


@dataclass
class Preview:
    """How many comparisons would make pairs, and why the others would not."""

    comparisons: int = 0
    """How many of those that were looked at were judged."""
    used: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    left_out: list[LeftOut] = field(default_factory=list)
    """The first few."""
    rows: Counter[str] = field(default_factory=Counter)
    """Rows by format."""
    shown: dict[str, list[Row]] = field(default_factory=dict)
    """The first rows of each format."""
    is_complete: bool = True
    """Whether every comparison was looked at."""
    waiting: int = 0
    """How many reasons are left out until an owner has looked at them, if reasons are asked for."""

    @property
    def is_worth_it(self) -> bool:
        """Whether there are rows of anything but what was said as such."""
        return any(
            count
            for name, count in self.rows.items()
            if name != "comparisons" or len(self.rows) == 1
        )


@dataclass(frozen=True)
class Step:
    """What is left out for one reason, of those that the reasons before have left."""

    words: str
    count: int
    left: int
    """How many go on to the next step."""


def preview(reading: Reading, cut: Cut) -> Preview:
    """Tell what a release would hold, of the first comparisons of the project that were judged."""
    found, records = Preview(), list[Waiting]()
    with reading() as session:
        until = _last(session, cut.project_id)
    found.is_complete = until is None
    gathering = Gathering(cut, reading, Part(0, 0, until))
    for one in islice(gathering.all(), MOST_JUDGED + 1):
        if found.comparisons == MOST_JUDGED:
            found.is_complete = False
            break
        found.comparisons += 1
        if isinstance(one, LeftOut):
            _leave_out(found, one)
        else:
            records.append(one)
    stands = gathering.held.items()
    found.waiting = sum(number for (stand, _), number in stands if stand == clearances.UNDECIDED)
    likely = _likely(gathering, cut.criteria)
    rules = Concluding(cut.criteria, gathering.prompts.found.leaks())
    for gathered in rules.conclude(_groups(records, likely)):
        _count(found, gathered.record, cut.criteria)
    return found


def sieve(comparisons: int, reasons: Mapping[Reason, int]) -> list[Step]:
    """Return what each reason takes away from the comparisons, in the order that is asked."""
    steps, left = [], comparisons
    for reason in Reason:
        if count := reasons.get(reason, 0):
            left -= count
            steps.append(Step(WORDS[reason], count, left))
    return steps


def _last(session: Session, project_id: int) -> int | None:
    """Return the id of the last comparison that is looked at; None if all are."""
    mine = sa.select(Comparison.id).where(Comparison.project_id == project_id)
    return session.scalar(mine.order_by(Comparison.id).offset(MOST - 1).limit(1))


def _likely(gathering: Gathering, criteria: Criteria) -> Array:
    """Return how probable the labels of each record are."""
    said = gathering.ballots.partition(gathering.records)
    asked = consensus.model(criteria.aggregation, gathering.people)
    made = aggregation.fitted(asked, [said])
    return aggregation.stated(asked.posteriors(said, made.parameters))


def _groups(records: list[Waiting], likely: Array) -> Iterator[list[Gathered]]:
    records.sort(key=lambda one: one.key)
    for _, group in groupby(records, key=lambda one: one.key):
        yield shards.unpacked((Found(0, one.line) for one in group), [likely])


def _count(found: Preview, record: Record, criteria: Criteria) -> None:
    found.used += record.outcome in (PREFERRED, RANKED)
    if (reason := concluding.left_out(record)) is not None:
        _leave_out(found, reason)
    for name in criteria.formats:
        if name in formats.WITH_ROWS:
            rows = list(formats.MODULES[name].rows(record, criteria))
            found.rows[name] += len(rows)
            shown = found.shown.setdefault(name, [])
            shown += [msgspec.json.decode(encode(row)) for row in rows[: SHOWN - len(shown)]]


def _leave_out(found: Preview, one: LeftOut) -> None:
    found.reasons[one.reason] += 1
    if len(found.left_out) < SHOWN:
        found.left_out.append(one)
