"""Holdings: the files of releases as they are given out, and only if they are what was written."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only

from exports.files import manifests
from exports.files.manifests import FileEntry, Manifest
from exports.kept import releases
from exports.kept.releases import Release
from labeler.errors import NotFound
from labeler.said import say

LISTED = (
    *(Release.number, Release.state, Release.title, Release.criteria, Release.cut_at),
    *(Release.rows, Release.left_out, Release.manifest_sha256, Release.published_at),
    *(Release.withdrawn_at, Release.withdrawn_because),
)
"""What a list tells: no labor card, and not what people were called."""
REMEMBERED = 10_000
"""Files of which is known that they are as they were."""
GONE = say("The files of this release are not here, or they were changed.")
_NO_FILE = say("There is no such file in this release.")


def page(session: Session, project_id: int, *, after: int, limit: int) -> Sequence[Release]:
    """Return releases by number, those after a number first."""
    mine = sa.select(Release).where(Release.project_id == project_id, Release.number > after)
    listed = mine.options(load_only(*LISTED)).order_by(Release.number).limit(limit)
    return session.scalars(listed).all()


def require(release: Release, data: Path) -> Manifest:
    """Return what is in a release, as `releases.manifest`; raises NotFound."""
    found = releases.manifest(release, data)
    if found is None:
        raise NotFound(GONE)
    return found


def entries(release: Release, there: Manifest, data: Path) -> tuple[FileEntry, ...]:
    """Return every file: what the manifest lists, and before it what it cannot name."""
    folder = data / release.folder
    unlisted = [folder / name for name in manifests.UNLISTED if (folder / name).is_file()]
    return (*manifests.entries(folder, unlisted), *there.files)


def file(release: Release, path: str, data: Path) -> tuple[Path, FileEntry]:
    """Return where one file is, and what it is; raises NotFound.

    It is read to compare its hash, but once only for as long as nobody touches it.
    """
    listed = {entry.path: entry for entry in entries(release, require(release, data), data)}
    if path not in listed:
        raise NotFound(_NO_FILE)
    place = data / release.folder / path
    if not _is_whole(place, listed[path]):
        raise NotFound(GONE)
    return place, listed[path]


def whole(release: Release, data: Path) -> tuple[Path, Manifest]:
    """Return where a release is and what is in it, as `releases.contents`; raises NotFound."""
    found = releases.contents(release, data)
    if found is None:
        raise NotFound(GONE)
    return found


def _is_whole(place: Path, entry: FileEntry) -> bool:
    try:
        seen = place.lstat()
    except OSError:
        return False
    return _was_whole(place, entry, seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns)


@lru_cache(REMEMBERED)
def _was_whole(place: Path, entry: FileEntry, *_seen: int) -> bool:
    return manifests.fault(place, entry) is None
