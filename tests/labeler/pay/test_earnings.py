"""What becomes of what was earned: due by itself after the window, unless a person holds it."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from labeler import clock, reconciliation
from labeler.database import Database
from labeler.errors import Conflict, Invalid
from labeler.pay import corrections, destinations, earnings, exchanges, ledger, runs
from labeler.pay.accounts import Account, AccountKind
from labeler.pay.exchanges import Quote
from labeler.pay.ledger import EARNINGS, Transfer, TransferKind
from labeler.pay.payouts import Payout, PayoutState
from labeler.people.accounts import Person
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import earned_by, judge_next, make_batch, make_project, send_pay


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Many pairs at 0.35 EUR a judgment."""
    project = make_project(session, cast)
    make_batch(session, project, cast, pairs=8)
    return project


def work(session: Session, project: Project, cast: Cast) -> Transfer:
    """Let Ada judge, and return what she earned by it."""
    return earned_by(session, judge_next(session, project, cast.ada))


def approve(session: Session, project: Project) -> None:
    list(earnings.approve_due(session, project.id))


def now(session: Session, project: Project, cast: Cast) -> dict[str, int]:
    """Return where Ada's money is, where there is some."""
    found = ledger.standing(session, person_id=cast.ada.id, project_id=project.id)
    kinds = found.get((project.id, "EUR"), {})
    return {kind.value: minor for kind, minor in kinds.items() if minor}


