"""One's own limits: how much one has worked, and how much one does at most. Nobody else's."""

from collections.abc import Mapping

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import database
from labeler.errors import Invalid
from labeler.pay import limits
from labeler.pay.limits import Hours
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _

pages = Blueprint("limits", __name__, url_prefix="/limits")


@pages.get("")
@login_required
def show() -> ResponseReturnValue:
    return _page({}, {})


@pages.post("")
@login_required
def change() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    try:
        limits.change(session, forms.read(Hours), by=ada)
    except Invalid as refusal:
        database.reread()
        return _page(request.form, refusal.fields), refusal.status
    session.commit()
    flask.flash(_("Your limits are kept. They hold from now on."))
    return redirect(url_for("limits.show"))


def _page(values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    standing = limits.standing(database.session(), visitors.person())
    return render_template(
        "limits/show.html",
        standing=standing,
        usual=(limits.DAY_S, limits.WEEK_S),
        own={**_hours(standing), **values},
        faults=faults,
    )


def _hours(standing: limits.Standing) -> dict[str, str]:
    """Return the limits as their person would write them."""
    told = {"day_hours": standing.day_s, "week_hours": standing.week_s}
    return {name: f"{seconds / limits.HOUR:.4g}" for name, seconds in told.items()}
