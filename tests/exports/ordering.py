"""Releases that are asked for on a page, and cut as `labeler work --once` does."""

from typing import Any

from flask import Flask

from labeler.cli import working
from tests.visits import Visit

HOME = "/projects/helpful/releases"
RULES = {"min_judgments": "2", "test_percent": "0"}


def ask(visit: Visit, **rules: Any) -> str:
    """Ask for a release; return where the page leads."""
    visit.get(HOME)
    return str(visit.post(HOME, **(rules or RULES)).location)


def do_jobs(app: Flask) -> None:
    """Do what waits."""
    working.do_due(app.extensions["labeler.database"], app.extensions["labeler.settings"])


def cut(visit: Visit, **rules: Any) -> str:
    """Ask for a release, have it cut, and return where the page leads then."""
    order = ask(visit, **rules)
    do_jobs(visit.app)
    return str(visit.get(order).location or order)


def look(visit: Visit, order: str) -> Any:
    """Ask how far an order is, as the page's script does."""
    return visit.client.get(order, headers={"Accept": "application/json"}).json
