"""Records: all judgments of a project as they stand, as numbers, for statistics.

They are read in pages by ids, each in a short transaction, so that nobody waits; no text is read.
Three million of them, on a million comparisons, take some 120 MB.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from labeler.quality.votes import Votes
from labeler.schema import Reading
from labeler.work import labels, rubrics
from labeler.work.comparisons import Comparison, Response
from labeler.work.gold import Gold
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project
from labeler.work.rubrics import Rubric, Verdict

PAGE = 20_000
"""Rows that are read in one transaction."""
DAY_S = 86_400
LONGEST = 2**32 - 1
"""Milliseconds that are kept of a judgment that took longer, which is seven weeks."""
LONGEST_NAME = 60
"""Characters that are kept of a category's name."""
MOST_CATEGORIES = 10_000
"""Names that are told apart, at most: more are no categories."""
SHOWN = 25
"""How many judgments stand behind a number on a page, at most."""
Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Compared:
    """Aligned arrays, a place per comparison that was judged, by id.

    `language` counts from 0 through `languages`, `category` through `categories`; -1 where its
    metadata name none. `models` is comparisons × answers, counting through `names`; -1 where a
    model has no name, or there is no such answer.
    """

    id: Array
    language: Array
    category: Array
    is_adaptive: Array
    answers: Array
    models: Array
    languages: Sequence[str]
    categories: Sequence[str]
    names: Sequence[str]


@dataclass(frozen=True, eq=False)
class Records:
    """Aligned arrays, a place per judgment as it stands that counts or is a second look, by id.

    Beside them are those that were asked again by newer guidelines (`is_past`), to compare these.

    `item` and `person` count from 0 through `compared` and `people`, which holds ids. `label` is
    as in `labeler.work.labels`; `place` is 0 or 1 where the answer at A or at B was chosen, else
    -1; `strength` the steps away from the middle, 0 in it; `at` seconds since 1970; `gold` 1 if
    the answer is known and was met, 0 if it was not, -1 if nobody knows it.
    """

    id: Array
    item: Array
    person: Array
    label: Array
    place: Array
    strength: Array
    at: Array
    duration_ms: Array
    guideline: Array
    rubric: Array
    gold: Array
    is_repeat: Array
    is_past: Array
    compared: Compared
    people: Array
    n_labels: int
    asked: Rubric

    @property
    def standing(self) -> "Records":
        """These without what was asked again by newer guidelines."""
        if not self.is_past.any():
            return self
        left = {name: getattr(self, name)[~self.is_past] for name in _DTYPES}
        people, person = np.unique(self.people[left["person"]], return_inverse=True)
        return replace(self, **left | {"people": people, "person": person.astype(np.int32)})

    @cached_property
    def counts(self) -> Array:
        """Which are votes: neither on known answers nor second looks."""
        return np.asarray((self.gold < 0) & ~self.is_repeat)

    @cached_property
    def chose(self) -> Array:
        """Which found one answer best."""
        return np.asarray(self.label < self.compared.answers[self.item])

    @property
    def audited(self) -> Array:
        """Which are votes on comparisons that were not asked again because people disagreed."""
        return np.asarray(self.counts & ~self.compared.is_adaptive[self.item])

    @property
    def week(self) -> Array:
        """The Monday of each one's week (UTC), as the ordinal of a date."""
        day = self.at.astype(np.int64) // DAY_S + 719_163  # 1 January 1970, a Thursday
        return np.asarray(day - (day - 1) % 7)

    def last(self, which: Array) -> list[int]:
        """Return the last of these, given by place or as a mask, by id: to look at."""
        places = np.flatnonzero(which) if which.dtype == bool else np.sort(which)
        found: list[int] = self.id[places[-SHOWN:]][::-1].tolist()
        return found

    @property
    def votes(self) -> Votes:
        """What the consensus is estimated from."""
        at = np.flatnonzero(self.counts)
        items, item = np.unique(self.item[at], return_inverse=True)
        people, annotator = np.unique(self.person[at], return_inverse=True)
        label = self.label[at].astype(np.int64)
        ids, who = self.compared.id[items], self.people[people]
        return Votes(item, annotator, label, ids, who, self.n_labels)


