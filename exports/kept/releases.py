"""Releases: frozen, checksummed datasets. Numbered in their project, never changed.

A cut-off is a mark (the newest judgment, the moment) with criteria. The same cut-off is the same
release, with the same number and the same bytes, however often it is written.
"""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

import labeler
from exports.choosing import selection
from exports.choosing.criteria import Criteria
from exports.files import manifests
from exports.kept import changes
from exports.privacy import pseudonyms
from labeler import events
from labeler.errors import Conflict, Invalid, NotFound
from labeler.people.accounts import Person
from labeler.privacy.declared import Keep
from labeler.said import say
from labeler.schema import Base, BigInt, Id, reference
from labeler.work.batches import Batch
from labeler.work.projects import Project

KEEP = Keep(
    "releases",
    "which datasets were cut, with the key of their pseudonyms",
    "as long as the dataset; its files are the owner's to keep",
    "Art. 6(1)(f), or (e) of a public body: the proof of how a dataset was made",
    "stays; whose pseudonym was whose cannot be worked out any more",
)
OVERTAKEN = say("Somebody else has just cut a release of this project. Please try again.")


class ReleaseState(enum.Enum):
    """What became of a release."""

    cut = "cut"
    """It is there for owners."""
    published = "published"
    """Everybody in the project is told of it."""
    withdrawn = "withdrawn"
    """It is gone for ever, with a reason; a tombstone stands in its place."""


