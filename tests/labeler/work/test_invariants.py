"""What always holds, whatever people do in whatever order: tried at random, looked at each step.

On each database 15 stories of up to 40 steps are told; with time to soak 2,000 of up to 50, or as
many as there is time for, and how many there were is printed. Some steps are transactions of their
own, others lie in one with those before them.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count, islice
from time import monotonic

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from labeler import audit, recounts
from labeler.database import Database
from labeler.errors import Conflict, Invalid, NotFound
from labeler.pay import ledger, rates
from labeler.pay.ledger import Transfer
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.quality import decisions
from labeler.work import (
    answers,
    arrangements,
    assignments,
    batches,
    changes,
    comparisons,
    judgments,
    projects,
    queue,
    second_looks,
)
from labeler.work.assignments import HELD, Assignment, AssignmentState, SkipReason
from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison, Prompt, Response
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.layouts import Refused, Row
from labeler.work.projects import Project, ProjectState
from tests.cast import Cast, make_cast
from tests.conftest import NewAddress, StoppedClock
from tests.labeler.work.offers import offers
from tests.make import load_rows, make_project, make_row, new_key

WHO = st.sampled_from(["ada", "bea", "rex", "olga"])
WHICH = st.integers(0, 99)
CHOICE = st.sampled_from(["1", "2", "6", "7", "4", "tie", "both_bad"])
ACTS = 6 * ["shift"] + 5 * ["claim", "ahead", "submit"]
ACTS += 2 * ["lapse", "skip", "change", "exclude", "repeat", "want", "load"] + 3 * ["resume"]
ACTS += ["time", "pay", "leave", "pause", "close", "withdraw"]
ACTS += ["speak", "join", "sort", "limit", "share"]
ACTS += ["want_more", "break_off", "go_on", "load_badly", "commit"]
LANGUAGES = ("en", "pt-BR")
SPOKEN = ([], [], [], ["en"], ["pt"], ["pt-BR", "en"], ["de"])
COHORTS = ([], ["day"], ["night"], ["day", "night"])
MOST = (None, None, 2, 5, 9)
REST = 2
"""How many judgments lie between two looks here, where stories are short."""
STATES = {
    "pause": ProjectState.paused,
    "close": ProjectState.closed,
    "resume": ProjectState.active,
}
CHUNK = 3
"""Of how many comparisons the chunks are in which batches are loaded, thrown away and changed."""
STORIES, AT_ONCE, SOAK_STORIES, SOAK_S = 8, 30, 2000, 400
STEPS, SOAK_STEPS = 40, 50
UNFINISHED = (*HELD, AssignmentState.expired)
Said = tuple[int, str, str]
"""Which assignment, what was chosen, under which key."""


class Work(RuleBasedStateMachine):
    """A project in which pairs are wanted once or twice each, for four people to judge.

    Its owner changes her mind about everything meanwhile.
    """

    def __init__(self, session: Session, cast: Cast, time: StoppedClock, number: int) -> None:
        super().__init__()
        self.session, self.cast, self.time = session, cast, time
        self.project: Project = make_project(
            session,
            cast,
            slug=f"project-{number}",
            judgments_per_comparison=1 + number % 2,
            gold_share=0.2,
            repeat_share=0.2,
            change_window_minutes=90,
        )
        self.rows, self.given, self.said = 0, list[int](), list[Said]()
        self.broken_off: dict[str, list[Row]] = {}
        self.earned: Counter[int] = Counter()
        self.steps = 0
        self.load_more()

    def teardown(self) -> None:
        self.session.commit()

    # One rule: Hypothesis leaves out rules at random, and without claims there is no story.
    @rule(act=st.sampled_from(ACTS), who=WHO, which=WHICH, choice=CHOICE)
    def something_happens(self, act: str, who: str, which: int, choice: str) -> None:
        match act:
            case "claim" | "ahead":
                getattr(self, act)(who)
            case "lapse":
                self.claim(who)
                self.time.forward(minutes=61)
                self.claim("bea" if who == "ada" else "ada")
            case "shift":
                self.shift(who, 2 + which % 5, choice)
            case "time":
                self.time.forward(minutes=which)
            case "load":
                self.load_more()
            case "pay":
                self.pay(which)
            case "speak" | "join":
                self.be_another(act, who, which)
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

    def ahead(self, who: str) -> None:
        """Have the next one drawn before it is wanted."""
        person: Person = getattr(self.cast, who)
        reserved = self.reserved_of(person)
        if memberships.role_of(self.session, self.project.id, person) is None:
            return
        if self.project.state is not ProjectState.active and reserved is None:
            with pytest.raises(Conflict):
                queue.reserve(self.session, self.project, by=person)
            return
        given = queue.reserve(self.session, self.project, by=person)
        if reserved is not None:
            assert given is reserved
        else:
            self.require_that_it_is_next(given, person)

    def reserved_of(self, person: Person) -> Assignment | None:
        return assignments.held_by(self.session, self.project, person, AssignmentState.reserved)

    def shift(self, who: str, length: int, choice: str) -> None:
        """Judge some in a row."""
        person: Person = getattr(self.cast, who)
        for _ in range(length):
            self.claim(who)
            if held := assignments.open_of(self.session, self.project, person):
                self.judge(held, choice)

    def take(self, person: Person, held: Assignment | None) -> None:
        reserved = self.reserved_of(person)
        given = queue.claim(self.session, self.project, by=person)
        if held is not None:
            assert given is held
        elif reserved is not None and not self.is_withdrawn(reserved):
            assert given is reserved
            assert given.opened_at == self.time.time
        else:
            assert reserved is None or reserved.state is AssignmentState.expired
            self.require_that_it_is_next(given, person)

    def is_withdrawn(self, assignment: Assignment) -> bool:
        return self.session.get_one(Comparison, assignment.comparison_id).withdrawn_at is not None

    def require_that_it_is_next(self, given: Assignment | None, person: Person) -> None:
        if given is None:
            assert offers(self.session, self.project, person) == []
        else:
            self.given.append(given.id)
            self.require_that_it_was_due(given, person)

    def require_that_it_was_due(self, given: Assignment, person: Person) -> None:
        comparison = self.session.get_one(Comparison, given.comparison_id, populate_existing=True)
        if given.is_repeat:
            assert not comparison.is_gold
            assert comparison.withdrawn_at is None
            return
        left = offers(self.session, self.project, person, before=given)
        if comparison.is_gold:
            assert left  # other work beside it
            return
        turn = {offer.comparison_id: (-offer.priority, offer.batch_id) for offer in left}
        assert turn[comparison.id] == min(turn.values())
        lane = {
            offer.comparison_id: offer.is_begun
            for offer in left
            if (offer.batch_id, offer.language) == (comparison.batch_id, comparison.language)
        }
        assert lane[comparison.id] == max(lane.values())  # what was begun goes first

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
        if assignment := self.pick(which):
            self.judge(assignment, choice)

    def judge(self, assignment: Assignment, choice: str) -> None:
        key, before = new_key(), assignment.state
        free = self.session.get_one(Comparison, assignment.comparison_id).open_slots > 0
        person = self.session.get_one(Person, assignment.person_id)
        other = assignments.open_of(self.session, self.project, person)
        is_before_its_turn = before is AssignmentState.reserved and other is not None
        if before not in UNFINISHED or is_before_its_turn:
            with self.refused():
                self.send(assignment.id, choice, key)
            return
        judgment = self.send(assignment.id, choice, key).judgment
        counts = before in HELD or free
        outside = JudgmentState.repeat if assignment.is_repeat else JudgmentState.late
        accepted = counts and not assignment.is_repeat
        assert judgment.state is (JudgmentState.accepted if accepted else outside)
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
        answer = answers.read(self.session, assignment, choice)
        over = self.time.time > changes.changeable_until(self.project, assignment)
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
            decisions.exclude(self.session, judgment, "Too fast.", by=self.cast.rex)
        else:
            with self.refused():
                decisions.exclude(self.session, judgment, "Too fast.", by=self.cast.rex)

    # What happens around them

    def move(self, act: str) -> None:
        state = STATES[act]
        if state is self.project.state or state in projects.MOVES[self.project.state]:
            projects.move(self.session, self.project, state, by=self.cast.olga)
        else:
            with self.refused():
                projects.move(self.session, self.project, state, by=self.cast.olga)

    def load_more(self) -> None:
        load_rows(self.session, self.project, self.new_rows(), by=self.cast.olga)

    def load_badly(self, which: int, _choice: str) -> None:
        """Load a file one row of which is bad: nothing of it stays."""
        rows: list[Row | Refused] = [*self.new_rows()]
        rows.insert(which % len(rows), Refused(1, "language", "This is no language."))
        before = self.loaded()
        with pytest.raises(Invalid):
            list(self.loading(rows, uuid.uuid4().hex))
        assert self.loaded() == before

    def break_off(self, which: int, _choice: str) -> None:
        """Begin to load a file, and get no further than some chunks."""
        rows, digest = self.new_rows(), uuid.uuid4().hex
        for _ in islice(self.loading(rows, digest), 1 + which % 4):
            pass
        self.broken_off[digest] = rows

    def go_on(self, which: int, _choice: str) -> None:
        """Load what was broken off again, or throw it away; what is given out stays."""
        batch = self.pick_batch(which)
        if batch.state is BatchState.ready:
            with self.refused():
                next(batches.discard(self.session, batch))
            return
        rows = self.broken_off.pop(batch.digest)
        if which % 2:
            list(batches.discard(self.session, batch))
            rows = []
        else:
            list(self.loading(rows, batch.digest))
        there = sa.select(sa.func.count()).where(Comparison.batch_id == batch.id)
        assert self.session.scalar(there) == len(rows)

    def want_more(self, which: int, choice: str) -> None:
        """Want more or fewer on a whole batch; it may break off between two chunks."""
        batch, number = self.pick_batch(which), 1 + which % 3
        steps = arrangements.want(self.session, batch, number, by=self.cast.olga)
        if batch.state is BatchState.loading:
            with self.refused():
                next(steps)
            return
        for _ in islice(steps, 1 if choice == "tie" else None):
            pass
        left = sa.select(sa.func.count()).where(
            Comparison.batch_id == batch.id,
            Comparison.wanted != number,
            ~Comparison.is_gold,
            Comparison.withdrawn_at.is_(None),
        )
        assert choice == "tie" or self.session.scalar(left) == 0

    def want(self, which: int, _choice: str) -> None:
        comparison = self.pick_comparison(which)
        if not comparison.is_gold:
            before = comparison.wanted
            comparisons.want(self.session, [comparison.id], which % 4)
            self.session.refresh(comparison)
            stays = comparison.withdrawn_at is not None
            assert comparison.wanted == (before if stays else which % 4)

    def withdraw(self, which: int, _choice: str) -> None:
        comparison, olga = self.pick_comparison(which), self.cast.olga
        if comparison.is_gold or comparison.withdrawn_at is not None:
            with pytest.raises((Conflict, Invalid)), self.session.begin_nested():
                comparisons.withdraw(self.session, comparison, "It is a joke.", by=olga)
        else:
            comparisons.withdraw(self.session, comparison, "It is a joke.", by=olga)
            assert comparison.wanted == 0

    def pay(self, which: int) -> None:
        """Pay something else from now on: never less than what somebody was given."""
        draft = rates.read({"per_judgment": f"{which / 100:.2f}"})
        given = self.session.scalar(
            sa.select(Assignment.id).where(Assignment.project_id == self.project.id).limit(1)
        )
        if given and which < self.project.pay_minor:
            with self.refused():
                projects.price(self.session, self.project, draft, by=self.cast.olga)
        else:
            projects.price(self.session, self.project, draft, by=self.cast.olga)
            assert self.project.pay_minor == which

    def be_another(self, act: str, who: str, which: int) -> None:
        """Speak other languages, or belong to other cohorts."""
        person: Person = getattr(self.cast, who)
        own = Membership.project_id == self.project.id, Membership.person_id == person.id
        membership = self.session.scalars(sa.select(Membership).where(*own)).one()
        if act == "speak":
            membership.languages = list(SPOKEN[which % len(SPOKEN)])
        else:
            membership.cohorts = list(COHORTS[which % len(COHORTS)])

    def sort(self, which: int, choice: str) -> None:
        """Give another batch precedence, to others, less of it."""
        batch = self.pick_batch(which)
        batch.priority = which % 3 - 1
        batch.cohorts = list(COHORTS[which // 3 % len(COHORTS)]) if choice == "tie" else []
        batch.most_per_person = MOST[which // 7 % len(MOST)]

    def limit(self, which: int, choice: str) -> None:
        self.project.most_per_person = MOST[which % len(MOST)] if choice == "tie" else None
        most = MOST[which // 7 % len(MOST)]
        self.project.most_per_language = {} if most is None else {LANGUAGES[which % 2]: most - 2}

    def commit(self, _which: int, _choice: str) -> None:
        self.session.commit()

    def share(self, which: int, _choice: str) -> None:
        self.project.gold_share = which % 6 / 10
        self.project.repeat_share = which % 3 / 10

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
        held = self.per_comparison(Assignment, Assignment.state.in_(HELD), ~Assignment.is_repeat)
        accepted = self.per_comparison(
            Judgment, Judgment.is_current, Judgment.state == JudgmentState.accepted
        )
        for each in self.session.scalars(
            sa.select(Comparison).where(Comparison.project_id == self.project.id)
        ):
            assert 0 <= each.judged <= each.taken <= each.wanted + each.surplus
            assert held[each.id] + each.judged == each.taken
            assert each.surplus == max(0, each.taken - each.wanted)
            assert each.judged == accepted[each.id]

    @invariant()
    def nobody_has_one_twice_or_two_at_once(self) -> None:
        rows = self.session.scalars(
            sa.select(Assignment).where(Assignment.project_id == self.project.id)
        ).all()
        first = {(row.person_id, row.comparison_id): row for row in rows if not row.is_repeat}
        again = [row for row in rows if row.is_repeat]
        assert len(first) + len(again) == len(rows)
        assert len({(row.person_id, row.comparison_id) for row in again}) == len(again)
        for row in again:
            before = first[row.person_id, row.comparison_id]
            assert before.state is AssignmentState.judged
            assert row.places == before.places[::-1]
        now = Counter((row.person_id, row.state) for row in rows if row.state in HELD)
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

    @invariant()
    def totals_are_what_a_recount_finds(self) -> None:
        self.steps += 1
        if self.steps % 5 == 0:
            assert list(recounts.faults(self.session)) == []

    # Hands

    @contextmanager
    def refused(self) -> Iterator[None]:
        """Expect a conflict, after which the door undoes what was begun."""
        with pytest.raises(Conflict), self.session.begin_nested():
            yield

    def send(self, assignment_id: int, choice: str, key: str) -> judgments.Receipt:
        assignment = self.session.get_one(Assignment, assignment_id)
        person = self.session.get_one(Person, assignment.person_id)
        answer = answers.read(self.session, assignment, choice)
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

    def pick_comparison(self, which: int) -> Comparison:
        ids = self.session.scalars(
            sa.select(Comparison.id)
            .where(Comparison.project_id == self.project.id)
            .order_by(Comparison.id)
        ).all()
        return self.session.get_one(Comparison, ids[which % len(ids)], populate_existing=True)

    def pick_batch(self, which: int) -> Batch:
        there = batches.of_project(self.session, self.project.id)
        return there[which % len(there)]

    def new_rows(self) -> list[Row]:
        language = LANGUAGES[self.rows % 2]
        rows = [
            *(make_row(self.rows + number) for number in range(3)),
            *(make_row(self.rows + 3 + number, language=language) for number in range(3)),
            make_row(self.rows + 6, gold=1, language=language),
        ]
        self.rows += len(rows)
        return rows

    def loading(self, rows: Sequence[Row | Refused], digest: str) -> Iterator[batches.Progress]:
        by = self.cast.olga
        return batches.load(self.session, self.project, rows, name="p", digest=digest, by=by)

    def loaded(self) -> list[int]:
        """Count batches, comparisons, prompts and responses."""
        tables = (Batch, Comparison, Prompt, Response)
        return [self.session.scalars(sa.select(sa.func.count(table.id))).one() for table in tables]

    def per_comparison(
        self, table: type[Assignment] | type[Judgment], *which: sa.ColumnElement[bool]
    ) -> Counter[int]:
        ids = sa.select(table.comparison_id).where(table.project_id == self.project.id, *which)
        return Counter(self.session.scalars(ids))


@pytest.fixture(autouse=True)
def short_rests_and_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let people look again soon, and let a batch be several chunks."""
    monkeypatch.setattr(second_looks, "REST", REST)
    monkeypatch.setattr(second_looks, "DAY", timedelta(minutes=1))
    monkeypatch.setattr(arrangements, "CHUNK", CHUNK)
    monkeypatch.setattr(batches, "CHUNK", CHUNK)


def tell_stories(session: Session, time: StoppedClock, *, stories: int, steps: int) -> None:
    cast, numbers = make_cast(session), count()
    run_state_machine_as_test(
        lambda: Work(session, cast, time, next(numbers)),
        settings=settings(
            max_examples=stories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            # Claims are drawn at random, so a shorter story would be another story.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert list(audit.faults(session)) == []


def test_nothing_that_people_do_breaks_the_books(
    backend: str, new_address: NewAddress, frozen: StoppedClock, soak: bool
) -> None:
    told, until = 0, monotonic() + (SOAK_S if soak else 0)
    stories = AT_ONCE if soak else STORIES
    while not told or (told < SOAK_STORIES and monotonic() < until):
        # Always on a new database: on a full one each recount takes longer.
        database = Database(new_address(backend))
        with database.writing() as session:
            tell_stories(session, frozen, stories=stories, steps=SOAK_STEPS if soak else STEPS)
        database.close()
        told += stories
    print(f"{told} stories on {backend}")
