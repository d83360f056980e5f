"""Memberships: who has which role in a project. One person, one role; a past one is kept."""

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as ModelError
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from labeler import clock, errors, events
from labeler.errors import Conflict, Invalid, NotFound
from labeler.people.accounts import Person, require_person
from labeler.said import say
from labeler.schema import Base, Id, changed, reference
from labeler.text import languages, places


class Role(enum.Enum):
    """What a person does in a project."""

    annotator = "annotator"
    """Judges comparisons."""
    reviewer = "reviewer"
    """Sees the project's numbers and judgments; judges too."""
    owner = "owner"
    """Loads, pauses, invites, releases; sees everything; judges too."""


HAS_A_PART = {
    Role.annotator: say("%(name)s has a part here already, as annotator."),
    Role.reviewer: say("%(name)s has a part here already, as reviewer."),
    Role.owner: say("%(name)s has a part here already, as owner."),
}
NO_VISITOR = say("A visitor of a chat cannot get a part here: invite them by their address.")
RANK = {Role.annotator: 1, Role.reviewer: 2, Role.owner: 3}


class Membership(Base):
    """A person's role in a project."""

    __tablename__ = "memberships"
    __table_args__ = (sa.UniqueConstraint("project_id", "person_id"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int] = reference("people.id", index=True)
    role: Mapped[Role]
    languages: Mapped[list[str]] = mapped_column(default=list)
    """What the person judges in, as tags such as fr or pt-BR; empty: anything."""
    cohorts: Mapped[list[str]] = mapped_column(default=list)
    """Groups of the project that the person belongs to: a batch may be for some of them only."""
    place: Mapped[str] = mapped_column(default="")
    """Where the person works (ISO 3166-1 alpha-2), by which they are paid; empty: not said."""
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


# Made once: that costs more than to run it.
_ROLE = sa.select(Membership.role).where(
    Membership.project_id == sa.bindparam("project"),
    Membership.person_id == sa.bindparam("person"),
    Membership.removed_at.is_(None),
)


def _once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))


Tag = Annotated[str, AfterValidator(languages.require_tag)]
Tags = Annotated[list[Tag], Field(max_length=50), AfterValidator(_once)]
Cohort = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[\w.-]{1,40}$")]
"""The name of a group, without spaces; capital letters make no difference."""
Cohorts = Annotated[list[Cohort], Field(max_length=50), AfterValidator(_once)]
Place = Annotated[str, AfterValidator(places.require_code_or_none)]


class Placement(BaseModel):
    """What a person judges in a project, and where. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    languages: Tags = Field([], description="Tags such as fr or pt-BR; none: every language.")
    cohorts: Cohorts = Field([], description="The groups that the person belongs to.")
    place: Place = Field("", description="A code such as KE: where they work, for their pay.")


def read_placement(given: Mapping[str, Any]) -> Placement:
    """Read a placement from outside; raises Invalid naming every bad field."""
    try:
        return Placement.model_validate(given)
    except ModelError as error:
        faults = errors.faults(error, whole="person")
        raise Invalid("This cannot be kept as written.", fields=faults) from None


def role_of(session: Session, project_id: int, person: Person) -> Role | None:
    """Return the person's role in the project, or None."""
    return session.scalar(_ROLE, {"project": project_id, "person": person.id})


def manages(session: Session, person: Person) -> bool:
    """Say whether the person sees more of some project than an annotator does."""
    more = (Role.reviewer, Role.owner)
    mine = sa.select(Membership.id).where(
        Membership.person_id == person.id,
        Membership.removed_at.is_(None),
        Membership.role.in_(more),
    )
    return person.is_admin or bool(session.scalar(sa.select(mine.exists())))


def beyond(owner: Person) -> sa.Select[int]:
    """Return the memberships of a `Person` in projects that somebody else owns."""
    mine = aliased(Membership)
    owned = sa.select(mine.project_id).where(
        mine.person_id == owner.id, mine.removed_at.is_(None), mine.role == Role.owner
    )
    return sa.select(Membership.id).where(
        Membership.person_id == Person.id,
        Membership.removed_at.is_(None),
        Membership.project_id.not_in(owned),
    )


