"""Pay runs: everybody is paid once, whatever is pressed twice, broken off or done at the same time.

Ada has 12.34 EUR approved, Bea 5.00, Rex 0.01.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import reconciliation
from labeler.database import Database
from labeler.errors import Conflict, Forbidden, Invalid
from labeler.events import Event
from labeler.pay import destinations, ledger, mappings, payout_checks, payouts, results, runs
from labeler.pay.accounts import AccountKind
from labeler.pay.ledger import Transfer
from labeler.pay.payouts import Held, Payout, PayoutState
from labeler.pay.rails.making import Rail
from labeler.pay.runs import FiledPayouts, PayRun, RunState
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import make_due, make_project

IBANS = {"ada": "FR7630006000011234567890189", "bea": "IT60X0542811101000000123456"}
OWED = {"ada": 1234, "bea": 500, "rex": 1}
PAYER = {"name": "Labelling Society", "iban": "DE89370400440532013000"}
END, DAY = date(2026, 11, 22), date(2026, 11, 25)
DUE, FLYING, PAID = (
    *(AccountKind.earned_approved, AccountKind.payout_in_flight, AccountKind.paid),
)


def bank(session: Session, person: Person, name: str) -> None:
    given = {"kind": "bank", "name": person.name, "iban": IBANS[name]}
    destinations.replace(session, person, "EUR", given)


def prepare(session: Session, cast: Cast) -> Project:
    """Make the project: it pays by plain table, and only Rex has not said where to."""
    project = make_project(session, cast)
    memberships.grant(session, project.id, cast.mallory, Role.owner, by=cast.olga)
    for name, amount in OWED.items():
        make_due(session, project, getattr(cast, name), amount)
    for name in IBANS:
        bank(session, getattr(cast, name), name)
    return project


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    return prepare(session, cast)


def draft(session: Session, project: Project, cast: Cast, end: date = END) -> PayRun:
    return runs.draft(
        session, project.id, "EUR", Rail.plain, period_end=end, pay_on=DAY, by=cast.olga
    )


def standing(session: Session, person: Person) -> tuple[int, int, int]:
    """Return what is due, in flight and paid."""
    [found] = ledger.standing(session, person_id=person.id).values() or [{}]
    return (found.get(DUE, 0), found.get(FLYING, 0), found.get(PAID, 0))


def named(session: Session, run: PayRun) -> dict[int, Payout]:
    return {payout.person_id: payout for payout in payouts.of_run(session, run.id)}


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Undo what happens in it, as a door does after a refusal, or as a crash does."""
    point = session.begin_nested()
    try:
        yield
    finally:
        point.rollback()
        session.expire_all()


def sent(session: Session, project: Project, cast: Cast) -> PayRun:
    run = draft(session, project, cast)
    runs.approve(session, run, by=cast.mallory)
    runs.file(session, run, runs.written(session, run), by=cast.olga)
    runs.mark_sent(session, run, by=cast.olga)
    return run


# One run


def test_a_run_pays_what_is_due_and_says_what_it_holds(
    session: Session, cast: Cast, project: Project
) -> None:
    run = draft(session, project, cast)
    assert draft(session, project, cast).id == run.id
    found = named(session, run)
    assert [(found[p.id].amount_minor, found[p.id].held) for p in (cast.ada, cast.rex)] == [
        (1234, None),
        (1, Held.no_destination),
    ]
    assert standing(session, cast.ada) == (1234, 0, 0)  # a draft moves nothing
    runs.approve(session, run, by=cast.mallory)
    assert standing(session, cast.ada) == (0, 1234, 0)
    assert standing(session, cast.rex) == (1, 0, 0)
    assert named(session, run)[cast.rex.id].state is PayoutState.left
    made = runs.file(session, run, runs.written(session, run), by=cast.olga)
    assert (made.count, made.total_minor) == (2, 1734)
    runs.mark_sent(session, run, by=cast.olga)
    ada, bea = (named(session, run)[p.id] for p in (cast.ada, cast.bea))
    table = f"reference,status\n{ada.reference},Paid\n{bea.reference},FAILED\n"
    assert results.apply(session, run, table.encode(), by=cast.olga) == 2
    assert standing(session, cast.ada) == (0, 0, 1234)
    assert standing(session, cast.bea) == (500, 0, 0)  # to be paid again
    assert run.state is RunState.closed
    assert list(reconciliation.faults(session)) == list(payout_checks.faults(session)) == []
    again = draft(session, project, cast, date(2026, 11, 29))
    assert {p.person_id for p in payouts.of_run(session, again.id) if p.is_payable} == {cast.bea.id}


