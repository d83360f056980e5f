"""Publishing: what becomes of a release after it is cut. It is published, or withdrawn for ever.

Nothing of its files is ever changed. A release that is withdrawn is taken away whole, and a
tombstone stands in its place: what it was, when and why it is gone.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.files import folders, manifests
from exports.files.manifests import TOMBSTONE
from exports.kept import releases
from exports.kept.releases import Release, ReleaseState
from labeler import clock, events
from labeler.errors import Conflict, Invalid
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import changed
from labeler.work.projects import Project
from labeler.work.questions.reason import require_reason

MOVES: Mapping[ReleaseState, Sequence[ReleaseState]] = {
    ReleaseState.cut: (ReleaseState.published, ReleaseState.withdrawn),
    ReleaseState.published: (ReleaseState.withdrawn,),
    ReleaseState.withdrawn: (),
}
_NOT_WHOLE = say("This release cannot be published: its files are not as they were cut.")
_WITHDRAWN = say("This release was withdrawn.")


def publish(session: Session, release: Release, *, data: Path, by: Person) -> None:
    """Tell everybody in the project that a release is there; all its files are checked first.

    Raises Invalid naming what is wrong with the files, and Conflict if it was withdrawn. To
    publish twice is to publish once.
    """
    from exports.checking import verification

    if release.state is ReleaseState.published:
        return
    require_there(release)
    folder = data / release.folder
    faults = verification.verify(folder)
    if not faults and manifests.digest(folder / manifests.NAME) != release.manifest_sha256:
        faults = [f"{manifests.NAME} is not the one that was written"]
    if faults:
        raise Invalid(_NOT_WHOLE, fields=dict(fault.partition(" ")[::2] for fault in faults))
    _move(session, release, ReleaseState.published)
    release.published_at = clock.now()
    _record(session, release, "release.published", by)


def withdraw(session: Session, release: Release, reason: str, *, by: Person) -> None:
    """Withdraw a release for ever, with a reason that everybody may read.

    Call `bury` once that is committed. Raises Invalid without a reason, and Conflict if it was
    withdrawn for another one; the same again changes nothing.
    """
    reason = require_reason(reason)
    if release.state is ReleaseState.withdrawn and release.withdrawn_because == reason:
        return
    _move(session, release, ReleaseState.withdrawn)
    release.withdrawn_at, release.withdrawn_because = clock.now(), reason
    _record(session, release, "release.withdrawn", by)


def bury(release: Release, slug: str, data: Path) -> None:
    """Put a tombstone where the files of a withdrawn release are. Twice is once."""
    assert release.withdrawn_at is not None, "it is withdrawn"
    folder = data / release.folder
    if (folder / TOMBSTONE).is_file() or not folder.is_dir():
        return
    said = {
        "project": slug,
        "release": release.number,
        "cut_at": release.cut_at.isoformat(),
        "manifest_sha256": release.manifest_sha256,
        "withdrawn_at": release.withdrawn_at.isoformat(),
        "because": release.withdrawn_because,
    }
    aside = folder.with_name(f".{folder.name}.withdrawn")
    with folders.whole(aside) as stone:
        text = json.dumps(said, ensure_ascii=False, indent=1)
        (stone / TOMBSTONE).write_text(text + "\n", "utf-8")
    gone = folder.with_name(f".{folder.name}.gone")
    folder.rename(gone)
    aside.rename(folder)
    shutil.rmtree(gone)


def faults(session: Session, data: Path) -> Iterator[str]:
    """Yield what is wrong with the releases whose folders can be seen from the data folder.

    One that was written outside of it may be gone: it was given to somebody.
    """
    from exports.checking import verification

    yield from _unburied(session, data)
    rows = session.execute(
        sa.select(Release, Project.slug)
        .join(Project, Project.id == Release.project_id)
        .where(Release.state != ReleaseState.withdrawn)
        .order_by(Release.id)
    )
    for release, slug in rows.all():
        folder = data / release.folder
        if folder.is_dir():
            found = verification.verify(folder)
            if not found and manifests.digest(folder / manifests.NAME) != release.manifest_sha256:
                found = [f"{manifests.NAME} is not the one that was written"]
        else:
            found = [] if Path(release.folder).is_absolute() else ["the folder is not there"]
        for fault in found:
            yield f"release {release.number} of {slug} in {folder}: {fault}"


def require_there(release: Release) -> None:
    """Raise Conflict if a release was withdrawn."""
    if release.state is ReleaseState.withdrawn:
        raise Conflict(_WITHDRAWN)


def published(session: Session, project_id: int) -> Sequence[Release]:
    """Return the releases of a project that everybody in it is told of, newest first."""
    return [
        each
        for each in releases.of_project(session, project_id)
        if each.state is not ReleaseState.cut and each.published_at is not None
    ]


def _unburied(session: Session, data: Path) -> Iterator[str]:
    withdrawn = session.scalars(
        sa.select(Release).where(Release.state == ReleaseState.withdrawn).order_by(Release.id)
    )
    for each in withdrawn:
        folder = data / each.folder
        if (folder / manifests.NAME).exists():
            yield f"release {each.number} in {folder} was withdrawn, and its files are there"


def _move(session: Session, release: Release, state: ReleaseState) -> None:
    before = [each for each, moves in MOVES.items() if state in moves]
    moved = changed(
        session,
        sa.update(Release)
        .where(Release.id == release.id, Release.state.in_(before))
        .values(state=state),
    )
    if not moved:
        raise Conflict(_WITHDRAWN)


def _record(session: Session, release: Release, kind: str, by: Person) -> None:
    events.record(
        session,
        kind,
        person_id=by.id,
        project_id=release.project_id,
        subject=release.id,
        number=release.number,
        digest=release.manifest_sha256,
    )
