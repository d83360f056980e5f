"""Votes: everything that counts of what a project's people said, as numbers, for statistics.

They are read in pages by the judgments' ids, each in a short transaction, so that nobody waits:
no text is read, and a million votes are some 40 MB. Known answers are left out.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from labeler.work import labels, questions, rubrics
from labeler.work.comparisons import Response
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project
from labeler.work.rubrics import Verdict

PAGE = 20_000
"""Judgments that are read in one transaction."""


class Reading(Protocol):
    """Opens sessions that only read, each its own short transaction."""

    def __call__(self) -> AbstractContextManager[Session]: ...


@dataclass(frozen=True, eq=False)
class Votes:
    """Aligned arrays, a row per vote: on which comparison, by whom, with which label.

    `item` and `annotator` count from 0 through `comparisons` and `people`, which hold the ids in
    the database; `n_labels` is how many labels there is room for (see `labeler.work.labels`).
    """

    item: NDArray[Any]
    annotator: NDArray[Any]
    label: NDArray[Any]
    comparisons: NDArray[Any]
    people: NDArray[Any]
    n_labels: int


def read(reading: Reading, project: Project) -> Votes:
    """Read all votes of a project that count."""
    answers = _answers(reading, project)
    pages = list(_pages(reading, project.id, answers))
    rows = np.concatenate(pages) if pages else np.empty((0, 3), dtype=np.int64)
    comparisons, item = np.unique(rows[:, 0], return_inverse=True)
    people, annotator = np.unique(rows[:, 1], return_inverse=True)
    room = _room(reading, project, answers)
    n_labels = max(room, int(rows[:, 2].max(initial=0)) + 1)
    return Votes(item, annotator, rows[:, 2], comparisons, people, n_labels)


def _pages(reading: Reading, project_id: int, answers: Counter[int]) -> Iterator[NDArray[np.int64]]:
    last = 0
    while True:
        with reading() as session:
            page = session.connection().execute(_PAGE, {"project": project_id, "last": last}).all()
        if not page:
            return
        last = page[-1].id
        found = [
            (row.comparison_id, row.person_id, _label(row, answers[row.comparison_id] or 2))
            for row in page
            if row.counts
        ]
        yield np.array(found, dtype=np.int64).reshape(-1, 3)


def _label(row: Any, answers: int) -> int:
    if row.preferred is not None:
        preferred: int = row.preferred
        return preferred
    return labels.of(row.verdict, None, row.said, answers)


def _answers(reading: Reading, project: Project) -> Counter[int]:
    """Return how many answers each comparison has, where that is not two for all."""
    with reading() as session:
        asked = rubrics.version(session, project.id, project.rubric_number).asked
        if questions.answers(asked)[1] == 2:
            return Counter()
        rows = session.execute(
            sa.select(Response.comparison_id, sa.func.count())
            .where(Response.project_id == project.id)
            .group_by(Response.comparison_id)
        )
        return Counter(dict(rows.tuples().all()))


def _room(reading: Reading, project: Project, answers: Counter[int]) -> int:
    with reading() as session:
        asked = rubrics.version(session, project.id, project.rubric_number).asked
    return labels.number(asked, max(answers.values(), default=2))


_PAGE = (
    sa.select(
        Judgment.id,
        Judgment.comparison_id,
        Judgment.person_id,
        Judgment.verdict,
        Judgment.preferred,
        sa.case((Judgment.verdict == Verdict.criteria, Judgment.said)).label("said"),
        sa.and_(
            Judgment.is_current,
            Judgment.state == JudgmentState.accepted,
            Judgment.gold_right.is_(None),
        ).label("counts"),
    )
    .where(Judgment.project_id == sa.bindparam("project"), Judgment.id > sa.bindparam("last"))
    .order_by(Judgment.id)
    .limit(PAGE)
)
