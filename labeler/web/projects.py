"""Projects for their owners: the list, making one, its settings, its state, its dashboard."""

import re
from collections.abc import Mapping
from typing import Any

import flask
from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict

from labeler import database, progress
from labeler.errors import Conflict, Forbidden, Invalid, Refusal
from labeler.pay import money
from labeler.people.memberships import Role
from labeler.said import say
from labeler.web import charts, forms, outline, rubrics, visitors
from labeler.web.filters import gettext as _
from labeler.work import drafts, guidelines, projects
from labeler.work.drafts import ModelsFrom
from labeler.work.projects import Project, ProjectState
from labeler.work.redundancy import AdaptiveDraft
from labeler.work.rubrics import RubricDraft

pages = Blueprint("projects", __name__, url_prefix="/projects")

BLANK = {
    "title": "",
    "slug": "",
    "question": say("Which answer is better?"),
    "guidelines": "",
    "languages": "en",
    "support_contact": "",
    "models_from": ModelsFrom.anywhere.value,
    "judgments_per_comparison": "3",
    "adaptive.most": "",
    "adaptive.confidence_percent": "95",
    "adaptive.audit_percent": "5",
    "adaptive.audit_judgments": "3",
    "gold_percent": "5",
    "repeat_percent": "0",
    "onboarding": "0",
    "qualification.questions": "",
    "qualification.right": "",
    "most_per_person": "",
    "most_per_language": "",
    **rubrics.fields(RubricDraft().asked),
    "pay.per_judgment": "0.00",
    "pay.currency": "EUR",
    "pay.floor_per_hour": "0.00",
    "time_limit_minutes": "60",
    "change_window_minutes": "60",
}
NOW_IS = {
    ProjectState.active: say("The project is open now."),
    ProjectState.paused: say("The project is paused now."),
    ProjectState.closed: say("The project is closed now."),
}
READ_APART = (
    *("csrf_token", "gold_percent", "repeat_percent", "languages", "most_per_person"),
    *("most_per_language", "rubric", "pay", "qualification", "preview"),
)
"""Fields whose words are not the draft's own, and the names of its rooms."""


class StateForm(BaseModel):
    """Whether a project is to give out work."""

    model_config = ConfigDict(extra="forbid")

    state: ProjectState


@pages.app_template_global()
def has_page(endpoint: str) -> bool:
    """Say whether a page is there, for links to rooms that may be missing."""
    return endpoint in current_app.view_functions


@pages.get("")
@login_required
def index() -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    found = projects.of_person(session, olga)
    seen = [project.id for project, role in found if role is not Role.annotator]
    return render_template(
        "projects/index.html",
        rows=found,
        done=progress.done_of(session, seen),
        may_create=projects.may_create(session, olga),
        keeps_models=olga.is_admin,
    )


@pages.get("/new")
@login_required
def new() -> ResponseReturnValue:
    if not projects.may_create(database.session(), visitors.person()):
        raise Forbidden("Only administrators and owners of projects may make another one.")
    return _form(None, BLANK, {})


@pages.post("/new")
@login_required
def create() -> ResponseReturnValue:
    if "preview" in request.form:
        return _form(None, request.form, {})
    try:
        draft = drafts.read(_nested(request.form))
        session = database.session()
        project = projects.create(session, draft, by=visitors.person())
    except (Invalid, Conflict) as refusal:
        database.reread()
        return _form(None, request.form, _flat(refusal)), refusal.status
    session.commit()
    flask.flash(_("The project is there. Next: load comparisons and invite people."))
    return redirect(url_for("projects.show", slug=project.slug))


@pages.get("/<slug>")
@login_required
def show(slug: str) -> ResponseReturnValue:
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.reviewer)
    overview = progress.overview(session, project)
    return render_template(
        "projects/show.html",
        project=project,
        role=projects.role_in(session, project, visitors.person()),
        overview=overview,
        agreement=progress.agreement(session, project.id),
        figures=charts.of_project(session, project, overview),
        states=projects.MOVES[project.state],
    )


@pages.get("/<slug>/setup")
@login_required
def setup(slug: str) -> ResponseReturnValue:
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.owner)
    text = guidelines.version(session, project.id, project.guideline_number).text
    rubric = projects.rubric_draft(session, project)
    return _form(project, _filled_in(project, text, rubric), {})


