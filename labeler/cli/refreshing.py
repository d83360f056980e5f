"""Refreshing: what pages about quality show is worked out apart from the server."""

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import config
from labeler.cli import installation, keeping
from labeler.database import Database
from labeler.errors import NotFound
from labeler.pay import earnings, seals, statements, weeks
from labeler.quality import refusals, snapshots
from labeler.work.projects import Project

STEPS = (weeks.settle_due, refusals.lapse_due, earnings.approve_due, statements.make_due)
"""What follows from the calendar, in this order: what goes back is due at once."""


@click.command()
@click.argument("slugs", metavar="[PROJECT]...", nargs=-1)
def refresh(slugs: tuple[str, ...]) -> None:
    """Work out anew how good the labels are.

    Pages about quality show it, and adaptive projects ask for judgments by it. Of these projects,
    or of all whose judgments have changed. Weeks that are over are settled, held pay on which
    nobody decided in time goes back to who earned it, what has been pending for its whole window
    becomes due, months get their statements, and the ledger is sealed. What is kept no longer goes
    (see `labeler retention`). `labeler serve` does all of this by itself.
    """
    settings = config.load()
    with installation.connected(settings) as database:
        for project_id in _chosen(database, slugs):
            click.echo(f"Refreshed: {refresh_project(database, project_id)}.")
        pay(database)
        keeping.let_go(database, settings)


def pay(database: Database) -> None:
    """Do for every project what follows from the calendar alone, and seal the ledger.

    Weeks that are over are settled, refused pay of which nobody decided in time goes back, what
    has been pending for its whole window becomes due, and the month that is over gets its
    statements. To do so twice changes nothing.
    """
    with database.reading() as session:
        ids = session.scalars(sa.select(Project.id).order_by(Project.id)).all()
    with database.writing() as session:
        for project_id in ids:
            for step in STEPS:
                for _ in step(session, project_id):
                    session.commit()
        for _ in seals.seal(session, database.reading):
            session.commit()


def _chosen(database: Database, slugs: tuple[str, ...]) -> list[int]:
    with database.reading() as session:
        if not slugs:
            return list(snapshots.stale(session))
        return [_named(session, slug) for slug in slugs]


def _named(session: Session, slug: str) -> int:
    found = session.scalar(sa.select(Project.id).where(Project.slug == slug))
    if found is None:
        raise NotFound("There is no such project.")
    return found


def refresh_project(database: Database, project_id: int) -> str:
    """Work out how good one project's labels are; return its title."""
    from labeler.quality.refreshing import refresh as steps

    with database.reading() as session:
        project = session.get_one(Project, project_id)
    with database.writing() as session:
        for _ in steps(session, database.reading, project):
            session.commit()
    return project.title
