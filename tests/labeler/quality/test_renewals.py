"""What older guidelines brought, asked again: it stops counting, stays paid, and others judge."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.choosing.pairs import Reason
from labeler import audit, recounts
from labeler.database import Database
from labeler.errors import Conflict, Invalid
from labeler.events import Event
from labeler.pay import ledger
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import decisions, outcomes, refreshing, renewals, reviews, snapshots
from labeler.quality.renewals import Choice, Extent
from labeler.quality.reviews import ReviewKind
from labeler.work import answers, comparisons, guidelines, judgments, queue
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project, ProjectState
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.exports.stories import contents, judge_all, plan, release, write
from tests.make import load_rows, make_project, make_row, new_key

ALL = Choice(guidelines=[1])
VOTES = {"pair-0": (0, 0), "pair-1": (0, 1), "pair-2": ("tie", "both_bad"), "pair-3": (1, 1)}
"""What Ada and Bea say of each pair."""


def renew(session: Session, project: Project, by: Person) -> None:
    """Give the project newer guidelines."""
    published = guidelines.publish(session, project.id, "Prefer what is short.", by=by)
    project.guideline_number = published.number
    session.flush()


def ask(session: Session, project: Project, choice: Choice, by: Person) -> None:
    for _ in renewals.carry_out(session, project, choice, by=by):
        session.commit()


def newcomers(session: Session, project: Project, by: Person) -> Iterator[Person]:
    for name in ("Dee", "Eve"):
        person = accounts.create(session, f"{name.lower()}@example.org", name, by=None)
        memberships.grant(session, project.id, person, Role.annotator, by=by)
        yield person


def states(session: Session) -> dict[str, Sequence[str]]:
    """Return how what was said stands, by the comparison's name, in the order of judging."""
    found: dict[str, list[str]] = {}
    rows = session.execute(
        sa.select(Comparison.external_id, Judgment.state)
        .join(Judgment, Judgment.comparison_id == Comparison.id)
        .where(Judgment.is_current)
        .order_by(Judgment.id)
    )
    for name, state in rows:
        found.setdefault(name, []).append(state.value)
    return found


def kinds(session: Session) -> list[str]:
    said = sa.select(Event.kind).where(Event.kind.startswith("judgments."))
    return list(session.scalars(said.order_by(Event.id)))


def faults(session: Session) -> list[str]:
    session.expire_all()
    return [*audit.faults(session), *recounts.faults(session)]


@pytest.fixture
def people(database: Database, session: Session) -> Cast:
    """Everybody, in a database of this test's own."""
    return make_cast(session)


@pytest.fixture
def judged(session: Session, people: Cast, frozen: StoppedClock) -> Project:
    """Four pairs and a known answer, judged by Ada and Bea; then there are newer guidelines."""
    project = make_project(session, people)
    project.gold_share = 1.0
    rows = [make_row(number, id=name) for number, name in enumerate(VOTES)]
    load_rows(session, project, [*rows, make_row(9, id="known", gold=0)], by=people.olga)
    for place, person in enumerate((people.ada, people.bea)):
        judge_all(session, project, person, lambda name, at=place: VOTES.get(name, (0, 0))[at])
    renew(session, project, people.olga)
    session.commit()
    frozen.forward(seconds=1)
    return project


def test_all_of_it_is_asked_again_and_others_judge(
    session: Session, judged: Project, people: Cast
) -> None:
    both = people.ada, people.bea
    paid = [ledger.earned(session, person_id=person.id) for person in both]
    assert renewals.count(session, judged, ALL) == Extent(4, 8, 8 * 35)
    ask(session, judged, ALL, people.olga)
    assert states(session) == {
        name: ["accepted" if name == "known" else "asked_again"] * 2 for name in (*VOTES, "known")
    }
    assert faults(session) == []
    assert [ledger.earned(session, person_id=person.id) for person in both] == paid != [{}, {}]
    assert queue.claim(session, judged, by=people.ada) is None
    for person in newcomers(session, judged, people.olga):
        judge_all(session, judged, person, lambda _name: 0)
    assert states(session)["pair-0"] == ["asked_again"] * 2 + ["accepted"] * 2
    versions = sa.select(Judgment.guideline_number).where(Judgment.state == JudgmentState.accepted)
    assert set(session.scalars(versions.where(Judgment.gold_right.is_(None)))) == {2}
    assert faults(session) == []
    assert renewals.count(session, judged, ALL) == Extent(0, 0, 0)
    assert renewals.count(session, judged, Choice(guidelines=[1, 2, 3])) == Extent(0, 0, 0)


