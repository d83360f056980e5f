"""Batches: loading a file of comparisons, sent as the body of one request, and arranging it.

What is sent is written to a file first: it may be long, and its digest must be known before the
first row is stored. While it comes in, and while its rows are read, nobody waits to write.
"""

from collections.abc import Mapping

from flask import current_app, request

from labeler import database
from labeler.api import models
from labeler.api.operations import Answer, Operation
from labeler.config import Settings
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.people.tokens import Scope
from labeler.work import arrangements, batches, projects, uploads
from labeler.work.arrangements import Arrangement
from labeler.work.batches import Batch, Progress
from labeler.work.projects import Project

SUFFIXES = {
    "application/x-ndjson": ".jsonl",
    "application/gzip": ".jsonl.gz",
    "text/csv": ".csv",
    "application/vnd.apache.parquet": ".parquet",
}
MEGABYTE = 2**20


def load_batch(slug: str, media_type: str, query: models.BatchQuery, *, by: Person) -> Answer:
    """Load a file of comparisons, whole or not at all; for owners.

    409 when this file was loaded before. 422 names the refused rows by line and field; with
    `skip_bad` the others are loaded, and the answer tells which were not.
    """
    with database.of_app().reading() as still:
        project = projects.find(still, slug, by=by, role=Role.owner)
    progress = _load(project, SUFFIXES[media_type], query, by=by)
    told = models.Batch(
        batch=progress.batch.id,
        name=progress.batch.name,
        comparisons=progress.loaded,
        refused_count=len(progress.refused),
        refused=[
            models.RefusedRow.model_validate(row)
            for row in progress.refused[: models.REFUSED_SHOWN]
        ],
    )
    return told, 201


def list_batches(slug: str, *, by: Person) -> Answer:
    """See the batches of a project and how they are arranged; for owners."""
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.owner)
    found = batches.of_project(session, project.id)
    wanted = arrangements.wanted(session, [batch.id for batch in found])
    return models.BatchList(batches=[_told(batch, wanted) for batch in found]), 200


def arrange_batch(slug: str, batch_id: int, body: Arrangement, *, by: Person) -> Answer:
    """Say what goes first, whom it is for, and how often it is judged; for owners.

    What is left out stays as it is. It holds for what is given out from now on. 409 when other
    judgments are wanted on a batch that is still being loaded.
    """
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.owner)
    batch = arrangements.find(session, project.id, batch_id)
    for _ in arrangements.carry_out(session, batch, body, by=by):
        session.commit()
    return _told(batch, arrangements.wanted(session, [batch.id])), 200


def _told(batch: Batch, wanted: Mapping[int, int]) -> models.ArrangedBatch:
    return models.ArrangedBatch(
        batch=batch.id,
        name=batch.name,
        state=batch.state,
        comparisons=batch.comparisons,
        priority=batch.priority,
        cohorts=batch.cohorts,
        most_per_person=batch.most_per_person,
        is_qualification=batch.is_qualification,
        judgments=wanted.get(batch.id),
    )


def _load(project: Project, suffix: str, query: models.BatchQuery, *, by: Person) -> Progress:
    settings: Settings = current_app.extensions["labeler.settings"]
    request.max_content_length = settings.upload_mb * MEGABYTE
    with uploads.kept(request.stream, settings.uploads, suffix) as path:
        session = database.session()
        loading = batches.load_file(
            session,
            project,
            path,
            name=query.name or f"upload{suffix}",
            by=by,
            layout=query.layout,
            language=query.language,
            content=query.sensitive,
            known_answers=query.known_answers,
            for_qualification=query.for_qualification,
            skip_bad=query.skip_bad,
        )
        for step in loading:
            session.commit()
            progress = step
    return progress


OPERATIONS = (
    Operation(
        "POST",
        "/projects/{slug}/batches",
        load_batch,
        scope=Scope.manage,
        answers={201: models.Batch},
        query=models.BatchQuery,
        files=tuple(SUFFIXES),
        conflicts=True,
    ),
    Operation(
        "GET",
        "/projects/{slug}/batches",
        list_batches,
        scope=Scope.manage,
        answers={200: models.BatchList},
    ),
    Operation(
        "POST",
        "/projects/{slug}/batches/{batch_id}",
        arrange_batch,
        scope=Scope.manage,
        answers={200: models.ArrangedBatch},
        body=Arrangement,
        conflicts=True,
    ),
)
