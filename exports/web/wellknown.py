"""What strangers find without signing in: the public keys that releases are signed with."""

from pathlib import Path

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue

pages = Blueprint("keys", __name__, url_prefix="/.well-known")


@pages.get("/labeler-keys.json")
def published() -> ResponseReturnValue:
    """List all keys in their order, each signed by the one before it; none where none is made."""
    from exports.proof import keys

    data: Path = current_app.extensions["labeler.settings"].data
    return Response(keys.text(keys.listed(data)), mimetype="application/json")
