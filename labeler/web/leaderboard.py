"""The leaderboard: which models are ahead, in all languages and categories or in some, and files.

Everything was worked out in the background; a page reads one row and the names of the others.
"""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import database
from labeler.errors import NotFound
from labeler.people.memberships import Role
from labeler.quality import leaderboards, snapshots, standings
from labeler.quality.leaderboards import Leaderboard
from labeler.web import boards, findings, visitors
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint("leaderboard", __name__, url_prefix="/projects/<slug>/leaderboard")
WIDTH = "640"
"""Of a picture in a file."""


@pages.get("")
@login_required
def show(slug: str) -> ResponseReturnValue:
    project, board = _found(slug)
    session = database.session()
    data = board.data if board else None
    return render_template(
        "leaderboard/show.html",
        project=project,
        role=projects.role_in(session, project, visitors.person()),
        board=board,
        data=data,
        chosen=_chosen(),
        kept=leaderboards.kept(session, project.id),
        title=boards.title(data) if data else None,
        parts=boards.parts(data, _links(project)) if data else [],
        sentence=findings.sentence,
    )


@pages.get('/<any("leaderboard.csv", "leaderboard.json", "leaderboard.svg", "matrix.csv"):name>')
@login_required
def download(slug: str, name: str) -> ResponseReturnValue:
    project, board = _found(slug)
    if board is None:
        raise NotFound("There is no such leaderboard yet.")
    write, media_type = FILES[name]
    disposition = f'attachment; filename="{project.slug}-{name}"'
    headers = {"Content-Disposition": disposition}
    return Response(write(project, board), mimetype=media_type, headers=headers)


def _table(project: Project, board: Leaderboard) -> str:
    return standings.csv_of(standings.table(standings.told(project.slug, board)))


def _matrix(project: Project, board: Leaderboard) -> str:
    return standings.csv_of(standings.matrix(standings.told(project.slug, board)))


def _json(project: Project, board: Leaderboard) -> str:
    return standings.told(project.slug, board).model_dump_json()


def _picture(_project: Project, board: Leaderboard) -> str:
    return boards.picture(board.data, width=WIDTH)


FILES: Mapping[str, tuple[Callable[[Project, Leaderboard], str], str]] = {
    "leaderboard.csv": (_table, "text/csv"),
    "matrix.csv": (_matrix, "text/csv"),
    "leaderboard.json": (_json, "application/json"),
    "leaderboard.svg": (_picture, "image/svg+xml"),
}


def _found(slug: str) -> tuple[Project, Leaderboard | None]:
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.reviewer)
    return project, leaderboards.find(session, project.id, **_chosen())


def _chosen() -> dict[str, str]:
    return {name: request.args.get(name, "") for name in ("language", "category")}


def _links(project: Project) -> dict[tuple[str, str], str]:
    """Return where the judgments on each two models are; they are of the whole."""
    if any(_chosen().values()):
        return {}
    snapshot = snapshots.latest(database.session(), project.id)

    def link(kind: str, row: int) -> str:
        return url_for("quality.rows", slug=project.slug, kind=kind, number=row)

    return boards.links(snapshot.data.get("pairs", ()) if snapshot else (), link)
