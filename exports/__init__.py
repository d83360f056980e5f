"""exports turns what labeler collected into datasets. labeler does not know that it exists."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Add releases to the pages and to the API, and the keys that they are signed with."""
    from exports import api, held_pages, order_pages, pages, wellknown

    app.register_blueprint(pages.pages)
    app.register_blueprint(order_pages.order_pages)
    app.register_blueprint(held_pages.held_pages)
    app.register_blueprint(wellknown.pages)
    api.init_app(app)
