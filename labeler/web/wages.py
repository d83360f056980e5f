"""Wage references with their sources, for whoever sets what work pays."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import clock, database
from labeler.errors import Forbidden
from labeler.pay import wages
from labeler.said import say
from labeler.web import locales, visitors
from labeler.work import projects

pages = Blueprint("wages", __name__, url_prefix="/wages")

KIND_WORDS = {
    "statutory": say("Minimum wage"),
    "living": say("Living wage"),
    "collective": say("Of one sector"),
    "project": say("A project’s own"),
}
CONFIDENCE_WORDS = {
    "primary": say("from who set it"),
    "secondary": say("from who cites it"),
    "press": say("from the press"),
}


@pages.get("")
@login_required
def index() -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    if not projects.may_create(session, olga):
        raise Forbidden("Only owners of projects and administrators look at these.")
    return render_template(
        "wages/index.html",
        references=sorted(wages.every(session), key=lambda each: locales.place(each.country)),
        today=clock.now().date(),
        kinds=KIND_WORDS,
        confidences=CONFIDENCE_WORDS,
    )
