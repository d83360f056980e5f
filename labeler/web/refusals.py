"""Refusals and bugs as pages, or as JSON where the API was asked: one shape for all errors."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import Flask, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException

from labeler import database, errors, logs, passing
from labeler.config import Settings
from labeler.errors import Busy, Conflict, Full, Refusal
from labeler.people.memberships import Role
from labeler.said import say
from labeler.web import filters, forms, visitors
from labeler.work import projects

API = "/api/"
RETRY_AFTER_S = "2"
UNREACHED = say("The database cannot be reached just now. Please try again shortly.")
STALE = say("This page is too old or belongs to another sign-in. Please reload it and try again.")
BROKEN = say("Something broke on our side. What you had sent before is safe.")
UNIQUE_VIOLATION = "23505"
"""What PostgreSQL calls it; on SQLite there is no other writer."""
KEPT = ("Allow", "WWW-Authenticate")
"""Headers without which a refusal would not say what to do instead."""
NOWHERE: Mapping[str, Any] = MappingProxyType({"is_known": False, "project": None})
TITLES = {
    400: say("Please try again"),
    403: say("This is not open to you"),
    404: say("Nothing is here"),
    409: say("Something came first"),
    413: say("That is too large"),
    429: say("That was too often"),
    500: say("Something broke"),
    503: say("Please try again shortly"),
    507: say("The disk is full"),
}


def init_app(app: Flask) -> None:
    """Answer every error in words."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(IntegrityError, _at_once)
    app.register_error_handler(DBAPIError, _unserved)
    app.register_error_handler(NoConnection, _unreached)
    app.register_error_handler(OSError, _unwritten)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _answer(refusal.status, refusal.code, refusal.message, refusal.fields)


def _stale(_error: CSRFError) -> ResponseReturnValue:
    return _answer(400, "stale", STALE, {})


def _at_once(error: IntegrityError) -> ResponseReturnValue:
    if getattr(error.orig, "sqlstate", None) != UNIQUE_VIOLATION:
        return _bug(error)
    # Verbs look before they add; only another transaction could come between.
    logs.exception(error)
    return _refused(Conflict("The same was done elsewhere at this moment. Please look again."))


def _unserved(error: DBAPIError) -> ResponseReturnValue:
    if passing.passes(error):
        return _unreached(error)
    if not isinstance(error, OperationalError):
        return _bug(error)
    logs.exception(error)
    return _refused(Full() if errors.no_room(error) else Busy(UNREACHED))


def _unreached(error: Exception) -> ResponseReturnValue:
    logs.trouble(error)
    return _refused(Busy(UNREACHED))


def _unwritten(error: OSError) -> ResponseReturnValue:
    if not errors.no_room(error):
        return _bug(error)
    logs.exception(error)
    return _refused(Full())


def _http(error: HTTPException) -> ResponseReturnValue:
    code = (error.name or "error").lower().replace(" ", "_")
    messages = {
        400: say("Your browser sent something that this page does not understand."),
        404: say("There is nothing at this address."),
        405: say("This address does not take such a request."),
        413: say("That is more than this page takes."),
        429: say("Please wait a minute, then try again."),
    }
    status = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in KEPT}
    return _answer(status, code, messages.get(status) or error.description or "", {}, kept)


def _bug(error: Exception) -> ResponseReturnValue:
    number = logs.exception(error)
    return _answer(500, "bug", BROKEN, {"request": number})


def _answer(
    status: int,
    code: str,
    message: str,
    fields: dict[str, str],
    kept: Mapping[str, str] = MappingProxyType({}),
) -> ResponseReturnValue:
    database.close_session()  # whatever was begun is undone before the page is drawn
    headers: dict[str, Any] = {"Retry-After": RETRY_AFTER_S} if status == 503 else {}
    headers.update(kept)
    if request.path.startswith(API) or forms.by_script():
        body = {"error": {"code": code, "message": message, "fields": fields}}
        return jsonify(body), status, headers
    number = fields.get("request", "")
    todo = [
        filters.gettext("%(field)s: %(fault)s", field=name, fault=words)
        for name, words in fields.items()
        if name != "request"
    ]
    page = render_template(
        "error.html",
        title=TITLES.get(status, say("That did not work")),
        sentence=message,
        todo=" ".join(todo),
        number=number,
        before=_page_before(),
        **(_surroundings() if status < 500 else NOWHERE),
    )
    return page, status, headers


def _page_before() -> str:
    """Return the page whose form was sent: what is wrong may be put right there."""
    settings: Settings = current_app.extensions["labeler.settings"]
    root, came = f"{settings.public_url.rstrip('/')}/", request.referrer or ""
    if database.only_reads() or not came.startswith(root):
        return ""
    return forms.own_path(f"/{came.removeprefix(root)}")


def _surroundings() -> Mapping[str, Any]:
    """Return who looks, and the project that they look at: the ways onward.

    It asks the database, which may be gone by now: then there is only the way home.
    """
    try:
        if not current_user.is_authenticated:
            return NOWHERE
        bool(current_user.manages), bool(current_user.visits)  # kept for the page, which asks too
        return {"is_known": True, **_project()}
    except (DBAPIError, NoConnection) as error:
        logs.trouble(error)
        database.close_session()
        return NOWHERE


def _project() -> dict[str, Any]:
    slug = (request.view_args or {}).get("slug")
    if slug is None:
        return {"project": None}
    database.reread()  # to look takes no turn to write
    session, person = database.session(), visitors.person()
    try:
        project = projects.find(session, slug, by=person, role=Role.reviewer)
    except Refusal:
        return {"project": None}
    return {"project": project, "role": projects.role_in(session, project, person)}
