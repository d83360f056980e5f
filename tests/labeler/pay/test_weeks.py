"""A week's time, a month's statement: what they add up to, and that they are made once."""

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from labeler import reconciliation
from labeler.errors import NotFound
from labeler.pay import earnings, ledger, rates, statements, weeks, worktime
from labeler.pay.ledger import Transfer, TransferKind
from labeler.pay.reckoning import LineKind
from labeler.pay.statements import Statement
from labeler.pay.worktime import Interval, Kind, Source
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Placement
from labeler.work import projects
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import earned_by, judge_next, make_batch, make_project
from tests.tampering import alter, disarm

PAY = {"per_judgment": "0.35", "currency": "EUR", "floor_per_hour": "13.90"}
PAY |= {"allowance_per_hour": "0.50"}


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """By the piece, 13.90 EUR an hour at least, and 0.50 for what it costs."""
    project = make_project(session, cast, pay=PAY)
    make_batch(session, project, cast, pairs=12)
    return project


def spend(
    session: Session, project: Project, person: Person, start: datetime, minutes: int
) -> Interval:
    """Let somebody have worked for a while."""
    worked = Interval(
        project_id=project.id,
        person_id=person.id,
        kind=Kind.judging,
        source=Source.beats,
        started_at=start,
        ended_at=start + timedelta(minutes=minutes),
    )
    session.add(worked)
    session.flush()
    return worked


def settle(session: Session, project: Project) -> None:
    list(weeks.settle_due(session, project.id))


def booked(session: Session, project: Project) -> dict[str, list[int]]:
    """Return what weeks added, by kind and in order."""
    found: dict[str, list[int]] = {}
    for each in session.scalars(
        sa.select(Transfer).where(Transfer.kind.in_(weeks.BOOKED.values())).order_by(Transfer.id)
    ):
        found.setdefault(each.kind.value, []).append(each.amount_minor)
    return found