def test_only_where_people_disagreed(session: Session, judged: Project, people: Cast) -> None:
    choice = Choice(guidelines=[1], disagreed=True)
    assert renewals.count(session, judged, choice) == Extent(2, 4, 4 * 35)
    ask(session, judged, choice, people.olga)
    assert {name for name, said in states(session).items() if "asked_again" in said} == {
        "pair-1",
        "pair-2",
    }
    assert faults(session) == []


def test_a_share_is_drawn_once(session: Session, people: Cast) -> None:
    project = make_project(session, people)
    load_rows(session, project, [make_row(n) for n in range(60)], by=people.olga)
    judge_all(session, project, people.ada, lambda _name: 0)
    renew(session, project, people.olga)
    session.commit()
    half = Choice(guidelines=[1], share=0.5)
    before = renewals.count(session, project, half)
    assert 10 < before.comparisons < 50
    assert renewals.count(session, project, half) == before
    ask(session, project, half, people.olga)
    again = [said for said in states(session).values() if said == ["asked_again"]]
    assert len(again) == before.comparisons
    ask(session, project, half, people.olga)
    assert [said for said in states(session).values() if said == ["asked_again"]] == again


def test_what_broke_off_goes_on_and_to_do_it_again_changes_nothing(
    session: Session, judged: Project, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewals, "CHUNK", 1)
    steps = renewals.carry_out(session, judged, ALL, by=people.olga)
    next(steps)
    session.commit()
    steps.close()
    assert renewals.count(session, judged, ALL) == Extent(3, 6, 6 * 35)
    assert faults(session) == []
    ask(session, judged, ALL, people.olga)
    assert kinds(session) == [
        *("judgments.asking_again", "judgments.asking_again", "judgments.asked_again")
    ]
    last = session.scalars(sa.select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (last.data, last.person_id) == ({"comparisons": 3, "judgments": 6}, people.olga.id)
    before = states(session), session.scalar(sa.select(sa.func.max(Event.id)))
    ask(session, judged, ALL, people.olga)
    assert (states(session), session.scalar(sa.select(sa.func.max(Event.id)))) == before


def test_neither_what_is_withdrawn_nor_what_counts_no_longer(
    session: Session, judged: Project, people: Cast
) -> None:
    by_name = {each.external_id: each for each in session.scalars(sa.select(Comparison))}
    decisions.withdraw(session, by_name["pair-0"], "A name in it.", by=people.olga)
    said = sa.select(Judgment).where(Judgment.comparison_id == by_name["pair-1"].id)
    decisions.exclude(session, session.scalars(said).all()[0], "Too fast.", by=people.rex)
    ask(session, judged, ALL, people.olga)
    found = states(session)
    assert found["pair-0"] == ["accepted"] * 2
    assert found["pair-1"] == ["excluded", "asked_again"]
    assert faults(session) == []


def test_nothing_can_be_changed_or_sent_back_that_is_asked_again(
    session: Session, judged: Project, people: Cast
) -> None:
    ask(session, judged, ALL, people.olga)
    said = session.scalars(
        sa.select(Judgment).where(Judgment.state == JudgmentState.asked_again).limit(1)
    ).one()
    answer = answers.read(session, session.get_one(Assignment, said.assignment_id), 1)
    with pytest.raises(Conflict, match="asked this again"):
        judgments.change(session, judged, said, answer, key=new_key())
    review = reviews.open(
        session, judged.id, ReviewKind.sample, judgment_id=said.id, reason="Drawn."
    )
    with pytest.raises(Conflict):
        outcomes.send_back(session, review, said, "Look again.", by=people.rex)
    with pytest.raises(Conflict):
        decisions.exclude(session, said, "Too fast.", by=people.rex)


def test_a_closed_project_asks_nobody(session: Session, judged: Project, people: Cast) -> None:
    judged.state = ProjectState.closed
    session.commit()
    with pytest.raises(Conflict, match="closed"):
        ask(session, judged, ALL, people.olga)
    assert "asked_again" not in str(states(session))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"guidelines": []}, "guidelines"),
        ({"guidelines": ["one"]}, "guidelines.0"),
        ({"guidelines": [1], "share": 0}, "share"),
        ({"guidelines": [1], "share": 1.1}, "share"),
        ({"guidelines": [1], "share": float("nan")}, "share"),
        ({"guidelines": [1], "sure": True}, "sure"),
    ],
)
def test_a_choice_with_a_fault_is_refused(given: dict[str, object], fault: str) -> None:
    with pytest.raises(Invalid) as refused:
        renewals.read(given)
    assert set(refused.value.fields) == {fault}


