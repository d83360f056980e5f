"""Guests: people who come by a link that a project gives out. They chat, and may be forgotten.

Whoever is signed in as a guest is let in to what is named in `OPEN` alone, whatever else there is.
"""

from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from labeler import database
from labeler.arena import rules, visits
from labeler.config import Settings
from labeler.errors import Forbidden, NotFound
from labeler.people.accounts import Person
from labeler.said import say
from labeler.web import visitors
from labeler.work.drafts import ModelsFrom
from labeler.work.projects import Project

pages = Blueprint("guests", __name__, url_prefix="/visit")

OPEN = frozenset(
    (
        *("static", "offline.show", "offline.worker", "accessibility.show"),
        *("preferences.show", "preferences.choose", "sessions.whoami", "sessions.sign_out"),
        *("guests.show", "guests.enter", "chat.index", "chat.begin", "chat.show", "chat.state"),
        *("chat.write", "chat.vote", "chat.draw_again", "chat.end", "chat.reveal"),
        *("mydata.show", "mydata.copy", "mydata.erase"),
    )
)
"""What a guest may ask for, by its endpoint."""
WHERE_WORDS = {
    ModelsFrom.on_premises: say("The models run on machines of whoever runs this site."),
    ModelsFrom.eu: say("The models run here or in the European Union; they are sent your words."),
    ModelsFrom.anywhere: say("The models may run anywhere in the world; they are sent your words."),
}


def project_of(session: Session, person: Person) -> Project | None:
    """Return the project in whose chat the person is a guest; None if they are none."""
    visit = visits.visit_of(session, person) if person.is_visitor else None
    return session.get_one(Project, visit.project_id) if visit else None


def init_app(app: Flask) -> None:
    """Keep guests to the chat."""
    app.before_request(_keep_to_the_chat)


def _keep_to_the_chat() -> ResponseReturnValue | None:
    # A program shows a token of its own, and never this cookie.
    if request.endpoint in (None, *OPEN) or request.blueprint == "api":
        return None
    if not current_user.is_authenticated or not visitors.person().is_visitor:
        return None
    if request.endpoint == "work.home" and current_user.visits:
        return redirect(url_for("chat.index", slug=current_user.visits))
    raise Forbidden("You came by a link to a chat: that alone is open to you.")


@pages.get("/<ticket>")
def show(ticket: str) -> ResponseReturnValue:
    """Say what this is. Only the button lets anybody in: programs that look ahead press none."""
    session = database.session()
    project = visits.project_of(session, ticket)
    held = rules.of_project(session, project.id)
    if held is None:
        raise NotFound("There is no chat here.")
    settings: Settings = current_app.extensions["labeler.settings"]
    return render_template(
        "guests/show.html",
        project=project,
        rules=held,
        ticket=ticket,
        where=WHERE_WORDS[project.models_from],
        site=urlsplit(settings.public_url).netloc,
        contact=settings.contact,
    )


@pages.post("/<ticket>")
def enter(ticket: str) -> ResponseReturnValue:
    session = database.session()
    project = visits.project_of(session, ticket)
    onwards = redirect(url_for("chat.index", slug=project.slug))
    if current_user.is_authenticated:
        return onwards
    browser = request.headers.get("User-Agent", "")[:200]
    person, cookie = visits.enter(session, ticket, browser=browser)
    session.commit()
    visitors.welcome(person, cookie)
    return onwards
