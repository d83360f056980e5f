"""exports turns what labeler collected into datasets. labeler does not know that it exists."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Add releases to the pages and to the API, and the keys that they are signed with."""
    from exports import api, web

    web.init_app(app)
    api.init_app(app)
