"""The blind chat: a person writes, two unnamed models answer, the person says which is better.

No page and no reply of these tells which model is which, how far one of the two is, or how long it
took: see `chatting`.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from labeler import database, progress
from labeler.arena import conversations, endings, looks, rules, turns, votes
from labeler.arena.conversations import Conversation
from labeler.arena.turns import Turn
from labeler.errors import Invalid, NotFound
from labeler.pay import ledger, limits, missed
from labeler.pay.worktime import Kind
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.terms import NotAgreed
from labeler.text import markdown
from labeler.web import chatting, clocks, filters, forms, guests, judging, visitors
from labeler.web.chatting import Chat, Stage
from labeler.web.clocks import Clock
from labeler.web.filters import gettext as _
from labeler.web.following import Following
from labeler.work import guidelines, projects
from labeler.work.assignments import Assignment
from labeler.work.projects import Project
from labeler.work.rubrics import Answer

pages = Blueprint("chat", __name__)


class BeginForm(BaseModel):
    """The language of a new conversation."""

    model_config = ConfigDict(extra="forbid")

    language: str = Field(min_length=1, max_length=35)


class MessageForm(BaseModel):
    """A message to both, and the key that makes it one message."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=2 * turns.LONGEST)
    key: str = ""


@pages.get("/projects/<slug>/chat")
@login_required
def index(slug: str) -> ResponseReturnValue:
    return _index(slug, {})


