"""What a browser keeps for when there is no connection: one page, and the worker that shows it."""

import hashlib

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue

from labeler.web import locales

pages = Blueprint("offline", __name__)
STATIC = ("labeler.css", "favicon.svg")


@pages.get("/offline")
def show() -> ResponseReturnValue:
    return render_template("offline/show.html")


@pages.get("/sw.js")
def worker() -> ResponseReturnValue:
    """Send the service worker: from the root, so that all pages are its own."""
    files = [url_for("offline.show"), *(url_for("static", filename=each) for each in STATIC)]
    page = render_template("offline/show.html")
    version = f"{locales.tag()}-{hashlib.sha256(page.encode()).hexdigest()[:12]}"
    script = render_template("offline/sw.js", files=files, version=version)
    return Response(script, mimetype="text/javascript")
