"""The workers' forum: topics and what people write to them. Whoever manages gets a 403."""

from collections.abc import Mapping

import flask
from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict

from labeler import database
from labeler.errors import Invalid
from labeler.people import forum, representatives, words
from labeler.text import markdown
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _

pages = Blueprint("forum", __name__, url_prefix="/forum")


@pages.after_app_request
def _leave_no_name(response: Response) -> Response:
    # The log is read by those who run the site: it says that somebody was here, and not who. So it
    # does where no page of ours was meant.
    if request.path.startswith("/forum"):
        flask.g.pop("person_id", None)
    return response


class TopicForm(BaseModel):
    """What to talk about."""

    model_config = ConfigDict(extra="forbid")

    title: str
    text: str
    nameless: bool = False


class PostForm(BaseModel):
    """What somebody writes to a topic."""

    model_config = ConfigDict(extra="forbid")

    text: str
    nameless: bool = False


@pages.get("")
@login_required
def index() -> ResponseReturnValue:
    return _index({}, {})


@pages.post("")
@login_required
def begin() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    forum.require_worker(session, ada)
    try:
        form = forms.read(TopicForm)
        topic = forum.open_topic(session, form.title, form.text, is_nameless=form.nameless, by=ada)
    except Invalid as refusal:
        database.reread()
        return _index(request.form, refusal.fields), refusal.status
    session.commit()
    return redirect(url_for("forum.show", topic_id=topic.id))


@pages.get("/<int:topic_id>")
@login_required
def show(topic_id: int) -> ResponseReturnValue:
    return _topic(topic_id, {}, {})


@pages.post("/<int:topic_id>")
@login_required
def reply(topic_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    topic = forum.find(session, topic_id, by=ada)
    try:
        form = forms.read(PostForm)
        forum.reply(session, topic, form.text, is_nameless=form.nameless, by=ada)
    except Invalid as refusal:
        database.reread()
        return _topic(topic_id, request.form, refusal.fields), refusal.status
    session.commit()
    return redirect(url_for("forum.show", topic_id=topic_id, _anchor="last"))


@pages.post("/posts/<int:post_id>/take-back")
@login_required
def take_back(post_id: int) -> ResponseReturnValue:
    session = database.session()
    topic = forum.take_back(session, post_id, by=visitors.person())
    session.commit()
    flask.flash(_("Taken back. Nobody can read it any more."))
    return redirect(url_for("forum.show", topic_id=topic.id))


def _index(values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    session, ada = database.session(), visitors.person()
    page = _number(request.args.get("page", "1"))
    found = forum.topics(session, page, by=ada)
    return render_template(
        "forum/index.html",
        topics=found,
        page=page,
        has_more=len(found) == forum.AT_ONCE,
        representative=representatives.current(session),
        longest=(words.LONGEST_LINE, words.LONGEST),
        values=values,
        faults=faults,
    )


def _topic(topic_id: int, values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    session, ada = database.session(), visitors.person()
    topic = forum.find(session, topic_id, by=ada)
    return render_template(
        "forum/show.html",
        topic=topic,
        posts=forum.posts(session, topic, by=ada),
        is_full=topic.posts >= forum.FULL,
        render=markdown.render,
        longest=words.LONGEST,
        values=values,
        faults=faults,
    )


def _number(text: str) -> int:
    """Read which page is asked for; what is none is the first."""
    fits = text.isascii() and text.isdigit() and len(text) <= 6
    return max(1, int(text)) if fits else 1
