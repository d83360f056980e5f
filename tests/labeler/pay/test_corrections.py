"""What was booked wrong is put right by more transfers: more by one person, less by two."""

from datetime import date
from fractions import Fraction

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from labeler import reconciliation
from labeler.errors import Conflict, Forbidden, Invalid
from labeler.pay import corrections, exchanges, ledger, statements
from labeler.pay.exchanges import Quote
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import make_due, make_project
from tests.tampering import alter, disarm

QUOTE = Quote("151.2345", "ECB", date(2026, 11, 20))


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """12.34 EUR are due to Ada."""
    project = make_project(session, cast)
    make_due(session, project, cast.ada, 1234)
    return project


def has(session: Session, cast: Cast, currency: str = "EUR") -> dict[str, int]:
    """Return where Ada's money of a currency is."""
    found = ledger.standing(session, person_id=cast.ada.id)
    kinds = next((by for (_, code), by in found.items() if code == currency), {})
    return {kind.value: minor for kind, minor in kinds.items() if minor}


def test_more_takes_one_person_and_a_reason(session: Session, cast: Cast, project: Project) -> None:
    whom = project.id, cast.ada, "EUR"
    for _ in range(2):
        corrections.give(session, *whom, 500, reason="Monday.", source="m", by=cast.olga)
    assert has(session, cast) == {"earned_approved": 1234, "earned_pending": 500}
    with pytest.raises(Conflict, match="booked before"):
        corrections.give(session, *whom, 501, reason="Monday.", source="m", by=cast.olga)
    for amount, reason in ((0, "Why."), (5, " "), (2**53 + 1, "Much.")):
        with pytest.raises(Invalid):
            corrections.give(session, *whom, amount, reason=reason, source="x", by=cast.olga)
    assert [*reconciliation.faults(session)] == []


def test_less_takes_two_and_never_more_than_is_due(
    session: Session, cast: Cast, project: Project
) -> None:
    whom, why = (project.id, cast.ada, "EUR"), {"reason": "Booked twice."}
    with pytest.raises(Forbidden, match="administrators"):
        corrections.propose(session, *whom, 34, **why, by=cast.olga)
    with pytest.raises(Conflict, match="Less than that is due"):
        corrections.propose(session, *whom, 1235, **why, by=cast.root)
    made = corrections.propose(session, *whom, 34, **why, by=cast.root)
    assert corrections.propose(session, *whom, 34, **why, by=cast.root) is made
    assert corrections.proposed_to(session, cast.ada.id) == [made]
    assert has(session, cast) == {"earned_approved": 1234}
    for who in (cast.root, cast.ada):
        with pytest.raises(Forbidden):
            corrections.agree(session, made, by=who)
    for _ in range(2):
        corrections.agree(session, made, by=cast.olga)
    assert has(session, cast) == {"earned_approved": 1200}
    with pytest.raises(Conflict, match="decided"):
        corrections.drop(session, made, by=cast.root)

    # By the time that the second one agrees it may be on its way: then nothing is taken.
    late = corrections.propose(session, *whom, 1200, **why, by=cast.root)
    other = corrections.propose(session, *whom, 1, **why, by=cast.root)
    corrections.agree(session, other, by=cast.olga)
    with pytest.raises(Conflict), session.begin_nested():
        corrections.agree(session, late, by=cast.olga)
    corrections.drop(session, late, by=cast.olga)
    assert corrections.waiting(session, project.id) == []
    assert has(session, cast) == {"earned_approved": 1199}
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(sa.update(corrections.Correction).values(reason="She agreed."))
    assert [*reconciliation.faults(session)] == []


