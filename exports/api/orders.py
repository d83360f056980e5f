"""Ordering releases, following an order, and stopping it."""

from flask import current_app

from exports import orders
from exports.api import models
from exports.kept import releases
from exports.orders import Order
from labeler import bells, database, jobs
from labeler.api.operations import PREFIX, Answer, Operation
from labeler.jobs import JobState
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.people.tokens import Scope
from labeler.work import projects
from labeler.work.projects import Project


def order_release(slug: str, body: models.OrderDraft, *, by: Person) -> Answer:
    """Ask for a release to be cut as things stand at this moment; for owners.

    202 tells where to look. The same key with the same rules is the same order, whatever became
    of it; 409 when it was used with others, or somebody else ordered a release at this moment.
    """
    reading, key = database.of_app().reading, str(body.key)
    with reading() as still:
        project = projects.find(still, slug, by=by, role=Role.owner)
        known = orders.asked(still, project, body.criteria, key=key, by=by)
        if known is not None:
            return _told(project, known), 202
        looked = releases.look(still, project, body.criteria)
    orders.require_some(reading, looked)
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.owner)
    order = orders.ask_once(session, project, body.criteria, key=key, by=by)
    session.commit()
    bells.ring(current_app.extensions["labeler.settings"].bell, order.job.id)
    return _told(project, order), 202


def show_order(slug: str, order_id: int, *, by: Person) -> Answer:
    """See how far a release is that was asked for, or why it was not cut; for owners."""
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.owner)
    return _told(project, orders.find(session, project, order_id)), 200


def stop_order(slug: str, order_id: int, *, by: Person) -> Answer:
    """End an order that is not wanted any more; for owners.

    409 when it was over before. To stop it again changes nothing.
    """
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.owner)
    order = orders.find(session, project, order_id)
    orders.stop(session, order, by=by)
    session.commit()
    return _told(project, order), 200


def _told(project: Project, order: Order) -> models.Order:
    job, home = order.job, f"{PREFIX}/projects/{project.slug}/releases"
    is_there = job.state is JobState.done
    with database.of_app().reading() as still:
        is_silent = jobs.is_silent(still, job)
    return models.Order(
        id=job.id,
        number=order.number,
        state=job.state,
        step=job.words,
        done=job.done,
        total=job.total,
        is_silent=is_silent,
        why=job.why,
        faults=dict(job.faults),
        criteria=order.criteria,
        asked_at=job.created_at,
        ended_at=job.ended_at,
        next=f"{home}/{order.number}" if is_there else f"{home}/orders/{job.id}",
    )


OPERATIONS = (
    Operation(
        "POST",
        "/projects/{slug}/releases",
        order_release,
        scope=Scope.manage,
        answers={202: models.Order},
        body=models.OrderDraft,
        conflicts=True,
    ),
    Operation(
        "GET",
        "/projects/{slug}/releases/orders/{order_id}",
        show_order,
        scope=Scope.manage,
        answers={200: models.Order},
    ),
    Operation(
        "POST",
        "/projects/{slug}/releases/orders/{order_id}/stop",
        stop_order,
        scope=Scope.manage,
        answers={200: models.Order},
        conflicts=True,
    ),
)
