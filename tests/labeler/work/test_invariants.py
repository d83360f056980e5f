"""What always holds, whatever people do in whatever order: tried at random, looked at each step."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from labeler import audit
from labeler.database import Database
from labeler.errors import Conflict, NotFound
from labeler.pay import ledger
from labeler.pay.ledger import Transfer
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import assignments, judgments, projects, queue, reviews
from labeler.work.assignments import Assignment, AssignmentState, SkipReason
from labeler.work.comparisons import OPEN, Comparison
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project, ProjectState
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import load_rows, make_project, make_row, new_key

WHO = st.sampled_from(["ada", "bea", "rex", "olga"])
WHICH = st.integers(0, 99)
CHOICE = st.sampled_from(["1", "2", "6", "7", "4", "tie", "both_bad"])
ACTS = 6 * ["claim"] + 2 * ["lapse"] + 6 * ["submit"] + 2 * ["skip", "change", "exclude", "repeat"]
ACTS += ["time", "load", "pay", "leave", "pause", "close"] + 3 * ["resume"]
STATES = {
    "pause": ProjectState.paused,
    "close": ProjectState.closed,
    "resume": ProjectState.active,
}
UNFINISHED = (AssignmentState.open, AssignmentState.expired)
Said = tuple[int, str, str]
"""Which assignment, what was chosen, under which key."""


class Work(RuleBasedStateMachine):
    """A project in which pairs are wanted once or twice each, for four people to judge."""

    def __init__(self, session: Session, cast: Cast, time: StoppedClock, number: int) -> None:
        super().__init__()
        self.session, self.cast, self.time = session, cast, time
        self.project: Project = make_project(
            session,
            cast,
            slug=f"project-{number}",
            judgments_per_comparison=1 + number % 2,
            gold_share=0.2,
            change_window_minutes=90,
        )
        self.rows, self.given, self.said = 0, list[int](), list[Said]()
        self.earned: Counter[int] = Counter()
        self.load_more()

    def teardown(self) -> None:
        self.session.commit()

    # One rule: Hypothesis leaves out rules at random, and without claims there is no story.
    @rule(act=st.sampled_from(ACTS), who=WHO, which=WHICH, choice=CHOICE)
    def something_happens(self, act: str, who: str, which: int, choice: str) -> None:
        match act:
            case "claim":
                self.claim(who)
            case "lapse":
                self.claim(who)
                self.time.forward(minutes=61)
                self.claim("bea" if who == "ada" else "ada")
            case "time":
                self.time.forward(minutes=which)
            case "load":
                self.load_more()
            case "pay":
                self.project.pay_minor = which
            case "leave":
                self.leave_or_come_back(who)
            case "pause" | "close" | "resume":
                self.move(act)
            case _:
                getattr(self, act)(which, choice)

    # What people do

    def claim(self, who: str) -> None:
        person: Person = getattr(self.cast, who)
        held = assignments.open_of(self.session, self.project, person)
        if memberships.role_of(self.session, self.project.id, person) is None:
            with pytest.raises(NotFound):
                projects.find(self.session, self.project.slug, by=person)
        elif self.project.state is not ProjectState.active and held is None:
            with pytest.raises(Conflict):
                queue.claim(self.session, self.project, by=person)
        else:
            self.take(person, held)

    def take(self, person: Person, held: Assignment | None) -> None:
        given = queue.claim(self.session, self.project, by=person)
        if held is not None:
            assert given is held
        elif given is None:
            assert self.left_for(person) == 0
        else:
            self.given.append(given.id)

    def left_for(self, person: Person) -> int:
        had = sa.select(Assignment.comparison_id).where(Assignment.person_id == person.id)
        return self.count(
            Comparison.project_id == self.project.id,
            OPEN,
            ~Comparison.is_gold,
            Comparison.id.not_in(had),
        )

    def skip(self, which: int, _choice: str) -> None:
        if (assignment := self.pick(which)) is None:
            return
        reason = (SkipReason.language, SkipReason.other)[which % 2]
        skipped = (AssignmentState.skipped, reason)
        if (assignment.state, assignment.skip_reason) == skipped or assignment.state in UNFINISHED:
            assignments.skip(self.session, assignment, reason)
            assert (assignment.state, assignment.skip_reason) == skipped
        else:
            with self.refused():
                assignments.skip(self.session, assignment, reason)

    def submit(self, which: int, choice: str) -> None:
        if (assignment := self.pick(which)) is None:
            return
        key, before = new_key(), assignment.state
        free = self.session.get_one(Comparison, assignment.comparison_id).open_slots > 0
        if before not in UNFINISHED:
            with self.refused():
                self.send(assignment.id, choice, key)
            return
        judgment = self.send(assignment.id, choice, key).judgment
        counts = before is AssignmentState.open or free
        assert judgment.state is (JudgmentState.accepted if counts else JudgmentState.late)
        self.earned[assignment.person_id] += assignment.pay_minor
        self.said.append((assignment.id, choice, key))

    def repeat(self, which: int, choice: str) -> None:
        if not self.said:
            return
        assignment_id, before, key = self.said[which % len(self.said)]
        assert self.send(assignment_id, before, key).repeated
        if choice != before:
            with self.refused():
                self.send(assignment_id, choice, key)

    def change(self, which: int, choice: str) -> None:
        if (judgment := self.pick_judgment(which)) is None:
            return
        assignment = self.session.get_one(Assignment, judgment.assignment_id)
        answer = judgments.read_answer(self.session, assignment, choice)
        over = self.time.time > judgments.changeable_until(self.project, assignment)
        closed = self.project.state is ProjectState.closed
        if over or closed or judgment.state is JudgmentState.excluded:
            with self.refused():
                judgments.change(self.session, self.project, judgment, answer, key=new_key())
        else:
            later = judgments.change(self.session, self.project, judgment, answer, key=new_key())
            assert later.judgment.version == judgment.version + 1

    def exclude(self, which: int, _choice: str) -> None:
        if (judgment := self.pick_judgment(which)) is None:
            return
        if judgment.state is JudgmentState.accepted:
            reviews.exclude(self.session, judgment, "Too fast.", by=self.cast.rex)
        else:
            with self.refused():
                reviews.exclude(self.session, judgment, "Too fast.", by=self.cast.rex)

    # What happens around them

    def move(self, act: str) -> None:
        state = STATES[act]
        if state is self.project.state or state in projects.MOVES[self.project.state]:
            projects.move(self.session, self.project, state, by=self.cast.olga)
        else:
            with self.refused():
                projects.move(self.session, self.project, state, by=self.cast.olga)

    def load_more(self) -> None:
        rows = [make_row(self.rows), make_row(self.rows + 1), make_row(self.rows + 2, gold=1)]
        load_rows(self.session, self.project, rows, by=self.cast.olga)
        self.rows += 3

    def leave_or_come_back(self, who: str) -> None:
        person, olga = getattr(self.cast, who), self.cast.olga
        if person is olga:
            return
        if memberships.role_of(self.session, self.project.id, person) is None:
            role = Role.annotator
            memberships.grant(self.session, self.project.id, person, role, by=olga)
        else:
            memberships.remove(self.session, self.project.id, person, by=olga)

    # What always holds

    @invariant()
    def slots_add_up(self) -> None:
        self.session.flush()
        self.session.expire_all()
        held = self.per_comparison(Assignment, Assignment.state == AssignmentState.open)
        accepted = self.per_comparison(
            Judgment, Judgment.is_current, Judgment.state == JudgmentState.accepted
        )
        for each in self.session.scalars(
            sa.select(Comparison).where(Comparison.project_id == self.project.id)
        ):
            assert held[each.id] + each.judged == each.taken <= each.wanted + each.surplus
            assert each.surplus == max(0, each.taken - each.wanted)
            assert each.judged == accepted[each.id]

    @invariant()
    def nobody_has_one_twice_or_two_at_once(self) -> None:
        mine = sa.select(Assignment.person_id, Assignment.comparison_id, Assignment.state).where(
            Assignment.project_id == self.project.id
        )
        rows = self.session.execute(mine).all()
        assert max(Counter((person, one) for person, one, _ in rows).values(), default=0) <= 1
        now = Counter(person for person, _, state in rows if state is AssignmentState.open)
        assert max(now.values(), default=0) <= 1

    @invariant()
    def each_judgment_earned_once_what_was_promised(self) -> None:
        paid = sa.select(sa.func.count(), sa.func.count(Transfer.judgment_id.distinct())).where(
            Transfer.project_id == self.project.id
        )
        times, kept = self.session.execute(paid).one()
        assert times == kept
        assert ledger.cost(self.session, self.project.id).get("EUR", 0) == self.earned.total()
        for person_id, amount in self.earned.items():
            found = ledger.earned(self.session, person_id=person_id, project_id=self.project.id)
            assert found.get("EUR", 0) == amount

    # Hands

    @contextmanager
    def refused(self) -> Iterator[None]:
        """Expect a conflict, after which the door undoes what was begun."""
        with pytest.raises(Conflict), self.session.begin_nested():
            yield

    def send(self, assignment_id: int, choice: str, key: str) -> judgments.Receipt:
        assignment = self.session.get_one(Assignment, assignment_id)
        person = self.session.get_one(Person, assignment.person_id)
        answer = judgments.read_answer(self.session, assignment, choice)
        return judgments.submit(self.session, assignment, answer, by=person, key=key)

    def pick(self, which: int) -> Assignment | None:
        """Return an assignment, most times one on which something can still be done."""
        unfinished = sa.select(Assignment.id).where(
            Assignment.project_id == self.project.id,
            Assignment.state.in_(UNFINISHED),
        )
        ids = self.session.scalars(unfinished.order_by(Assignment.id)).all()
        ids = ids if ids and which % 4 else self.given
        return self.session.get_one(Assignment, ids[which % len(ids)]) if ids else None

    def pick_judgment(self, which: int) -> Judgment | None:
        if not self.said:
            return None
        assignment_id, _, _ = self.said[which % len(self.said)]
        current = Judgment.assignment_id == assignment_id, Judgment.is_current
        return self.session.scalars(sa.select(Judgment).where(*current)).one()

    def count(self, *which: sa.ColumnElement[bool]) -> int:
        return self.session.scalar(sa.select(sa.func.count()).where(*which)) or 0

    def per_comparison(
        self, table: type[Assignment] | type[Judgment], *which: sa.ColumnElement[bool]
    ) -> Counter[int]:
        ids = sa.select(table.comparison_id).where(table.project_id == self.project.id, *which)
        return Counter(self.session.scalars(ids))


def test_nothing_that_people_do_breaks_the_books(
    database: Database, session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    examples = iter(range(10_000))
    run_state_machine_as_test(
        lambda: Work(session, cast, frozen, next(examples)),
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            database=None,
            # Claims are drawn at random, so a shorter story would be another story.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert list(audit.faults(session)) == []
