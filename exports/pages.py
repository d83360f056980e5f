"""Releases for owners: what one would hold, cutting it, what is in it, taking it home."""

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import flask
from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from exports import archives, previews, releases, selection
from exports.cards import dataset_card
from exports.releases import Cut
from exports.rows import Row
from exports.selection import Criteria
from exports.splits import SPLITS
from labeler import database
from labeler.errors import Invalid, NotFound
from labeler.people.memberships import Role
from labeler.said import say
from labeler.text import markdown
from labeler.web import visitors
from labeler.web.filters import gettext as _
from labeler.web.filters import ngettext
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint(
    "releases", __name__, url_prefix="/projects/<slug>/releases", template_folder="templates"
)

SHOWN = 3
_GONE = say("The files of this release are not here, or they were changed.")
_PERCENT = {"min_agreement": "agreement_percent", "test_share": "test_percent"}


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    project = _project(slug)
    try:
        return _index(project, _criteria(request.args), request.args)
    except Invalid as refusal:
        return _index(project, Criteria(), request.args, refusal), refusal.status


@pages.post("")
@login_required
def cut(slug: str) -> ResponseReturnValue:
    session, project, criteria = database.session(), _project(slug), Criteria()
    try:
        criteria = _criteria(request.form)
        planned = releases.plan(session, project, criteria)
        session.commit()
        flask.flash(_write(planned))
    except Invalid as refusal:
        database.reread()
        return _index(project, criteria, request.form, refusal), refusal.status
    return redirect(url_for("releases.show", slug=slug, number=planned.number))


@pages.get("/<int:number>")
@login_required
def show(slug: str, number: int) -> ResponseReturnValue:
    project = _project(slug)
    release = releases.find(database.session(), project, number)
    folder, manifest = releases.contents(release, _data()) or (None, None)
    return render_template(
        "releases/show.html",
        project=project,
        role=Role.owner,
        release=release,
        criteria=Criteria.model_validate(release.criteria),
        manifest=manifest,
        steps=manifest and previews.sieve(manifest.counts.comparisons, manifest.counts.reasons),
        rows=_first_rows(folder) if folder else [],
        card=dataset_card.body((folder / dataset_card.NAME).read_text("utf-8")) if folder else "",
        render=markdown.render,
    )


@pages.get("/<int:number>/download")
@login_required
def download(slug: str, number: int) -> ResponseReturnValue:
    release = releases.find(database.session(), _project(slug), number)
    found = releases.contents(release, _data())
    if found is None:
        raise NotFound(_GONE)
    name = f"{slug}-release-{number}"
    return Response(
        archives.stream(*found, name),
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}.zip"'},
    )


def _project(slug: str) -> Project:
    return projects.find(database.session(), slug, by=visitors.person(), role=Role.owner)


def _data() -> Path:
    data: Path = current_app.extensions["labeler.settings"].data
    return data.absolute()


def _write(planned: Cut) -> str:
    """Cut the release unless it is there; the turn to write is free while its files are made."""
    from exports import cutting

    data, connected = _data(), database.of_app()
    with connected.reading() as session:
        before = releases.numbered(session, planned.project_id, planned.number)
    if before is not None and releases.contents(before, data):
        return _("Nothing has changed since release %(number)s: this is it.", number=planned.number)
    target, olga = releases.home(planned, data), visitors.person()
    with (
        cutting.staged(planned, connected.reading, target) as manifest,
        connected.writing() as session,
    ):
        made = releases.record(session, planned, manifest, target=target, data=data, by=olga)
        session.commit()
    return ngettext(
        "Release %(number)s is cut: %(num)s pair.",
        "Release %(number)s is cut: %(num)s pairs.",
        made.rows,
        number=made.number,
    )


def _index(
    project: Project,
    criteria: Criteria,
    values: Mapping[str, str],
    refusal: Invalid | None = None,
) -> str:
    session, reading = database.session(), database.of_app().reading
    settled = releases.settled(project, criteria)
    filled_in, said = _filled_in(settled), refusal.fields if refusal else {}
    faults = {_PERCENT.get(name, name): words for name, words in said.items()}
    mark = selection.glance(session, project.id)
    counted = previews.preview(reading, project.id, mark, settled)
    return render_template(
        "releases/index.html",
        project=project,
        role=Role.owner,
        releases=releases.of_project(session, project.id),
        criteria=settled,
        values={**filled_in, **values},
        refusal=refusal,
        faults={name: faults[name] for name in filled_in if name in faults},
        preview=counted,
        steps=previews.sieve(counted.comparisons, counted.reasons),
    )


def _criteria(form: Mapping[str, str]) -> Criteria:
    """Read the rules as the page writes them: shares in percent, languages apart by spaces."""
    given: dict[str, Any] = {
        name: form[name].strip()
        for name in ("min_judgments", "min_margin", "licence")
        if form.get(name, "").strip()
    }
    for name, field in _PERCENT.items():
        if form.get(field, "").strip():
            given[name] = _share(form[field])
    if form.get("languages", "").strip():
        given["languages"] = tuple(form["languages"].replace(",", " ").split())
    return selection.read_criteria(given)


def _share(percent: str) -> float | str:
    try:
        return float(percent) / 100
    except ValueError:
        return percent


def _filled_in(criteria: Criteria) -> dict[str, str]:
    return {
        "min_judgments": str(criteria.min_judgments),
        "min_margin": str(criteria.min_margin),
        "agreement_percent": f"{criteria.min_agreement * 100:g}",
        "test_percent": f"{criteria.test_share * 100:g}",
        "languages": " ".join(criteria.languages or ()),
        "licence": criteria.licence,
    }


def _first_rows(folder: Path) -> list[Row]:
    for split in SPLITS:
        path = folder / "jsonl" / f"dpo-{split}.jsonl"
        if path.exists():
            with path.open("rb") as file:
                return [json.loads(line) for line in islice(file, SHOWN)]
    raise NotFound(_GONE)
