"""In which language a page is read: what its reader chose, else what their browser asks for.

The choice of somebody who is signed in is kept with them, so that it follows them to other
browsers, and in a cookie too, for pages that do not know yet who reads them.
"""

from typing import TYPE_CHECKING

import flask
from babel import Locale
from flask import Flask, Response, request
from flask_babel import Babel, get_locale
from flask_login import current_user

from labeler.text import languages
from labeler.text.places import CODES

if TYPE_CHECKING:
    from labeler.config import Settings

SOURCE = "en"
COOKIE = "language"
KEPT_S = 365 * 86_400
# English writes the day before the month here, as most of its readers do.
_FORMATS = {SOURCE: "en-GB"}


def init_app(app: Flask) -> None:
    """Let pages be read in the languages of the interface."""
    app.config.setdefault("LANGUAGES", languages.INTERFACE)
    Babel(app, configure_jinja=False, locale_selector=_locale)
    app.before_request(_find_visitor)
    app.after_request(_say_which)
    app.context_processor(lambda: {"locale": tag(), "locale_direction": languages.direction(tag())})


def tag() -> str:
    """Return the language of this request, one of those on offer."""
    if not flask.has_request_context():
        return SOURCE
    if "language" not in flask.g:
        flask.g.language = _chosen() or _asked_for() or SOURCE
    language: str = flask.g.language
    return language


def offered() -> tuple[str, ...]:
    """Return the languages that a person can choose from."""
    tags: tuple[str, ...] = flask.current_app.config["LANGUAGES"]
    return tags


def current() -> Locale:
    """Return how this request's language writes numbers and days."""
    return get_locale() or _locale()


def place(code: str) -> str:
    """Name a country or territory as the reader calls it; what nobody has named keeps its code."""
    return str(current().territories.get(code, code))


def places() -> list[tuple[str, str]]:
    """Return every country and territory with its name, by name."""
    return sorted(((code, place(code)) for code in CODES), key=lambda named: named[1].casefold())


def remember(response: Response, language: str | None) -> None:
    """Keep the choice in this browser, or forget it."""
    settings: Settings = flask.current_app.extensions["labeler.settings"]
    response.set_cookie(
        COOKIE,
        language or "",
        max_age=KEPT_S if language else 0,
        secure=settings.secure,
        httponly=True,
        samesite="Lax",
    )


def _locale() -> Locale:
    return Locale.parse(_FORMATS.get(tag(), tag()), sep="-")


def _chosen() -> str | None:
    for language in (flask.g.get("language_of_visitor"), request.cookies.get(COOKIE)):
        if language in offered():
            return str(language)
    return None


def _asked_for() -> str | None:
    """Return what the browser would like best; the French of Canada is French before English is."""
    for wanted, quality in request.accept_languages:
        language = wanted.partition("-")[0].lower()
        if quality > 0 and language in offered():
            return language
    return None


def _find_visitor() -> None:
    # Before a page speaks. A page that says what failed must not ask the database who reads it.
    if request.endpoint not in (None, "static") and request.blueprint != "api":
        bool(current_user)


def _say_which(response: Response) -> Response:
    if "language" in flask.g and response.mimetype == "text/html":
        response.content_language = flask.g.language
        response.vary.add("Accept-Language")
    return response