def test_every_step_twice_is_every_step_once(
    session: Session, cast: Cast, project: Project
) -> None:
    run = draft(session, project, cast)
    for _ in range(2):
        runs.approve(session, run, by=cast.mallory)
    files = [runs.file(session, run, runs.written(session, run), by=cast.olga) for _ in range(2)]
    assert files[0] == files[1]
    for _ in range(2):
        runs.mark_sent(session, run, by=cast.olga)
    ada, bea = (named(session, run)[p.id] for p in (cast.ada, cast.bea))
    outcomes = {ada.id: PayoutState.confirmed, bea.id: PayoutState.failed}
    told = [runs.settle(session, run, outcomes, by=cast.olga) for _ in range(2)]
    assert told == [2, 0]
    for step in (
        lambda: runs.approve(session, run, by=cast.mallory),
        lambda: runs.mark_sent(session, run, by=cast.olga),
        lambda: runs.file(session, run, files[0], by=cast.olga),
    ):
        step()  # long after
    assert run.state is RunState.closed
    assert (standing(session, cast.ada), standing(session, cast.bea)) == ((0, 0, 1234), (500, 0, 0))
    moved = session.scalars(sa.select(Transfer.key).order_by(Transfer.id).offset(6)).all()
    assert moved == [
        *(f"payout:{ada.id}", f"payout:{bea.id}", f"paid:{ada.id}", f"failure:{bea.id}"),
    ]
    states = sa.select(Event.kind).where(Event.kind.startswith("pay_run.")).order_by(Event.id)
    assert [kind.partition(".")[2] for kind in session.scalars(states)] == [
        *("draft", "approved", "filed", "sent", "settled", "closed"),
    ]


def test_no_step_is_taken_before_the_one_before_it(
    session: Session, cast: Cast, project: Project
) -> None:
    run = draft(session, project, cast)
    ada = named(session, run)[cast.ada.id]
    refused: list[tuple[type[Exception], Callable[[], object]]] = [
        (Forbidden, lambda: runs.approve(session, run, by=cast.olga)),
        (Conflict, lambda: runs.written(session, run)),
        (Conflict, lambda: runs.mark_sent(session, run, by=cast.olga)),
        (
            Conflict,
            lambda: runs.settle(session, run, {ada.id: PayoutState.confirmed}, by=cast.olga),
        ),
    ]
    for error, step in refused:
        with pytest.raises(error), undone(session):
            step()
    runs.drop(session, run, by=cast.olga)
    runs.drop(session, run, by=cast.olga)
    with pytest.raises(Conflict), undone(session):
        runs.approve(session, run, by=cast.mallory)
    assert standing(session, cast.ada) == (1234, 0, 0)
    assert draft(session, project, cast).id != run.id