@pages.post("/<slug>/setup")
@login_required
def revise(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    if "preview" in request.form:
        return _form(project, request.form, {})
    before = project.guideline_number
    try:
        draft = drafts.read(_nested(request.form))
        projects.revise(session, project, draft, by=olga)
    except Invalid as refusal:
        database.reread()
        return _form(project, request.form, _flat(refusal)), refusal.status
    renewed = project.guideline_number != before
    session.commit()
    words = _("The settings are kept. Judgments made before keep the version they saw.")
    flask.flash(words, f"guidelines:{slug}" if renewed else "message")
    return redirect(url_for("projects.show", slug=slug))


@pages.post("/<slug>/state")
@login_required
def move(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    state = forms.read(StateForm).state
    projects.move(session, project, state, by=olga)
    session.commit()
    flask.flash(_(NOW_IS[state]))
    return redirect(url_for("projects.show", slug=slug))


def _form(project: Project | None, values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    asked = rubrics.asked(values)
    return render_template(
        "projects/form.html",
        project=project,
        role=Role.owner,
        values=values,
        faults=faults,
        outline=outline.of(values, asked),
        **rubrics.shown(values, asked),
    )


def _nested(form: Mapping[str, str]) -> dict[str, Any]:
    """Turn a page's fields into a project as an owner would write it in a file."""
    given: dict[str, Any] = {}
    rooms: dict[str, dict[str, Any]] = {"pay": {}, "qualification": {}}
    for name, value in form.items():
        room, _dot, leaf = name.rpartition(".")
        if leaf in READ_APART or room.startswith(("rubric", "adaptive")):
            continue
        rooms.get(room, given)[leaf] = value.strip()
    given["guidelines"] = given.get("guidelines", "").replace("\r\n", "\n")
    given["languages"] = forms.words(form.get("languages", ""))
    given["rubric"] = rubrics.read(form)
    given["adaptive"] = _adaptive(form)
    given["gold_share"] = forms.share(form.get("gold_percent", "0"))
    given["repeat_share"] = forms.share(form.get("repeat_percent", "0"))
    given["most_per_person"] = form.get("most_per_person", "").strip() or None
    given["most_per_language"] = _limits(form.get("most_per_language", ""))
    asks = any(rooms["qualification"].values())
    return given | rooms | ({} if asks else {"qualification": None})


def _adaptive(form: Mapping[str, str]) -> dict[str, Any] | None:
    """Read how many more are asked where people disagree; without a most, nobody is."""
    if not (most := form.get("adaptive.most", "").strip()):
        return None
    return {
        "most": most,
        "confidence": forms.share(form.get("adaptive.confidence_percent", "95")),
        "audit_share": forms.share(form.get("adaptive.audit_percent", "5")),
        "audit_judgments": form.get("adaptive.audit_judgments", "3").strip(),
    }


def _limits(text: str) -> dict[str, str]:
    """Read limits such as "sw: 500, bn: 0"; what has no number is refused later."""
    parts = (part.partition(":") for part in text.replace("\n", ",").split(",") if part.strip())
    return {tag.strip(): limit.strip() for tag, _, limit in parts}


def _flat(refusal: Refusal) -> dict[str, str]:
    """Name faults as the page names its fields; what names no field is a title that is taken."""
    renamed = {
        "gold_share": "gold_percent",
        "repeat_share": "repeat_percent",
        "currency": "pay.currency",
        "project": "adaptive.most",
        "adaptive.confidence": "adaptive.confidence_percent",
        "adaptive.audit_share": "adaptive.audit_percent",
    }
    faults = {
        renamed.get(name, re.sub(r"\.\d+$|(?<=^most_per_language)\..*", "", name)): words
        for name, words in rubrics.faults(request.form, refusal.fields).items()
    }
    if "adaptive.confidence_percent" in faults:
        words = say("This must be a number above 50 and below 100.")
        faults["adaptive.confidence_percent"] = words
    if "adaptive.audit_percent" in faults:
        faults["adaptive.audit_percent"] = say("This must be a number from 0 to 100.")
    if "gold_percent" in faults:
        faults["gold_percent"] = say("This must be a number from 0 to 50.")
    if "repeat_percent" in faults:
        faults["repeat_percent"] = say("This must be a number from 0 to 20.")
    if "most_per_language" in faults:
        faults["most_per_language"] = say("Please write them like this: sw: 500, bn: 0")
    return faults or {"slug": refusal.message}


def _filled_in(project: Project, text: str, rubric: RubricDraft) -> dict[str, str]:
    return rubrics.fields(rubric.asked) | {
        "title": project.title,
        "question": project.question,
        "slug": project.slug,
        "guidelines": text,
        "languages": " ".join(project.languages),
        "support_contact": project.support_contact,
        "models_from": project.models_from.value,
        "judgments_per_comparison": str(project.judgments_per_comparison),
        **_told_adaptive(project.adaptive),
        "gold_percent": f"{project.gold_share * 100:g}",
        "repeat_percent": f"{project.repeat_share * 100:g}",
        "onboarding": str(project.onboarding),
        "qualification.questions": str(project.qualification_questions or ""),
        "qualification.right": str(project.qualification_right or ""),
        "most_per_person": str(project.most_per_person or ""),
        "most_per_language": ", ".join(f"{t}: {n}" for t, n in project.most_per_language.items()),
        "pay.per_judgment": f"{money.decimal(project.pay_minor, project.currency):f}",
        "pay.currency": project.currency,
        "time_limit_minutes": str(project.time_limit_s // 60),
        "change_window_minutes": str(project.change_window_s // 60),
    }


def _told_adaptive(adaptive: AdaptiveDraft | None) -> dict[str, str]:
    if adaptive is None:
        return {name: words for name, words in BLANK.items() if name.startswith("adaptive.")}
    return {
        "adaptive.most": str(adaptive.most),
        "adaptive.confidence_percent": f"{adaptive.confidence * 100:g}",
        "adaptive.audit_percent": f"{adaptive.audit_share * 100:g}",
        "adaptive.audit_judgments": str(adaptive.audit_judgments),
    }
