"""One's own work in a project, as its author may see it; nobody else's is beside it."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import database, progress
from labeler.people.memberships import Role
from labeler.web import visitors
from labeler.work import projects

pages = Blueprint("mine", __name__, url_prefix="/projects/<slug>/mine")


@pages.get("")
@login_required
def show(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = projects.find(session, slug, by=ada, role=Role.annotator)
    return render_template(
        "mine/show.html", project=project, mine=progress.mine(session, project, ada)
    )
