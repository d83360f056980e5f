"""Plain functions that make what a test needs, with sensible defaults."""

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from labeler.pay import earnings, ledger, runs
from labeler.pay.accounts import AccountKind, Place
from labeler.pay.ledger import Transfer, TransferKind
from labeler.pay.rails.making import Rail
from labeler.pay.runs import PayRun
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import answers, batches, drafts, judgments, projects, queue
from labeler.work.assignments import Assignment
from labeler.work.batches import Batch
from labeler.work.judgments import Judgment
from labeler.work.layouts import GoldIn, Message, ResponseIn, Row
from labeler.work.projects import Project
from tests.cast import Cast


def new_key() -> str:
    """Return a fresh idempotency key."""
    return str(uuid.uuid4())


def make_project(session: Session, cast: Cast, **changes: Any) -> Project:
    """Make Olga's project, in which Rex reviews and Ada and Bea annotate."""
    given = {
        "title": "Helpful answers",
        "slug": "helpful",
        "guidelines": "Prefer what is **correct**.",
        "judgments_per_comparison": 2,
        "pay": {"per_judgment": "0.35", "currency": "EUR"},
    }
    project = projects.create(session, drafts.read(given | changes), by=cast.root)
    memberships.grant(session, project.id, cast.olga, Role.owner, by=cast.root)
    memberships.grant(session, project.id, cast.rex, Role.reviewer, by=cast.olga)
    for annotator in (cast.ada, cast.bea):
        memberships.grant(session, project.id, annotator, Role.annotator, by=cast.olga)
    return project


def make_due(
    session: Session, project: Project, person: Person, amount_minor: int, why: str = "work"
) -> None:
    """Let a person have earned an amount in EUR, and let it be due; `why` names it once."""
    pending, due = AccountKind.earned_pending, AccountKind.earned_approved
    for giver, taker, kind in (
        (Place(AccountKind.project_cost), pending, TransferKind.bonus),
        (Place(pending, person.id), due, TransferKind.approval),
    ):
        ledger.move(
            session,
            project_id=project.id,
            currency="EUR",
            giver=giver,
            taker=Place(taker, person.id),
            amount_minor=amount_minor,
            kind=kind,
            source=f"{why}:{project.id}:{person.id}",
        )


def make_row(number: int, *, gold: int | None = None, **changes: Any) -> Row:
    """Make a comparison as it stands in a file."""
    given: dict[str, Any] = {
        "line": number,
        "id": f"pair-{number}",
        "messages": (Message(role="user", content=f"What is {number} plus one?"),),
        "language": "en",
        "responses": (
            ResponseIn(text=f"It is {number + 1}.", model="model-x"),
            ResponseIn(text=f"It is {number}.", model="model-y"),
        ),
        "gold": None if gold is None else GoldIn(better=gold, why="Count it."),
        "metadata": {},
    }
    return Row(**(given | changes))


def load_rows(
    session: Session,
    project: Project,
    rows: Iterable[Row],
    *,
    by: Person,
    name: str = "pairs",
    for_qualification: bool = False,
) -> Batch:
    """Load rows as one batch, without a file."""
    steps = batches.load(
        session,
        project,
        rows,
        name=name,
        digest=uuid.uuid4().hex,
        by=by,
        for_qualification=for_qualification,
    )
    progress = list(steps)[-1]
    session.flush()
    return progress.batch


def make_batch(session: Session, project: Project, cast: Cast, *, pairs: int = 3) -> Batch:
    """Load a batch of simple pairs."""
    return load_rows(session, project, [make_row(n) for n in range(pairs)], by=cast.olga)


def judge(
    session: Session, assignment: Assignment, choice: str | int, by: Person, **changes: Any
) -> Judgment:
    """Judge an assignment as its person would."""
    answer = answers.read(session, assignment, choice, changes.pop("reason", ""))
    given = {"key": new_key()} | changes
    return judgments.submit(session, assignment, answer, by=by, **given).judgment


def judge_next(session: Session, project: Project, by: Person, choice: str | int = 1) -> Judgment:
    """Claim and judge what comes next."""
    assignment = queue.claim(session, project, by=by)
    assert assignment is not None
    return judge(session, assignment, choice, by)


def earned_by(session: Session, judgment: Judgment) -> Transfer:
    """Return what a judgment earned, which was something."""
    earned = earnings.of_judgment(session, judgment.id)
    assert earned is not None
    return earned


def send_pay(session: Session, project: Project, cast: Cast, end: date) -> PayRun:
    """Send what is due in EUR to everybody who has said where to, by a run of its own."""
    run = runs.draft(
        session, project.id, "EUR", Rail.plain, period_end=end, pay_on=end, by=cast.olga
    )
    runs.approve(session, run, by=cast.root)
    runs.file(session, run, runs.written(session, run), by=cast.olga)
    runs.mark_sent(session, run, by=cast.olga)
    return run