def test_what_nobody_knows_stays_in_flight_until_somebody_does(
    session: Session, cast: Cast, project: Project
) -> None:
    run = sent(session, project, cast)
    ada, bea = (named(session, run)[p.id] for p in (cast.ada, cast.bea))
    runs.settle(session, run, {ada.id: PayoutState.unknown}, by=cast.olga)
    runs.settle(session, run, {bea.id: PayoutState.confirmed}, by=cast.olga)
    assert standing(session, cast.ada) == (0, 1234, 0)
    assert run.state is RunState.sent
    with pytest.raises(Invalid, match="yet"), undone(session):  # nor is it paid by another run
        owed = runs.draft(
            session, project.id, "USD", Rail.plain, period_end=END, pay_on=DAY, by=cast.olga
        )
        assert owed is None
    later = draft(session, project, cast, date(2026, 11, 29))
    assert cast.ada.id not in named(session, later)
    runs.settle(session, run, {ada.id: PayoutState.failed}, note="Account closed.", by=cast.olga)
    assert standing(session, cast.ada) == (1234, 0, 0)
    with pytest.raises(Conflict, match="failed already"), undone(session):
        runs.settle(session, run, {ada.id: PayoutState.confirmed}, by=cast.olga)
    assert run.state is RunState.closed


# Details that changed


