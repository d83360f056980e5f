"""Reading releases: which there are, what is in one, its files and the whole of it."""

from pathlib import Path

import flask
from flask import Response, current_app, request

from exports.api import models
from exports.files import archives
from exports.kept import holdings, releases
from exports.kept.releases import Release
from labeler import database
from labeler.api.models import PageQuery
from labeler.api.operations import Answer, Operation
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.people.tokens import Scope
from labeler.work import projects

FILE, ARCHIVE = "application/octet-stream", "application/zip"


def list_releases(slug: str, query: PageQuery, *, by: Person) -> Answer:
    """Read which releases there are, by number; for owners."""
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.owner)
    found = holdings.page(session, project.id, after=query.after, limit=query.limit)
    told = models.ReleasePage(
        releases=[_told(release) for release in found],
        next=found[-1].number if len(found) == query.limit else None,
    )
    return told, 200


def show_release(slug: str, number: int, *, by: Person) -> Answer:
    """Read what is in a release, with the digest of each file; for owners."""
    release, data = _release(slug, number, by), _data()
    manifest = releases.manifest(release, data)
    said = models.Contents.model_validate(manifest, from_attributes=True) if manifest else None
    told = models.WholeRelease(
        **dict(_told(release)),
        manifest=said,
        files=list(holdings.entries(release, manifest, data)) if manifest else [],
    )
    return told, 200


def download_file(slug: str, number: int, path: str, *, by: Person) -> Response:
    """Fetch one file of a release, or a range of its bytes; for owners.

    Its `ETag` is its SHA-256 as listed, so `If-None-Match` asks for it only if yours is another.
    """
    release = _release(slug, number, by)
    place, entry = holdings.file(release, path, _data())
    return flask.send_file(
        place,
        mimetype=FILE,
        as_attachment=True,
        download_name=place.name,
        conditional=True,
        etag=entry.sha256,
        last_modified=release.cut_at,
    )


def download_release(slug: str, number: int, *, by: Person) -> Response:
    """Fetch the whole of a release as one zip file, the same bytes each time; for owners.

    Every file is read first, to compare its hash. `If-None-Match` with the `ETag` that it came
    with asks for it only if it is another.
    """
    release, name = _release(slug, number, by), f"{slug}-release-{number}"
    holdings.require(release, _data())
    etag = archives.digest(_data() / release.folder, name)
    if request.if_none_match.contains_weak(etag):
        answer = Response(status=304)
    else:
        found = holdings.whole(release, _data())
        answer = Response(archives.stream(*found, name), mimetype=ARCHIVE)
        answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.zip")
    answer.set_etag(etag)
    return answer


def _release(slug: str, number: int, by: Person) -> Release:
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.owner)
    return releases.find(session, project, number)


def _told(release: Release) -> models.Release:
    withdrawn = release.withdrawn_at and models.Tombstone(
        withdrawn_at=release.withdrawn_at, because=release.withdrawn_because
    )
    return models.Release(
        number=release.number,
        title=release.title,
        state=release.state,
        cut_at=release.cut_at,
        formats=release.criteria["formats"],
        rows=release.rows,
        left_out=release.left_out,
        manifest_sha256=release.manifest_sha256,
        published_at=release.published_at,
        tombstone=withdrawn,
    )


def _data() -> Path:
    data: Path = current_app.extensions["labeler.settings"].data
    return data.absolute()


OPERATIONS = (
    Operation(
        "GET",
        "/projects/{slug}/releases",
        list_releases,
        scope=Scope.read,
        answers={200: models.ReleasePage},
        query=PageQuery,
    ),
    Operation(
        "GET",
        "/projects/{slug}/releases/{number}",
        show_release,
        scope=Scope.read,
        answers={200: models.WholeRelease},
    ),
    Operation(
        "GET",
        "/projects/{slug}/releases/{number}/files/{path}",
        download_file,
        scope=Scope.read,
        answers={200: None, 206: None, 304: None},
        sends=FILE,
    ),
    Operation(
        "GET",
        "/projects/{slug}/releases/{number}/archive",
        download_release,
        scope=Scope.read,
        answers={200: None, 304: None},
        sends=ARCHIVE,
    ),
)
