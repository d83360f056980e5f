"""Held reasons for owners: what looks like personal data in them, and whether they may go out."""

from collections.abc import Iterator
from typing import NamedTuple

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from exports.kept import clearances
from exports.kept.clearances import Fate, Held
from exports.privacy.personal import Kind
from labeler import database
from labeler.errors import Invalid
from labeler.people.memberships import Role
from labeler.said import say
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _
from labeler.web.filters import ngettext
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint(
    "held", __name__, url_prefix="/projects/<slug>/releases/held", template_folder="../templates"
)

FIELD = "reason-"
"""What a field is called, before the number of the judgment."""
KINDS = {
    Kind.email: say("e-mail address"),
    Kind.phone: say("telephone number"),
    Kind.iban: say("bank account"),
    Kind.card: say("payment card"),
    Kind.ip_address: say("address of a computer"),
    Kind.national_id: say("identity number"),
    Kind.profile: say("page of an account"),
    Kind.handle: say("name of an account"),
}
_ODD = say("Please choose one of these.")


class Part(NamedTuple):
    """A part of a text; `what` says what was found there, if anything was."""

    text: str
    what: str = ""


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    return _index(_project(slug), request.args.get("after", 0, type=forms.row_id))


@pages.post("")
@login_required
def decide(slug: str) -> ResponseReturnValue:
    session, project = database.session(), _project(slug)
    after = request.form.get("after", 0, type=forms.row_id)
    try:
        chosen = _chosen()
        new = clearances.decide(session, project, chosen, by=visitors.person())
        session.commit()
    except Invalid as refusal:
        database.reread()
        return _index(_project(slug), after, refusal), refusal.status
    flask.flash(_said(new) if chosen else _("Nothing was chosen."))
    if "decided" in request.form:
        return redirect(url_for("held.decided", slug=slug))
    return redirect(url_for("held.index", slug=slug, after=after or None))


@pages.get("/decided")
@login_required
def decided(slug: str) -> ResponseReturnValue:
    project = _project(slug)
    before = request.args.get("before", type=forms.row_id)
    found = clearances.decided(database.session(), project.id, before=before)
    return render_template(
        "held/decided.html",
        project=project,
        role=Role.owner,
        found=found,
        following=found[-1].clearance.id if len(found) == clearances.SHOWN else None,
        parts=parts,
        field=FIELD,
    )


def parts(held: Held) -> Iterator[Part]:
    """Yield a text in parts: what was found in it, and what stands around that."""
    done = 0
    for kind, start, end in held.findings:
        yield Part(held.text[done:start])
        yield Part(held.text[start:end], _(KINDS[kind]))
        done = end
    yield Part(held.text[done:])


def _index(project: Project, after: int, refusal: Invalid | None = None) -> str:
    waiting = clearances.waiting(database.session(), project.id, after=after)
    return render_template(
        "held/index.html",
        project=project,
        role=Role.owner,
        held=waiting.held,
        following=waiting.following,
        after=after,
        faults=refusal.fields if refusal else {},
        parts=parts,
        field=FIELD,
    )


def _project(slug: str) -> Project:
    return projects.find(database.session(), slug, by=visitors.person(), role=Role.owner)


def _chosen() -> dict[int, Fate]:
    """Read what was chosen, by the number of the judgment; raises Invalid naming odd fields."""
    chosen, odd = dict[int, Fate](), dict[str, str]()
    for name, value in request.form.items():
        if name.startswith(FIELD) and value:
            try:
                chosen[forms.row_id(name.removeprefix(FIELD))] = Fate(value)
            except ValueError:
                odd[name] = _ODD
    if odd:
        raise Invalid("Please look at the marked fields.", fields=odd)
    return chosen


def _said(new: int) -> str:
    if not new:
        return _("It was decided so before.")
    return ngettext("%(num)s reason is decided.", "%(num)s reasons are decided.", new)
