"""exports turns what labeler collected into datasets. labeler does not know that it exists."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages about releases."""
    from exports.pages import pages

    app.register_blueprint(pages)
