"""Qualification: where somebody stands before the work itself, trying again, being let in."""

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import database
from labeler.errors import Invalid
from labeler.pay.worktime import Kind
from labeler.people import memberships
from labeler.people.memberships import Role
from labeler.quality import qualification
from labeler.text import languages, markdown
from labeler.web import clocks, visitors
from labeler.web.filters import gettext as _
from labeler.work import comparisons, projects, queue
from labeler.work.questions.seen import LETTERS

pages = Blueprint("qualifications", __name__, url_prefix="/projects/<slug>")


@pages.get("/qualification")
@login_required
def show(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = projects.find(session, slug, by=ada)
    standing = qualification.standing(session, project, ada)
    ended = qualification.last_ended(session, project, ada)
    answered = qualification.answered(session, ended) if ended else []
    prompts = [each.comparison.prompt_id for each in answered]
    told = [each.gold.why or "" for each in answered]
    return render_template(
        "qualifications/show.html",
        project=project,
        standing=standing,
        ended=ended,
        answered=answered,
        prompts=comparisons.prompts(session, prompts),
        excerpt=markdown.plain,
        direction=languages.direction,
        letters=LETTERS,
        clock=clocks.start(Kind.qualification, project.id, ada, texts=told) if answered else None,
    )


@pages.post("/qualification")
@login_required
def retry(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = projects.find(session, slug, by=ada)
    qualification.retry(session, project, by=ada)
    assignment = queue.claim(session, project, by=ada)
    session.commit()
    if assignment is None:
        return redirect(url_for("work.home"))
    return redirect(url_for("work.show", assignment_id=assignment.id))


@pages.get("/people/<int:person_id>/admit")
@login_required
def ask(slug: str, person_id: int) -> ResponseReturnValue:
    return _form(slug, person_id) or redirect(url_for("members.index", slug=slug))


@pages.post("/people/<int:person_id>/admit")
@login_required
def admit(slug: str, person_id: int) -> ResponseReturnValue:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    person = memberships.member(session, project.id, person_id)
    try:
        qualification.admit(session, project, person, request.form.get("reason", ""), by=rex)
    except Invalid as refusal:
        database.reread()
        return _form(slug, person_id, refusal.fields["reason"]) or "", refusal.status
    session.commit()
    flask.flash(_("%(name)s is in: the work itself is open to them now.", name=person.name))
    return redirect(url_for("members.index", slug=slug))


def _form(slug: str, person_id: int, fault: str = "") -> str | None:
    """Draw the form; None where the work is open to them already."""
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    person = memberships.member(session, project.id, person_id)
    standing = qualification.standing(session, project, person)
    if standing is None or standing.has_passed:
        return None
    return render_template(
        "qualifications/admit.html",
        project=project,
        role=projects.role_in(session, project, rex),
        person=person,
        standing=standing,
        reason=request.form.get("reason", ""),
        fault=fault,
    )
