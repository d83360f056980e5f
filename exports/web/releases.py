"""Releases for owners: what one would hold, cutting it, what is in it, taking it home."""

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import flask
from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from werkzeug.datastructures import MultiDict

from exports import orders, publishing
from exports.cards import dataset_card
from exports.choosing import criteria
from exports.choosing.criteria import FORMATS, Aggregation, Criteria, RankingPairs
from exports.choosing.pairs import WORDS
from exports.choosing.splits import SPLITS
from exports.files import archives
from exports.files.manifests import Manifest
from exports.formats.columns import Row
from exports.kept import declarations, holdings, releases
from exports.kept.declarations import EXAMPLE
from exports.kept.releases import Cut
from exports.making import previews
from labeler import bells, clock, database
from labeler.errors import Invalid, NotFound
from labeler.people.memberships import Role
from labeler.said import say
from labeler.text import markdown
from labeler.web import visitors
from labeler.web.filters import gettext as _
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint(
    "releases", __name__, url_prefix="/projects/<slug>/releases", template_folder="../templates"
)

SHOWN = 3
MOST_COMPARED = 20_000
"""Comparisons of a release that a page compares with the one before."""
_OUTCOMES = {
    "preferred": say("One answer is better"),
    "ranked": say("The answers are in order"),
    "absent": say("Not judged"),
}
AGGREGATIONS, RANKING_PAIRS = get_args(Aggregation), get_args(RankingPairs)
_PLAIN = (
    "min_judgments",
    "aggregation",
    "min_margin",
    "ranking_pairs",
    "since",
    "until",
    "max_tokens",
    "held_back",
    "licence",
)
_PERCENT = {
    "min_agreement": "agreement_percent",
    "min_posterior": "posterior_percent",
    "test_share": "test_percent",
}
_FIELDS = {**_PERCENT, "criteria": "until"}
"""Where on the page a rule stands, and a fault of several rules together."""


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
    session, project, chosen = database.session(), _project(slug), Criteria()
    try:
        chosen = _criteria(request.form)
        looked = releases.look(session, project, chosen)
        session.rollback()  # nobody waits meanwhile
        orders.require_some(database.of_app().reading, looked)
        planned = orders.plan(session, project, chosen)
        if releases.numbered(session, planned.project_id, planned.number) is not None:
            session.rollback()  # nobody waits while its files are read
            if _is_there(planned):
                return _unchanged(slug, planned)
        job = orders.ask(session, planned, by=visitors.person())
        session.commit()
    except Invalid as refusal:
        database.reread()
        return _index(_project(slug), chosen, request.form, refusal), refusal.status
    bells.ring(current_app.extensions["labeler.settings"].bell, job.id)
    return redirect(url_for("orders.show", slug=slug, job_id=job.id))


@pages.get("/<int:number>")
@login_required
def show(slug: str, number: int) -> ResponseReturnValue:
    return _show(_project(slug), number)


@pages.post("/<int:number>/publish")
@login_required
def publish(slug: str, number: int) -> ResponseReturnValue:
    session, project = database.session(), _project(slug)
    release = releases.find(session, project, number)
    try:
        publishing.publish(session, release, data=_data(), by=visitors.person())
        session.commit()
    except Invalid as refusal:
        database.reread()
        return _show(project, number, refusal), refusal.status
    flask.flash(_("Release %(number)s is published.", number=number))
    return redirect(url_for("releases.show", slug=slug, number=number))


@pages.post("/<int:number>/withdraw")
@login_required
def withdraw(slug: str, number: int) -> ResponseReturnValue:
    session, project = database.session(), _project(slug)
    release, reason = releases.find(session, project, number), request.form.get("reason", "")
    try:
        publishing.withdraw(session, release, reason, by=visitors.person())
        session.commit()
    except Invalid as refusal:
        database.reread()
        return _show(project, number, refusal), refusal.status
    publishing.bury(release, slug, _data())
    flask.flash(_("Release %(number)s is withdrawn.", number=number))
    return redirect(url_for("releases.show", slug=slug, number=number))