def grant(session: Session, project_id: int, person: Person, role: Role, *, by: Person) -> None:
    """Give the person this role in the project, in place of any other; nothing if they have it.

    Raises Conflict for a visitor of a chat, whom nobody could pay.
    """
    if person.is_visitor:
        raise Conflict(NO_VISITOR)
    if role is not Role.owner:
        _keep_an_owner(session, project_id, person)
    found = session.scalar(
        sa.select(Membership).where(
            Membership.project_id == project_id, Membership.person_id == person.id
        )
    )
    if found is None:
        found = Membership(project_id=project_id, person_id=person.id, created_at=clock.now())
        session.add(found)
    elif found.role is role and found.removed_at is None:
        return
    found.role, found.removed_at = role, None
    events.record(
        session,
        "membership.granted",
        person_id=by.id,
        project_id=project_id,
        subject=person.id,
        role=role.value,
    )


def invite(session: Session, project_id: int, person: Person, role: Role, *, by: Person) -> None:
    """Give a role to somebody who has none in the project; raises Conflict if they have another."""
    held = role_of(session, project_id, person)
    if held not in (None, role):
        raise Conflict(say(HAS_A_PART[held], name=person.name))
    if held is None:
        grant(session, project_id, person, role, by=by)


def remove(session: Session, project_id: int, person: Person, *, by: Person) -> None:
    """End the person's part in the project; what they judged and earned stays."""
    require_person(by)
    _keep_an_owner(session, project_id, person)
    done = changed(
        session,
        sa.update(Membership)
        .where(
            Membership.project_id == project_id,
            Membership.person_id == person.id,
            Membership.removed_at.is_(None),
        )
        .values(removed_at=clock.now()),
    )
    if not done:
        raise NotFound("This person has no part in the project.")
    events.record(
        session, "membership.removed", person_id=by.id, project_id=project_id, subject=person.id
    )


def place(
    session: Session, project_id: int, person: Person, placement: Placement, *, by: Person
) -> None:
    """Say what the person judges in the project and where they work, if it is to change.

    It holds from the next claim on. Raises NotFound.
    """
    held = part_of(session, project_id, person.id)
    said = placement.model_dump(exclude_unset=True)
    new = {name: value for name, value in said.items() if getattr(held, name) != value}
    if not new:
        return
    for name, value in new.items():
        setattr(held, name, value)
    session.flush()
    events.record(
        session,
        "membership.placed",
        person_id=by.id,
        project_id=project_id,
        subject=person.id,
        **new,
    )


def part_of(session: Session, project_id: int, person_id: int) -> Membership:
    """Return the part that the person has in the project; raises NotFound."""
    found = parts(session, project_id, [person_id])
    if not found:
        raise NotFound("This person has no part in the project.")
    return found[person_id]


def require_ever(session: Session, project_id: int, person: Person) -> None:
    """Raise NotFound unless the person has, or had, a part in the project."""
    here = Membership.project_id == project_id, Membership.person_id == person.id
    if session.scalar(sa.select(Membership.id).where(*here)) is None:
        raise NotFound("This person has no part in the project.")


def parts(session: Session, project_id: int, person_ids: Sequence[int]) -> dict[int, Membership]:
    """Return the parts in the project by person, of those who have one."""
    found = session.scalars(
        sa.select(Membership).where(
            Membership.project_id == project_id,
            Membership.person_id.in_(person_ids),
            Membership.removed_at.is_(None),
        )
    )
    return {each.person_id: each for each in found}


def of_project(session: Session, project_id: int) -> Sequence[tuple[Person, Role]]:
    """Return the people of a project with their roles, by name."""
    rows = session.execute(
        sa.select(Person, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.project_id == project_id, Membership.removed_at.is_(None))
        .order_by(Person.name, Person.id)
    )
    return [(person, role) for person, role in rows]


def member(session: Session, project_id: int, person_id: int) -> Person:
    """Return a person who has a part in the project; raises NotFound."""
    for person, _role in of_project(session, project_id):
        if person.id == person_id:
            return person
    raise NotFound("This person has no part in the project.")


def _keep_an_owner(session: Session, project_id: int, person: Person) -> None:
    # Locked in one order, so that of two owners who remove each other the second one sees it.
    owners = session.scalars(
        sa.select(Membership.person_id)
        .where(
            Membership.project_id == project_id,
            Membership.role == Role.owner,
            Membership.removed_at.is_(None),
        )
        .order_by(Membership.id)
        .with_for_update()
    ).all()
    if list(owners) == [person.id]:
        raise Invalid("A project needs an owner: make somebody else one first.")
