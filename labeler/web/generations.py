"""Batches drawn from models, for owners: what is asked of which, what it costs, how far it is."""

from collections.abc import Mapping
from decimal import Decimal

import flask
from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from labeler import bells, database, jobs
from labeler.config import Settings
from labeler.endpoints import checking, registry
from labeler.endpoints.calls import Call
from labeler.endpoints.faults import Fault
from labeler.endpoints.registry import Endpoint
from labeler.errors import Invalid, Refusal
from labeler.generation import generations, planning, wishes
from labeler.generation.generations import Course, Generation, GenerationState
from labeler.generation.pairing import Pairing
from labeler.generation.screening import Reason
from labeler.jobs import Job
from labeler.people.memberships import Role
from labeler.said import Said, say
from labeler.web import batches, endpoints, forms, visitors, wishing
from labeler.web.filters import gettext as _
from labeler.web.filters import micros, ngettext
from labeler.web.wishing import Values
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint("generations", __name__, url_prefix="/projects/<slug>/generations")
pages.url_value_preprocessor(batches.allow_large_files)

PAIRING_WORDS = [
    (Pairing.all.value, say("Each answer with each other")),
    (Pairing.baseline.value, say("Each answer with that of one model, the baseline")),
    (Pairing.best_against_rest.value, say("Each answer with that of the model votes found best")),
    (Pairing.balanced.value, say("Some, by lot: each two models meet equally often")),
    (Pairing.uncertain.value, say("Some: first the models of which votes say least")),
    (Pairing.together.value, say("All answers to a prompt together, to be ranked or rated")),
]
STATE_WORDS = {
    GenerationState.loading: say("Prompts are being stored"),
    GenerationState.asking: say("Answers are being asked for"),
    GenerationState.running: say("Models are answering"),
    GenerationState.finishing: say("The batch is being made"),
    GenerationState.done: say("Done"),
    GenerationState.cancelled: say("Cancelled"),
}
REASON_WORDS = {
    Reason.incomplete.value: say("It did not end by itself."),
    Reason.empty.value: say("It shows nothing."),
    Reason.identical.value: say("Another answer says the same."),
    Reason.wrong_language.value: say("It is in another language than the prompt."),
    Reason.names_maker.value: say("It says who made the model."),
}


class BudgetForm(BaseModel):
    """How much it may cost in all from now on."""

    model_config = ConfigDict(extra="forbid")

    budget: Decimal = Field(gt=0, le=wishes.DEAREST, decimal_places=6)


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    session, project = database.session(), _project(slug)
    found = generations.of_project(session, project.id)
    return render_template(
        "generations/index.html",
        project=project,
        role=Role.owner,
        generations=found,
        state_words=STATE_WORDS,
    )


@pages.get("/new")
@login_required
def new(slug: str) -> ResponseReturnValue:
    return _form(slug, request.args, {})


@pages.post("/prompts")
@login_required
def send(slug: str) -> ResponseReturnValue:
    """Keep the file of prompts, and lead to what it comes to."""
    with database.of_app().reading() as session:
        projects.find(session, slug, by=visitors.person(), role=Role.owner)
    values: Values = MultiDict(request.form)
    try:
        wishing.wish(values)
        wishing.keep_file(values)
    except Invalid as refusal:
        database.reread()
        return _form(slug, values, wishing.faults(refusal)), refusal.status
    return redirect(url_for("generations.plan", slug=slug, **wishing.chosen(values)))


@pages.get("/plan")
@login_required
def plan(slug: str) -> ResponseReturnValue:
    session, project = database.session(), _project(slug)
    if not (request.args.get("kept") or request.args.get("earlier")):
        return redirect(url_for("generations.new", slug=slug))
    try:
        source = wishing.source(session, project, request.args)
        found = planning.plan(session, project, wishing.wish(request.args), source)
    except Refusal as refusal:
        return _form(slug, request.args, wishing.faults(refusal)), refusal.status
    return render_template(
        "generations/plan.html",
        project=project,
        role=Role.owner,
        plan=found,
        name=wishing.name_of(session, project, request.args),
        chosen=wishing.chosen(request.args),
        pairing=dict(PAIRING_WORDS)[found.wish.pairs.value],
        place_words=endpoints.PLACE_WORDS,
    )


@pages.post("/begin")
@login_required
def begin(slug: str) -> ResponseReturnValue:
    with database.of_app().reading() as session:
        project = projects.find(session, slug, by=visitors.person(), role=Role.owner)
    try:
        generation = wishing.begun(project, request.form)
    except Refusal as refusal:
        database.reread()
        return _form(slug, request.form, wishing.faults(refusal)), refusal.status
    if generation.state is GenerationState.asking:
        session = database.session()
        _go_on(session, generations.ask_for_batch(session, generation))
    return _to(slug, generation)


@pages.get("/<int:generation_id>")
@login_required
def show(slug: str, generation_id: int) -> ResponseReturnValue:
    """Show how far it is: as a page, or in JSON to the page's script."""
    session, project = database.session(), _project(slug)
    generation = generations.find(session, project.id, generation_id)
    course = generations.progress(session, generation)
    if forms.by_script():
        words, step = _told(course), _(STATE_WORDS[generation.state])
        is_over = not _is_moving(course)
        return jsonify(is_over=is_over, next=None, share=_share(course), words=words, step=step)
    return _page(slug, generation_id, {})


