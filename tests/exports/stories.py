"""Projects that were judged as it is told, whatever order the comparisons are drawn in."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.choosing.criteria import Criteria
from exports.files.manifests import Manifest
from exports.kept import releases
from exports.kept.releases import Cut, Release
from exports.making import cutting
from exports.proof.envelopes import Signer
from labeler.database import Database
from labeler.people.accounts import Person
from labeler.work import answers, assignments, judgments, projects, queue
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.layouts import ResponseIn
from labeler.work.projects import Project
from labeler.work.questions import edit, reason
from labeler.work.rubrics import RubricDraft
from tests.cast import Cast, make_cast
from tests.make import judge, load_rows, make_project, make_row, new_key

KEY = "00" * 32
SIGNER = Signer.make()

Said = int | str | None
"""The number of the better response, "tie" or "both_bad"; None hands the comparison back."""


def judge_all(
    session: Session, project: Project, person: Person, says: Callable[[str], Said]
) -> None:
    """Let a person judge whatever there is; `says` is asked with the comparison's external id."""
    while (assignment := queue.claim(session, project, by=person)) is not None:
        comparison = session.get_one(Comparison, assignment.comparison_id)
        said = says(comparison.external_id)
        if said is None:
            assignments.skip(session, assignment, SkipReason.subject)
        elif isinstance(said, str):
            judge(session, assignment, said, person)
        else:
            judge(session, assignment, 2 if assignment.places[0] == said else 6, person)


def tell(database: Database, votes: dict[str, list[Said]], **changes: Any) -> tuple[Cast, Project]:
    """Make a project in which Ada and Bea said this of the comparisons of these names."""
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, **changes)
        rows = [make_row(number, id=name) for number, name in enumerate(votes)]
        if rows:
            load_rows(session, project, rows, by=cast.olga)
        for place, person in enumerate((cast.ada, cast.bea)):
            judge_all(session, project, person, lambda name, at=place: votes[name][at])
        session.commit()
    return cast, project


def tell_everything(database: Database) -> tuple[Cast, Project]:
    """Make a project that has rows for every format.

    First answers were put in order; then a new form asked for the better one, for points of both
    and for an improvement of the better one. Every fifth comparison has no better answer.
    """
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, rubric=ORDER)
        rows = [make_row(number, id=f"order-{number}") for number in range(100, 110)]
        load_rows(session, project, rows, by=cast.olga, name="orders")
        for person in (cast.ada, cast.bea):
            _answer_all(session, project, person, _in_order)
        projects.ask(session, project, RubricDraft.model_validate(WHOLE), by=cast.olga)
        rows = [make_row(number, id=f"p{number}") for number in range(30)]
        load_rows(session, project, rows, by=cast.olga)
        for person in (cast.ada, cast.bea):
            _answer_all(session, project, person, _as_a_whole)
        session.commit()
    return cast, project


def tell_orders(database: Database) -> tuple[Cast, Project]:
    """Make a project in which three answers to each prompt were put in order."""
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, rubric=ORDER)
        rows = [
            make_row(number, responses=tuple(ResponseIn(text=f"{n}, {number}.") for n in range(3)))
            for number in range(12)
        ]
        load_rows(session, project, rows, by=cast.olga)
        for person in (cast.ada, cast.bea):
            _answer_all(session, project, person, _as_they_come)
        session.commit()
    return cast, project


ORDER = {"questions": [{"kind": "ranking"}]}
WHOLE = {
    "questions": [
        {"kind": "pairwise"},
        {"kind": "criteria", "criteria": [{"name": "Clear", "asks": "rating", "points": 5}]},
        {"kind": "reason", "text": "optional"},
        {"kind": "edit"},
    ]
}
REASON = "My aunt Rosa says so."


def _as_they_come(_number: int, letters: Sequence[str]) -> dict[str, Any]:
    return {"ranking": [[letter] for letter in letters]}


def _in_order(number: int, letters: Sequence[str]) -> dict[str, Any]:
    return {"ranking": [[letters[number % 2]], [letters[1 - number % 2]]]}


def _as_a_whole(number: int, letters: Sequence[str]) -> dict[str, Any]:
    better = number % 2
    step = 2 if letters[better] == "A" else 6
    points = {letters[better]: 5, letters[1 - better]: 2}
    said = {"pairwise": step, "criteria": {"Clear": points}, "reason": reason.Given(text=REASON)}
    if number % 5 == 0:
        return said | {"pairwise": "tie" if number % 10 else "both_bad"}
    if number % 3 == 0:
        return said | {"edit": edit.Given(place=letters[better], text=f"Improved: {number}.")}
    return said


def _answer_all(
    session: Session,
    project: Project,
    person: Person,
    says: Callable[[int, Sequence[str]], dict[str, Any]],
) -> None:
    """Fill in whatever form there is; `says` gets the prompt's number and where answers stand."""
    while (assignment := queue.claim(session, project, by=person)) is not None:
        comparison = session.get_one(Comparison, assignment.comparison_id)
        places = assignment.places
        letters = ["ABC"[places.index(number)] for number in range(len(places))]
        said = says(int(re.sub(r"\D", "", comparison.external_id)), letters)
        answer = answers.read(session, assignment, answers=said)
        judgments.submit(session, assignment, answer, by=person, key=new_key())


def plan(database: Database, project: Project, **rules: Any) -> Cut:
    """Fix the cut-off, as a door does."""
    with database.writing() as session:
        cut = releases.plan(session, project, Criteria(**rules))
        session.commit()
    return cut


def write(database: Database, cut: Cut, target: Path) -> Manifest:
    """Write a release without recording it."""
    with cutting.staged(cut, database.reading, target, signer=SIGNER) as made:
        pass
    return made.manifest


def release(database: Database, cut: Cut, target: Path, *, data: Path, by: Person) -> Release:
    """Write a release and record it, as a door does."""
    with (
        cutting.staged(cut, database.reading, target, signer=SIGNER) as whole,
        database.writing() as session,
    ):
        made = releases.record(session, cut, whole, target=target, data=data, by=by)
        session.commit()
    return made


def known_key(cut: Cut, database: Database) -> Cut:
    """Return the cut with a key that is the same in every database.

    So are people's own keys from now on, and the order in which answers stood.
    """
    with database.writing() as session:
        for person in session.scalars(sa.select(Person)):
            person.pseudonym_key = f"{person.id:064x}"
        for assignment in session.scalars(sa.select(Assignment)):
            assignment.places = sorted(assignment.places)
        session.commit()
    return replace(cut, pseudonym_key=KEY)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with what is in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