class Release(Base):
    """A dataset that was cut from a project up to a moment."""

    __tablename__ = "releases"
    __table_args__ = (sa.UniqueConstraint("project_id", "number"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    number: Mapped[int]
    title: Mapped[str]
    """The project's title, as it was."""
    question: Mapped[str]
    """The project's question, as it was."""
    criteria: Mapped[dict[str, Any]]
    last_judgment_id: Mapped[BigInt]
    """The newest judgment that was looked at."""
    cut_at: Mapped[datetime]
    pseudonym_key: Mapped[str]
    """Makes the pseudonyms, with each person's own; it never leaves the database."""
    masked: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What people were called, by number, where they had no keys yet; masked by those of now."""
    software: Mapped[str]
    """What wrote the files: another version may write other bytes."""
    folder: Mapped[str]
    """Where the files were put, seen from the data folder."""
    manifest_sha256: Mapped[str]
    rows: Mapped[int]
    left_out: Mapped[int]
    created_by: Mapped[int] = reference("people.id")
    labor_card: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Who made it and how, as it was told; None of releases from before there were cards."""
    state: Mapped[ReleaseState] = mapped_column(default=ReleaseState.cut)
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_because: Mapped[str] = mapped_column(default="")


@dataclass(frozen=True)
class Cut:
    """All that the bytes of a release follow from, beside judgments and texts, which stay."""

    project_id: int
    slug: str
    title: str
    question: str
    number: int
    criteria: Criteria
    mark: selection.Mark
    pseudonym_key: str
    software: str
    masked: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Made:
    """What a release turned out to be, when its files are written."""

    manifest: manifests.Manifest
    labor_card: dict[str, Any]


def plan(
    session: Session, project: Project, criteria: Criteria, promised: Sequence[Cut] = ()
) -> Cut:
    """Fix the cut-off of this moment. Commit at once: until then others wait to judge.

    If nothing has happened since a release with the same criteria, it is that release's cut; or
    that of one that is promised and not there yet, whose numbers are taken too.
    """
    criteria = settled(project, criteria)
    _require_batches(session, project, criteria)
    mark = selection.mark(session, project.id)
    before = _unchanged_since(session, project, criteria, mark)
    if before is not None:
        return cut_of(project, before)
    last = session.scalar(
        sa.select(sa.func.max(Release.number)).where(Release.project_id == project.id)
    )
    planned = Cut(
        project_id=project.id,
        slug=project.slug,
        title=project.title,
        question=project.question,
        number=max(last or 0, *(cut.number for cut in promised), 0) + 1,
        criteria=criteria,
        mark=mark,
        pseudonym_key=pseudonyms.new_key(),
        software=software(),
    )
    same = (cut for cut in promised if _is_same(session, project, cut, planned))
    return next(same, planned)


def look(session: Session, project: Project, criteria: Criteria) -> Cut:
    """Return a cut of this moment that is good for a look, and makes nobody wait.

    Raises Invalid if there is no batch of a name that is asked for.
    """
    _require_batches(session, project, criteria)
    return Cut(
        project_id=project.id,
        slug=project.slug,
        title=project.title,
        question=project.question,
        number=0,
        criteria=settled(project, criteria),
        mark=selection.glance(session, project.id),
        pseudonym_key=pseudonyms.new_key(),
        software=software(),
    )


def cut_of(project: Project, release: Release) -> Cut:
    """Return the cut that a release was made by, to make it again."""
    return Cut(
        project_id=project.id,
        slug=project.slug,
        title=release.title,
        question=release.question,
        number=release.number,
        criteria=Criteria.model_validate(release.criteria),
        mark=selection.Mark(release.last_judgment_id, release.cut_at),
        pseudonym_key=release.pseudonym_key,
        software=release.software,
        masked=release.masked,
    )


def record(
    session: Session, cut: Cut, made: Made, *, target: Path, data: Path, by: Person
) -> Release:
    """Note a release, or find the one that was cut by the same cut before.

    `target` is where it is going to be, noted as seen from the data folder. Raises Conflict if it
    was to be the same as before and is not.
    """
    manifest, sha256 = made.manifest, manifests.digest_of(made.manifest)
    before = numbered(session, cut.project_id, cut.number)
    if before is not None:
        _require_same(session, before, cut, sha256)
        if not (data / before.folder).is_dir():
            before.folder = _seen_from(data, target)
        return before
    release = _release(cut)
    release.folder, release.manifest_sha256 = _seen_from(data, target), sha256
    release.rows, release.left_out = manifest.counts.used, manifest.counts.left_out
    release.created_by, release.labor_card = by.id, made.labor_card
    _add(session, release)
    events.record(
        session,
        "release.cut",
        person_id=by.id,
        project_id=cut.project_id,
        subject=release.id,
        number=cut.number,
        rows=release.rows,
        digest=sha256,
    )
    return release


def home(cut: Cut, data: Path) -> Path:
    """Return where a release lies in the data folder if nobody says otherwise."""
    return data / "releases" / cut.slug / str(cut.number)


def manifest(release: Release, data: Path) -> manifests.Manifest | None:
    """Return what is in a release; None if that is not there, or not as it was.

    The other files are not read.
    """
    folder = data / release.folder
    try:
        found = manifests.read(folder)
    except Invalid:
        return None
    is_same = manifests.digest(folder / manifests.NAME) == release.manifest_sha256
    return found if is_same else None


def contents(release: Release, data: Path) -> tuple[Path, manifests.Manifest] | None:
    """Return where a release is and what is in it; None if it is not there, or not as it was.

    Every file is read and its hash compared.
    """
    folder, there = data / release.folder, manifest(release, data)
    return None if there is None or any(manifests.faults(folder, there)) else (folder, there)


def find(session: Session, project: Project, number: int) -> Release:
    """Return a release of the project; raises NotFound."""
    release = numbered(session, project.id, number) if number < 2**31 else None
    if release is None:
        raise NotFound("There is no such release.")
    return release


def numbered(session: Session, project_id: int, number: int) -> Release | None:
    """Return the release of this number, if there is one."""
    return session.scalar(
        sa.select(Release).where(Release.project_id == project_id, Release.number == number)
    )


def of_project(session: Session, project_id: int) -> Sequence[Release]:
    """Return the releases of a project, newest first."""
    return session.scalars(
        sa.select(Release).where(Release.project_id == project_id).order_by(Release.number.desc())
    ).all()


def folders(session: Session, data: Path) -> Iterator[Path]:
    """Yield the folders of releases that lie in the data folder, seen from it."""
    for folder in session.scalars(sa.select(Release.folder).order_by(Release.id)):
        if not Path(folder).is_absolute() and (data / folder).is_dir():
            yield Path(folder)


def settled(project: Project, criteria: Criteria) -> Criteria:
    """Return the criteria with the number of judgments that the project asks for just now."""
    if criteria.min_judgments is not None:
        return criteria
    return criteria.model_copy(update={"min_judgments": project.judgments_per_comparison})


def software() -> str:
    """Return what writes releases here, with its version."""
    return f"labeler {labeler.__version__}, pyarrow {metadata.version('pyarrow')}"


def _release(cut: Cut) -> Release:
    return Release(
        project_id=cut.project_id,
        number=cut.number,
        title=cut.title,
        question=cut.question,
        criteria=cut.criteria.model_dump(mode="json"),
        last_judgment_id=cut.mark.last_judgment_id,
        cut_at=cut.mark.cut_at,
        pseudonym_key=cut.pseudonym_key,
        software=cut.software,
    )


def _require_batches(session: Session, project: Project, criteria: Criteria) -> None:
    asked = set(criteria.batches or ())
    if not asked:
        return
    there = sa.select(Batch.name).where(Batch.project_id == project.id)
    if unknown := asked - set(session.scalars(there)):
        words = say("There is no batch “%(name)s”.", name=min(unknown))
        raise Invalid("A release cannot be cut by these rules.", fields={"batches": words})


def _seen_from(data: Path, target: Path) -> str:
    data, target = data.absolute(), target.absolute()
    return str(target.relative_to(data) if target.is_relative_to(data) else target)


def _add(session: Session, release: Release) -> None:
    session.add(release)
    try:
        session.flush()
    except sa.exc.IntegrityError:  # on PostgreSQL another one may have taken the number meanwhile
        raise Conflict(OVERTAKEN) from None


def _unchanged_since(
    session: Session, project: Project, criteria: Criteria, mark: selection.Mark
) -> Release | None:
    alike = session.scalars(
        sa.select(Release)
        .where(
            Release.project_id == project.id,
            Release.last_judgment_id == mark.last_judgment_id,
            Release.title == project.title,
            Release.question == project.question,
            Release.software == software(),
        )
        .order_by(Release.number.desc())
    )
    wanted = criteria.model_dump(mode="json")
    found = next(
        (
            release
            for release in alike
            if release.criteria == wanted and release.state is not ReleaseState.withdrawn
        ),
        None,
    )
    if found is None or changes.since(session, project.id, found.cut_at, criteria):
        return None
    return found


def _is_same(session: Session, project: Project, promised: Cut, planned: Cut) -> bool:
    """Tell whether nothing has happened since a release was promised that would change it."""
    then = replace(
        planned,
        number=promised.number,
        mark=selection.Mark(planned.mark.last_judgment_id, promised.mark.cut_at),
        pseudonym_key=promised.pseudonym_key,
    )
    moment = promised.mark.cut_at
    return then == promised and not changes.since(session, project.id, moment, planned.criteria)


def _require_same(session: Session, release: Release, cut: Cut, sha256: str) -> None:
    if release.pseudonym_key != cut.pseudonym_key:
        raise Conflict(OVERTAKEN)
    if release.manifest_sha256 == sha256:
        return
    words = f"Release {release.number} could not be made again byte for byte."
    if session.scalar(sa.select(changes.erased(release.project_id, release.cut_at))):
        words += " Somebody who judged in it was erased since: what they were called is forgotten."
    if release.software != software():
        words += f" It was made by {release.software}; this is {software()}."
    raise Conflict(words)
