"""What may be hard to read: one's own choice of it, its label, and a way to have no more of it."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import flask
from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from markupsafe import Markup
from sqlalchemy.orm import Session

from labeler import database, schema
from labeler.errors import Invalid, Refusal
from labeler.pay import breaks, exposure
from labeler.people.accounts import Person
from labeler.said import say
from labeler.text import languages, markdown, sensitive
from labeler.text.sensitive import Category, Level
from labeler.web import following, forms, locales, visitors
from labeler.web.filters import gettext as _
from labeler.web.following import Following
from labeler.work import assignments, hours, opt_ins, projects
from labeler.work.comparisons import Prompt
from labeler.work.opt_ins import Choice
from labeler.work.projects import Project

pages = Blueprint("sensitive", __name__)

CATEGORY_WORDS = {
    Category.violence: say("violence"),
    Category.sexual: say("sex"),
    Category.self_harm: say("self-harm"),
    Category.hate: say("hate"),
    Category.abuse: say("abuse"),
    Category.shock: say("disgust"),
    Category.other: say("something else"),
}
LEVEL_WORDS = {
    Level.mentioned: say("mentioned"),
    Level.described: say("described"),
    Level.graphic: say("graphic"),
}
UP_TO = [
    ("0", say("Nothing of it")),
    ("1", say("Where it is mentioned")),
    ("2", say("Where it is described")),
    ("3", say("Also where it is graphic")),
]


def init_app(app: Flask) -> None:
    """Let every template say what may be hard to read, before it shows it."""
    app.jinja_env.filters.update(opening=opening, hard_label=label)


def label(content: str) -> str:
    """Say in a few general words what may be hard to read; nothing of what is not."""
    if not content:
        return ""
    found = sensitive.levels(content).items()
    named = [f"{_(CATEGORY_WORDS[name])}, {_(LEVEL_WORDS[Level(level)])}" for name, level in found]
    return _("This may be hard to read: %(what)s.", what="; ".join(named))


def opening(prompt: Prompt) -> str:
    """Return how a prompt's last turn begins, for lists; the label of what may be hard to read."""
    if not prompt.sensitive:
        return markdown.plain(prompt.messages[-1]["content"])
    locale = str(locales.current()).replace("_", "-")
    words = Markup('<span lang="{}" dir="{}">{}</span>')
    return words.format(locale, languages.direction(locale), label(prompt.sensitive))


@pages.get("/sensitive")
@login_required
def show() -> ResponseReturnValue:
    return _page({}, {})


@pages.post("/sensitive")
@login_required
def choose() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    try:
        with _covered(session, ada):
            opt_ins.choose(session, forms.read(Choice), by=ada)
    except Invalid as refusal:
        database.reread()
        return _page(request.form, refusal.fields), refusal.status
    session.commit()
    flask.flash(_("Your choice is kept. It holds from now on."))
    return redirect(url_for("sensitive.show"))


@pages.post("/work/<int:assignment_id>/no-more")
@login_required
def stop(assignment_id: int) -> ResponseReturnValue:
    """Give the task back, as it was not skipped, and give nothing of its kind until midnight."""
    session, ada = database.session(), visitors.person()
    assignment = assignments.find(session, assignment_id, by=ada)
    with _covered(session, ada):
        opt_ins.stop_today(session, by=ada)
    session.commit()
    flask.flash(_("No more of this today. What you held went back, and that counts as nothing."))
    found = following.after(assignment, ada) or Following(otherwise="work.home")
    return redirect(found.address)


def _covered(session: Session, ada: Person) -> ExitStack:
    """Count the time of tasks that are given back, of which no page told."""
    stack = ExitStack()
    for held in opt_ins.held(session, ada):
        stack.enter_context(hours.covered(session, held, ada))
    return stack


def _page(values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    session, ada = database.session(), visitors.person()
    now = schema.moment(session)
    chosen = opt_ins.of_person(session, ada)
    levels = sensitive.levels(chosen.levels)
    stopped = chosen.stopped_until is not None and chosen.stopped_until > now
    return render_template(
        "sensitive/show.html",
        chosen=chosen,
        stopped_until=chosen.stopped_until if stopped else None,
        own={name.value: str(levels.get(name, 0)) for name in Category} | dict(values),
        is_adult="is_adult" in values if values else bool(levels),
        words=[(name.value, words) for name, words in CATEGORY_WORDS.items()],
        options=UP_TO,
        standing=exposure.standing(session, ada.id, now),
        left=breaks.left(session, ada.id, now),
        project=_project(),
        faults=faults,
        **_most(),
    )


def _most() -> dict[str, Any]:
    most = {"day": exposure.DAY, "run": exposure.RUN, "rest": exposure.REST}
    return {name: length.total_seconds() for name, length in most.items()}


def _project() -> Project | None:
    """Return the project that led here, for whose break one is paid."""
    try:
        return projects.find(database.session(), request.args.get("slug", ""), by=visitors.person())
    except Refusal:
        return None
