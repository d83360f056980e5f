"""Guidelines: their versions, how well people agree by each, and what is asked again by newer ones.

To look what a choice comes to only reads; the button that is shown with it carries it out.
"""

from collections.abc import Mapping
from typing import Any

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from werkzeug.datastructures import MultiDict

from labeler import database
from labeler.errors import Invalid
from labeler.pay import rates
from labeler.people.memberships import Role
from labeler.quality import renewals, snapshots
from labeler.quality.renewals import Choice
from labeler.said import say
from labeler.web import findings, forms, visitors
from labeler.web.filters import gettext as _
from labeler.work import guidelines, projects

pages = Blueprint("guidelines", __name__, url_prefix="/projects/<slug>/guidelines")

BLANK = MultiDict({"percent": "100"})
WORDS = {
    "guidelines": say("Please tick the older versions."),
    "percent": say("This must be a number above 0, and 100 at most."),
}


@pages.get("")
@login_required
def show(slug: str) -> ResponseReturnValue:
    if "percent" not in request.args:
        return _page(slug, BLANK)
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.owner)
    try:
        choice = _choice(request.args)
    except Invalid as refusal:
        return _page(slug, request.args, faults=_faults(refusal)), refusal.status
    return _page(slug, request.args, extent=renewals.count(session, project, choice))


@pages.post("")
@login_required
def ask_again(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        choice = _choice(request.form)
    except Invalid as refusal:
        database.reread()
        return _page(slug, request.form, faults=_faults(refusal)), refusal.status
    for _step in renewals.carry_out(session, project, choice, by=olga):
        session.commit()
    flask.flash(_("Other people are asked now. What was judged stays on record, and paid."))
    return redirect(url_for("guidelines.show", slug=slug))


def _choice(given: MultiDict[str, str]) -> Choice:
    return renewals.read(
        {
            "guidelines": given.getlist("guidelines"),
            "disagreed": "disagreed" in given,
            "share": forms.share(given.get("percent", "")),
        }
    )


def _faults(refusal: Invalid) -> dict[str, str]:
    """Name faults as the page names its fields."""
    named = ("percent" if name == "share" else name for name in forms.by_field(refusal.fields))
    return {name: WORDS[name] for name in named}


def _page(
    slug: str,
    values: MultiDict[str, str],
    *,
    faults: Mapping[str, str] | None = None,
    extent: renewals.Extent | None = None,
) -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    snapshot = snapshots.latest(session, project.id)
    agreement: list[dict[str, Any]] = snapshot.data["agreement"]["guidelines"] if snapshot else []
    return render_template(
        "guidelines/show.html",
        project=project,
        role=projects.role_in(session, project, olga),
        versions=guidelines.versions(session, project.id),
        cited=renewals.cited(session, project.id),
        agreement={row["name"]: row for row in agreement},
        likely=findings.likely,
        snapshot=snapshot,
        values=values,
        ticked=values.getlist("guidelines"),
        faults=faults or {},
        extent=extent,
        paid_by_place=rates.differ(session, project.id),
    )
