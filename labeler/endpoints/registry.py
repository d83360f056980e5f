"""The register of endpoints: every version of every profile, and who may be asked for a project.

A version is never edited: a change is the next one, and calls cite the version that they were made
with. The key of an endpoint is in none of them; a profile only names where it lies.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import events
from labeler.endpoints import pacing
from labeler.endpoints.profiles import Place, Profile
from labeler.errors import Conflict, Forbidden, NotFound
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, Id, changed, moment, reference
from labeler.work.drafts import ModelsFrom
from labeler.work.projects import Project

CURRENT = sa.text("is_current")


class Endpoint(Base):
    """One version of the profile of a place where a model answers."""

    __tablename__ = "endpoints"
    __table_args__ = (
        sa.UniqueConstraint("name", "version"),
        sa.Index(
            "uq_endpoints_current",
            "name",
            unique=True,
            sqlite_where=CURRENT,
            postgresql_where=CURRENT,
        ),
    )

    id: Mapped[Id]
    name: Mapped[str]
    version: Mapped[int]
    profile: Mapped[dict[str, Any]]
    """As `Profile` writes it in JSON; there is no key in it."""
    is_current: Mapped[bool] = mapped_column(sa.Boolean())
    archived_at: Mapped[datetime | None]
    """Since when nothing new is asked of it."""
    created_by: Mapped[int | None] = reference("people.id")
    created_at: Mapped[datetime]

    @property
    def written(self) -> Profile:
        """The profile of this version."""
        return Profile.model_validate(self.profile)


def add(session: Session, profile: Profile, *, by: Person | None) -> Endpoint:
    """Register an endpoint under a name that is new; raises Conflict if there is one."""
    if _current(session, profile.name) is not None:
        raise Conflict(say("There is already an endpoint called %(name)s.", name=profile.name))
    return _publish(session, profile, version=1, by=by)


def revise(session: Session, profile: Profile, *, by: Person | None) -> Endpoint:
    """Let a name have this profile from now on; the version that there is, if it is the same.

    An archived endpoint is in use again. Raises NotFound if there is none of this name.
    """
    before = _current(session, profile.name)
    if before is None:
        raise _unknown(profile.name)
    if before.archived_at is None and before.profile == profile.model_dump(mode="json"):
        return before
    still = sa.update(Endpoint).where(Endpoint.id == before.id, Endpoint.is_current)
    if not changed(session, still.values(is_current=False)):
        raise Conflict("Somebody else has just changed this: please look at it again.")
    return _publish(session, profile, version=before.version + 1, by=by)


def archive(session: Session, name: str, *, by: Person | None) -> bool:
    """Ask nothing new of an endpoint; False if it is archived already. Raises NotFound.

    What was asked before is still answered, and `revise` brings it back.
    """
    endpoint = newest(session, name)
    open_ = sa.update(Endpoint).where(Endpoint.id == endpoint.id, Endpoint.archived_at.is_(None))
    if not changed(session, open_.values(archived_at=moment(session))):
        return False
    events.record(session, "endpoint.archived", person_id=by.id if by else None, name=name)
    return True


def find(session: Session, name: str) -> Endpoint:
    """Return the version of this name that is in use; raises NotFound."""
    endpoint = newest(session, name)
    if endpoint.archived_at is not None:
        raise NotFound(say("The endpoint %(name)s is archived.", name=name))
    return endpoint


def newest(session: Session, name: str) -> Endpoint:
    """Return the newest version of this name, archived or not; raises NotFound."""
    endpoint = _current(session, name)
    if endpoint is None:
        raise _unknown(name)
    return endpoint


def current(session: Session) -> Sequence[Endpoint]:
    """Return the endpoints that are in use, by name."""
    used = Endpoint.is_current, Endpoint.archived_at.is_(None)
    return session.scalars(sa.select(Endpoint).where(*used).order_by(Endpoint.name)).all()


def archived(session: Session) -> Sequence[Endpoint]:
    """Return the newest versions of the endpoints of which nothing new is asked, by name."""
    resting = Endpoint.is_current, Endpoint.archived_at.is_not(None)
    return session.scalars(sa.select(Endpoint).where(*resting).order_by(Endpoint.name)).all()


def versions(session: Session, name: str) -> Sequence[Endpoint]:
    """Return every version of a name, newest first."""
    mine = sa.select(Endpoint).where(Endpoint.name == name)
    return session.scalars(mine.order_by(Endpoint.version.desc())).all()


def require_allowed(project: Project, endpoint: Endpoint) -> None:
    """Raise Forbidden if the project's rule on where models may be keeps this one away."""
    place = endpoint.written.place
    allowed = {
        ModelsFrom.anywhere: frozenset(Place),
        ModelsFrom.eu: frozenset({Place.eu, Place.on_premises}),
        ModelsFrom.on_premises: frozenset({Place.on_premises}),
    }[project.models_from]
    if place in allowed:
        return
    if project.models_from is ModelsFrom.eu:
        words = "%(name)s is neither on your own machines nor in the EU, and this project asks "
        words += "only models that are."
    else:
        words = "%(name)s is not on your own machines, and this project asks only models that are."
    raise Forbidden(say(words, name=endpoint.name))


def _publish(session: Session, profile: Profile, *, version: int, by: Person | None) -> Endpoint:
    endpoint = Endpoint(
        name=profile.name,
        version=version,
        profile=profile.model_dump(mode="json"),
        is_current=True,
        created_by=by.id if by else None,
        created_at=moment(session),
    )
    session.add(endpoint)
    session.flush()
    pacing.lay(session, profile.name, profile.limits)
    kind = "endpoint.added" if version == 1 else "endpoint.revised"
    person_id = by.id if by else None
    events.record(session, kind, person_id=person_id, name=profile.name, version=version)
    return endpoint


def _current(session: Session, name: str) -> Endpoint | None:
    mine = sa.select(Endpoint).where(Endpoint.name == name, Endpoint.is_current)
    return session.scalar(mine)


def _unknown(name: str) -> NotFound:
    return NotFound(say("There is no endpoint called %(name)s.", name=name))
