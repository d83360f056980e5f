"""The people of a project: their numbers, invitations, roles, languages and groups."""

from collections.abc import Mapping
from typing import Any

import flask
from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field

from labeler import database, progress
from labeler.config import Settings
from labeler.errors import Conflict, Forbidden, Invalid
from labeler.people import accounts, memberships, sign_ins
from labeler.people.accounts import Person
from labeler.people.memberships import Placement, Role
from labeler.quality import qualification
from labeler.said import say
from labeler.web import forms, locales, visitors
from labeler.web.filters import gettext as _
from labeler.work import projects

pages = Blueprint("members", __name__, url_prefix="/projects/<slug>/people")

NOT_YOURS = say(
    "Only whoever invited this person may make a link for them, as long as they have no password "
    "and no part in the project of somebody else. Please ask an administrator."
)
HAS_AN_ACCOUNT = say("%(name)s has an account here and finds the project after signing in.")
HAS_LEFT = say("%(name)s has no part in the project any more. Their work and pay stay.")
NOW_IS = {
    Role.annotator: say("%(name)s is an annotator now."),
    Role.reviewer: say("%(name)s is a reviewer now."),
    Role.owner: say("%(name)s is an owner now."),
}
ROLE_WORDS = [
    (Role.annotator.value, say("Annotator: judges")),
    (Role.reviewer.value, say("Reviewer: sees numbers and judgments")),
    (Role.owner.value, say("Owner: loads, pauses, invites, releases")),
]


class InvitationForm(BaseModel):
    """Who is invited, and as what."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=1, max_length=254)
    name: str = Field(min_length=1, max_length=200)
    role: Role
    languages: str = ""
    cohorts: str = ""


class RoleForm(BaseModel):
    """A new role for somebody."""

    model_config = ConfigDict(extra="forbid")

    role: Role


class PlacementForm(BaseModel):
    """What somebody judges, in words parted by spaces."""

    model_config = ConfigDict(extra="forbid")

    languages: str
    cohorts: str
    place: str = ""


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    return _page(slug)


@pages.post("/invite")
@login_required
def invite(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        form = forms.read(InvitationForm)
        person = accounts.find_or_create(session, form.email, form.name, by=olga)
        memberships.invite(session, project.id, person, form.role, by=olga)
        if form.languages or form.cohorts:
            placement = _placement(form.languages, form.cohorts)
            memberships.place(session, project.id, person, placement, by=olga)
    except (Invalid, Conflict) as refusal:
        database.reread()
        faults = forms.by_field(refusal.fields) or {"email": refusal.message}
        return _page(slug, faults=faults), refusal.status
    secret = sign_ins.invite(session, person, by=olga)
    session.commit()
    if secret is None:
        flask.flash(_(HAS_AN_ACCOUNT, name=person.name))
        return redirect(url_for("members.index", slug=slug))
    return _with_link(slug, person, secret)


@pages.get("/<int:person_id>")
@login_required
def show(slug: str, person_id: int) -> ResponseReturnValue:
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.owner)
    part = memberships.part_of(session, project.id, person_id)
    values = {
        "languages": " ".join(part.languages),
        "cohorts": " ".join(part.cohorts),
        "place": part.place,
    }
    return _form(slug, person_id, values, {})


@pages.post("/<int:person_id>")
@login_required
def place(slug: str, person_id: int) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    person = memberships.member(session, project.id, person_id)
    try:
        form = forms.read(PlacementForm)
        placement = _placement(form.languages, form.cohorts, place=form.place)
    except Invalid as refusal:
        database.reread()
        faults = forms.by_field(refusal.fields)
        return _form(slug, person_id, request.form, faults), refusal.status
    memberships.place(session, project.id, person, placement, by=olga)
    session.commit()
    flask.flash(_("This is kept. %(name)s is given work by it from now on.", name=person.name))
    return redirect(url_for("members.index", slug=slug))


@pages.post("/<int:person_id>/link")
@login_required
def link(slug: str, person_id: int) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    person = memberships.member(session, project.id, person_id)
    secret = sign_ins.invite(session, person, by=olga)
    if secret is None:
        raise Forbidden(NOT_YOURS)
    session.commit()
    return _with_link(slug, person, secret)


@pages.post("/<int:person_id>/role")
@login_required
def change_role(slug: str, person_id: int) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    role = forms.read(RoleForm).role
    person = memberships.member(session, project.id, person_id)
    memberships.grant(session, project.id, person, role, by=olga)
    session.commit()
    flask.flash(_(NOW_IS[role], name=person.name))
    return redirect(url_for("members.index", slug=slug))


@pages.post("/<int:person_id>/remove")
@login_required
def remove(slug: str, person_id: int) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    person = memberships.member(session, project.id, person_id)
    memberships.remove(session, project.id, person, by=olga)
    session.commit()
    flask.flash(_(HAS_LEFT, name=person.name))
    return redirect(url_for("members.index", slug=slug))


def _with_link(slug: str, person: Person, secret: str) -> str:
    settings: Settings = current_app.extensions["labeler.settings"]
    database.reread()
    return _page(slug, link=settings.link(secret), invited=person.name)


def _page(
    slug: str,
    *,
    faults: dict[str, str] | None = None,
    link: str | None = None,
    invited: str = "",
) -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.reviewer)
    rows = progress.people(session, project)
    return render_template(
        "members/index.html",
        project=project,
        role=projects.role_in(session, project, olga),
        rows=rows,
        standings=qualification.standings(
            session, project, [row.person for row in rows if row.is_member]
        ),
        parts=memberships.parts(session, project.id, [row.person.id for row in rows]),
        roles=ROLE_WORDS,
        faults=faults or {},
        values=request.form if faults else {},
        link=link,
        invited=invited,
    )


def _placement(languages: str, cohorts: str, **others: str) -> Placement:
    given = {"languages": forms.words(languages), "cohorts": forms.words(cohorts)}
    return memberships.read_placement(given | others)


def _form(slug: str, person_id: int, values: Mapping[str, Any], faults: Mapping[str, str]) -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    person = memberships.member(session, project.id, person_id)
    return render_template(
        "members/show.html",
        project=project,
        role=projects.role_in(session, project, olga),
        person=person,
        part=memberships.part_of(session, project.id, person_id),
        may_link=bool(sign_ins.open_to(session, [person], by=olga)),
        roles=ROLE_WORDS,
        values=values,
        faults=faults,
        places=[("", _("Not said")), *locales.places()],
    )
