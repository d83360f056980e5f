"""What every answer carries and every unsafe request must show."""

from flask import Flask, Response, request
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect

from labeler import database
from labeler.errors import Forbidden

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

FROM_STRANGERS = 100_000
"""How many bytes of a form are read of somebody who is not signed in."""

csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Refuse requests that another site made, and set the headers of every answer."""
    app.before_request(_read_little_of_strangers)  # first: the next one reads forms
    csrf.init_app(app)
    app.before_request(_refuse_cross_site)
    app.after_request(_set_headers)


def _read_little_of_strangers() -> None:
    # The API reads nothing before it knows who calls.
    if database.only_reads() or request.blueprint == "api" or current_user.is_authenticated:
        return
    request.max_content_length = FROM_STRANGERS


def _refuse_cross_site() -> None:
    site = request.headers.get("Sec-Fetch-Site", "none")
    if not database.only_reads() and site not in ("same-origin", "none"):
        raise Forbidden("This request came from another site.")


def _set_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if "public" not in response.headers["Cache-Control"]:
        response.vary.add("Cookie")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