@pages.get("/declared")
@login_required
def declared(slug: str) -> ResponseReturnValue:
    return _declared(_project(slug))


@pages.post("/declared")
@login_required
def declare(slug: str) -> ResponseReturnValue:
    session, project = database.session(), _project(slug)
    said = {name: request.form.get(name, "").replace("\r\n", "\n") for name in ("facts", "words")}
    try:
        declarations.declare(session, project, **said, by=visitors.person())
        session.commit()
    except Invalid as refusal:
        database.reread()
        return _declared(project, said, refusal), refusal.status
    flask.flash(_("It is told by every release from now on."))
    return redirect(url_for("releases.declared", slug=slug))


@pages.get("/published")
@login_required
def published(slug: str) -> ResponseReturnValue:
    """Tell everybody in the project what was made of what they said."""
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.annotator)
    told = publishing.published(session, project.id)
    found = [(each, releases.contents(each, _data())) for each in told]
    return render_template(
        "releases/published.html",
        project=project,
        releases=[(each, _card(there[0]) if there else "") for each, there in found],
        render=markdown.render,
    )


@pages.get("/<int:number>/download")
@login_required
def download(slug: str, number: int) -> ResponseReturnValue:
    release = releases.find(database.session(), _project(slug), number)
    found = holdings.whole(release, _data())
    name = f"{slug}-release-{number}"
    return Response(
        archives.stream(*found, name),
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}.zip"'},
    )


def _project(slug: str) -> Project:
    return projects.find(database.session(), slug, by=visitors.person(), role=Role.owner)


def _declared(
    project: Project, values: Mapping[str, str] | None = None, refusal: Invalid | None = None
) -> str:
    said = declarations.latest(database.session(), project.id, clock.now())
    filled_in = {"facts": said.facts, "words": said.words} if said else {"facts": "", "words": ""}
    return render_template(
        "releases/declared.html",
        project=project,
        role=Role.owner,
        values=values or filled_in,
        refusal=refusal,
        faults=refusal.fields if refusal else {},
        example=EXAMPLE,
    )


def _show(project: Project, number: int, refusal: Invalid | None = None) -> str:
    session = database.session()
    release = releases.find(session, project, number)
    chosen = Criteria.model_validate(release.criteria)
    folder, manifest = releases.contents(release, _data()) or (None, None)
    return render_template(
        "releases/show.html",
        project=project,
        role=Role.owner,
        release=release,
        criteria=chosen,
        toml=criteria.toml(chosen),
        manifest=manifest,
        steps=manifest and previews.sieve(manifest.counts.comparisons, manifest.counts.reasons),
        rows=_first_rows(folder, manifest) if folder and manifest else {},
        as_json=_as_json,
        card=_card(folder) if folder else "",
        changes=_changes(project, number, folder, manifest) if folder and manifest else None,
        refusal=refusal,
        render=markdown.render,
    )


def _card(folder: Path) -> str:
    return dataset_card.body((folder / dataset_card.NAME).read_text("utf-8"))


def _changes(
    project: Project, number: int, folder: Path, manifest: Manifest
) -> tuple[int, list[tuple[str, str, int]]] | None:
    """Return what changed since the release before, where both are small and tell enough."""
    from exports.checking import diffs

    before = releases.numbered(database.session(), project.id, number - 1)
    there = None if before is None else releases.contents(before, _data())
    if there is None or manifest.counts.comparisons > MOST_COMPARED:
        return None
    if not all("comparisons" in each.counts.formats for each in (there[1], manifest)):
        return None
    found = diffs.diff(there[0], folder)
    changes = sorted(found.changes.items())
    return number - 1, [(_outcome(old), _outcome(new), count) for (old, new), count in changes]


def _outcome(name: str) -> str:
    """Return an outcome in words."""
    reasons = {reason.value: words for reason, words in WORDS.items()}
    return _(reasons.get(name) or _OUTCOMES[name])


def _data() -> Path:
    data: Path = current_app.extensions["labeler.settings"].data
    return data.absolute()