def test_who_is_slow_is_topped_up_when_the_week_is_over(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    for _ in range(3):
        judge_next(session, project, cast.ada)  # 1.05 EUR
    spend(session, project, cast.ada, frozen.time, 50)
    settle(session, project)
    assert booked(session, project) == {}  # the week is not over
    found = weeks.so_far(session, project.id, cast.ada.id)
    assert found is not None
    assert found[1].total_minor == 1159 + 42  # what 50 minutes are worth, and their costs
    frozen.forward(days=7)
    for _ in range(2):
        settle(session, project)
        # 50 minutes at 13.90 are 11.58 and a third, rounded up; at 0.50 they are 0.41 and two.
        assert booked(session, project) == {"topup": [1159 - 105], "allowance": [42]}


def test_a_higher_floor_changes_nothing_of_weeks_that_are_over(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    judge_next(session, project, cast.ada)
    spend(session, project, cast.ada, frozen.time, 60)
    frozen.forward(days=7)
    settle(session, project)
    raised = rates.read(PAY | {"floor_per_hour": "15.00"})
    projects.price(session, project, raised, by=cast.olga)
    settle(session, project)
    assert booked(session, project) == {"topup": [1390 - 35], "allowance": [50]}
    spend(session, project, cast.ada, frozen.time, 60)
    frozen.forward(days=7)
    settle(session, project)
    assert booked(session, project)["topup"] == [1390 - 35, 1500]


def test_who_moves_is_not_paid_again_for_weeks_that_are_over(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    judge_next(session, project, cast.ada)
    spend(session, project, cast.ada, frozen.time, 60)
    frozen.forward(days=7)
    settle(session, project)
    before = booked(session, project)
    kenya = {"place": "KE", "currency": "KES", "per_judgment": "6", "floor_per_hour": "100"}
    projects.price(session, project, rates.read(kenya), by=cast.olga)
    memberships.place(session, project.id, cast.ada, Placement(place="KE"), by=cast.olga)
    settle(session, project)
    assert booked(session, project) == before


def test_who_earns_more_than_the_floor_is_paid_by_the_piece(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    for _ in range(10):
        judge_next(session, project, cast.ada)  # 3.50 EUR
    spend(session, project, cast.ada, frozen.time, 12)  # worth 2.78, and costs 0.10
    frozen.forward(days=7)
    settle(session, project)
    assert booked(session, project) == {}


def test_time_that_is_added_later_is_paid_later(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    start = frozen.time
    spend(session, project, cast.ada, start, 30)
    frozen.forward(days=7)
    settle(session, project)
    forgotten = spend(session, project, cast.ada, start + timedelta(hours=2), 30)
    settle(session, project)
    assert booked(session, project) == {"topup": [695, 695], "allowance": [25, 25]}
    forgotten.withdrawn_at = frozen.time
    session.flush()
    settle(session, project)  # nothing is taken back
    assert booked(session, project) == {"topup": [695, 695], "allowance": [25, 25]}


def test_a_person_is_reckoned_by_the_rate_of_their_place(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    said = {"place": "KE", "per_judgment": "20", "currency": "KES", "floor_per_hour": "250"}
    rates.publish(
        session,
        project.id,
        rates.read(said | {"model": "hourly"} | {"per_judgment": "0"}),
        by=cast.olga,
    )
    memberships.place(session, project.id, cast.bea, Placement(place="KE"), by=cast.olga)
    for person in (cast.ada, cast.bea):
        spend(session, project, person, frozen.time, 61)
    frozen.forward(days=7)
    settle(session, project)
    assert ledger.earned(session, person_id=cast.bea.id) == {"KES": 25417}  # 254.16 and two thirds
    assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 1414 + 51}


def test_a_month_is_told_line_by_line_and_adds_up(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    judged = [judge_next(session, project, cast.ada) for _ in range(4)]
    spend(session, project, cast.ada, frozen.time, 60)
    refused = earned_by(session, judged[0])
    earnings.hold(session, refused, reason="Who made it?", by=cast.rex)
    frozen.forward(days=7)
    settle(session, project)
    earnings.refuse(session, refused, reason="Made by a program.", by=cast.olga)
    list(earnings.approve_due(session, project.id))
    whom = project.id, cast.ada, "EUR"
    frozen.forward(days=7)
    earnings.give_bonus(session, *whom, 500, reason="A hard text.", source="1", by=cast.olga)
    for _ in range(2):  # it is made once
        list(statements.make_due(session, project.id))
    [statement] = statements.of_person(session, cast.ada.id)
    said = statements.read(statement)
    assert statement.month == date(2026, 11, 1)
    assert said.seconds == {"judging": 3600}
    assert [(line.kind, line.side, line.n, line.amount_minor) for line in said.lines] == [
        ("judgment", "gives", 4, 140),
        ("hold", "moves", 1, 35),
        ("topup", "gives", 1, 1390 - 140),
        ("allowance", "gives", 1, 50),
        ("refusal", "takes", 1, 35),
    ]
    assert said.lines[2].week == worktime.monday(date(2026, 11, 23)).isoformat()
    assert said.lines[4].reason == "Made by a program."
    assert (said.before_minor, said.gained_minor) == (0, 1405)
    assert said.standing == {"earned_pending": 1300, "held": 0, "earned_approved": 105}
    # The bonus of December is on December's.
    frozen.forward(days=31)
    list(statements.make_due(session, project.id))
    newest, _ = statements.of_person(session, cast.ada.id)
    later = statements.read(newest)
    assert (later.number, later.before_minor, later.gained_minor) == (2, 1405, 500)
    assert [line.reason for line in later.lines] == ["A hard text."]
    assert list(statements.faults(session)) == list(reconciliation.faults(session)) == []


def test_a_statement_is_its_persons_and_stays(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    judge_next(session, project, cast.ada)
    frozen.forward(days=31)
    list(statements.make_due(session, project.id))
    [statement] = session.scalars(sa.select(Statement))
    assert statements.find(session, statement.id, by=cast.ada) is statement
    with pytest.raises(NotFound):
        statements.find(session, statement.id, by=cast.olga)
    number = statement.id
    edit = "UPDATE statements SET currency = 'USD'"
    with pytest.raises(DBAPIError, match="never altered"), session.begin_nested():
        session.execute(sa.text(edit))
    disarm(session, "statements")
    alter(session, "UPDATE statements SET digest = 'other'")
    assert list(statements.faults(session)) == [
        f"statement {number} does not say what it was made with"
    ]


def test_months_follow_each_other() -> None:
    assert statements.before(date(2027, 1, 1)) == date(2026, 12, 1)
    assert statements.after(date(2026, 12, 1)) == date(2027, 1, 1)
    assert statements.before(date(2026, 3, 1)) == date(2026, 2, 1)


def test_every_line_that_a_week_adds_is_booked() -> None:
    assert set(weeks.BOOKED) == set(LineKind) - {LineKind.judgments, LineKind.bonus}
    assert {TransferKind.topup, TransferKind.hours} <= set(weeks.BOOKED.values())
