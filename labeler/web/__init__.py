"""The pages: thin functions that find, parse, call a verb, commit and redirect."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from labeler.web import (
    accessibility,
    assets,
    batches,
    chat,
    chatrules,
    comparisons,
    compression,
    destinations,
    disputes,
    earnings,
    endpoints,
    filters,
    forms,
    forum,
    generations,
    gold,
    guests,
    guidelines,
    judging,
    leaderboard,
    limits,
    locales,
    members,
    mine,
    mydata,
    offline,
    paylayouts,
    payruns,
    plans,
    preferences,
    projects,
    qualifications,
    quality,
    questions,
    rates,
    refusals,
    representatives,
    retries,
    reviews,
    rights,
    security,
    sensitive,
    sessions,
    systems,
    terms,
    visitors,
    wages,
    work,
    worktime,
)


class _Id(IntegerConverter):
    """Only what an id can be; a larger number is no address at all."""

    def __init__(self, rules: Map, **options: Any) -> None:
        super().__init__(rules, **({"max": forms.LARGEST_ID} | options))


def init_app(app: Flask) -> None:
    """Register the pages and what every page needs."""
    app.url_map.converters["int"] = _Id
    assets.init_app(app)
    compression.init_app(app)
    filters.init_app(app)
    judging.init_app(app)
    sensitive.init_app(app)
    visitors.init_app(app)
    security.init_app(app)
    locales.init_app(app)
    refusals.init_app(app)
    retries.init_app(app)
    guests.init_app(app)
    chatrules.init_app(app)
    for room in (sessions, preferences, accessibility, offline, work, questions, mine, mydata):
        app.register_blueprint(room.pages)
    for room in (projects, members, batches, comparisons, gold, plans, qualifications, reviews):
        app.register_blueprint(room.pages)
    for room in (quality, leaderboard, guidelines, rates, wages, payruns, paylayouts):
        app.register_blueprint(room.pages)
    for room in (sensitive, worktime, limits, terms, destinations, earnings, disputes, rights):
        app.register_blueprint(room.pages)
    for room in (systems, forum, representatives, chat, chatrules, guests):
        app.register_blueprint(room.pages)
    for room in (endpoints, generations):
        app.register_blueprint(room.pages)
