"""Migrated judgments: all of them, by whom and when, in tables that add up, or nothing."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.database import Database
from labeler.errors import Conflict, Invalid, NotFound
from labeler.events import Event
from labeler.pay.accounts import Account
from labeler.pay.worktime import Interval
from labeler.people import accounts, sign_ins, stand_ins
from labeler.people.accounts import Person
from labeler.people.memberships import Membership
from labeler.work import assignments, queue
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison, read_votes
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.lanes import Lane
from labeler.work.layouts import ResponseIn
from labeler.work.layouts.shapes import BOTH_BAD, TIE, Label, better
from labeler.work.migrated import storing
from labeler.work.migrated.given import Brought, Given
from labeler.work.migrated.storing import Moved
from labeler.work.projects import Project
from labeler.work.rubrics import Verdict
from tests.cast import Cast, make_cast
from tests.labeler.work.migrated import told
from tests.make import judge_next, load_rows, make_project, make_row

EARLY = datetime(2025, 3, 1, 12, tzinfo=UTC)


def given(who: str, label: Label | None = None, minute: int = 0, **more: Any) -> Given:
    more = {"at": EARLY + timedelta(minutes=minute), "seconds": 30.0, "place": who} | more
    return Given(who, label, **more)


def story() -> list[Brought]:
    """Return three comparisons: one split, one skipped by somebody, one judged by nobody."""
    return [
        Brought(
            make_row(1),
            (
                given("Ines", better(0, 3), 4, shown=(1, 0), reason="Right."),
                given("Omar", better(1, 1), 1),
                given("Wen", TIE, 2),
                given("Zoe", BOTH_BAD, 3),
            ),
        ),
        Brought(
            make_row(2),
            (
                given("Ines", better(1, 2), 9, shown=(0, 1)),
                given("Omar", skipped=SkipReason.language, minute=5),
            ),
        ),
        Brought(make_row(3)),
    ]


def migrate(
    session: Session, project: Project, brought: list[Any], by: Person, **more: Any
) -> Moved:
    rest = {"source": "elsewhere", "name": "old.jsonl", "digest": "d" * 64} | more
    return storing.load(session, project, brought, by=by, **rest)


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    return make_project(session, cast)


def test_everything_that_was_said_is_there_once(
    session: Session, cast: Cast, project: Project
) -> None:
    moved = migrate(session, project, story(), cast.olga)
    assert (moved.comparisons, moved.judgments, moved.skips, moved.people) == (3, 5, 1, 4)
    wanted = sum((told.of(each) for each in story()), Counter())
    assert told.told(session, project) == wanted
    assert wanted.total() == 6


def test_nothing_that_is_checked_is_broken(session: Session, cast: Cast, project: Project) -> None:
    migrate(session, project, story(), cast.olga)
    assert list(audit.faults(session)) == []


def test_judgments_have_the_places_and_moments_of_the_source(
    session: Session, cast: Cast, project: Project
) -> None:
    migrate(session, project, story(), cast.olga)
    found = session.scalars(sa.select(Judgment).order_by(Judgment.id)).all()
    minutes = [(each.created_at - EARLY) // timedelta(minutes=1) for each in found]
    assert minutes == [1, 2, 3, 4, 9]
    ines = next(each for each in found if each.reason)
    promise = session.get_one(Assignment, ines.assignment_id)
    assert (promise.places, ines.place, ines.preferred, ines.step) == ([1, 0], 1, 0, 7)
    assert (ines.duration_ms, promise.took_ms) == (30_000, 30_000)
    assert (ines.guideline_number, ines.rubric_number) == (1, 1)


def test_no_judgment_comes_before_what_the_project_had(
    session: Session, cast: Cast, project: Project
) -> None:
    load_rows(session, project, [make_row(9)], by=cast.olga)
    own = judge_next(session, project, cast.ada)
    migrate(session, project, story(), cast.olga)
    moments = session.scalars(sa.select(Judgment.created_at).order_by(Judgment.id)).all()
    assert moments == sorted(moments)
    assert moments[0] == own.created_at
    assert list(audit.faults(session)) == []


def test_a_source_without_moments_says_now(session: Session, cast: Cast, project: Project) -> None:
    before = datetime.now(UTC)
    migrate(
        session,
        project,
        [Brought(make_row(1), (Given("Ines", TIE), Given("Omar", TIE)))],
        cast.olga,
    )
    for judgment in session.scalars(sa.select(Judgment)):
        assert before <= judgment.created_at <= datetime.now(UTC)
        assert judgment.duration_ms == 0


def test_whoever_judged_elsewhere_can_do_nothing_here_and_is_paid_nothing(
    session: Session, cast: Cast, project: Project
) -> None:
    migrate(session, project, story(), cast.olga)
    people = session.scalars(sa.select(Person).where(Person.closed_at.is_not(None))).all()
    assert {person.name for person in people} == {"Ines", "Omar", "Wen", "Zoe"}
    for person in people:
        assert stand_ins.is_one(person)
        assert person.email.endswith(".invalid")
        with pytest.raises(NotFound):
            accounts.find(session, person.email)
        assert accounts.credentials(session, person.email).person_id is None
        mine = Membership.person_id == person.id
        assert session.scalars(sa.select(Membership.removed_at).where(mine)).one() is not None
        for table in (Account, Interval, sign_ins.SignIn):
            theirs = sa.select(sa.func.count()).where(table.person_id == person.id)
            assert session.scalar(theirs) == 0
    assert session.scalar(sa.select(sa.func.sum(Assignment.pay_minor))) == 0


def test_the_same_name_is_the_same_person_only_in_a_project_and_a_source(
    session: Session, cast: Cast, project: Project
) -> None:
    other = make_project(session, cast, slug="other", title="Other")
    one = Brought(make_row(1), (given("Ines", TIE),))
    two = Brought(make_row(2), (given("Ines", TIE, 7),))
    migrate(session, project, [one], cast.olga)
    migrate(session, project, [two], cast.olga, digest="e" * 64)
    migrate(session, other, [one], cast.olga)
    migrate(
        session, project, [Brought(make_row(3), two.given)], cast.olga, digest="f" * 64, source="s"
    )
    authors = session.scalars(sa.select(Judgment.person_id).order_by(Judgment.id)).all()
    assert authors[0] == authors[1]
    assert len(set(authors)) == 3


def test_of_whom_nothing_is_known_is_somebody_else_on_a_comparison(
    session: Session, cast: Cast, project: Project
) -> None:
    rows = [Brought(make_row(n), (given("", TIE), given("", better(0, 1)))) for n in (1, 2)]
    moved = migrate(session, project, rows, cast.olga)
    assert moved.people == 2
    people = session.scalars(sa.select(Person).where(Person.closed_at.is_not(None))).all()
    assert {(person.name, person.pseudonym_key) for person in people} == {
        ("Unknown annotator", None)
    }
    assert list(audit.faults(session)) == []


def test_comparisons_count_what_was_said(session: Session, cast: Cast, project: Project) -> None:
    migrate(session, project, story(), cast.olga)
    first, second, third = session.scalars(sa.select(Comparison).order_by(Comparison.id)).all()
    assert read_votes(first.votes) == [1, 1, 1, 1]
    assert (first.judged, first.taken, first.wanted, first.surplus) == (4, 4, 2, 2)
    assert (second.judged, second.open_slots, third.open_slots) == (1, 1, 2)
    assert session.scalars(sa.select(Lane.wanted)).one() == 2 + 2 + 4


def test_what_is_still_wanted_is_given_out(session: Session, cast: Cast, project: Project) -> None:
    migrate(session, project, story(), cast.olga)
    names = []
    while (claimed := queue.claim(session, project, by=cast.ada)) is not None:
        names.append(session.get_one(Comparison, claimed.comparison_id).external_id)
        assignments.skip(session, claimed, SkipReason.other)
    assert sorted(names) == ["pair-2", "pair-3"]
    assert list(audit.faults(session)) == []


def test_an_adaptive_project_wants_more_where_people_disagree(session: Session, cast: Cast) -> None:
    adaptive = {"most": 9, "confidence": 0.9, "audit_share": 0.0}
    project = make_project(session, cast, adaptive=adaptive)
    agreed = tuple(given(f"P{n}", better(0, 1), n) for n in range(4))
    split = tuple(given(f"P{n}", better(n % 2, 1), n) for n in range(4))
    migrate(
        session, project, [Brought(make_row(1), agreed), Brought(make_row(2), split)], cast.olga
    )
    sure, unsure = session.scalars(sa.select(Comparison).order_by(Comparison.id)).all()
    assert (sure.wanted, sure.judged, unsure.wanted, unsure.judged) == (4, 4, 5, 4)
    assert list(audit.faults(session)) == []


@pytest.mark.parametrize("state", JudgmentState)
def test_a_judgment_stands_as_it_stood(
    session: Session, cast: Cast, project: Project, state: JudgmentState
) -> None:
    said = (given("Ines", TIE, 1), given("Omar", better(0, 2), 2, state=state))
    migrate(session, project, [Brought(make_row(1), said)], cast.olga)
    found = session.scalars(sa.select(Judgment).where(Judgment.strength == 2)).one()
    assert (found.state, found.counts) == (state, state is JudgmentState.accepted)
    counted = session.scalars(sa.select(Comparison.judged)).one()
    assert counted == 1 + found.counts
    assert list(audit.faults(session)) == []


def test_a_second_look_is_beside_the_first(session: Session, cast: Cast, project: Project) -> None:
    again = given("Ines", better(0, 1), 2, state=JudgmentState.repeat)
    migrate(session, project, [Brought(make_row(1), (given("Ines", TIE, 1), again))], cast.olga)
    looks = session.scalars(sa.select(Assignment.is_repeat).order_by(Assignment.id)).all()
    assert looks == [False, True]
    assert list(audit.faults(session)) == []


def test_a_form_of_several_questions_takes_all_answers(session: Session, cast: Cast) -> None:
    asked = [
        {"kind": "pairwise", "steps": 7},
        {
            "kind": "criteria",
            "criteria": [
                {"name": "Truth", "asks": "rating", "points": 5},
                {"name": "Tone", "asks": "comparison", "points": 5},
            ],
        },
        {"kind": "reason"},
        {"kind": "edit"},
    ]
    project = make_project(session, cast, rubric={"questions": asked})
    criteria = {
        "Truth": {"points": {"0": 4, "1": 2}},
        "Tone": {"preferred": 1, "strength": 2},
    }
    one = given(
        "Ines", better(0, 3), criteria=criteria, edit=(0, "Two."), reason="So.", shown=(1, 0)
    )
    migrate(session, project, [Brought(make_row(1), (one,))], cast.olga)
    judgment = session.scalars(sa.select(Judgment)).one()
    assert judgment.reason == "So."
    assert judgment.said == {"criteria": criteria, "edit": {"response": 0, "text": "Two."}}
    assert list(audit.faults(session)) == []


def test_a_ranking_form_takes_orders_and_plain_choices(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, rubric={"questions": [{"kind": "ranking"}]})
    three = make_row(1, responses=tuple(ResponseIn(text=each) for each in "abc"))
    order = Label(Verdict.ranking, 2, None, ((2,), (0, 1)))
    rows = [
        Brought(three, (given("Ines", order), given("Omar", BOTH_BAD))),
        Brought(make_row(2), (given("Ines", better(1)), given("Omar", TIE))),
    ]
    migrate(session, project, rows, cast.olga)
    found = session.scalars(sa.select(Judgment).order_by(Judgment.comparison_id, Judgment.id)).all()
    tiers = [each.said and each.said["ranking"] for each in found]
    assert tiers == [[[2], [0, 1]], [], [[1], [0]], [[0, 1]]]
    assert list(audit.faults(session)) == []


REFUSED = {
    "stronger than the form": (
        (given("Ines", better(0, 4)),),
        "Ines.strength",
        "The form has 3 steps to each side; this is 4.",
    ),
    "twice": ((given("Ines", TIE), given("Ines", TIE)), "Ines", "Ines judged this twice."),
    "in the future": (
        (given("Ines", TIE, at=datetime(2100, 1, 1, tzinfo=UTC)),),
        "Ines.at",
        "This was in the future.",
    ),
    "no order": ((given("Ines", TIE, shown=(0, 0)),), "Ines.shown", "not an order of the answers"),
    "no answer": ((given("Ines", better(2, 1)),), "Ines", "There is no answer number 2"),
    "not asked": (
        (given("Ines", TIE, criteria={"Tone": {"points": {"0": 1}}}),),
        "Ines.criteria",
        "This is not asked.",
    ),
    "an order": (
        (given("Ines", Label(Verdict.ranking, 0, None, ((0,), (1,)))),),
        "Ines.ranking",
        "This is not asked.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_form_cannot_say_is_refused_by_line_and_field(
    session: Session, cast: Cast, project: Project, case: str
) -> None:
    said, field, reason = REFUSED[case]
    with pytest.raises(Invalid) as refusal:
        migrate(session, project, [*story(), Brought(make_row(4), said)], cast.olga)
    assert [*refusal.value.fields] == [f"line 4, {field}"]
    assert reason in refusal.value.fields[f"line 4, {field}"]


def test_a_form_without_ties_takes_none(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, rubric={"steps": 2, "tie": False, "both_bad": False})
    for label, reason in ((TIE, "about the same"), (BOTH_BAD, "both are bad")):
        with pytest.raises(Invalid, match=reason):
            migrate(session, project, [Brought(make_row(1), (given("Ines", label),))], cast.olga)


def test_what_cannot_be_taken_may_be_left_out(
    session: Session, cast: Cast, project: Project
) -> None:
    bad = Brought(make_row(4), (given("Ines", better(0, 4)),))
    moved = migrate(session, project, [*story(), bad], cast.olga, skip_bad=True)
    assert [(row.line, row.field) for row in moved.refused] == [(4, "Ines.strength")]
    assert told.told(session, project) == sum((told.of(each) for each in story()), Counter())
    assert list(audit.faults(session)) == []


def test_the_same_file_twice_is_refused(session: Session, cast: Cast, project: Project) -> None:
    migrate(session, project, story(), cast.olga)
    with pytest.raises(Conflict, match="loaded before"):
        migrate(session, project, story(), cast.olga)
    with pytest.raises(Invalid, match="in the project already"):
        migrate(session, project, story(), cast.olga, digest="e" * 64)


def test_the_event_says_who_brought_what(session: Session, cast: Cast, project: Project) -> None:
    migrate(session, project, story(), cast.olga)
    event = session.scalars(sa.select(Event).where(Event.kind == "judgments.migrated")).one()
    assert event.person_id == cast.olga.id
    assert (event.data["judgments"], event.data["skips"], event.data["people"]) == (5, 1, 4)


def test_what_fails_on_the_way_leaves_nothing(database: Database) -> None:
    def broken() -> Iterator[Brought]:
        yield from story()
        raise RuntimeError("the disk went away")

    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        session.commit()
    with pytest.raises(RuntimeError), database.writing() as session:
        found = session.get_one(Project, project.id)
        migrate(session, found, broken(), session.get_one(Person, cast.olga.id))  # type: ignore[arg-type]
    _require_nothing(database)


KILLED = """
import os, signal, sys
from labeler.database import Database
from labeler.people import accounts
from labeler.work import projects
from labeler.work.migrated import storing, tables
from tests.labeler.work.migrated.test_storing import migrate, many

