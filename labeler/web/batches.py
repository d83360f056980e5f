"""Loading comparisons from a page: a file is kept on disk, read in short steps, loaded whole."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import flask
from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.datastructures import FileStorage

from labeler import database
from labeler.errors import Conflict, Invalid, Refusal
from labeler.people.memberships import Role
from labeler.web import filters, forms, visitors
from labeler.work import batches, layouts, projects
from labeler.work.batches import Progress
from labeler.work.layouts import Layout

pages = Blueprint("batches", __name__, url_prefix="/projects/<slug>/batches")

LAYOUT_WORDS = [
    (Layout.auto.value, "Find out by itself"),
    (Layout.native.value, "labeler: prompt, responses"),
    (Layout.hh.value, "HH-RLHF: chosen and rejected transcripts"),
    (Layout.ultrafeedback.value, "UltraFeedback, binarized"),
]


class LoadForm(BaseModel):
    """How a file is to be read."""

    model_config = ConfigDict(extra="forbid")

    layout: Layout = Layout.auto
    language: str = Field("", max_length=35)
    known_answers: bool = False
    skip_bad: bool = False


@pages.url_value_preprocessor
def _allow_large_files(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    # Before anything reads the form to look for its token; all others keep the usual limit.
    if request.method == "POST" and current_user.is_authenticated and _owns((values or {})["slug"]):
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
        form = forms.read(LoadForm)
        with _kept(request.files.get("file")) as (path, name):
            progress = _load(project, form, path, name)
    except (Invalid, Conflict) as refusal:
        database.reread()
        return _page(
            slug, refusal.fields or {"file": refusal.message}, refusal.message
        ), refusal.status
    flask.flash(_said(progress.loaded, len(progress.refused)))
    return redirect(url_for("batches.index", slug=slug))


def _said(loaded: int, refused: int) -> str:
    words = filters.ngettext(
        "%(num)s comparison is loaded.", "%(num)s comparisons are loaded.", loaded
    )
    if refused:
        words += filters.ngettext(
            " %(num)s row was left out.", " %(num)s rows were left out.", refused
        )
    return words


def _load(project: projects.Project, form: LoadForm, path: Path, name: str) -> Progress:
    rows = layouts.read(
        path,
        layout=form.layout,
        language=form.language or None,
        known_answers=form.known_answers,
    )
    digest = layouts.digest(path)
    session = database.session()
    steps = batches.load(
        session,
        project,
        rows,
        name=name,
        digest=digest,
        by=visitors.person(),
        skip_bad=form.skip_bad,
    )
    for progress in steps:
        session.commit()
        last = progress
    return last


@contextmanager
def _kept(upload: FileStorage | None) -> Iterator[tuple[Path, str]]:
    """Keep an uploaded file on disk while it is read; its own name only chooses the kind."""
    if upload is None or not upload.filename:
        raise Invalid("Please choose a file.", fields={"file": "Please choose a file."})
    name = Path(upload.filename).name
    kinds = (".jsonl", ".jsonl.gz", ".csv", ".parquet")
    kind = next((kind for kind in kinds if name.lower().endswith(kind)), None)
    if kind is None:
        fault = "The name must end in .jsonl, .jsonl.gz, .csv or .parquet."
        raise Invalid(fault, fields={"file": fault})
    with tempfile.TemporaryDirectory(prefix="labeler-") as folder:
        path = Path(folder) / f"upload{kind}"
        upload.save(path)
        yield path, name


def _page(slug: str, faults: dict[str, str], message: str = "") -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    return render_template(
        "batches/index.html",
        project=project,
        role=projects.role_in(session, project, olga),
        batches=batches.of_project(session, project.id),
        layouts=LAYOUT_WORDS,
        values=request.form,
        faults=faults,
        message=message,
    )
