"""Batches: loading one from a page, and arranging it afterwards.

A file is kept on disk, read in short steps, and loaded whole.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import flask
from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.datastructures import FileStorage

from labeler import database, logs
from labeler.errors import Conflict, Invalid, NotFound, Refusal
from labeler.people.memberships import Role
from labeler.progress import hard
from labeler.said import say
from labeler.text import sensitive
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _
from labeler.web.filters import ngettext
from labeler.web.sensitive import CATEGORY_WORDS
from labeler.work import arrangements, batches, files, leftovers, projects, uploads
from labeler.work.arrangements import Arrangement
from labeler.work.batches import Batch, Progress
from labeler.work.layouts import Layout

pages = Blueprint("batches", __name__, url_prefix="/projects/<slug>/batches")

LAYOUT_WORDS = [
    (Layout.auto.value, say("Find out by itself")),
    (Layout.native.value, say("labeler: prompt, responses")),
    (Layout.hh.value, say("HH-RLHF: chosen and rejected transcripts")),
    (Layout.ultrafeedback.value, say("UltraFeedback, binarized")),
    (Layout.arena.value, say("Chatbot Arena: conversations and a winner")),
    (Layout.arena_55k.value, say("Chatbot Arena, the table of 55,000")),
    (Layout.arena_140k.value, say("Chatbot Arena, the 140,000: conversations in parts")),
    (Layout.mt_bench.value, say("MT-Bench, human judgments")),
    (Layout.helpsteer2.value, say("HelpSteer2: two rated answers in two rows")),
    (Layout.helpsteer2_preference.value, say("HelpSteer2, preferences")),
    (Layout.helpsteer3.value, say("HelpSteer3, preferences")),
    (Layout.prism.value, say("PRISM, utterances")),
    (Layout.multipref.value, say("MultiPref")),
    (Layout.nectar.value, say("Nectar: ranked answers")),
    (Layout.oasst.value, say("OpenAssistant: messages or trees")),
    (Layout.shp.value, say("SHP: two comments to a post")),
]


class LoadForm(BaseModel):
    """How a file is to be read."""

    model_config = ConfigDict(extra="forbid")

    layout: Layout = Layout.auto
    language: str = Field("", max_length=35)
    sensitive: str = Field("", max_length=sensitive.LONGEST)
    known_answers: bool = False
    for_qualification: bool = False
    skip_bad: bool = False


@pages.url_value_preprocessor
def allow_large_files(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Let owners of the project send files as large as the settings say."""
    # Before anything reads the form to look for its token. Only files are kept out of memory.
    large = request.method == "POST" and request.mimetype == "multipart/form-data"
    if large and current_user.is_authenticated and _owns((values or {})["slug"]):
        request.max_content_length = current_app.extensions["labeler.settings"].upload_mb * 2**20


def _owns(slug: str) -> bool:
    with database.of_app().reading() as session, suppress(Refusal):
        return bool(projects.find(session, slug, by=visitors.person(), role=Role.owner))
    return False


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    return _page(slug, {})


@pages.post("")
@login_required
def load(slug: str) -> ResponseReturnValue:
    with database.of_app().reading() as session:
        project = projects.find(session, slug, by=visitors.person(), role=Role.owner)
    try:
        progress = _load(project, forms.read(LoadForm), _file())
    except (Invalid, Conflict) as refusal:
        database.reread()
        faults = refusal.fields or {"file": refusal.message}
        return _page(slug, faults, refusal.message), refusal.status
    flask.flash(_said(progress.loaded, len(progress.refused)))
    if progress.refused:
        database.reread()
        return _page(slug, {}, progress=progress)
    return redirect(url_for("batches.index", slug=slug))


@pages.get("/<int:batch_id>")
@login_required
def show(slug: str, batch_id: int) -> ResponseReturnValue:
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.owner)
    batch = arrangements.find(session, project.id, batch_id)
    return _form(slug, batch_id, _filled_in(batch))


@pages.get("/<int:batch_id>/refused")
@login_required
def refused(slug: str, batch_id: int) -> ResponseReturnValue:
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.owner)
    batch = arrangements.find(session, project.id, batch_id)
    path = leftovers.kept(_refused(), batch.id)
    if path is None:
        raise NotFound("The rows that were left out of this file are not here.")
    name = f"{batch.name}.refused.jsonl"
    return flask.send_file(
        path.absolute(), "application/jsonl", as_attachment=True, download_name=name, max_age=0
    )


