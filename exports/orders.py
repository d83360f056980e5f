"""Orders: releases that were asked for and are cut in the background.

The cut is fixed when it is asked for and stands in the job, so a release comes to the same bytes
whenever it is made, and however often it was begun.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from exports import publishing
from exports.choosing.criteria import Criteria
from exports.files import folders
from exports.kept import releases
from exports.kept.releases import OVERTAKEN, Cut, Release
from labeler import events, jobs
from labeler.errors import Conflict, Invalid
from labeler.events import Event
from labeler.jobs import Job, JobState, Place, Progress
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Reading
from labeler.work.projects import Project

KIND = "release.cut"
ASKED = "release.asked"
SHOWN = 10
"""How many of those that failed are shown at most."""
_CUTS = TypeAdapter(Cut)
_NOTHING = say("There is nothing to release: no pair is left by these rules.")
_USED = say("This key was used for another order.")
_OTHER = say("This was asked for in another version of labeler. Please ask for it again.")


class Order(NamedTuple):
    """A release that was asked for, whatever came of it."""

    job: Job

    @property
    def number(self) -> int:
        """The number that the release has, or is to have."""
        number: int = self.job.payload["number"]
        return number

    @property
    def criteria(self) -> Criteria:
        """The rules that it was asked for with, as far as this version knows them."""
        cut = _cut(self.job)
        return cut.criteria if cut else Criteria()


def plan(session: Session, project: Project, criteria: Criteria) -> Cut:
    """Fix the cut-off of this moment, as `releases.plan`, knowing what is being cut already."""
    return releases.plan(session, project, criteria, promised(session, project.id))


def require_some(reading: Reading, looked: Cut) -> None:
    """Raise Invalid if it can be seen that there would be nothing in the release."""
    from exports.making import previews

    counted = previews.preview(reading, looked)
    if counted.is_complete and not counted.is_worth_it:
        raise Invalid(_NOTHING)


def ask(session: Session, cut: Cut, *, by: Person, key: str | None = None) -> Job:
    """Ask for a release to be cut; raises Conflict if its number was given to another meanwhile.

    What was asked for under a key is found by it (see `asked`), whatever has happened since.
    """
    job, is_new = jobs.ask(
        session,
        KIND,
        _CUTS.dump_python(_bare(cut), mode="json"),
        key=f"{cut.project_id}/{cut.number}",
        by=by.id,
        project_id=cut.project_id,
    )
    if _cut(job) != _bare(cut):
        raise Conflict(OVERTAKEN)
    if is_new or key:
        _note(session, ASKED, job, by, **({"key": key} if key else {}))
    return job


def asked(
    session: Session, project: Project, criteria: Criteria, *, key: str, by: Person
) -> Order | None:
    """Return what this person asked for under this key; raises Conflict if by other rules."""
    mine = Event.project_id == project.id, Event.person_id == by.id, Event.kind == ASKED
    keyed = sa.select(Event.data).where(*mine, Event.data["key"].as_string() == key)
    said = session.scalars(keyed.order_by(Event.id).limit(1)).one_or_none()
    if said is None:
        return None
    order = find(session, project, said["subject"])
    least = criteria.min_judgments or order.criteria.min_judgments
    if criteria.model_copy(update={"min_judgments": least}) != order.criteria:
        raise Conflict(_USED)
    return order


def ask_once(
    session: Session, project: Project, criteria: Criteria, *, key: str, by: Person
) -> Order:
    """Ask for a release as of this moment, or find what was asked for under this key before."""
    before = asked(session, project, criteria, key=key, by=by)
    return before or Order(ask(session, plan(session, project, criteria), by=by, key=key))


def stop(session: Session, order: Order, *, by: Person) -> None:
    """End what was asked for and is not wanted any more; raises Conflict if it is over."""
    if jobs.cancel(session, order.job):
        _note(session, "release.stopped", order.job, by)


def run(place: Place, job: Job, progress: Progress) -> dict[str, Any]:
    """Cut the release, unless it is there already: the work of jobs of this kind."""
    from exports.making import cutting
    from exports.proof import keys

    with place.reading() as session:
        cut, made = _known(session, job)
    if made is not None:
        publishing.require_there(made)
        if releases.contents(made, place.data) is not None:
            return {"number": made.number}
    target = releases.home(cut, place.data)
    folders.sweep(target)

    def record(session: Session) -> Release:
        jobs.hold(session, job)  # what was stopped is not recorded
        by = session.get_one(Person, job.created_by)
        return releases.record(session, cut, whole, target=target, data=place.data, by=by)

    signer = keys.current(place.data)
    with cutting.staged(cut, place.reading, target, signer=signer, progress=progress) as whole:
        number = place.write(record).number
    return {"number": number}


def find(session: Session, project: Project, job_id: int) -> Order:
    """Return an order of this project; raises NotFound."""
    return Order(jobs.find(session, KIND, project.id, job_id))


def promised(session: Session, project_id: int) -> list[Cut]:
    """Return the cuts of the releases that are asked for and not there yet."""
    mine = jobs.of_project(KIND, project_id).where(jobs.OPEN)
    cuts = (_cut(job) for job in session.scalars(mine))
    return [cut for cut in cuts if cut]


def current(session: Session, project_id: int, newest: Release | None) -> Sequence[Order]:
    """Return what is not over, and what failed since the newest release was cut, newest first."""
    failed = Job.state == JobState.failed
    if newest is not None:
        failed &= Job.ended_at > newest.cut_at
    mine = jobs.of_project(KIND, project_id).where(sa.or_(jobs.OPEN, failed))
    return [Order(job) for job in session.scalars(mine.limit(SHOWN))]


def _known(session: Session, job: Job) -> tuple[Cut, Release | None]:
    """Return the cut that was asked for, and the release if it was recorded before."""
    cut = _cut(job)
    if cut is None:
        raise Conflict(_OTHER)
    made = releases.numbered(session, cut.project_id, cut.number)
    if made is None:
        return cut, None
    if made.pseudonym_key != cut.pseudonym_key:
        raise Conflict(OVERTAKEN)
    project = session.get_one(Project, cut.project_id)
    return releases.cut_of(project, made), made


def _bare(cut: Cut) -> Cut:
    """Return the cut without what people were called: that stands with the release alone."""
    return replace(cut, masked=None)


def _cut(job: Job) -> Cut | None:
    """Return the cut as it was asked for, if it was in words that this version knows."""
    try:
        return _CUTS.validate_python(job.payload)
    except ValidationError:
        return None


def _note(session: Session, kind: str, job: Job, by: Person, **more: str) -> None:
    about = {"subject": job.id, "number": job.payload["number"], **more}
    events.record(session, kind, person_id=by.id, project_id=job.project_id, **about)