def _is_there(planned: Cut) -> bool:
    with database.of_app().reading() as session:
        made = releases.numbered(session, planned.project_id, planned.number)
    return made is not None and releases.contents(made, _data()) is not None


def _unchanged(slug: str, planned: Cut) -> ResponseReturnValue:
    number = planned.number
    flask.flash(_("Nothing has changed since release %(number)s: this is it.", number=number))
    return redirect(url_for("releases.show", slug=slug, number=number))


def _index(
    project: Project,
    chosen: Criteria,
    values: MultiDict[str, str],
    refusal: Invalid | None = None,
) -> str:
    session, reading = database.session(), database.of_app().reading
    looked = releases.look(session, project, chosen)
    shown, said = filled_in(looked.criteria), refusal.fields if refusal else {}
    faults = {_FIELDS.get(name, name): words for name, words in said.items()}
    counted = previews.preview(reading, looked)
    cut_so_far = releases.of_project(session, project.id)
    return render_template(
        "releases/index.html",
        project=project,
        role=Role.owner,
        releases=cut_so_far,
        orders=orders.current(session, project.id, cut_so_far[0] if cut_so_far else None),
        values={**shown, **values},
        formats=values.getlist("formats") or looked.criteria.formats,
        choices={"formats": FORMATS, "aggregation": AGGREGATIONS, "ranking_pairs": RANKING_PAIRS},
        refusal=refusal,
        faults={name: faults[name] for name in (*shown, "formats") if name in faults},
        preview=counted,
        steps=previews.sieve(counted.comparisons, counted.reasons),
        toml=criteria.toml(looked.criteria),
        words=WORDS,
        as_json=_as_json,
    )


def _criteria(form: MultiDict[str, str]) -> Criteria:
    """Read the rules as the page writes them: shares in percent, lists apart by spaces or lines."""
    given: dict[str, Any] = {
        name: form[name].strip() for name in _PLAIN if form.get(name, "").strip()
    }
    for name, field in _PERCENT.items():
        if form.get(field, "").strip():
            given[name] = _share(form[field])
    if form.get("free_text"):
        given["free_text"] = True
    if form.getlist("formats"):
        given["formats"] = tuple(form.getlist("formats"))
    if form.get("languages", "").strip():
        given["languages"] = tuple(form["languages"].replace(",", " ").split())
    if form.get("guidelines", "").strip():
        given["guidelines"] = tuple(form["guidelines"].replace(",", " ").split())
    if form.get("batches", "").strip():
        given["batches"] = tuple(filter(None, map(str.strip, form["batches"].splitlines())))
    return criteria.read(given)


def _share(percent: str) -> float | str:
    try:
        return float(percent) / 100
    except ValueError:
        return percent


def filled_in(chosen: Criteria) -> dict[str, str]:
    """Write rules as the fields of the page have them, all but the formats."""
    plain = {name: getattr(chosen, name) for name in _PLAIN}
    shares = {field: f"{getattr(chosen, name) * 100:g}" for name, field in _PERCENT.items()}
    return {
        **{name: "" if value is None else str(value) for name, value in plain.items()},
        **shares,
        "languages": " ".join(chosen.languages or ()),
        "guidelines": " ".join(map(str, chosen.guidelines or ())),
        "batches": "\n".join(chosen.batches or ()),
        "free_text": "1" if chosen.free_text else "",
    }


def _first_rows(folder: Path, manifest: Manifest) -> dict[str, list[Row]]:
    """Return the first rows of each format that is there."""
    return {name: _rows_of(folder, name) for name in manifest.counts.formats}


def _rows_of(folder: Path, name: str) -> list[Row]:
    from exports import formats
    from exports.files import writing

    in_parquet = name in formats.IN_PARQUET
    places = [writing.lines_of(folder, name, split, in_parquet=in_parquet) for split in SPLITS]
    place = next((each for each in places if each.exists()), None)
    if place is None:
        raise NotFound(holdings.GONE)
    with place.open("rb") as file:
        return [json.loads(line) for line in islice(file, SHOWN)]


def _as_json(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, indent=2)