@pages.post("/<int:batch_id>")
@login_required
def arrange(slug: str, batch_id: int) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    batch = arrangements.find(session, project.id, batch_id)
    try:
        arrangement = _arrangement()
    except Invalid as refusal:
        database.reread()
        return _form(slug, batch_id, request.form, refusal.fields), refusal.status
    for _step in arrangements.carry_out(session, batch, arrangement, by=olga):
        session.commit()
    words = _("%(name)s is arranged like this for what is given out from now on.", name=batch.name)
    flask.flash(words)
    return redirect(url_for("batches.index", slug=slug))


def _arrangement() -> Arrangement:
    """Read the form; an empty limit is none, and an empty number of judgments stays as it is."""
    given: dict[str, Any] = {"priority": ""} | forms.given()
    given["cohorts"] = forms.words(given.get("cohorts", ""))
    given["is_qualification"] = "is_qualification" in given
    for name in ("most_per_person", "judgments"):
        given[name] = given.get(name, "").strip() or None
    return arrangements.read(given)


def _filled_in(batch: Batch) -> dict[str, Any]:
    wanted = arrangements.wanted(database.session(), [batch.id])
    return {
        "priority": batch.priority,
        "cohorts": " ".join(batch.cohorts),
        "most_per_person": batch.most_per_person,
        "is_qualification": batch.is_qualification,
        "judgments": wanted.get(batch.id),
    }


def _form(
    slug: str, batch_id: int, values: Mapping[str, Any], faults: Mapping[str, str] | None = None
) -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    batch = arrangements.find(session, project.id, batch_id)
    return render_template(
        "batches/show.html",
        project=project,
        role=projects.role_in(session, project, olga),
        batch=batch,
        is_asked=bool(arrangements.wanted(session, [batch.id])),
        values=values,
        faults=forms.by_field(faults or {}),
    )


def _file() -> FileStorage:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise Invalid("Please choose a file.", fields={"file": say("Please choose a file.")})
    return upload


def _said(loaded: int, refused: int) -> str:
    words = [ngettext("%(num)s comparison is loaded.", "%(num)s comparisons are loaded.", loaded)]
    if refused:
        words.append(ngettext("%(num)s row was left out.", "%(num)s rows were left out.", refused))
    return " ".join(words)


def _load(project: projects.Project, form: LoadForm, upload: FileStorage) -> Progress:
    name = Path(upload.filename or "").name
    folder = current_app.extensions["labeler.settings"].uploads
    with uploads.kept(upload.stream, folder, files.kind(name)) as path:
        session = database.session()
        steps = batches.load_file(
            session,
            project,
            path,
            name=name,
            by=visitors.person(),
            layout=form.layout,
            language=form.language or None,
            content=form.sensitive,
            known_answers=form.known_answers,
            for_qualification=form.for_qualification,
            skip_bad=form.skip_bad,
        )
        for step in steps:
            session.commit()
            progress = step
        if progress.refused:
            _keep_refused(progress, path)
    return progress


def _keep_refused(progress: Progress, path: Path) -> None:
    try:
        leftovers.keep(_refused(), progress.batch.id, path, progress.refused)
    except OSError as error:  # the batch is loaded all the same
        logs.exception(error)


def _refused() -> Path:
    folder: Path = current_app.extensions["labeler.settings"].refused
    return folder


def _page(
    slug: str, faults: dict[str, str], message: str = "", *, progress: Progress | None = None
) -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    found = batches.of_project(session, project.id)
    return render_template(
        "batches/index.html",
        project=project,
        role=projects.role_in(session, project, olga),
        batches=found,
        wanted=arrangements.wanted(session, [batch.id for batch in found]),
        layouts=LAYOUT_WORDS,
        upload_mb=current_app.extensions["labeler.settings"].upload_mb,
        values=request.form,
        faults=faults,
        message=message,
        refused={batch.id for batch in found if leftovers.kept(_refused(), batch.id)},
        hard=hard.of_project(session, project),
        hard_words=CATEGORY_WORDS,
        left_out=progress and progress.first_refused,
        left_out_id=progress and progress.batch.id,
    )
