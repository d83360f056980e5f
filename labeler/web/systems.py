"""The register of automated systems, for everybody who works here, and its evaluations."""

from collections.abc import Mapping
from datetime import date

import flask
from babel import numbers
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import clock, database
from labeler.errors import Invalid
from labeler.people import accounts, evaluations
from labeler.people.evaluations import EvaluationDraft
from labeler.progress import systems
from labeler.progress.systems import Parameter
from labeler.web import filters, forms, locales, visitors
from labeler.web.filters import gettext as _
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint("systems", __name__)


@pages.get("/systems")
@login_required
def index() -> ResponseReturnValue:
    return _page(None, {}, {})


@pages.get("/projects/<slug>/systems")
@login_required
def show(slug: str) -> ResponseReturnValue:
    project = projects.find(database.session(), slug, by=visitors.person())
    return _page(project, {}, {})


@pages.post("/systems")
@login_required
def note() -> ResponseReturnValue:
    session, root = database.session(), visitors.person()
    evaluations.require_may_note(root)
    try:
        evaluations.note(session, forms.read(EvaluationDraft), by=root)
    except Invalid as refusal:
        database.reread()
        return _page(None, request.form, refusal.fields), refusal.status
    session.commit()
    flask.flash(_("Kept. Everybody who works here can read it, and nobody can alter it."))
    return redirect(url_for("systems.index"))


def _page(project: Project | None, values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    session, ada = database.session(), visitors.person()
    found = evaluations.of_site(session)
    return render_template(
        "systems/index.html",
        project=project,
        mine=[each for each, _role in projects.of_person(session, ada)],
        systems=systems.register(project),
        began=_began(project),
        written=_written,
        evaluations=found,
        due_on=evaluations.due_on(found),
        every=evaluations.EVERY_YEARS,
        may_note=ada.is_admin and project is None,
        today=clock.now().date(),
        values=values,
        faults=faults,
    )


def _written(parameter: Parameter) -> str:
    """Write a parameter's value; what is not set as a dash."""
    value = parameter.value
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if parameter.is_share:
        return numbers.format_percent(
            round(value, 6), locale=locales.current(), decimal_quantization=False
        )
    return filters.number(value)


def _began(project: Project | None) -> date:
    """Return since when there is a project, or this site."""
    if project:
        return project.created_at.date()
    return accounts.began(database.session()).date()
