"""What a project pays by place, what it may spend, and what it paid before: for its owners."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict

from labeler import database, progress
from labeler.errors import Conflict, Invalid
from labeler.pay import budgets, money, rates
from labeler.pay.rates import Rate
from labeler.pay.reckoning import Model
from labeler.people.memberships import Role
from labeler.progress import costs, offers
from labeler.progress.costs import PlaceCost
from labeler.said import say
from labeler.web import drawings, filters, forms, locales, visitors
from labeler.web.charts import Chart
from labeler.web.drawings import Bar
from labeler.web.filters import gettext as _
from labeler.web.filters import ngettext
from labeler.work import projects, spending
from labeler.work.projects import Project

pages = Blueprint("rates", __name__, url_prefix="/projects/<slug>/pay")

MODEL_WORDS = [
    (Model.floor.value, say("By the piece, with an hourly floor")),
    (Model.hourly.value, say("By the hour")),
    (Model.piece.value, say("By the piece alone")),
]

PUBLISHED = say("Published. It holds for work that is given out from now on.")
NOT_BELOW = say("Where it is known, an hour pays the minimum wage or more on average")
AS_BEFORE = say("That is what it pays already.")


class BudgetForm(BaseModel):
    """How much may be spent in a currency; empty: as much as it takes."""

    model_config = ConfigDict(extra="forbid")

    currency: str
    limit: str


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    return _page(project, {}, {})


@pages.post("")
@login_required
def publish(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        said = {name: words for name, words in forms.given().items() if words.strip()}
        is_new = projects.price(session, project, rates.read(said), by=olga)
    except (Invalid, Conflict) as refusal:
        faults = refusal.fields or {"per_judgment": refusal.message}
        database.reread()
        return _page(_project(slug), request.form, faults), refusal.status
    session.commit()
    flask.flash(_(PUBLISHED if is_new else AS_BEFORE))
    return redirect(url_for("rates.index", slug=slug))


@pages.post("/budget")
@login_required
def limit(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        form = forms.read(BudgetForm)
        most = money.minor(form.limit, form.currency) if form.limit.strip() else None
        budgets.limit(session, project.id, form.currency, most, by=olga)
    except Invalid as refusal:
        faults = refusal.fields or {"limit": refusal.message}
        database.reread()
        return _page(_project(slug), {}, faults, budget=request.form), refusal.status
    session.commit()
    flask.flash(_("The budget is kept."))
    return redirect(url_for("rates.index", slug=slug) + "#budget-h")


def _project(slug: str) -> Project:
    return projects.find(database.session(), slug, by=visitors.person(), role=Role.owner)


def _written(rate: Rate) -> Mapping[str, Any]:
    """Return what holds everywhere as somebody would write it."""
    amounts = {
        "per_judgment": rate.per_judgment_minor,
        "floor_per_hour": rate.hour_minor,
        "allowance_per_hour": rate.allowance_minor,
    }
    told = {name: f"{money.decimal(each, rate.currency):f}" for name, each in amounts.items()}
    return told | {"currency": rate.currency, "model": rate.model.value}


def _beside_minimum(places: Sequence[PlaceCost]) -> Chart | None:
    """Draw what an hour came to beside the minimum wage, where the two can be compared."""
    found = [(one, one.minimum, one.ratio) for one in places if one.minimum and one.ratio]
    if not found:
        return None
    below = sum(ratio < 1 for _one, _least, ratio in found)
    names = [locales.place(one.place) for one, _least, _ratio in found]
    percent = [round(100 * ratio) for _one, _least, ratio in found]
    title = ngettext(
        "In %(num)s place an hour pays less than the minimum wage",
        "In %(num)s places an hour pays less than the minimum wage",
        below,
    )
    return Chart(
        "hours",
        title if below else _(NOT_BELOW),
        _("What an hour came to, in percent of the minimum wage there, where it is known."),
        drawings.bars([Bar(*row) for row in zip(names, percent, strict=True)]),
        (_("Place"), _("An hour"), _("Minimum wage")),
        [
            (
                name,
                filters.money(one.hour_minor or 0, one.currency),
                filters.money(least.hour_minor, least.currency),
            )
            for name, (one, least, _ratio) in zip(names, found, strict=True)
        ],
    )


def _page(
    project: Project,
    values: Mapping[str, Any],
    faults: Mapping[str, str],
    *,
    budget: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Draw the page; `values` and `budget` are forms that are given back as they were filled in."""
    session, olga = database.session(), visitors.person()
    everywhere = rates.by_place(session, project.id)[rates.EVERYWHERE]
    history = rates.history(session, project.id)
    found = costs.of_project(session, project.id)
    named = {rate.published_by for rate in history if rate.published_by is not None}
    named |= {each.person_id for one in found.places for each in (*one.below, *one.topped_up)}
    return render_template(
        "rates/index.html",
        project=project,
        role=projects.role_in(session, project, olga),
        rows=offers.by_place(session, project.id),
        offer=offers.of_rate(session, everywhere),
        costs=found,
        chart=_beside_minimum(found.places),
        history=history,
        names=progress.names(session, named),
        sums=spending.of_project(session, project.id),
        models=MODEL_WORDS,
        places=[("", _("Everywhere else")), *locales.places()],
        values=values or _written(everywhere),
        budget=budget,
        faults=faults,
    )