def test_changed_details_wait_until_somebody_has_looked(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    destinations.replace(
        session, cast.ada, "EUR", {"kind": "bank", "name": "Ada", "iban": IBANS["bea"]}
    )
    run = draft(session, project, cast)
    ada = named(session, run)[cast.ada.id]
    assert ada.held is Held.changed
    with pytest.raises(Invalid), undone(session):
        payouts.release(session, ada, "  ", by=cast.olga)
    for _ in range(2):
        payouts.release(session, ada, "I have called her.", by=cast.olga)
    with pytest.raises(Conflict), undone(session):
        payouts.release(session, named(session, run)[cast.rex.id], "Pay him.", by=cast.olga)
    runs.approve(session, run, by=cast.mallory)
    assert standing(session, cast.ada) == (0, 1234, 0)


def test_details_that_change_after_the_draft_are_not_paid_to(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    run = draft(session, project, cast)
    destinations.replace(
        session, cast.ada, "EUR", {"kind": "bank", "name": "Ada", "iban": IBANS["bea"]}
    )
    runs.approve(session, run, by=cast.mallory)
    assert standing(session, cast.ada) == (1234, 0, 0)
    left = named(session, run)[cast.ada.id]
    assert (left.state, left.held) == (PayoutState.left, Held.changed)
    assert b"PAY" in runs.written(session, run).content
    assert IBANS["ada"].encode() not in runs.written(session, run).content


# Files


def test_a_file_is_kept_as_it_was_made(session: Session, cast: Cast, project: Project) -> None:
    mappings.lay_out(session, project.id, Rail.sepa, PAYER, by=cast.olga)
    run = runs.draft(
        session, project.id, "EUR", Rail.sepa, period_end=END, pay_on=DAY, by=cast.olga
    )
    runs.approve(session, run, by=cast.mallory)
    made = runs.file(session, run, runs.written(session, run), by=cast.olga)
    assert made.content.count(b"<CdtTrfTxInf>") == 2
    assert made.sha256 == hashlib.sha256(made.content).hexdigest()
    changed = PAYER | {"iban": IBANS["ada"]}
    mappings.lay_out(session, project.id, Rail.sepa, changed, by=cast.olga)
    assert runs.file(session, run, runs.written(session, run), by=cast.olga) == made
    for statement in (sa.update(FiledPayouts).values(count=3), sa.delete(FiledPayouts)):
        with pytest.raises(sa.exc.DBAPIError), session.begin_nested():
            session.execute(statement)


def test_only_the_whole_of_the_results_is_taken(
    session: Session, cast: Cast, project: Project
) -> None:
    run = sent(session, project, cast)
    ada, bea = (named(session, run)[p.id].reference for p in (cast.ada, cast.bea))
    table = f"Amount,Status,Reference\n1,paid,{ada}\n2,lost,{bea}\n3,paid,PAY9\n4,failed,{ada}\n"
    with pytest.raises(Invalid) as refusal, undone(session):
        results.apply(session, run, table.encode(), by=cast.olga)
    assert set(refusal.value.fields) == {"line 3", "line 4", "line 5"}
    assert standing(session, cast.ada) == (0, 1234, 0)
    for content in (b"", b"\xff\xfe", b"ref;status\n", b'reference,status\n"', b"a" * 5_000_000):
        with pytest.raises(Invalid), undone(session):
            results.apply(session, run, content, by=cast.olga)
    right = f"\ufeffreference,status\r\n{ada},Completed\r\n{bea},pending\r\n".encode()
    assert [results.apply(session, run, right, by=cast.olga) for _ in range(2)] == [2, 0]
    assert named(session, run)[cast.bea.id].state is PayoutState.unknown


# Broken off, and at the same time


def test_a_run_that_breaks_off_anywhere_goes_on_and_everybody_is_paid_once(
    session: Session, cast: Cast, project: Project
) -> None:
    run = draft(session, project, cast)

    def confirm() -> None:
        flying = {p.id for p in payouts.of_run(session, run.id) if p.state is PayoutState.sent}
        runs.settle(session, run, dict.fromkeys(flying, PayoutState.confirmed), by=cast.olga)

    steps: list[Callable[[], object]] = [
        lambda: runs.approve(session, run, by=cast.mallory),
        lambda: runs.file(session, run, runs.written(session, run), by=cast.olga),
        lambda: runs.mark_sent(session, run, by=cast.olga),
        confirm,
    ]
    for number, step in enumerate(steps):
        with undone(session):
            step()  # the transaction is lost
        step()
        for before in steps[: number + 1]:
            before()  # whoever does not know how far it came begins again
    assert (standing(session, cast.ada), standing(session, cast.bea)) == ((0, 0, 1234), (0, 0, 500))
    assert list(reconciliation.faults(session)) == list(payout_checks.faults(session)) == []
    assert run.state is RunState.closed


def test_a_payout_that_does_not_fit_its_money_is_named(
    session: Session, cast: Cast, project: Project
) -> None:
    run = sent(session, project, cast)
    ada, bea, rex = (named(session, run)[p.id].id for p in (cast.ada, cast.bea, cast.rex))
    assert list(payout_checks.faults(session)) == []
    for number, state in ((ada, "confirmed"), (bea, "left"), (rex, "sent")):
        changes = sa.update(Payout).where(Payout.id == number).values(state=PayoutState(state))
        with undone(session):
            session.execute(changes)
            assert list(payout_checks.faults(session)) == [
                f"payout {number} is not where its money is"
            ]


def test_of_two_runs_that_overlap_one_pays(session: Session, cast: Cast, project: Project) -> None:
    one, other = (draft(session, project, cast, END.replace(day=day)) for day in (15, 22))
    runs.approve(session, one, by=cast.mallory)
    with pytest.raises(Invalid, match="nothing in this run"), undone(session):
        runs.approve(session, other, by=cast.mallory)
    make_due(session, project, cast.ada, 1233, "later")  # one cent less than the other would pay
    make_due(session, project, cast.bea, 500, "later")
    runs.approve(session, other, by=cast.mallory)
    left = named(session, other)[cast.ada.id]
    assert (left.state, left.held) == (PayoutState.left, Held.balance)
    assert standing(session, cast.ada) == (1233, 1234, 0)
    assert standing(session, cast.bea) == (0, 1000, 0)


def test_of_two_who_approve_overlapping_runs_at_once_one_pays(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = prepare(session, cast)
        numbers = [draft(session, project, cast, END.replace(day=day)).id for day in (15, 22)]
        session.commit()
    failed: list[Exception] = []

    def approve(number: int, together: threading.Barrier) -> None:
        with database.writing() as mine:
            together.wait()
            try:
                run = runs.find(mine, project.id, number)
                runs.approve(mine, run, by=mine.get_one(Person, cast.mallory.id))
                mine.commit()
            except Invalid as refusal:
                failed.append(refusal)

    together = threading.Barrier(2)
    threads = [threading.Thread(target=approve, args=(n, together)) for n in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 1
    with database.reading() as session:
        assert standing(session, cast.ada) == (0, 1234, 0)
        assert list(reconciliation.faults(session)) == []
