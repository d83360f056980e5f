"""What a wanted accuracy will cost: a page to look at before money is spent."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import database
from labeler.pay import rates
from labeler.people.memberships import Role
from labeler.quality import plans
from labeler.web import visitors
from labeler.work import projects

pages = Blueprint("plans", __name__, url_prefix="/projects/<slug>/plan")

MOST = 100_000_000
"""The most comparisons that can be planned for."""


@pages.get("")
@login_required
def show(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.reviewer)
    given = request.args.get("comparisons", type=int)
    number = None if given is None else min(max(given, 1), MOST)
    return render_template(
        "plans/show.html",
        project=project,
        role=projects.role_in(session, project, olga),
        plan=plans.make(session, project, number),
        paid_by_place=rates.differ(session, project.id),
    )