def test_what_is_earned_becomes_due_after_three_days(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    work(session, project, cast)
    frozen.forward(hours=71)
    work(session, project, cast)
    approve(session, project)
    assert now(session, project, cast) == {"earned_pending": 70}
    frozen.forward(hours=1)
    for _ in range(2):  # to look again changes nothing
        approve(session, project)
        assert now(session, project, cast) == {"earned_pending": 35, "earned_approved": 35}


def test_what_is_held_waits_and_is_due_when_it_is_let_go(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    disputed = work(session, project, cast)
    work(session, project, cast)
    earnings.hold(session, disputed, reason="Rex thinks it was a machine.", by=cast.rex)
    frozen.forward(hours=80)
    approve(session, project)
    assert now(session, project, cast) == {"held": 35, "earned_approved": 35}
    earnings.let_go(session, disputed, reason="It was not.", by=cast.olga)
    approve(session, project)
    assert now(session, project, cast) == {"earned_approved": 70}


def test_what_is_let_go_early_waits_for_its_own_window(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    work(session, project, cast)
    frozen.forward(hours=70)
    disputed = work(session, project, cast)
    earnings.hold(session, disputed, reason="Is it hers?", by=cast.rex)
    earnings.let_go(session, disputed, reason="It is.", by=cast.olga)
    frozen.forward(hours=3)
    approve(session, project)
    assert now(session, project, cast) == {"earned_pending": 35, "earned_approved": 35}


def test_only_what_is_held_can_be_refused_and_only_once(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    earned = work(session, project, cast)
    with pytest.raises(Conflict, match="not held"):
        earnings.refuse(session, earned, reason="No.", by=cast.olga)
    earnings.hold(session, earned, reason="Pasted.", by=cast.rex)
    earnings.refuse(session, earned, reason="Pasted from elsewhere.", by=cast.olga)
    for again in (earnings.refuse, earnings.let_go, earnings.hold):
        with pytest.raises(Conflict, match="held"):
            again(session, earned, reason="Once more.", by=cast.olga)
    assert now(session, project, cast) == {}
    assert ledger.cost(session, project.id) == {"EUR": 0}


def test_what_is_due_cannot_be_held_any_more(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    earned = work(session, project, cast)
    frozen.forward(days=4)
    approve(session, project)
    with pytest.raises(Conflict, match="due already"), session.begin_nested():
        earnings.hold(session, earned, reason="Too late.", by=cast.rex)
    assert now(session, project, cast) == {"earned_approved": 35}


def test_a_bonus_has_a_reason_and_is_given_once(
    session: Session, cast: Cast, project: Project
) -> None:
    whom = project.id, cast.ada, "EUR"
    for _ in range(2):
        earnings.give_bonus(session, *whom, 500, reason="A hard week.", source="w1", by=cast.olga)
    assert now(session, project, cast) == {"earned_pending": 500}
    with pytest.raises(Conflict, match="booked before"):
        earnings.give_bonus(session, *whom, 501, reason="A hard week.", source="w1", by=cast.olga)
    with pytest.raises(Invalid, match="say why"):
        earnings.give_bonus(session, *whom, 500, reason=" ", source="w2", by=cast.olga)


def test_amounts_up_to_the_largest_are_kept_exactly(
    session: Session, cast: Cast, project: Project
) -> None:
    whom = project.id, cast.ada, "EUR"
    for n, minor in enumerate((1, 2**53, 2**53 - 1)):
        earnings.give_bonus(session, *whom, minor, reason="Much.", source=str(n), by=cast.olga)
    assert now(session, project, cast) == {"earned_pending": 2**54}
    with pytest.raises(AssertionError):
        earnings.give_bonus(session, *whom, 2**53 + 1, reason="More.", source="9", by=cast.olga)


STEPS_EACH = 25
ACTS = [*3 * ["work"], "hold", "let_go", "refuse", "approve", "approve", "bonus", "wait", "wait"]
ACTS += ["send", "send", "arrive", "fail", "lose", "again"]
ACTS += ["correct", "take_back", "exchange", "round_up"]
QUOTE = Quote("151.2345678", "ECB", date(2026, 11, 20))
OUTCOMES = {
    "arrive": PayoutState.confirmed,
    "fail": PayoutState.failed,
    "lose": PayoutState.unknown,
}


class Books(RuleBasedStateMachine):
    """People earn, and others hold, refuse, send and ask for the same again, in any order."""

    def __init__(self, session: Session, cast: Cast, time: StoppedClock, number: int) -> None:
        super().__init__()
        self.session, self.cast, self.time, self.number = session, cast, time, number
        self.project = make_project(session, cast, slug=f"books-{number}")
        make_batch(session, self.project, cast, pairs=STEPS_EACH)
        bank = {"kind": "other", "name": "Ada", "provider": "A bank", "account": str(number)}
        destinations.replace(session, cast.ada, "EUR", bank)
        session.commit()
        self.steps = 0

    @rule(act=st.sampled_from(ACTS), which=st.integers(0, 9))
    def something_happens(self, act: str, which: int) -> None:
        self.steps += 1
        try:
            self.do(act, which)
            self.session.commit()
        except (Conflict, Invalid):
            self.session.rollback()

    def do(self, act: str, which: int) -> None:
        match act:
            case "work":
                judge_next(self.session, self.project, self.person(which))
            case "wait":
                self.time.forward(hours=10 * which)
            case "approve":
                approve(self.session, self.project)
            case "bonus":
                whom = self.project.id, self.cast.ada, "EUR", 1 + which
                why = {"reason": "Thanks.", "source": f"{self.number}:{which}"}
                earnings.give_bonus(self.session, *whom, **why, by=self.cast.olga)
            case "correct" | "take_back" | "exchange" | "round_up":
                self.put_right(act, which)
            case "hold" | "let_go" | "refuse":
                if earned := self.some_earned(which):
                    verb = getattr(earnings, act)
                    verb(self.session, earned, reason="Because.", by=self.cast.olga)
            case "again":
                self.repeat(which)
            case "send":
                self.time.forward(seconds=1)
                day = clock.now().date() - timedelta(days=self.steps)
                send_pay(self.session, self.project, self.cast, day)
            case _:
                self.settle(act, which)

    def put_right(self, act: str, which: int) -> None:
        """Correct, exchange or round what somebody earned, most of which is due by then."""
        self.time.forward(hours=73)
        approve(self.session, self.project)
        match act:
            case "correct":
                whom = self.project.id, self.cast.ada, "EUR", 1 + which
                why = {"reason": "Too little.", "source": f"{self.number}:{which}"}
                corrections.give(self.session, *whom, **why, by=self.cast.olga)
            case "take_back":
                whom = self.project.id, self.person(which), "EUR", 1 + which
                why = {"reason": "Booked twice."}
                made = corrections.propose(self.session, *whom, **why, by=self.cast.root)
                corrections.agree(self.session, made, by=self.cast.olga)
            case "exchange":
                ways = ("EUR", "KES") if which % 2 else ("KES", "KWD")
                whom = self.project.id, self.person(which), *ways, QUOTE
                exchanges.exchange(self.session, *whom, agreed_by=self.cast.root, by=self.cast.olga)
            case "round_up":
                whom = self.project.id, self.person(which), ("EUR", "KES")[which % 2]
                exchanges.round_up(self.session, *whom, 100, by=self.cast.olga)

    def person(self, which: int) -> Person:
        return (self.cast.ada, self.cast.bea, self.cast.rex)[which % 3]

    def some_earned(self, which: int) -> Transfer | None:
        mine = Transfer.project_id == self.project.id, Transfer.kind.in_(EARNINGS)
        pending = Account.kind == AccountKind.earned_pending
        found = sa.select(Transfer).join(Account, Account.id == Transfer.to_account_id)
        earned = self.session.scalars(found.where(*mine, pending).order_by(Transfer.id)).all()
        return earned[which % len(earned)] if earned else None

    def settle(self, act: str, which: int) -> None:
        """Say what became of a payout, which may be known already."""
        mine = Payout.project_id == self.project.id
        found = self.session.scalars(sa.select(Payout).where(mine).order_by(Payout.id)).all()
        if found:
            payout = found[which % len(found)]
            run = runs.find(self.session, self.project.id, payout.run_id)
            runs.settle(self.session, run, {payout.id: OUTCOMES[act]}, by=self.cast.olga)

    def repeat(self, which: int) -> None:
        """Book what was booked, as somebody does who heard no answer."""
        earned = self.some_earned(which)
        if earned is None or earned.kind is not TransferKind.bonus:
            return
        before = ledger.cost(self.session, self.project.id)
        earnings.give_bonus(
            self.session,
            self.project.id,
            self.cast.ada,
            "EUR",
            earned.amount_minor,
            reason="Thanks.",
            source=earned.key.partition(":")[2],
            by=self.cast.olga,
        )
        assert ledger.cost(self.session, self.project.id) == before

    @invariant()
    def the_books_are_sound(self) -> None:
        if self.steps % 5:
            return
        late = " days"  # nobody asks here where money is that is on its way for long
        faults = [each for each in reconciliation.faults(self.session) if not each.endswith(late)]
        assert faults == []


def test_nothing_that_happens_to_earnings_breaks_the_books(
    database: Database, frozen: StoppedClock
) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        tell(session, cast, frozen)


def tell(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    numbers = iter(range(1000))
    run_state_machine_as_test(
        lambda: Books(session, cast, frozen, next(numbers)),
        settings=settings(
            max_examples=8,
            stateful_step_count=STEPS_EACH,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_window_is_as_long_as_people_are_told() -> None:
    assert timedelta(days=3) == earnings.WINDOW