def test_an_exchange_is_whole_and_loses_nobody_anything(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    whom = project.id, cast.ada, "EUR", "KES"
    for one, other in ((cast.olga, cast.olga), (cast.ada, cast.olga), (cast.olga, cast.ada)):
        with pytest.raises(Forbidden):
            exchanges.exchange(session, *whom, QUOTE, agreed_by=one, by=other)
    done = exchanges.exchange(session, *whom, QUOTE, agreed_by=cast.root, by=cast.olga)
    # 12.34 × 151.2345 = 1,866.23373 shillings; the rest of a cent is rounded up.
    assert done == (1234, 186624)
    assert has(session, cast) == {} and has(session, cast, "KES") == {"earned_approved": 186624}
    assert exchanges.round_up(session, project.id, cast.ada, "KES", 100, by=cast.olga) == 76
    assert exchanges.round_up(session, project.id, cast.ada, "KES", 100, by=cast.olga) == 0
    assert has(session, cast, "KES") == {"earned_approved": 186700}
    with pytest.raises(Conflict, match="Nothing is due"):
        exchanges.exchange(session, *whom, QUOTE, agreed_by=cast.root, by=cast.olga)
    wrong = Quote("0", " ", date(2027, 1, 1))
    with pytest.raises(Invalid) as refused:
        exchanges.exchange(
            session, project.id, cast.ada, "XXX", "XXX", wrong, agreed_by=cast.root, by=cast.olga
        )
    assert list(refused.value.fields) == ["currency", "wanted", "rate", "source", "on"]

    # Both months' statements add up, and say at which rate.
    month = statements.first_of(frozen.time.date())
    for currency, gained in (("EUR", 0), ("KES", 186700)):
        said = statements.draw_up(session, project.id, cast.ada.id, currency, month, number=1)
        assert said.gained_minor == gained == sum(said.standing.values())
        told = [line for line in said.lines if line.kind == "exchange"]
        assert [line.reason for line in told] == ["1 EUR = 151.2345 KES (ECB, 2026-11-20)"]
    lately = [(each.kind.value, gave) for each, gave in corrections.of_person(session, cast.ada.id)]
    assert lately[:4] == [
        *(("rounding", True), ("rounding", True), ("exchange", True), ("exchange", False)),
    ]
    assert [*reconciliation.faults(session)] == []


@pytest.mark.usefixtures("database")  # of its own: a pragma is not undone with the transaction
def test_what_is_tampered_with_is_named(session: Session, cast: Cast, project: Project) -> None:
    exchanges.exchange(
        session, project.id, cast.ada, "EUR", "KES", QUOTE, agreed_by=cast.root, by=cast.olga
    )
    make_due(session, project, cast.ada, 50, "more")
    taken = corrections.propose(
        session, project.id, cast.ada, "EUR", 50, reason="Twice.", by=cast.root
    )
    corrections.agree(session, taken, by=cast.olga)
    assert [*reconciliation.faults(session)] == []
    disarm(session, "corrections")
    for statement, said in (
        ("DELETE FROM transfers WHERE key LIKE 'exchange%in'", "is not whole"),
        (
            "UPDATE transfers SET key = replace(key, '151.2345', '151') WHERE kind = 'exchange'",
            "what its rate makes of it",
        ),
        ("UPDATE corrections SET decided_by = proposed_by", "two people did not agree"),
        ("UPDATE corrections SET amount_minor = 49", "two people did not agree"),
    ):
        savepoint = session.begin_nested()
        alter(session, statement)
        assert any(said in fault for fault in reconciliation.faults(session)), statement
        savepoint.rollback()
        session.expire_all()


@given(
    amount=st.integers(1, 10**12),
    currencies=st.permutations(["EUR", "JPY", "KWD", "KES"]),
    rate=st.decimals("0.000001", "99999", places=6),
)
def test_an_amount_is_worth_its_rate_in_every_exponent(
    amount: int, currencies: list[str], rate: object
) -> None:
    old, new = currencies[:2]
    there = exchanges.worth(amount, old, new, Fraction(str(rate)))
    assert exchanges.worth(1, new, old, 1 / Fraction(str(rate))) * there == amount
