"""The JSON API: the same verbs as the pages, for programs that show a token."""

from collections.abc import Iterable

from flask import Blueprint, Flask, Response, current_app
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
from labeler.api.openapi import Document
from labeler.api.operations import Operation

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
    app.extensions["labeler.api"] = Document()
    blueprint = Blueprint("api", __name__)
    blueprint.add_url_rule(openapi.PATH, endpoint="openapi", view_func=_document)
    blueprint.after_request(_keep_out_of_caches)
    # Nothing here looks at a cookie, so that no other site can act in a visitor's name.
    app.extensions["csrf"].exempt(blueprint)
    app.register_blueprint(blueprint)
    serve(app, OPERATIONS)


def serve(app: Flask, operations: Iterable[Operation]) -> None:
    """Register operations beside those that are there: they are described in one document."""
    document: Document = app.extensions["labeler.api"]
    for operation in operations:
        app.add_url_rule(
            operation.rule,
            endpoint=f"api.{operation.name}",  # what holds for the blueprint holds for it
            view_func=operation.serve,
            methods=[operation.method],
        )
        document.operations += (operation,)


def _document() -> Response:
    document: Document = current_app.extensions["labeler.api"]
    return Response(document.text, mimetype="application/json")


def _keep_out_of_caches(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
