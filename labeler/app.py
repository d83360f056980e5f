"""create_app: settings, database and doors put together. Nothing else knows all three."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from labeler import api, config, database, logs, web
from labeler.config import Settings
from labeler.database import Database
from labeler.errors import Invalid
from labeler.people import sign_ins
from labeler.web.retries import Site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application; raises Invalid when a setting that serving needs is missing."""
    settings = settings or config.load()
    if settings.secret_key is None:
        raise Invalid(
            "labeler does not start without a secret key.",
            fields={"LABELER_SECRET_KEY": "Missing. `labeler secret` prints one to set."},
        )
    app = Site("labeler", template_folder="templates", static_folder="static")
    app.config.update(_flask_settings(settings, settings.secret_key.get_secret_value()))
    app.extensions["labeler.settings"] = settings
    app.extensions["labeler.database"] = _database(settings)
    app.teardown_appcontext(database.close_session)
    logs.init_app(app, settings.log_level)
    web.init_app(app)
    api.init_app(app)
    app.wsgi_app = _at_home(app.wsgi_app, settings.public_url)  # type: ignore[assignment,method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _at_home(inner: "WSGIApplication", public_url: str) -> "WSGIApplication":
    """Serve every request as one to the public address: what it calls us may be anything."""
    host = urlsplit(public_url).netloc

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return inner(environ | {"HTTP_HOST": host}, start_response)

    return serve


def _database(settings: Settings) -> Database:
    database = Database(settings.database)
    database.require_current()
    return database


def _flask_settings(settings: Settings, secret_key: str) -> dict[str, object]:
    return {
        "SECRET_KEY": secret_key,
        "MAX_CONTENT_LENGTH": 2_000_000,
        "MAX_FORM_MEMORY_SIZE": 1_000_000,
        "PERMANENT_SESSION_LIFETIME": sign_ins.LASTS,
        # No cookie in answers that shared caches may keep; a sign-in does not grow longer anyway.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(0),
        "SESSION_COOKIE_NAME": "__Host-session" if settings.secure else "session",
        "SESSION_COOKIE_SECURE": settings.secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # A token ends with its session: people think, and sleep, over a page.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
    }
