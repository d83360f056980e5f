"""How you are paid: where one's own money goes, by currency. It shows again masked."""

from collections.abc import Sequence

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from sqlalchemy.orm import Session

from labeler import database
from labeler.errors import Invalid
from labeler.pay import destinations, details, ledger
from labeler.people.accounts import Person
from labeler.said import say
from labeler.web import forms, locales, visitors
from labeler.web.filters import gettext as _
from labeler.work import projects

pages = Blueprint("destinations", __name__, url_prefix="/account/pay")

KIND_WORDS = {
    "bank": say("Bank account for euros (SEPA)"),
    "mobile": say("Mobile money"),
    "paypal": say("PayPal"),
    "wise": say("Wise"),
    "other": say("Another way"),
}


@pages.get("")
@login_required
def index() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    history = destinations.history(session, ada)
    return render_template(
        "destinations/index.html",
        currencies=_currencies(session, ada, list(history)),
        history=history,
        kind_words=KIND_WORDS,
        masked=details.masked,
        settles=destinations.SETTLES,
    )


@pages.get("/new")
@login_required
def new() -> ResponseReturnValue:
    kind = request.args.get("kind", "")
    kind = kind if kind in details.KINDS else "bank"
    currency = request.args.get("currency", "EUR" if kind == "bank" else "")
    return _form(kind, {"currency": currency}, {})


@pages.post("/new")
@login_required
def save() -> ResponseReturnValue:
    given = forms.given()
    kind = given.get("kind", "")
    written = {name: value for name, value in given.items() if name != "currency"}
    session = database.session()
    try:
        currency = given.get("currency", "").strip().upper()
        destinations.replace(session, visitors.person(), currency, written)
        session.commit()
    except Invalid as refusal:
        if kind not in details.KINDS:
            raise
        database.reread()
        return _form(kind, given, refusal.fields), refusal.status
    flask.flash(_("Saved. From now on you are paid there."))
    return redirect(url_for("destinations.index"))


def _form(kind: str, values: dict[str, str], faults: dict[str, str]) -> str:
    names = locales.current().territories
    return render_template(
        "destinations/new.html",
        kind=kind,
        kind_words=KIND_WORDS,
        values=values,
        faults=faults,
        countries=sorted(((c, names.get(c, c)) for c in details.PHONES), key=lambda c: c[1]),
    )


def _currencies(session: Session, person: Person, said: Sequence[str]) -> list[str]:
    """Return what the person earns or earned in, or spoke of."""
    earned = ledger.earned(session, person_id=person.id)
    judged = (project.currency for project, _role in projects.of_person(session, person))
    return sorted({*said, *earned, *judged})