@pages.post("/<int:generation_id>/finish")
@login_required
def finish(slug: str, generation_id: int) -> ResponseReturnValue:
    session, generation = _found(slug, generation_id)
    _go_on(session, generations.finish(session, generation, by=visitors.person()))
    flask.flash(_("The answers that are there become a batch. No others are waited for."))
    return _to(slug, generation)


@pages.post("/<int:generation_id>/cancel")
@login_required
def cancel(slug: str, generation_id: int) -> ResponseReturnValue:
    session, generation = _found(slug, generation_id)
    generations.cancel(session, generation, by=visitors.person())
    session.commit()
    flask.flash(_("Cancelled. Nothing more is asked, and nothing of it is given to anybody."))
    return _to(slug, generation)


@pages.post("/<int:generation_id>/retry")
@login_required
def retry(slug: str, generation_id: int) -> ResponseReturnValue:
    session, generation = _found(slug, generation_id)
    number = generations.retry_failed(session, generation, by=visitors.person())
    if generation.state is GenerationState.asking:  # what asks for calls may have failed, too
        _go_on(session, generations.ask_for_batch(session, generation))
    session.commit()
    flask.flash(
        ngettext("%(num)s call is made again.", "%(num)s calls are made again.", number)
        if number
        else _("There was nothing to try again.")
    )
    return _to(slug, generation)


@pages.post("/<int:generation_id>/budget")
@login_required
def budget(slug: str, generation_id: int) -> ResponseReturnValue:
    session, generation = _found(slug, generation_id)
    try:
        most = forms.read(BudgetForm).budget
        generations.raise_budget(session, generation, most, by=visitors.person())
    except Invalid as refusal:
        database.reread()
        return _page(slug, generation_id, refusal.fields), refusal.status
    session.commit()
    flask.flash(_("It goes on with this budget."))
    return _to(slug, generation)


def _project(slug: str) -> Project:
    return projects.find(database.session(), slug, by=visitors.person(), role=Role.owner)


def _found(slug: str, generation_id: int) -> tuple[Session, Generation]:
    session, project = database.session(), _project(slug)
    return session, generations.find(session, project.id, generation_id)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["labeler.settings"]
    return settings


def _to(slug: str, generation: Generation) -> ResponseReturnValue:
    return redirect(url_for("generations.show", slug=slug, generation_id=generation.id))


def _go_on(session: Session, job: Job) -> None:
    session.commit()
    bells.ring(_settings().bell, job.id)


def _form(slug: str, values: Values, faults: Mapping[str, str]) -> str:
    session, project = database.session(), _project(slug)
    earlier = wishing.earlier_of(session, project, values)
    told = values if values.get("pairs") else wishing.usual(project, earlier)
    return render_template(
        "generations/form.html",
        project=project,
        role=Role.owner,
        earlier=earlier,
        is_kept=wishing.is_kept(told),
        values=told,
        chosen=told.getlist("endpoints"),
        choices=[(each, wishing.barred(project, each)) for each in registry.current(session)],
        pairings=PAIRING_WORDS,
        place_words=endpoints.PLACE_WORDS,
        upload_mb=_settings().upload_mb,
        faults=faults,
    )


def _page(slug: str, generation_id: int, faults: Mapping[str, str]) -> str:
    session, generation = _found(slug, generation_id)
    course = generations.progress(session, generation)
    after, after_kept = (_after(name) for name in ("after", "kept_after"))
    failed = generations.failed_calls(session, generation, after=after)
    return render_template(
        "generations/show.html",
        project=session.get_one(Project, generation.project_id),
        role=Role.owner,
        generation=generation,
        course=course,
        is_moving=_is_moving(course),
        is_silent=course.job is not None and jobs.is_silent(session, course.job),
        told=_told(course),
        share=_share(course),
        asked=generations.endpoints(session, generation),
        failed=[(call, _why(session, call)) for call in failed],
        kept_out=generations.kept_out(session, generation, after=after_kept),
        shown=generations.SHOWN,
        pairing=dict(PAIRING_WORDS)[generation.wish.pairs.value],
        state_words=STATE_WORDS,
        reason_words=REASON_WORDS,
        faults=faults,
        values=request.form,
    )


def _after(name: str) -> int:
    try:
        return forms.row_id(request.args.get(name, "0"))
    except ValueError:
        return 0


def _is_moving(course: Course) -> bool:
    """Say whether it goes on by itself, so that it pays to look again."""
    waits = course.used_up or course.needs_retry or course.fault
    return not (course.generation.is_over or waits)


def _share(course: Course) -> float | None:
    """Return how much of it is done; None while nobody can say."""
    if course.generation.state is not GenerationState.running or not course.calls:
        return None
    return min((course.done + course.failed) / course.calls, 1)


def _told(course: Course) -> str:
    words = _("%(done)s of %(all)s answers are there.", done=course.done, all=course.calls)
    if course.failed:
        words += " " + ngettext("%(num)s failed.", "%(num)s failed.", course.failed)
    spent = {bill.currency: bill.total_micro for bill in course.bills if bill.total_micro}
    if spent:
        words += " " + _("Spent: %(spent)s.", spent=micros(spent))
    return words


def _why(session: Session, call: Call) -> Said | str:
    """Explain why a call brought no answer."""
    if not call.fault:
        return ""
    profile = session.get_one(Endpoint, call.endpoint_id).written
    return checking.explain(profile, Fault(**call.fault))
