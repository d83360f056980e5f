"""Who speaks for those who work here, and what they say of projects."""

from collections.abc import Mapping

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field

from labeler import database
from labeler.errors import Invalid
from labeler.people import accounts, remarks, representatives, words
from labeler.people.memberships import Role
from labeler.progress import representing
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _
from labeler.work import projects

pages = Blueprint("representatives", __name__)


class ChoiceForm(BaseModel):
    """Whom the workers chose, and how."""

    model_config = ConfigDict(extra="forbid")

    worker: str
    reason: str


class RemarkForm(BaseModel):
    """What the representative says."""

    model_config = ConfigDict(extra="forbid")

    text: str


class DeclineForm(BaseModel):
    """Which version an owner declines to publish, and why."""

    model_config = ConfigDict(extra="forbid")

    number: int = Field(ge=1, le=2**31 - 1)
    reason: str


@pages.get("/representative")
@login_required
def index() -> ResponseReturnValue:
    return _index({}, {})


@pages.post("/representative")
@login_required
def name() -> ResponseReturnValue:
    session, root = database.session(), visitors.person()
    representatives.require_may_name(root)
    try:
        form = forms.read(ChoiceForm)
        representatives.name(session, form.worker, form.reason, by=root)
    except Invalid as refusal:
        database.reread()
        return _index(request.form, refusal.fields), refusal.status
    session.commit()
    flask.flash(_("Kept. Everybody who works here can read it, and nobody can alter it."))
    return redirect(url_for("representatives.index"))


@pages.post("/representative/step-down")
@login_required
def step_down() -> ResponseReturnValue:
    session = database.session()
    representatives.step_down(session, by=visitors.person())
    session.commit()
    flask.flash(_("You are the representative no longer."))
    return redirect(url_for("representatives.index"))


@pages.get("/projects/<slug>/remark")
@login_required
def show(slug: str) -> ResponseReturnValue:
    return _remark(slug, {}, {})


@pages.post("/projects/<slug>/remark")
@login_required
def write(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project, _speaks = representing.find(session, slug, by=ada)
    representatives.require(session, ada)
    try:
        form = forms.read(RemarkForm)
        remarks.write(session, project.id, form.text, by=ada)
    except Invalid as refusal:
        database.reread()
        return _remark(slug, request.form, refusal.fields), refusal.status
    session.commit()
    flask.flash(_("Kept. No owner can alter it; they can only decline to publish it."))
    return redirect(url_for("representatives.show", slug=slug))


@pages.post("/projects/<slug>/remark/decline")
@login_required
def decline(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        form = forms.read(DeclineForm)
        remarks.decline(session, project.id, form.number, form.reason, by=olga)
    except Invalid as refusal:
        database.reread()
        return _remark(slug, request.form, refusal.fields), refusal.status
    session.commit()
    flask.flash(_("Kept. It is published that you declined, and not what was said."))
    return redirect(url_for("representatives.show", slug=slug))


def _index(values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    session, ada = database.session(), visitors.person()
    history = representatives.history(session)
    current = representatives.current(session)
    is_own = current is not None and current.id == ada.id
    people = {each.by_id for each in history}
    people |= {each.person_id for each in history if each.person_id is not None}
    return render_template(
        "representatives/index.html",
        history=history,
        current=current,
        is_own=is_own,
        projects=representing.all_projects(session) if is_own else (),
        people=accounts.by_id(session, people),
        may_name=ada.is_admin,
        least=representing.LEAST,
        longest=words.LONGEST,
        values=values,
        faults=faults,
    )


def _remark(slug: str, values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    session, ada = database.session(), visitors.person()
    project, speaks = representing.find(session, slug, by=ada)
    return render_template(
        "representatives/show.html",
        project=project,
        speaks=speaks,
        versions=remarks.versions(session, project.id),
        figures=representing.figures(session, project.id) if speaks else None,
        may_decline=projects.role_in(session, project, ada) is Role.owner,
        least=representing.LEAST,
        longest=words.LONGEST,
        values=values,
        faults=faults,
    )
