"""Releases in the JSON API: what owners do with them on the pages, for programs.

To publish, to withdraw and to let go what is held back takes a person: that is not here.
"""

from flask import Flask

from exports.api import orders, releases
from labeler import api

OPERATIONS = (*releases.OPERATIONS, *orders.OPERATIONS)
DESCRIBED = (*api.OPERATIONS, *OPERATIONS)
"""What the whole application serves, in the order of its document."""


def init_app(app: Flask) -> None:
    """Serve releases beside the operations that are there."""
    api.serve(app, OPERATIONS)
