"""Projects that were judged as it is told, whatever order the comparisons are drawn in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports import cutting, releases
from exports.criteria import Criteria
from exports.manifests import Manifest
from exports.releases import Cut, Release
from labeler.database import Database
from labeler.people.accounts import Person
from labeler.work import assignments, queue
from labeler.work.assignments import SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.make import judge, load_rows, make_project, make_row

KEY = "00" * 32

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


def plan(database: Database, project: Project, **rules: Any) -> Cut:
    """Fix the cut-off, as a door does."""
    with database.writing() as session:
        cut = releases.plan(session, project, Criteria(**rules))
        session.commit()
    return cut


def write(database: Database, cut: Cut, target: Path) -> Manifest:
    """Write a release without recording it."""
    with cutting.staged(cut, database.reading, target) as manifest:
        pass
    return manifest


def release(database: Database, cut: Cut, target: Path, *, data: Path, by: Person) -> Release:
    """Write a release and record it, as a door does."""
    with (
        cutting.staged(cut, database.reading, target) as manifest,
        database.writing() as session,
    ):
        made = releases.record(session, cut, manifest, target=target, data=data, by=by)
        session.commit()
    return made


def known_key(cut: Cut, database: Database) -> Cut:
    """Return the cut with a key that is the same in every database, and so are people's own."""
    with database.writing() as session:
        for person in session.scalars(sa.select(Person)):
            person.pseudonym_key = f"{person.id:064x}"
        session.commit()
    return replace(cut, pseudonym_key=KEY)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with what is in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
