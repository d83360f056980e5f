"""Terms of a project: people read and accept them in a language of theirs; owners publish them."""

from collections.abc import Mapping

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field

from labeler import clock, database
from labeler.errors import Invalid, NotFound
from labeler.pay.worktime import Kind
from labeler.people import terms
from labeler.people.memberships import Role
from labeler.people.terms import Terms
from labeler.said import say
from labeler.text import markdown
from labeler.text.languages import INTERFACE
from labeler.web import clocks, forms, locales, visitors
from labeler.web.filters import gettext as _
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint("terms", __name__, url_prefix="/projects/<slug>/terms")

WHOLE = say("This must be a whole number.")


class ConsentForm(BaseModel):
    """Which version was read, and in which language."""

    model_config = ConfigDict(extra="forbid")

    number: int = Field(ge=1, le=2**31 - 1)
    language: str


@pages.get("")
@login_required
def read(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = projects.find(session, slug, by=ada)
    standing = terms.standing(session, project.id, ada)
    texts = terms.version(session, project.id, standing.offered)
    shown = _in_language(texts, request.args.get("language", ""))
    return render_template(
        "terms/read.html",
        project=project,
        standing=standing,
        texts=texts,
        shown=shown,
        shown_html=markdown.render(shown.text) if shown else "",
        consents=terms.consents_of(session, project.id, ada),
        now=clock.now(),
        clock=shown and clocks.start(Kind.instructions, project.id, ada, texts=[shown.text]),
    )


@pages.post("")
@login_required
def agree(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = projects.find(session, slug, by=ada)
    form = forms.read(ConsentForm)
    terms.agree(session, project.id, form.number, form.language, by=ada)
    session.commit()
    flask.flash(_("Kept: you have accepted the terms. You can read them again at any time."))
    return redirect(url_for("work.home"))


@pages.get("/write")
@login_required
def write(slug: str) -> ResponseReturnValue:
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.owner)
    said = {f"text_{one.language}": one.text for one in terms.current(session, project.id)}
    return _page(project, said, {})


@pages.post("/write")
@login_required
def publish(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        texts, notice_days = _written()
        number = terms.publish(session, project.id, texts, notice_days=notice_days, by=olga)
    except Invalid as refusal:
        database.reread()
        project = projects.find(database.session(), slug, by=visitors.person(), role=Role.owner)
        return _page(project, request.form, refusal.fields), refusal.status
    session.commit()
    flask.flash(_("Published as version %(number)s.", number=number))
    return redirect(url_for("terms.write", slug=slug))


def _in_language(texts: Mapping[str, Terms], asked: str) -> Terms | None:
    """Return the text in the language that was asked for, else in the reader's, else in another."""
    if asked and texts and asked not in texts:
        raise NotFound("There are no such terms.")
    wanted = (asked, locales.tag(), locales.SOURCE, *texts)
    return next((texts[tag] for tag in wanted if tag in texts), None)


def _written() -> tuple[dict[str, str], int]:
    """Read the texts of this form by language, and the days of notice."""
    given = {tag: request.form.get(f"text_{tag}", "").replace("\r\n", "\n") for tag in INTERFACE}
    days = request.form.get("notice_days", "").strip()
    if not (days.isascii() and days.isdigit() and len(days) <= len(str(terms.MOST_NOTICE))):
        raise Invalid("Please look at the marked fields.", fields={"notice_days": WHOLE})
    return {tag: text for tag, text in given.items() if text.strip()}, int(days)


def _page(project: Project, values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    session, olga = database.session(), visitors.person()
    return render_template(
        "terms/write.html",
        project=project,
        role=projects.role_in(session, project, olga),
        versions=terms.versions(session, project.id),
        agreed=terms.agreed(session, project.id),
        tags=INTERFACE,
        least=terms.LEAST_NOTICE,
        longest=terms.LONGEST,
        values=values,
        faults=faults,
    )