def read(reading: Reading, project: Project) -> Records:
    """Read everything that was said in a project."""
    compared = _compared(reading, project.id)
    pages = list(_judgments(reading, project.id, compared))
    columns = {  # taken out of the pages one by one, so that no two are there twice at once
        name: np.concatenate([page.pop(name) for page in pages] or [np.zeros(0, dtype)])
        for name, dtype in _DTYPES.items()
    }
    people, person = np.unique(columns.pop("person"), return_inverse=True)
    with reading() as session:
        asked = rubrics.version(session, project.id, project.rubric_number)
    room = labels.number(asked.asked, int(compared.answers.max(initial=2)))
    return Records(
        **columns,
        person=person.astype(np.int32),
        people=people,
        compared=compared,
        n_labels=max(room, int(columns["label"].max(initial=0)) + 1),
        asked=asked,
    )


_DTYPES: dict[str, Any] = {
    "id": np.int64,
    "item": np.int32,
    "person": np.int64,
    "label": np.int8,
    "place": np.int8,
    "strength": np.int8,
    "at": np.uint32,
    "duration_ms": np.uint32,
    "guideline": np.int16,
    "rubric": np.int16,
    "gold": np.int8,
    "is_repeat": np.bool_,
    "is_past": np.bool_,
}


def _judgments(reading: Reading, project_id: int, compared: Compared) -> Iterator[dict[str, Array]]:
    last = 0
    while True:
        with reading() as session:
            page = session.connection().execute(_PAGE, {"project": project_id, "last": last}).all()
        if not page:
            return
        last = page[-1].id
        yield _numbers(page, compared)


def _numbers(page: Sequence[Any], compared: Compared) -> dict[str, Array]:
    names = page[0]._fields
    columns = dict(zip(names, zip(*page, strict=True), strict=True))
    ids = np.array(columns["comparison"], dtype=np.int64)
    found = np.searchsorted(compared.id, ids)
    there = found < len(compared.id)
    there[there] = compared.id[found[there]] == ids[there]  # judged since comparisons were read
    columns["item"] = found
    columns["label"] = _labels(columns, compared.answers[np.where(there, found, 0)])
    return {name: np.array(columns[name], dtype)[there] for name, dtype in _DTYPES.items()}


def _labels(columns: dict[str, Any], answers: Array) -> Array:
    preferred = np.array(columns["preferred"], dtype=np.int8)
    both_bad = np.array(columns["both_bad"], dtype=np.int8)
    label: Array = np.where(preferred >= 0, preferred, answers + both_bad)
    for at, said in enumerate(columns["said"]):
        if said is not None:
            label[at] = labels.of(Verdict.criteria, None, said, int(answers[at]))
    return label


def _compared(reading: Reading, project_id: int) -> Compared:
    """Read what was judged; numbers of languages and so on are given as they come."""
    names = _Names(*(defaultdict[str, int](count().__next__) for _ in _Names._fields))
    pages = list(_comparisons(reading, project_id, names))
    most = max((page.shape[1] for page in pages), default=_FIXED + 2)
    rows = np.full((sum(map(len, pages)), most), -1, dtype=np.int64)
    at = 0
    for page in pages:
        rows[at : at + len(page), : page.shape[1]] = page
        at += len(page)
    return Compared(
        id=rows[:, 0].copy(),
        language=rows[:, 1].astype(np.int16),
        category=rows[:, 2].astype(np.int16),
        is_adaptive=rows[:, 3] == 1,
        answers=rows[:, 4].astype(np.int8),
        models=rows[:, _FIXED:].astype(np.int16),
        languages=list(names.languages),
        categories=list(names.categories),
        names=list(names.models),
    )


class _Names(NamedTuple):
    """The numbers that names have been given so far."""

    languages: Mapping[str, int]
    categories: Mapping[str, int]
    models: Mapping[str, int]

    def category(self, given: object) -> int:
        """Return the number of a category as metadata have it; -1 if they name none."""
        name = " ".join(given.split())[:LONGEST_NAME] if isinstance(given, str) else ""
        known = name in self.categories or len(self.categories) < MOST_CATEGORIES
        return self.categories[name] if name and known else -1


