"""Looking through a project's comparisons, and at all judgments on one."""

from collections.abc import Mapping

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import database, progress
from labeler.errors import Invalid, NotFound
from labeler.people.memberships import Role
from labeler.quality import decisions
from labeler.text import languages, markdown
from labeler.web import forms, readings, visitors
from labeler.web.filters import gettext as _
from labeler.work import comparisons, projects, rubrics
from labeler.work.judgments import Judgment

pages = Blueprint("comparisons", __name__, url_prefix="/projects/<slug>/comparisons")

PAGE = 50


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    asked = request.args.get("language", "")
    language = asked if languages.is_tag(asked) else ""
    after = request.args.get("after", 0, type=forms.row_id)
    found = comparisons.page(session, project.id, after=after, limit=PAGE, language=language)
    return render_template(
        "comparisons/index.html",
        project=project,
        role=projects.role_in(session, project, rex),
        rows=found,
        prompts=comparisons.prompts(session, [row.prompt_id for row in found]),
        votes=progress.votes(session, [row.id for row in found]),
        in_pairs=rubrics.version(session, project.id, project.rubric_number).pairwise is not None,
        excerpt=markdown.plain,
        language=language,
        following=found[-1].id if len(found) == PAGE else None,
    )


@pages.get("/<int:comparison_id>")
@login_required
def show(slug: str, comparison_id: int) -> ResponseReturnValue:
    return _page(slug, comparison_id, {})


@pages.post("/<int:comparison_id>/judgments/<int:judgment_id>/exclude")
@login_required
def exclude(slug: str, comparison_id: int, judgment_id: int) -> ResponseReturnValue:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    comparison = comparisons.find(session, project.id, comparison_id)
    judgment = session.get(Judgment, judgment_id)
    if judgment is None or judgment.comparison_id != comparison.id:
        raise NotFound("There is no such judgment.")
    try:
        decisions.exclude(session, judgment, request.form.get("reason", ""), by=rex)
    except Invalid as refusal:
        database.reread()
        faults = {judgment_id: refusal.fields["reason"]}
        return _page(slug, comparison_id, faults), refusal.status
    session.commit()
    flask.flash(_("Left out of the data. Its pay stays."))
    return redirect(url_for("comparisons.show", slug=slug, comparison_id=comparison.id))


@pages.post("/<int:comparison_id>/withdraw")
@login_required
def withdraw(slug: str, comparison_id: int) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    comparison = comparisons.find(session, project.id, comparison_id)
    try:
        decisions.withdraw(session, comparison, request.form.get("reason", ""), by=olga)
    except Invalid as refusal:
        database.reread()
        fault = refusal.fields.get("reason", refusal.message)
        return _page(slug, comparison_id, {}, fault), refusal.status
    session.commit()
    flask.flash(_("Withdrawn. Nobody is asked any more; what was judged stays paid."))
    return redirect(url_for("comparisons.show", slug=slug, comparison_id=comparison.id))


def _page(slug: str, comparison_id: int, faults: Mapping[int, str], fault: str = "") -> str:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    comparison = comparisons.find(session, project.id, comparison_id)
    return render_template(
        "comparisons/show.html",
        project=project,
        role=projects.role_in(session, project, rex),
        withdrawal=decisions.withdrawal(session, comparison),
        faults=faults,
        fault=fault,
        **readings.reading(session, comparison),
    )
