"""How people of a project chat with its models, and the links by which guests come: for owners."""

import enum
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import flask
from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from labeler import clock, database
from labeler.arena import rules, visits
from labeler.arena.rules import ChatRules, GoesOn, RulesDraft, Vote
from labeler.config import Settings
from labeler.endpoints import registry
from labeler.endpoints.registry import Endpoint
from labeler.errors import Conflict, Forbidden, Invalid
from labeler.people.memberships import Role
from labeler.said import say
from labeler.text import lines
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint("chatrules", __name__, url_prefix="/projects/<slug>/chat")


MODELS = "models."
"""What the name of a field begins with that ticks an endpoint."""


class Manner(enum.StrEnum):
    """When people say which answer is better, and what the next message is an answer to."""

    better = "better"
    own = "own"
    end = "end"


MANNERS = {
    Manner.better: (Vote.turn, GoesOn.better),
    Manner.own: (Vote.turn, GoesOn.own),
    Manner.end: (Vote.end, GoesOn.own),
}
MANNER_WORDS = [
    (Manner.better, say("After each message; the conversation goes on from the better answer")),
    (Manner.own, say("After each message; each model goes on from its own answer")),
    (Manner.end, say("Once, at the end, of the two whole conversations")),
]


class RulesForm(BaseModel):
    """The rules as they stand on the page."""

    model_config = ConfigDict(extra="forbid")

    endpoints: list[str]
    manner: Manner
    most_turns: int
    further: int
    visitors: bool = False
    per_visitor: int = 0
    per_day: int = 0

    def given(self) -> dict[str, Any]:
        """Return the rules as a program would write them."""
        vote, goes_on = MANNERS[self.manner]
        limits = {"per_visitor": self.per_visitor, "per_day": self.per_day}
        return {
            "endpoints": self.endpoints,
            "vote": vote,
            "goes_on": goes_on,
            "most_turns": self.most_turns,
            "further": self.further,
            "visitors": limits if self.visitors else None,
        }


class LinkForm(BaseModel):
    """What a link is called, and for how many days it lets people in."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field("", max_length=100, pattern=lines.PATTERN)
    days: int = Field(ge=1, le=366)


def init_app(app: flask.Flask) -> None:
    """Let the navigation of a project know whether there is a chat."""
    app.jinja_env.globals["has_chat"] = _has_chat


@pages.get("/rules")
@login_required
def show(slug: str) -> ResponseReturnValue:
    return _page(slug)


@pages.post("/rules")
@login_required
def change(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        draft = rules.read(forms.parse(RulesForm, _given()).given())
        rules.set_rules(session, project, draft, by=olga)
    except Invalid as refusal:
        database.reread()
        return _page(slug, _named(refusal.fields) or {"endpoints": refusal.message}), refusal.status
    session.commit()
    flask.flash(_("These rules are kept. They hold for conversations that begin from now on."))
    return redirect(url_for("chatrules.show", slug=slug))


@pages.post("/links")
@login_required
def make_link(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        form = forms.read(LinkForm)
        until = clock.now() + timedelta(days=form.days)
        secret = visits.make_link(session, project, label=form.label, expires_at=until, by=olga)
    except (Invalid, Conflict) as refusal:
        database.reread()
        return _page(slug, refusal.fields or {"days": refusal.message}), refusal.status
    session.commit()
    settings: Settings = current_app.extensions["labeler.settings"]
    database.reread()
    address = settings.public_url.rstrip("/") + url_for("guests.show", ticket=secret)
    return _page(slug, link=address)


@pages.post("/links/<int:link_id>/revoke")
@login_required
def revoke_link(slug: str, link_id: int) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    visits.revoke(session, link_id, project, by=olga)
    session.commit()
    flask.flash(_("That link lets nobody in any more."))
    return redirect(url_for("chatrules.show", slug=slug))


def _has_chat(project: Project) -> bool:
    return rules.of_project(database.session(), project.id) is not None


def _given() -> dict[str, Any]:
    """Return the form, in which each endpoint has a field of its own."""
    given = forms.given()
    others = {name: value for name, value in given.items() if not name.startswith(MODELS)}
    return others | {"endpoints": _ticked(given)}


def _ticked(given: Mapping[str, str]) -> list[str]:
    return [name.removeprefix(MODELS) for name in given if name.startswith(MODELS)]


def _named(faults: Mapping[str, str]) -> dict[str, str]:
    """Name faults after the fields of the page."""
    found: dict[str, str] = {}
    for name, words in faults.items():
        first, _dot, rest = name.partition(".")
        found.setdefault(rest if first == "visitors" and rest else _field(first), words)
    return found


def _field(name: str) -> str:
    return {"rules": "endpoints", "vote": "manner", "goes_on": "manner"}.get(name, name)


def _page(slug: str, faults: Mapping[str, str] | None = None, *, link: str | None = None) -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    held = rules.of_project(session, project.id)
    return render_template(
        "chatrules/show.html",
        project=project,
        role=projects.role_in(session, project, olga),
        rules=held,
        values=_values(held) if not faults else request.form,
        chosen=_ticked(request.form) if faults else (held.endpoints if held else []),
        endpoints=_choices(session, project, held),
        manners=[(manner.value, words) for manner, words in MANNER_WORDS],
        links=visits.links(session, project.id),
        now=clock.now(),
        faults=faults or {},
        link=link,
    )


def _values(held: ChatRules | None) -> dict[str, Any]:
    """Return the rules as the form has them; where there are none, what is usual."""
    draft = rules.draft_of(held) if held else RulesDraft(endpoints=["", "-"])
    limits = draft.visitors or rules.VisitorsDraft()
    manner = next(each for each, ways in MANNERS.items() if ways == (draft.vote, draft.goes_on))
    return {
        "manner": manner.value,
        "most_turns": draft.most_turns,
        "further": draft.further,
        "visitors": draft.visitors is not None,
        **limits.model_dump(),
    }


def _choices(session: Session, project: Project, held: ChatRules | None) -> list[str]:
    """Return the endpoints that can be ticked: those that the project may use, and those chosen."""
    usable = [each.name for each in registry.current(session) if _is_allowed(project, each)]
    chosen = list(held.endpoints) if held else []
    return sorted({*usable, *chosen})


def _is_allowed(project: Project, endpoint: Endpoint) -> bool:
    try:
        registry.require_allowed(project, endpoint)
    except Forbidden:
        return False
    return True
