"""Signing in and out, sign-in links, and a person's own account."""

from datetime import timedelta

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from flask_wtf.csrf import generate_csrf
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from labeler import database
from labeler.errors import Invalid
from labeler.people import accounts, memberships, passwords, sign_ins, tokens
from labeler.people.accounts import Person
from labeler.people.tokens import Scope
from labeler.said import say
from labeler.text import lines
from labeler.web import browsers, forms, visitors
from labeler.web.filters import gettext as _
from labeler.work import projects

pages = Blueprint("sessions", __name__)

NOT_SIGNED_IN = say(
    "The address and the password do not belong together. Please look at both once more. After "
    "%(tries)s wrong passwords in a row even the right one has to wait, for %(minutes)s minutes at "
    "most.",
    tries=accounts.FREE_TRIES,
    minutes=accounts.LONGEST_WAIT.seconds // 60,
)
"""Said alike to all: who had to wait would be known to have an account."""


class SignInForm(BaseModel):
    """An address and a password."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=1, max_length=254)
    password: str = Field(min_length=1, max_length=passwords.LONGEST)


class PasswordForm(BaseModel):
    """A new password; empty where it may be left for later."""

    model_config = ConfigDict(extra="forbid")

    password: str = Field("", max_length=passwords.LONGEST)


class TokenForm(BaseModel):
    """What a token is called and may be used for."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field("", max_length=100, pattern=lines.PATTERN)
    scopes: list[Scope] = Field(min_length=1)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(url_for("work.home"))
    return render_template("sessions/sign_in.html", faults={}, email="")


@pages.post("/sign-in")
def start() -> ResponseReturnValue:
    try:
        person_id = _checked(forms.read(SignInForm))
    except Invalid as refusal:
        email = request.form.get("email", "")
        page = render_template("sessions/sign_in.html", faults=refusal.fields, email=email)
        return page, refusal.status
    session = database.session()
    person = session.get_one(Person, person_id)
    secret = sign_ins.start(session, person, browser=_browser())
    session.commit()
    visitors.welcome(person, secret)
    return redirect(forms.own_path(request.args.get("next", "")))


@pages.post("/sign-out")
@login_required
def sign_out() -> ResponseReturnValue:
    session = database.session()
    sign_ins.end(session, visitors.secret())
    session.commit()
    return visitors.farewell(flask.make_response(redirect(url_for("sessions.sign_in"))))


@pages.get("/session")
@login_required
def whoami() -> ResponseReturnValue:
    """Tell a script who is signed in here, and the token of their forms."""
    return {"person": visitors.person().id, "csrf_token": generate_csrf()}


@pages.get("/link/<secret>")
def link(secret: str) -> ResponseReturnValue:
    """Show whom the link is for. Only the button uses it up: programs that look ahead do not."""
    person = sign_ins.person_of_link(database.session(), secret)
    return render_template("sessions/link.html", person=person, secret=secret, faults={})


@pages.post("/link/<secret>")
def use_link(secret: str) -> ResponseReturnValue:
    try:
        chosen = forms.read(PasswordForm).password
        hashed = passwords.hashed(chosen) if chosen else None
    except Invalid as refusal:
        database.reread()
        person = sign_ins.person_of_link(database.session(), secret)
        page = render_template(
            "sessions/link.html", person=person, secret=secret, faults=refusal.fields
        )
        return page, refusal.status
    session = database.session()
    person, cookie = sign_ins.use_link(session, secret, browser=_browser())
    if hashed:
        cookie = _take_over(session, person, hashed)
    session.commit()
    visitors.welcome(person, cookie)
    return redirect(url_for("work.home"))


@pages.get("/account")
@login_required
def account() -> ResponseReturnValue:
    return _account({})


@pages.post("/account/password")
@login_required
def set_password() -> ResponseReturnValue:
    try:
        hashed = passwords.hashed(forms.read(PasswordForm).password)
    except Invalid as refusal:
        database.reread()
        return _account(refusal.fields), refusal.status
    session = database.session()
    person = visitors.person()
    secret = _take_over(session, person, hashed)
    session.commit()
    visitors.welcome(person, secret)
    flask.flash(_("Your password is set. You are signed out everywhere else."))
    return redirect(url_for("sessions.account"))


@pages.post("/account/sign-ins/<int:sign_in_id>/end")
@login_required
def end_sign_in(sign_in_id: int) -> ResponseReturnValue:
    session = database.session()
    sign_ins.revoke(session, sign_in_id, by=visitors.person())
    session.commit()
    flask.flash(_("That browser is signed out."))
    return redirect(url_for("sessions.account"))


@pages.post("/account/tokens")
@login_required
def create_token() -> ResponseReturnValue:
    values = {"label": request.form.get("label", ""), "scopes": request.form.getlist("scopes")}
    try:
        form = forms.parse(TokenForm, values)
    except Invalid as refusal:
        database.reread()
        return _account(forms.by_field(refusal.fields)), refusal.status
    session = database.session()
    token = tokens.create(session, visitors.person(), label=form.label, scopes=form.scopes)
    session.commit()
    database.reread()
    return _account({}, token=token)


@pages.post("/account/tokens/<int:token_id>/revoke")
@login_required
def revoke_token(token_id: int) -> ResponseReturnValue:
    session = database.session()
    tokens.revoke(session, token_id, by=visitors.person())
    session.commit()
    flask.flash(_("That token no longer works."))
    return redirect(url_for("sessions.account"))


def _account(faults: dict[str, str], token: str | None = None) -> str:
    session = database.session()
    person = visitors.person()
    return render_template(
        "sessions/account.html",
        faults=faults,
        token=token,
        sign_ins=sign_ins.current(session, person),
        named=browsers.named,
        tokens=tokens.current(session, person),
        scopes=_scopes(session, person),
    )


def _scopes(session: Session, person: Person) -> list[Scope]:
    """Return what a program could do for the person, as things stand."""
    scopes = [Scope.judge]
    if memberships.manages(session, person):
        scopes.append(Scope.read)
    if projects.may_create(session, person):
        scopes.append(Scope.manage)
    return scopes


def _checked(form: SignInForm) -> int:
    """Return whose password this is; raises Invalid alike for a wrong one and an unknown address.

    The slow hash is computed between two short sessions, so that nobody waits for it.
    """
    with database.of_app().reading() as session:
        known = accounts.credentials(session, form.email)
    right = passwords.matches(known.password_hash, form.password)
    if known.person_id is not None and known.wait <= timedelta(0):
        if right:
            return known.person_id
        session = database.session()
        accounts.note_failure(session, known.person_id)
        session.commit()
    raise Invalid("That did not work.", fields={"password": NOT_SIGNED_IN})


def _take_over(session: Session, person: Person, hashed: str) -> str:
    """Set the password and sign in here alone; return the secret for the cookie."""
    accounts.set_password(session, person, hashed)
    sign_ins.end_all(session, person)
    return sign_ins.start(session, person, browser=_browser())


def _browser() -> str:
    return request.headers.get("User-Agent", "")[:200]
