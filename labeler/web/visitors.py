"""Who asks: Flask-Login over sign-in rows. The cookie carries a secret, never a person's number."""

from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import cast

import flask
from flask import Flask, Response
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy.orm import Session

from labeler import database
from labeler.arena import visits
from labeler.errors import Unknown
from labeler.people import memberships, sign_ins
from labeler.people.accounts import Person
from labeler.web import forms
from labeler.work.projects import Project


class Visitor(UserMixin):
    """A signed-in person, as Flask-Login wants to see one."""

    def __init__(self, person: Person, secret: str) -> None:
        self.person = person
        self.secret = secret
        self.id = person.id
        self.name = person.name

    def get_id(self) -> str:
        return self.secret

    @cached_property
    def visits(self) -> str:
        """The project in whose chat they are a guest, by its slug; empty if they are none."""
        if not self.person.is_visitor:
            return ""
        with _reading() as session:
            visit = visits.visit_of(session, self.person)
            return session.get_one(Project, visit.project_id).slug if visit else ""

    @cached_property
    def manages(self) -> bool:
        """Whether there are projects for them to look at, beside those to judge in."""
        with _reading() as session:
            return memberships.manages(session, self.person)


class _SignIns(LoginManager):
    """Knows people by their sign-in alone: a cookie that remembers longer is not looked at."""

    def _load_user_from_remember_cookie(self, _cookie: str) -> None:
        return None

    def _update_remember_cookie(self, response: Response) -> Response:
        # It would look into the session, and what looks there is kept for one cookie alone.
        return response

    def unauthorized(self) -> ResponseReturnValue:
        # A redirect would look like success to a script.
        if forms.by_script():
            raise Unknown("Please sign in.")
        return cast(ResponseReturnValue, super().unauthorized())


def init_app(app: Flask) -> None:
    """Let Flask-Login find the visitor of each request."""
    # Its own way to tell templates loads the visitor for every page, also for one that only says
    # that the database cannot be reached.
    manager = _SignIns(app, add_context_processor=False)
    app.jinja_env.globals["current_user"] = current_user
    manager.login_view = "sessions.sign_in"
    manager.login_message = None
    # People's addresses change with their network; the row can be revoked instead.
    manager.session_protection = None

    @manager.user_loader
    def _load(secret: str) -> Visitor | None:
        with _reading() as session:
            person = sign_ins.person_of(session, secret)
        if person is None:
            return None
        flask.g.person_id = person.id
        flask.g.language_of_visitor = person.language
        return Visitor(person, secret)


def _reading() -> AbstractContextManager[Session]:
    """Return a session to look in: a GET's only one; another beside that of a POST.

    So a POST takes its turn to write only when it writes.
    """
    if database.only_reads():
        return nullcontext(database.session())
    return database.of_app().reading()


def person() -> Person:
    """Return who is signed in; only where `login_required` stands."""
    return cast(Visitor, current_user._get_current_object()).person


def secret() -> str:
    """Return the secret of this browser's sign-in."""
    return cast(Visitor, current_user._get_current_object()).secret


def welcome(person: Person, secret: str) -> None:
    """Put a new sign-in into the cookie, in place of whatever it held."""
    flask.session.clear()
    flask.session.permanent = True
    login_user(Visitor(person, secret))


def farewell(response: Response) -> Response:
    """Empty the cookie, and have the browser forget the pages that it kept."""
    logout_user()
    flask.session.clear()
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
