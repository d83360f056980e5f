"""Who calls: whoever the token in `Authorization: Bearer …` speaks for; cookies say nothing."""

import flask
from flask import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from labeler import database
from labeler.people import tokens
from labeler.people.accounts import Person
from labeler.people.tokens import Scope


def person(scope: Scope) -> Person:
    """Return whom the request's token speaks for.

    Raises Unauthorized without a token that works, Forbidden outside the token's scopes.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise _unauthorized("Please send a token: Authorization: Bearer …")
    # A session of its own, so that a POST takes its turn to write only when it writes.
    with database.of_app().reading() as session:
        caller = tokens.person_of(session, token.strip(), scope)
    if caller is None:
        raise _unauthorized("This token does not work, or no longer.", error="invalid_token")
    flask.g.person_id = caller.id
    return caller


def _unauthorized(message: str, **challenge: str) -> Unauthorized:
    wanted = WWWAuthenticate("bearer", {"realm": "labeler", **challenge})
    return Unauthorized(message, www_authenticate=wanted)
