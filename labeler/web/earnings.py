"""What one earned: where the money is, what this week comes to, and each month's statement."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required
from sqlalchemy.orm import Session

from labeler import database
from labeler.pay import corrections, earnings, ledger, money, statements, weeks
from labeler.pay.ledger import Standing
from labeler.pay.rates import Rate
from labeler.pay.reckoning import Reckoning
from labeler.pay.statements import Content, Line, Statement
from labeler.people.accounts import Person
from labeler.progress import annotators as progress
from labeler.said import say
from labeler.text import cells
from labeler.web import visitors
from labeler.web.worktime import KIND_WORDS as TIME_WORDS
from labeler.work.projects import Project

pages = Blueprint("earnings", __name__, url_prefix="/earnings")

ACCOUNT_WORDS = {
    "earned_pending": say("Waiting"),
    "held": say("Held while it is disputed"),
    "earned_approved": say("Due"),
    "payout_in_flight": say("On its way"),
    "paid": say("Paid"),
}
"""What each account is called where its person sees it, in the order in which money passes."""
LINE_WORDS = {
    "judgment": say("Judgments"),
    "hours": say("Hours"),
    "topup": say("Top-up to the hourly floor"),
    "allowance": say("For what the work costs you"),
    "bonus": say("Bonus"),
    "correction": say("Correction"),
    "refusal": say("Refused"),
    "rounding": say("Rounded up"),
    "exchange": say("Changed for another currency"),
    "hold": say("Held"),
    "release": say("No longer held"),
    "payout": say("Sent to you"),
    "paid": say("Arrived"),
    "failure": say("Came back"),
}
COLUMNS = ("kind", "side", "n", "each", "amount", "currency", "on", "week", "reason")


@dataclass(frozen=True)
class Row:
    """What one earned in a project, in one currency."""

    project: Project
    currency: str
    standing: Standing
    today_minor: int
    week: tuple[Rate, Reckoning] | None
    """What this week comes to until now, in this currency."""

    @property
    def total_minor(self) -> int:
        """All of it, wherever it is."""
        return sum(self.standing.values())


@pages.get("")
@login_required
def index() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    return render_template(
        "earnings/index.html",
        rows=_rows(session, ada),
        statements=_titled(session, statements.of_person(session, ada.id)),
        account_words=ACCOUNT_WORDS,
        line_words=LINE_WORDS,
        window=earnings.WINDOW,
        put_right=corrections.of_person(session, ada.id),
        proposed=corrections.proposed_to(session, ada.id),
    )


@pages.get("/statements/<int:statement_id>")
@login_required
def show(statement_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    statement = statements.find(session, statement_id, by=ada)
    said = statements.read(statement)
    return render_template(
        "earnings/show.html",
        statement=statement,
        said=said,
        project=session.get_one(Project, statement.project_id),
        account_words=ACCOUNT_WORDS,
        line_words=LINE_WORDS,
        time_words={kind.value: words for kind, words in TIME_WORDS.items()},
    )


@pages.get("/statements/<int:statement_id>/statement.<any(csv, json):layout>")
@login_required
def download(statement_id: int, layout: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    statement = statements.find(session, statement_id, by=ada)
    if layout == "json":
        title = session.get_one(Project, statement.project_id).title
        return {"person": ada.name, "project": title} | {
            "made_at": statement.made_at.isoformat(),
            **statement.content,
        }
    name = f"statement-{statement.month:%Y-%m}-{statement.currency}.csv"
    text = _csv(statements.read(statement))
    return Response(
        text, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _rows(session: Session, ada: Person) -> Sequence[Row]:
    found = ledger.standing(session, person_id=ada.id)
    ids = {project_id for project_id, _ in found}
    projects = {
        project.id: project
        for project in session.scalars(sa.select(Project).where(Project.id.in_(ids)))
    }
    mine = []
    for (project_id, currency), standing in found.items():
        today = ledger.earned(
            session, person_id=ada.id, project_id=project_id, since=progress.today()
        )
        week = weeks.so_far(session, project_id, ada.id)
        ours = week if week and week[0].currency == currency else None
        mine.append(Row(projects[project_id], currency, standing, today.get(currency, 0), ours))
    return mine


def _titled(
    session: Session, found: Sequence[Statement]
) -> Sequence[tuple[Statement, str, Content]]:
    of = {each.project_id for each in found}
    named = session.execute(sa.select(Project.id, Project.title).where(Project.id.in_(of)))
    titles = {row.id: row.title for row in named}
    return [(each, titles[each.project_id], statements.read(each)) for each in found]


def _csv(said: Content) -> str:
    """Write the lines of a statement: amounts in whole units of the currency, as text."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in said.lines:
        writer.writerow(_cells(line, said.currency))
    return written.getvalue()


def _cells(line: Line, currency: str) -> list[Any]:
    each, amount = (
        f"{money.decimal(minor, currency):f}" for minor in (line.each_minor, line.amount_minor)
    )
    why = cells.harmless(line.reason)
    return [line.kind, line.side, line.n, each, amount, currency, line.on, line.week or "", why]