_FIXED = 5
"""Columns of a row before the models: id, language, category, whether it is adaptive, answers."""


def _comparisons(reading: Reading, project_id: int, names: _Names) -> Iterator[Array]:
    last = 0
    while True:
        given = {"project": project_id, "last": last}
        with reading() as session:
            page = session.connection().execute(_COMPARED, given).all()
            if not page:
                return
            span = {"project": project_id, "first": page[0].id, "last": page[-1].id}
            found = session.connection().execute(_MODELS, span).all()
        last = page[-1].id
        yield _rows(page, found, names)


def _rows(page: Sequence[Any], found: Sequence[Any], names: _Names) -> Array:
    """Return a row per comparison: what is fixed, and the model of each answer."""
    place = {each.id: at for at, each in enumerate(page)}
    answers = [(place[id_], number, model) for id_, number, model in found if id_ in place]
    most = max((number for _, number, _ in answers), default=1) + 1
    rows = np.full((len(page), _FIXED + most), -1, dtype=np.int64)
    rows[:, :_FIXED] = [
        (
            *(each.id, names.languages[each.language], names.category(each.category)),
            *(each.is_adaptive, 0),
        )
        for each in page
    ]
    for at, number, model in answers:
        rows[at, 4] += 1
        if model is not None:
            rows[at, _FIXED + number] = names.models[model]
    return rows


_UNSCORED = sa.exists().where(Gold.comparison_id == Comparison.id, Gold.unscored_at.is_not(None))
"""Known answers that turned out to be wrong say nothing for or against anybody."""
_ASKED_AGAIN = (
    sa.select(sa.true())
    .where(Judgment.comparison_id == Comparison.id, Judgment.state == JudgmentState.asked_again)
    .limit(1)
    .scalar_subquery()
)
"""No EXISTS, which PostgreSQL may answer by reading all judgments."""
_COMPARED = (
    sa.select(
        Comparison.id,
        Comparison.language,
        Comparison.is_adaptive,
        Comparison.details["category"].label("category"),
    )
    .where(Comparison.project_id == sa.bindparam("project"), Comparison.id > sa.bindparam("last"))
    .where(sa.or_(Comparison.judged > 0, sa.func.coalesce(_ASKED_AGAIN, sa.false())), ~_UNSCORED)
    .order_by(Comparison.id)
    .limit(PAGE)
)
_MODELS = sa.select(Response.comparison_id, Response.number, Response.model).where(
    Response.project_id == sa.bindparam("project"),
    Response.comparison_id.between(sa.bindparam("first"), sa.bindparam("last")),
)
_READ = JudgmentState.accepted, JudgmentState.repeat, JudgmentState.asked_again
_PAGE = (
    sa.select(
        Judgment.id,
        Judgment.comparison_id.label("comparison"),
        Judgment.person_id.label("person"),
        sa.func.coalesce(Judgment.preferred, -1).label("preferred"),
        sa.case((Judgment.verdict == Verdict.both_bad, 1), else_=0).label("both_bad"),
        sa.case((Judgment.verdict == Verdict.criteria, Judgment.said)).label("said"),
        sa.func.coalesce(Judgment.place, -1).label("place"),
        sa.func.coalesce(Judgment.strength, 0).label("strength"),
        sa.cast(sa.extract("epoch", Judgment.created_at), sa.BigInteger()).label("at"),
        sa.case((Judgment.duration_ms > LONGEST, LONGEST), else_=Judgment.duration_ms).label(
            "duration_ms"
        ),
        Judgment.guideline_number.label("guideline"),
        Judgment.rubric_number.label("rubric"),
        sa.case(
            (Judgment.gold_right.is_(None), -1), (Judgment.gold_right.is_(True), 1), else_=0
        ).label("gold"),
        (Judgment.state == JudgmentState.repeat).label("is_repeat"),
        (Judgment.state == JudgmentState.asked_again).label("is_past"),
    )
    .where(Judgment.project_id == sa.bindparam("project"), Judgment.id > sa.bindparam("last"))
    .where(Judgment.is_current)
    .where(Judgment.state.in_(_READ))
    .order_by(Judgment.id)
    .limit(PAGE)
)
