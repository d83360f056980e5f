"""Stand-ins: people who judged somewhere else, and whose judgments were brought here.

Each is called what the file calls them. They cannot sign in, nobody can write to them (their
address ends in .invalid, RFC 2606), and nothing is paid to them here. Their part in the project is
over as soon as it begins. The same name from the same source is the same person in a project, and
another one in every other project.
"""

import hashlib
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock, events
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.said import say
from labeler.text import lines

HOST = "imported.invalid"
LONGEST = 200
UNKNOWN = say("Unknown annotator")
"""What somebody is called of whom nothing is known any more."""
_AT_ONCE = 500


def find_or_add(
    session: Session, project_id: int, source: str, names: Iterable[str], *, by: Person
) -> dict[str, int]:
    """Return a person for each name of this source, added if they were not there."""
    found: dict[str, int] = {}
    wanted = list(dict.fromkeys(names))
    for at in range(0, len(wanted), _AT_ONCE):
        addresses = {address(project_id, source, name): name for name in wanted[at : at + _AT_ONCE]}
        known = sa.select(Person.email, Person.id).where(Person.email.in_(addresses))
        found |= {addresses[email]: person_id for email, person_id in session.execute(known)}
    for name in wanted:
        if name not in found:
            email = address(project_id, source, name)
            found[name] = _add(session, project_id, email, name, source, by=by).id
    return found


def add_unknown(
    session: Session, project_id: int, source: str, number: int, *, by: Person
) -> list[int]:
    """Return so many people of whom nothing is known: no release gives them a pseudonym."""
    found = [
        _add(session, project_id, address(project_id, source, f"\0{n}"), UNKNOWN, source, by=by)
        for n in range(1, number + 1)
    ]
    nobody = sa.update(Person).where(Person.id.in_([person.id for person in found]))
    session.execute(nobody.values(pseudonym_key=None))
    return [person.id for person in found]


def of_project(session: Session, project_id: int) -> Sequence[Person]:
    """Return the people of a project who judged somewhere else, by name."""
    return session.scalars(
        sa.select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.project_id == project_id, Person.email.endswith(f"@{HOST}"))
        .order_by(Person.name, Person.id)
    ).all()


def among(session: Session, person_ids: Iterable[int]) -> set[int]:
    """Return which of these people judged somewhere else."""
    theirs = Person.id.in_(set(person_ids)), Person.email.endswith(f"@{HOST}")
    return set(session.scalars(sa.select(Person.id).where(*theirs)))


def address(project_id: int, source: str, name: str) -> str:
    """Return where somebody of this name would be written to, if anybody could be."""
    told = f"{project_id}\0{source}\0{name}"
    return f"{hashlib.sha256(told.encode()).hexdigest()[:24]}@{HOST}"


def is_one(person: Person) -> bool:
    """Say whether the person judged somewhere else."""
    return person.email.endswith(f"@{HOST}")


def _add(
    session: Session, project_id: int, email: str, name: str, source: str, *, by: Person
) -> Person:
    now = clock.now()
    person = Person(
        email=email, name=_fitted(name), created_at=now, closed_at=now, password_hash=None
    )
    session.add(person)
    session.flush()
    session.add(
        Membership(
            project_id=project_id,
            person_id=person.id,
            role=Role.annotator,
            created_at=now,
            removed_at=now,
        )
    )
    events.record(
        session,
        "person.imported",
        person_id=by.id,
        project_id=project_id,
        subject=person.id,
        source=source,
    )
    return person


def _fitted(name: str) -> str:
    return lines.fitted(name)[:LONGEST].strip() or UNKNOWN
