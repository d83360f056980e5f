"""The JSON API: the same verbs as the pages, for programs that show a token."""

from flask import Blueprint, Flask, Response
from werkzeug.routing import BaseConverter

from labeler.api import (
    assignments,
    batches,
    comparisons,
    judgments,
    leaderboards,
    openapi,
    projects,
    reviews,
)

OPERATIONS = (
    *assignments.OPERATIONS,
    *projects.OPERATIONS,
    *batches.OPERATIONS,
    *comparisons.OPERATIONS,
    *judgments.OPERATIONS,
    *leaderboards.OPERATIONS,
    *reviews.OPERATIONS,
)


class _Slug(BaseConverter):
    """Only what can be a project's name in addresses; the rest is no address at all."""

    regex = "[a-z0-9][a-z0-9-]{0,59}"


def init_app(app: Flask) -> None:
    """Register every operation, and the document that describes them."""
    app.url_map.converters["slug"] = _Slug
    blueprint = Blueprint("api", __name__)
    for operation in OPERATIONS:
        blueprint.add_url_rule(
            operation.rule,
            endpoint=operation.name,
            view_func=operation.serve,
            methods=[operation.method],
        )
    document = openapi.text(OPERATIONS)
    blueprint.add_url_rule(
        openapi.PATH,
        endpoint="openapi",
        view_func=lambda: Response(document, mimetype="application/json"),
    )
    blueprint.after_request(_keep_out_of_caches)
    # Nothing here looks at a cookie, so that no other site can act in a visitor's name.
    app.extensions["csrf"].exempt(blueprint)
    app.register_blueprint(blueprint)


def _keep_out_of_caches(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
