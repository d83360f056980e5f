"""How payout files are laid out: who pays, what columns are called, from which currency."""

from typing import Any

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import database
from labeler.errors import Invalid
from labeler.pay import mappings
from labeler.pay.rails import layouts, making, mpesa, plain
from labeler.pay.rails.layouts import TableLayout
from labeler.pay.rails.making import Rail
from labeler.people.memberships import Role
from labeler.web import forms, payruns, visitors
from labeler.web.filters import gettext as _
from labeler.work import projects

pages = Blueprint("paylayouts", __name__, url_prefix="/projects/<slug>/payouts/layouts")

PRESETS = {Rail.mpesa: mpesa.UNVERIFIED, Rail.plain: plain.COLUMNS}


@pages.get("")
@login_required
def show(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    rail = _rail(request.args.get("rail", ""))
    held = mappings.current(session, project.id, rail)
    return _form(slug, rail, _values(rail, held.content if held else {}), {})


@pages.post("")
@login_required
def save(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    given = forms.given()
    rail = _rail(given.pop("rail", ""))
    try:
        mappings.lay_out(session, project.id, rail, given, by=olga)
    except Invalid as refusal:
        database.reread()
        return _form(slug, rail, given, forms.by_field(refusal.fields)), refusal.status
    session.commit()
    flask.flash(_("Kept. Files that are made from now on are laid out like this."))
    return redirect(url_for("paylayouts.show", slug=slug, rail=rail.value))


def _rail(text: str) -> Rail:
    found = {rail.value: rail for rail in Rail}
    return found.get(text, Rail.sepa)


def _values(rail: Rail, content: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept as the form has it."""
    if making.LAYOUTS[rail] is not TableLayout:
        return content
    kept = layouts.read(TableLayout, content)
    columns = layouts.written(kept.columns or PRESETS[rail])
    return {"columns": columns, "is_verified": kept.is_verified}


def _form(slug: str, rail: Rail, values: dict[str, Any], faults: dict[str, str]) -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    return render_template(
        "paylayouts/show.html",
        project=project,
        role=projects.role_in(session, project, olga),
        rail=rail,
        kind=making.LAYOUTS[rail].__name__,
        rails=payruns.RAIL_WORDS,
        cells=layouts.CELLS,
        values=values,
        faults=faults,
    )
