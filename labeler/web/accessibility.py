"""The accessibility statement: what was looked at and when, and what is known not to work.

What it says of the last look at every page is read from accessibility.json. The test that looks at
them writes that file, and nothing else does; the page itself sees whether the pages have changed.
"""

import hashlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import flask
from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict

from labeler.said import say
from labeler.web import locales

if TYPE_CHECKING:
    from labeler.config import Settings

pages = Blueprint("accessibility", __name__)

RECORD = Path(__file__).with_name("accessibility.json")
READERS = {
    "nobody": say("people who are not signed in"),
    "annotator": say("annotators"),
    "reviewer": say("reviewers"),
    "owner": say("owners"),
    "administrator": say("administrators"),
}
SCHEMES = {"light": say("light"), "dark": say("dark")}


class Check(BaseModel):
    """One look at every page: when, at what, with what, and how many faults there were."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: date
    version: str
    readers: tuple[str, ...]
    widths: tuple[int, ...]
    schemes: tuple[str, ...]
    languages: tuple[str, ...]
    tools: tuple[str, ...]
    pages: int
    faults: int
    fingerprint: str

    @property
    def windows(self) -> int:
        """In how many windows each page was looked at."""
        return len(self.widths) * len(self.schemes) * len(self.languages)


@pages.get("/accessibility")
def show() -> ResponseReturnValue:
    app = flask.current_app
    settings: Settings = app.extensions["labeler.settings"]
    check = last_check()
    return render_template(
        "accessibility/show.html",
        check=check,
        readers=READERS,
        schemes=SCHEMES,
        has_changed=check.fingerprint != fingerprint(app),
        others=[tag for tag in locales.offered() if tag not in check.languages],
        contact=settings.contact,
    )


def last_check() -> Check:
    """Return what is on record of the last look at every page."""
    return Check.model_validate_json(RECORD.read_text("utf-8"))


def fingerprint(app: Flask) -> str:
    """Hash what pages are made of: templates, styles and scripts, but not what they say."""
    found, templates = hashlib.sha256(), app.jinja_env.loader
    assert templates is not None
    for name in sorted(templates.list_templates()):
        found.update(templates.get_source(app.jinja_env, name)[0].encode())
    for path in sorted(Path(app.static_folder or "").glob("*.*")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