@pages.post("/projects/<slug>/chat")
@login_required
def begin(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = _project(session, slug, ada)
    try:
        language = forms.read(BeginForm).language
        chat = conversations.begin(session, project, language=language, by=ada)
    except Invalid as refusal:
        database.reread()
        return _index(slug, refusal.fields or {"language": refusal.message}), refusal.status
    except limits.Reached:
        return redirect(Following(otherwise="limits.show").address)
    except NotAgreed:
        return redirect(Following(otherwise="terms.read", slug=slug).address)
    session.commit()
    return redirect(url_for("chat.show", conversation_id=chat.id))


@pages.get("/chat/<int:conversation_id>")
@login_required
def show(conversation_id: int) -> ResponseReturnValue:
    return _page(conversation_id)


@pages.get("/chat/<int:conversation_id>/state")
@login_required
def state(conversation_id: int) -> ResponseReturnValue:
    """Tell a script what the conversation waits for; never how far one of the answers is."""
    session, ada = database.session(), visitors.person()
    conversation = conversations.find(session, conversation_id, by=ada)
    return {"stage": chatting.token_of(looks.look(session, conversation))}


@pages.post("/chat/<int:conversation_id>/messages")
@login_required
def write(conversation_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    conversation = conversations.find(session, conversation_id, by=ada)
    try:
        form = forms.read(MessageForm)
        text = form.text.replace("\r\n", "\n")
        turns.say(session, conversation, text, key=form.key, by=ada)
    except Invalid as refusal:
        return _given_back(conversation_id, refusal)
    session.commit()
    return _onwards(conversation_id)


@pages.post("/chat/turns/<int:turn_id>/vote")
@login_required
def vote(turn_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    turn = turns.find(session, turn_id, by=ada)
    try:
        key, answer = _read(session, turn)
    except Invalid as refusal:
        return _given_back(turn.conversation_id, refusal)
    receipt = votes.vote(session, turn, answer, key=key, by=ada)
    if not forms.by_script() and not ada.is_visitor:
        _cover(session, turn, session.get_one(Assignment, receipt.judgment.assignment_id))
    session.commit()
    if not forms.by_script():
        flask.flash(_("Your judgment is saved."))
    return _onwards(turn.conversation_id)


@pages.post("/chat/turns/<int:turn_id>/again")
@login_required
def draw_again(turn_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    turn = turns.draw_again(session, turns.find(session, turn_id, by=ada), by=ada)
    session.commit()
    return _onwards(turn.conversation_id)


@pages.post("/chat/<int:conversation_id>/end")
@login_required
def end(conversation_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    endings.end(session, conversations.find(session, conversation_id, by=ada), by=ada)
    session.commit()
    return _onwards(conversation_id)


@pages.post("/chat/<int:conversation_id>/names")
@login_required
def reveal(conversation_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    endings.reveal(session, conversations.find(session, conversation_id, by=ada), by=ada)
    session.commit()
    return _onwards(conversation_id)


def _project(session: Session, slug: str, ada: Person) -> Project:
    """Return a project that the person chats in, as a member or as a guest; raises NotFound."""
    project = guests.project_of(session, ada) or projects.find(session, slug, by=ada)
    if project.slug != slug or rules.of_project(session, project.id) is None:
        raise NotFound("There is no chat here.")
    return project


def _read(session: Session, turn: Turn) -> tuple[str, Answer]:
    """Read the form of this request; the rubric of the turn says what is in it."""
    fields = {name: value.replace("\r\n", "\n") for name, value in forms.given().items()}
    key = fields.pop("key", "")
    return key, votes.read_form(session, turn, fields)


def _onwards(conversation_id: int) -> ResponseReturnValue:
    """Tell a script that this is done; lead anybody else to what the conversation waits for."""
    if forms.by_script():
        return {}
    return redirect(url_for("chat.show", conversation_id=conversation_id, _anchor="now"))


def _cover(session: Session, turn: Turn, assignment: Assignment) -> None:
    """Count the time of a turn that was judged without a script, whose page would tell of it.

    That is from the answers of the turn before: to write a message is work too.
    """
    project = session.get_one(Project, assignment.project_id)
    if assignment.closed_at is None:
        return
    longest = timedelta(seconds=project.time_limit_s)
    missed.cover(
        session,
        project_id=project.id,
        person_id=assignment.person_id,
        assignment_id=assignment.id,
        kind=Kind.judging,
        opened_at=max(_since(session, turn), assignment.closed_at - longest),
        closed_at=assignment.closed_at,
    )


def _since(session: Session, turn: Turn) -> datetime:
    """Return since when the person was at this turn: the vote before, or the beginning."""
    conversation = session.get_one(Conversation, turn.conversation_id)
    voted = [
        session.get_one(Assignment, each.assignment_id).closed_at
        for each in turns.current(session, conversation)
        if each.number < turn.number and each.assignment_id is not None
    ]
    return max((at for at in voted if at is not None), default=conversation.created_at)


def _given_back(conversation_id: int, refusal: Invalid) -> ResponseReturnValue:
    """Give the form back as it was filled in, with what is wrong with it."""
    if forms.by_script():
        raise refusal
    database.reread()
    faults = refusal.fields or {"text": refusal.message}
    return _page(conversation_id, faults=faults, given=request.form), refusal.status


def _page(
    conversation_id: int,
    *,
    faults: Mapping[str, str] | None = None,
    given: Mapping[str, str] | None = None,
) -> str:
    session, ada = database.session(), visitors.person()
    conversation = conversations.find(session, conversation_id, by=ada)
    project = session.get_one(Project, conversation.project_id)
    chat = chatting.read(session, conversation)
    is_guest = ada.is_visitor
    return render_template(
        "chat/show.html",
        project=project,
        chat=chat,
        answers=chat.current.answers if chat.current else (),
        key=(given or {}).get("key") or str(uuid.uuid4()),
        longest=turns.LONGEST,
        guideline_html=_guidelines(session, project, chat),
        clock=None if is_guest else _clock(project, ada, chat),
        today_text="" if is_guest else _today(session, project, ada),
        **_asked(session, chat, given or {}, faults or {}),
    )


def _asked(
    session: Session, chat: Chat, given: Mapping[str, str], faults: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the partials of the questions need: nothing is asked before both are there."""
    is_asked = chat.stage is Stage.vote and chat.turn is not None
    asked = votes.rubric_of(session, chat.turn).asked if is_asked and chat.turn else ()
    return judging.shown(asked, given, faults)


def _guidelines(session: Session, project: Project, chat: Chat) -> str:
    """Return what to look for in answers, as it held when they were asked for."""
    number = chat.turn.guideline_number if chat.turn else project.guideline_number
    return markdown.render(guidelines.version(session, project.id, number).text)


def _clock(project: Project, ada: Person, chat: Chat) -> Clock:
    return clocks.start(Kind.judging, project.id, ada, texts=chat.texts)


def _today(session: Session, project: Project, ada: Person) -> str:
    earned = ledger.earned(session, person_id=ada.id, since=progress.today())
    return filters.moneys(earned or {project.currency: 0})


def _index(slug: str, faults: Mapping[str, str]) -> str:
    session, ada = database.session(), visitors.person()
    project = _project(session, slug, ada)
    languages = _languages(session, project, ada)
    own = [tag for tag in languages if tag.partition("-")[0] == ada.language]
    return render_template(
        "chat/index.html",
        project=project,
        rules=rules.of_project(session, project.id),
        begun=conversations.open_of(session, project.id, ada),
        mine=conversations.of_person(session, project.id, ada),
        languages=[(tag, filters.language(tag)) for tag in languages],
        chosen=request.form.get("language") or (own[0] if own else ""),
        is_guest=ada.is_visitor,
        faults=faults,
    )


def _languages(session: Session, project: Project, ada: Person) -> list[str]:
    """Return the languages of the project that the person is said to judge in."""
    part = memberships.parts(session, project.id, [ada.id]).get(ada.id)
    theirs = part.languages if part else []
    both = [tag for tag in project.languages if not theirs or tag in theirs]
    return both or list(project.languages)
