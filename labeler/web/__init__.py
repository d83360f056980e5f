"""The pages: thin functions that find, parse, call a verb, commit and redirect."""

from flask import Flask

from labeler.web import (
    assets,
    batches,
    comparisons,
    filters,
    members,
    projects,
    refusals,
    security,
    sessions,
    visitors,
    work,
)


def init_app(app: Flask) -> None:
    """Register the pages and what every page needs."""
    assets.init_app(app)
    filters.init_app(app)
    visitors.init_app(app)
    security.init_app(app)
    refusals.init_app(app)
    for room in (sessions, work, projects, members, batches, comparisons):
        app.register_blueprint(room.pages)
