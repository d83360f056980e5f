"""Quality, for those who look after a project: what was worked out in the background, and of when.

Every page reads the project's one snapshot, and the names of what it shows: it takes as long at a
million judgments as at a thousand. Nothing here is for annotators: their own numbers are at `mine`.
"""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import database, progress
from labeler.errors import NotFound
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import snapshots
from labeler.quality.snapshots import Snapshot
from labeler.web import findings, visitors
from labeler.web.findings import Data
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint("quality", __name__, url_prefix="/projects/<slug>/quality")


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    project, snapshot = _found(slug)
    if snapshot is None:
        return _nothing(project)
    data = snapshot.data
    noted = [person_id for person_id, row in data["people"].items() if row["signals"]]
    people = progress.names(database.session(), map(int, noted))
    return _page(
        "index",
        project,
        snapshot,
        charts=findings.of_project(data, _link(slug)),
        noted=sorted((name, person_id) for person_id, name in people.items()),
    )


@pages.get("/disagreements")
@login_required
def disagreements(slug: str) -> ResponseReturnValue:
    project, snapshot = _found(slug)
    if snapshot is None:
        return _nothing(project)
    rows = snapshot.data["disagreements"]
    return _page("disagreements", project, snapshot, rows=rows, names=_compared(project, rows))


@pages.get("/known-answers")
@login_required
def gold(slug: str) -> ResponseReturnValue:
    project, snapshot = _found(slug)
    if snapshot is None:
        return _nothing(project)
    items = snapshot.data["gold"]["items"]
    links = [
        url_for("comparisons.show", slug=slug, comparison_id=row["comparison_id"]) for row in items
    ]
    chart = findings.of_gold(items, _compared(project, items), links)
    return _page("gold", project, snapshot, chart=chart)


@pages.get("/people/<int:person_id>")
@login_required
def person(slug: str, person_id: int) -> ResponseReturnValue:
    project, snapshot = _found(slug)
    session = database.session()
    row = (snapshot.data if snapshot else {"people": {}})["people"].get(str(person_id))
    if row is None:
        memberships.part_of(session, project.id, person_id)
    shown = session.get_one(Person, person_id)
    signals = row["signals"] if row else []
    compared = [{"comparison_id": each} for one in signals for each in one["comparisons"]]
    return _page(
        "person",
        project,
        snapshot,
        person=shown,
        row=row,
        names=_compared(project, compared),
        others=progress.names(session, {one["with"] for one in signals if "with" in one}),
    )


@pages.get("/judgments/<kind>/<int:number>")
@login_required
def rows(slug: str, kind: str, number: int) -> ResponseReturnValue:
    project, snapshot = _found(slug)
    found = findings.rows_of(snapshot.data, kind) if snapshot else ()
    if snapshot is None or number >= len(found):
        raise NotFound("There is no such row.")
    row = found[number]
    shown = progress.behind(database.session(), project.id, row["judgments"])
    return _page("rows", project, snapshot, rows=shown, name=findings.row_name(kind, row))


def _found(slug: str) -> tuple[Project, Snapshot | None]:
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.reviewer)
    return project, snapshots.latest(session, project.id)


def _page(template: str, project: Project, snapshot: Snapshot | None, **more: Any) -> str:
    return render_template(
        f"quality/{template}.html",
        project=project,
        role=projects.role_in(database.session(), project, visitors.person()),
        snapshot=snapshot,
        data=snapshot.data if snapshot else None,
        likely=findings.likely,
        of_n=findings.of_n,
        sentence=findings.sentence,
        **more,
    )


def _nothing(project: Project) -> str:
    return _page("nothing", project, None)


def _link(slug: str) -> findings.Link:
    return lambda kind, number: url_for("quality.rows", slug=slug, kind=kind, number=number)


def _compared(project: Project, rows: Sequence[Data]) -> dict[int, str]:
    """Return what the owner's file calls these comparisons, by id."""
    ids = {row["comparison_id"] for row in rows}
    return progress.comparison_names(database.session(), project.id, ids)
