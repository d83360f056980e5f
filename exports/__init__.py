"""exports turns what labeler collected into datasets. labeler does not know that it exists."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages about releases."""
    from exports.order_pages import order_pages
    from exports.pages import pages

    app.register_blueprint(pages)
    app.register_blueprint(order_pages)