def test_where_more_are_asked_if_unsure_others_are_asked_anew(
    session: Session, people: Cast
) -> None:
    adaptive = {"most": 3, "confidence": 0.9, "audit_share": 0.0, "audit_judgments": 2}
    project = make_project(session, people, adaptive=adaptive)
    load_rows(session, project, [make_row(n) for n in range(2)], by=people.olga)
    for person in (people.ada, people.bea):
        judge_all(session, project, person, lambda _name: 0)
    renew(session, project, people.olga)
    session.commit()
    ask(session, project, ALL, people.olga)
    assert faults(session) == []
    for person in newcomers(session, project, people.olga):
        judge_all(session, project, person, lambda _name: 0)
    counted = sa.select(sa.func.count()).where(Judgment.state == JudgmentState.accepted)
    assert session.scalar(counted) == 4
    assert faults(session) == []


def test_fewer_are_asked_where_fewer_are_wanted_now(
    session: Session, judged: Project, people: Cast
) -> None:
    ids = session.scalars(sa.select(Comparison.id).where(~Comparison.is_gold)).all()
    comparisons.want(session, ids, 1)
    session.commit()
    ask(session, judged, ALL, people.olga)
    assert faults(session) == []
    dee, eve = newcomers(session, judged, people.olga)
    judge_all(session, judged, dee, lambda _name: 0)
    assert queue.claim(session, judged, by=eve) is None


def test_releases_cut_before_stay_as_they_are(
    database: Database,
    session: Session,
    judged: Project,
    people: Cast,
    frozen: StoppedClock,
    tmp_path: Path,
) -> None:
    before = plan(database, judged)
    release(database, before, tmp_path / "1", data=tmp_path, by=people.olga)
    frozen.forward(seconds=1)
    ask(session, judged, Choice(guidelines=[1], disagreed=True), people.olga)
    after = plan(database, judged)
    write(database, before, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(tmp_path / "1")
    assert (before.number, after.number) == (1, 2)
    left_out = write(database, after, tmp_path / "2").left_out or ()
    asked = {entry.id for entry in left_out if entry.reason is Reason.excluded}
    assert asked == {"pair-1", "pair-2"}


def test_agreement_by_the_older_guidelines_stays_to_be_seen(
    database: Database, session: Session, judged: Project, people: Cast
) -> None:
    def refresh() -> dict[str, Any]:
        for _ in refreshing.refresh(session, database.reading, judged):
            session.commit()
        session.expire_all()
        snapshot = snapshots.latest(session, judged.id)
        assert snapshot is not None
        return snapshot.data

    before = refresh()["agreement"]["guidelines"]
    ask(session, judged, ALL, people.olga)
    alone = refresh()
    assert alone["agreement"]["guidelines"] == before
    assert alone["agreement"]["raw"]["value"] is None
    assert alone["people"][str(people.ada.id)]["judgments"] == 1
    for person in newcomers(session, judged, people.olga):
        judge_all(session, judged, person, lambda _name: 0)
    session.commit()
    found = refresh()["agreement"]
    shown = {each["name"]: each["raw"]["value"] for each in found["guidelines"]}
    assert shown == {1: 0.5, 2: 1.0}
    assert found["raw"]["value"] == 1.0
