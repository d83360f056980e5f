"""The language of the interface: a page for everybody, signed in or not."""

from urllib.parse import urlsplit

import flask
from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from pydantic import BaseModel, ConfigDict

from labeler import database
from labeler.people import accounts
from labeler.web import forms, locales, visitors

pages = Blueprint("preferences", __name__)


class LanguageForm(BaseModel):
    """A language of the interface, empty for the browser's, and the page that it was asked for."""

    model_config = ConfigDict(extra="forbid")

    language: str = ""
    next: str = ""


@pages.get("/language")
def show() -> ResponseReturnValue:
    chosen = visitors.person().language if current_user.is_authenticated else None
    return render_template(
        "preferences/language.html",
        tags=locales.offered(),
        chosen=chosen or request.cookies.get(locales.COOKIE, ""),
        back=_came_from(),
    )


@pages.post("/language")
def choose() -> ResponseReturnValue:
    form = forms.read(LanguageForm)
    language = form.language if form.language in locales.offered() else None
    if current_user.is_authenticated:
        session = database.session()
        accounts.choose_language(session, visitors.person(), language)
        session.commit()
    response = flask.make_response(redirect(forms.own_path(form.next)))
    locales.remember(response, language)
    return response


def _came_from() -> str:
    """Return which page led here. It goes into the form: an address may hold a secret."""
    found = urlsplit(request.referrer or "")
    here = found.netloc == request.host and found.path != request.path
    return found.path + (f"?{found.query}" if found.query else "") if here else ""
