"""One's own data: all of it to take along, how long it stays, and how to be forgotten."""

from collections.abc import Mapping

import flask
from flask import (
    Blueprint,
    Response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from labeler import clock, database
from labeler.config import Settings
from labeler.errors import Conflict, Invalid
from labeler.people import accounts, passwords, sign_ins
from labeler.people.accounts import Person
from labeler.privacy import copies, erasure, replay
from labeler.privacy.subjects import SUBJECTS
from labeler.said import say
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _

pages = Blueprint("mydata", __name__, url_prefix="/my-data")

ANEW = say(
    "Please sign in anew by a link first, so that it is surely you: ask whoever invited you for "
    "one. Then come back here within %(minutes)s minutes."
)


class ErasureForm(BaseModel):
    """One's own address, typed so that nobody is erased by a slip, and the password."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=1, max_length=254)
    password: str = Field("", max_length=passwords.LONGEST)


@pages.get("")
@login_required
def show() -> ResponseReturnValue:
    return _page({}, {})


@pages.post("")
@login_required
def copy() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    copies.note(session, ada, by=ada)
    session.commit()
    database.reread()  # sending takes as long as the network does
    name = copies.file_name(clock.now())
    archive = copies.pieces(database.of_app().reading, ada, copies.readme(ada, _))
    return Response(
        archive,
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@pages.post("/erase")
@login_required
def erase() -> ResponseReturnValue:
    try:
        _require_them(forms.read(ErasureForm))
    except Invalid as refusal:
        database.reread()
        return _page(request.form, refusal.fields), refusal.status
    session, settings = database.session(), _settings()
    ada = session.get_one(Person, visitors.person().id)
    erasure.erase(session, ada, years=settings.keep_accounts_years, by=ada)
    session.commit()
    with database.of_app().reading() as reading:
        replay.note(reading, settings.erasures)
    response = visitors.farewell(flask.make_response(redirect(url_for("sessions.sign_in"))))
    flask.flash(_("You are erased. What had to stay is kept under a number."))
    return response


def _page(values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    session, ada = database.session(), visitors.person()
    return render_template(
        "mydata/show.html",
        subjects=SUBJECTS,
        hindrances=erasure.hindrances(session, ada),
        has_password=ada.password_hash is not None,
        is_sure=_is_sure(session, ada),
        anew=say(ANEW, minutes=_minutes()),
        settings=_settings(),
        values=values,
        faults=faults,
    )


def _require_them(form: ErasureForm) -> None:
    """Raise Invalid unless it is the person who asks, Conflict if that cannot be told.

    The slow hash is computed between two short sessions, so that nobody waits for it.
    """
    ada = visitors.person()
    if form.email.strip().lower() != ada.email:
        fault = say("Write your own address, as it stands above.")
        raise Invalid(fault, fields={"email": fault})
    with database.of_app().reading() as session:
        known = accounts.credentials(session, ada.email)
        is_sure = _is_sure(session, ada)
    if known.password_hash is None:
        if not is_sure:
            raise Conflict(say(ANEW, minutes=_minutes()))
        return
    if not passwords.matches(known.password_hash, form.password):
        session = database.session()
        accounts.note_failure(session, ada.id)
        session.commit()
    elif not known.wait:
        return
    fault = say("That is not your password, or there were too many wrong ones just now.")
    raise Invalid(fault, fields={"password": fault})


def _is_sure(session: Session, ada: Person) -> bool:
    """Say whether it is surely them: of guests nothing but their cookie tells."""
    return ada.is_visitor or sign_ins.is_fresh(session, visitors.secret())


def _minutes() -> int:
    return int(sign_ins.FRESH.total_seconds() // 60)


def _settings() -> Settings:
    found: Settings = flask.current_app.extensions["labeler.settings"]
    return found
