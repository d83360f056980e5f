"""Orders for owners: how far a release is that was asked for, and why it was not cut."""

import flask
from flask import Blueprint, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from exports import orders
from exports.kept import releases
from exports.web.releases import filled_in
from labeler import database, jobs
from labeler.jobs import Job, JobState
from labeler.people.memberships import Role
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint(
    "orders",
    __name__,
    url_prefix="/projects/<slug>/releases/orders",
    template_folder="../templates",
)


@pages.get("/<int:job_id>")
@login_required
def show(slug: str, job_id: int) -> ResponseReturnValue:
    """Show how far it is: as a page, or in JSON to the page's script."""
    session, project = database.session(), _project(slug)
    order = orders.find(session, project, job_id)
    where = None
    if order.job.state is JobState.done:
        where = url_for("releases.show", slug=slug, number=order.number)
    if forms.by_script():
        return _told(order.job, where)
    if where:
        return redirect(where)
    chosen = releases.settled(project, order.criteria)
    return render_template(
        "orders/show.html",
        project=project,
        role=Role.owner,
        order=order,
        told=_sentence(order.job),
        is_silent=jobs.is_silent(session, order.job),
        rules={**filled_in(chosen), "formats": list(chosen.formats)},
    )


@pages.post("/<int:job_id>/stop")
@login_required
def stop(slug: str, job_id: int) -> ResponseReturnValue:
    session, project = database.session(), _project(slug)
    orders.stop(session, orders.find(session, project, job_id), by=visitors.person())
    session.commit()
    flask.flash(_("Stopped. No release was cut."))
    return redirect(url_for("releases.index", slug=slug))


def _project(slug: str) -> Project:
    return projects.find(database.session(), slug, by=visitors.person(), role=Role.owner)


def _told(job: Job, where: str | None) -> ResponseReturnValue:
    """Tell the page's script how far a job is; `next` is where the page goes on."""
    share = min(job.done / job.total, 1) if job.total and not job.is_over else None
    words = _sentence(job)
    return jsonify(is_over=job.is_over, next=where, share=share, words=words, step=_(job.words))


def _sentence(job: Job) -> str:
    if job.state is JobState.waiting:
        return _("It waits for its turn.")
    if not job.words:
        return _("It has begun.")
    values = {"step": job.words, "done": job.done, "total": job.total}
    if job.total:
        return _("%(step)s: %(done)s of %(total)s.", **values)
    return _("%(step)s: %(done)s.", **values) if job.done else _("%(step)s.", **values)