database = Database(sys.argv[1])
kept = tables.Filling._insert

def insert(self, acts):
    kept(self, acts)
    os.kill(os.getpid(), signal.SIGKILL)  # with judgments in the tables, and the transaction open

tables.Filling._insert = insert
with database.writing() as session:
    olga = accounts.find(session, "olga@example.org")
    project = projects.find(session, "helpful", by=olga)
    migrate(session, project, many(), olga)
    session.commit()
"""


def many() -> list[Brought]:
    """Return more than one step stores at once."""
    return [
        Brought(make_row(n), (given("Ines", better(n % 2, 1), n), given("Omar", TIE, n)))
        for n in range(1200)
    ]


def test_who_is_killed_halfway_leaves_nothing(database: Database, address: str) -> None:
    with database.writing() as session:
        make_project(session, make_cast(session))
        session.commit()
    ended = subprocess.run([sys.executable, "-c", KILLED, address], timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL
    _require_nothing(database)
    with database.writing() as session:
        olga = accounts.find(session, "olga@example.org")
        project = session.scalars(sa.select(Project)).one()
        moved = migrate(session, project, many(), olga)
        assert (moved.comparisons, moved.judgments) == (1200, 2400)
        assert list(audit.faults(session)) == []


def _require_nothing(database: Database) -> None:
    with database.reading() as session:
        for table in (Batch, Comparison, Assignment, Judgment, Lane):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
        assert session.scalar(sa.select(sa.func.count(Person.closed_at))) == 0
