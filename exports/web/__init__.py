"""Pages about releases, for owners, and the keys that they are signed with, for anybody."""

from flask import Flask

from exports.web import held, orders, releases, wellknown


def init_app(app: Flask) -> None:
    """Add them to the application."""
    for pages in (releases.pages, orders.pages, held.pages, wellknown.pages):
        app.register_blueprint(pages)
