"""Which judgments count up to a mark, and that later ones change nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.choosing import criteria, selection, votes
from exports.choosing.selection import Judged, Mark
from exports.choosing.votes import Votes
from labeler.database import Database
from labeler.errors import Invalid
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import adjudications, decisions
from labeler.quality.adjudications import Finding
from labeler.work import answers, assignments, comparisons, judgments, listings, queue
from labeler.work.assignments import SkipReason
from labeler.work.projects import Project
from labeler.work.rubrics import Verdict
from tests.cast import make_cast
from tests.conftest import NewAddress, StoppedClock
from tests.exports.stories import tell
from tests.make import judge, judge_next, make_batch, make_project, new_key
from tests.statements import heard


def selected(database: Database, project_id: int, mark: Mark) -> list[Judged]:
    pages = selection.select(database.reading, project_id, mark)
    return [one for page in pages for one in page]


def counted(judged: Judged) -> Votes:
    return votes.count(judged.said)


def test_the_last_version_before_the_mark_counts(database: Database, frozen: StoppedClock) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        make_batch(session, project, cast, pairs=1)
        first = judge_next(session, project, cast.ada, "tie")
        early = selection.mark(session, project.id)
        answer = answers.read(
            session, assignments.find(session, first.assignment_id, by=cast.ada), "both_bad"
        )
        judgments.change(session, project, first, answer, key=new_key())
        late = selection.mark(session, project.id)
        session.commit()
    for mark, tally in ((early, (0, 0, 1, 0)), (late, (0, 0, 0, 1))):
        (one,) = selected(database, project.id, mark)
        assert counted(one).tally == tally
        assert len(one.said) == 1


def test_votes_are_summed_by_what_they_are_for(database: Database, frozen: StoppedClock) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, judgments_per_comparison=3)
        memberships.grant(session, project.id, cast.mallory, Role.annotator, by=cast.olga)
        make_batch(session, project, cast, pairs=1)
        first_at = frozen.time
        for person, choice in ((cast.ada, 1), (cast.bea, 2), (cast.mallory, "tie")):
            last = judge_next(session, project, person, choice)
            frozen.forward(seconds=0.5)
        mark = selection.mark(session, project.id)
        said = [one for one, _ in listings.of_comparison(session, last.comparison_id)]
        session.commit()
    (one,) = selected(database, project.id, mark)
    sides = [[each.strength or 0 for each in said if each.preferred == n] for n in (0, 1)]
    assert counted(one) == Votes(
        number=3,
        tally=(len(sides[0]), len(sides[1]), 1, 0),
        steps=(sum(sides[0]), sum(sides[1])),
    )
    people = (cast.ada, cast.bea, cast.mallory)
    assert [each.person_id for each in one.said] == [person.id for person in people]
    assert {(each.guideline_number, each.rubric_number) for each in one.said} == {(1, 1)}
    assert one.said[0].created_at == first_at
    assert one.said[-1].created_at == last.created_at


def test_what_is_left_out_after_the_mark_still_counts(
    database: Database, frozen: StoppedClock
) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        make_batch(session, project, cast, pairs=1)
        judgment = judge_next(session, project, cast.ada)
        before = selection.mark(session, project.id)
        frozen.forward(seconds=1)
        decisions.exclude(session, judgment, "Too fast.", by=cast.rex)
        after = selection.mark(session, project.id)
        session.commit()
    assert [counted(one).number for one in selected(database, project.id, before)] == [1]
    (one,) = selected(database, project.id, after)
    assert (counted(one), one.said[0].state, one.said[0].counts) == (votes.NONE, "excluded", False)


def test_what_is_withdrawn_after_the_mark_is_still_there(
    database: Database, frozen: StoppedClock
) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        make_batch(session, project, cast, pairs=1)
        judge_next(session, project, cast.ada)
        before = selection.mark(session, project.id)
        frozen.forward(seconds=1)
        withdraw(session, project, cast.olga)
        at_once = selection.mark(session, project.id)
        session.commit()
    for mark, is_withdrawn in ((before, False), (at_once, True)):
        (one,) = selected(database, project.id, mark)
        assert (one.is_withdrawn, counted(one).number) == (is_withdrawn, 1)


def test_what_came_late_never_counts(database: Database, frozen: StoppedClock) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, judgments_per_comparison=1)
        make_batch(session, project, cast, pairs=1)
        slow = queue.claim(session, project, by=cast.ada)
        assert slow is not None
        frozen.forward(hours=2)
        judge_next(session, project, cast.bea)
        judge(session, slow, 1, cast.ada)
        mark = selection.mark(session, project.id)
        session.commit()
    (one,) = selected(database, project.id, mark)
    assert [each.person_id for each in one.said if each.counts] == [cast.bea.id]
    assert [each.person_id for each in one.said if not each.counts] == [cast.ada.id]


def test_comparisons_that_nobody_judged_do_not_come(database: Database) -> None:
    cast, project = tell(database, {"judged": [0, None], "skipped": [None, None]})
    with database.writing() as session:
        mark = selection.mark(session, project.id)
    (one,) = selected(database, project.id, mark)
    assert one.external_id == "judged"
    assert [(each.person_id, each.reason) for each in one.skipped] == [(cast.bea.id, "subject")]


def test_what_is_handed_back_after_the_mark_is_not_there(
    database: Database, frozen: StoppedClock
) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        make_batch(session, project, cast, pairs=1)
        judge_next(session, project, cast.ada)
        before = selection.mark(session, project.id)
        frozen.forward(seconds=1)
        held = queue.claim(session, project, by=cast.bea)
        assert held is not None
        assignments.skip(session, held, SkipReason.language)
        after = selection.mark(session, project.id)
        session.commit()
    for mark, reasons in ((before, []), (after, ["language"])):
        (one,) = selected(database, project.id, mark)
        assert [each.reason for each in one.skipped] == reasons


def test_other_projects_stay_apart(database: Database) -> None:
    cast, project = tell(database, {"ours": [0, 0]})
    with database.writing() as session:
        other = make_project(session, cast, slug="other")
        make_batch(session, other, cast, pairs=1)
        judge_next(session, other, cast.ada)
        marks = [selection.mark(session, each.id) for each in (project, other)]
        session.commit()
    assert marks[0].last_judgment_id < marks[1].last_judgment_id
    assert [one.external_id for one in selected(database, other.id, marks[1])] == ["pair-0"]


def test_every_page_is_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "PAGE", 2)
    _, project = tell(database, {f"c{number}": [0, 0] for number in range(5)})
    with database.writing() as session:
        mark = selection.mark(session, project.id)
    pages = list(selection.select(database.reading, project.id, mark))
    assert [len(page) for page in pages] == [2, 2, 1]


def test_no_page_is_sorted_out_of_the_whole_project(new_address: NewAddress) -> None:
    database = Database(new_address("sqlite"))
    _, project = tell(database, {"one": [0, 0]})
    with database.reading() as session, heard(session) as said:
        mark = selection.glance(session, project.id)
        del said[:]
        assert list(selection.select(lambda: nullcontext(session), project.id, mark))
        comparisons.page(session, project.id, after=1)
    with database.reading() as session:
        ask = session.connection().exec_driver_sql
        plans = [ask(f"EXPLAIN QUERY PLAN {one.words}", one.bound).all() for one in said]
    steps = [[step.detail for step in plan] for plan in plans]
    through = "SEARCH comparisons USING INDEX ix_comparisons_project (project_id=? AND id>?)"
    paged = [plan for plan in steps if through in plan]
    assert [plan[0] for plan in paged] == 3 * [through]
    assert "TEMP" not in str(paged)
    assert "SEARCH judgments USING INDEX ix_judgments_comparison" in steps[1][0]
    assert "SEARCH assignments USING INDEX" in steps[2][0]
    database.close()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"min_judgments": 0}, "min_judgments"),
        ({"min_margin": "many"}, "min_margin"),
        ({"min_agreement": 1.2}, "min_agreement"),
        ({"languages": ["english"]}, "languages"),
        ({"languages": []}, "languages"),
        ({"test_share": -0.1}, "test_share"),
        ({"test_share": "nan"}, "test_share"),
        ({"licence": "My own\nlicense: x"}, "licence"),
        ({"colour": "red"}, "colour"),
        ({"formats": []}, "formats"),
        ({"formats": ["parquet"]}, "formats"),
        ({"aggregation": "guess"}, "aggregation"),
        ({"min_posterior": 2}, "min_posterior"),
        ({"ranking_pairs": "some"}, "ranking_pairs"),
        ({"batches": []}, "batches"),
        ({"guidelines": ["one"]}, "guidelines"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-11-24", "until": "2026-11-23"}, "criteria"),
        ({"max_tokens": 1}, "max_tokens"),
        ({"free_text": "perhaps"}, "free_text"),
        ({"held_back": "x" * 1001}, "held_back"),
    ],
)
def test_rules_that_make_no_sense_are_named(given: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        criteria.read(given)
    assert list(refusal.value.fields) == [field]


def test_the_newest_finding_before_the_mark_counts(
    database: Database, frozen: StoppedClock
) -> None:
    cast, project = tell(database, {"one": [0, 0], "two": [1, 1]})
    marks = []
    for finding in (Finding(Verdict.preference, 1), Finding(Verdict.both_bad, None)):
        with database.writing() as session:
            marks.append(selection.mark(session, project.id))
            session.commit()
        frozen.forward(seconds=1)
        with database.writing() as session:
            one = comparisons.page(session, project.id)[0]
            adjudications.adjudicate(session, one, finding, "I have read it.", by=cast.rex)
            session.commit()
    with database.writing() as session:
        marks.append(selection.mark(session, project.id))
    found = [[one.found for one in selected(database, project.id, mark)] for mark in marks]
    assert found == [
        [None, None],
        [Finding(Verdict.preference, 1), None],
        [Finding(Verdict.both_bad, None), None],
    ]


def test_no_smaller_number_appears_after_the_mark(new_address: NewAddress) -> None:
    """On PostgreSQL numbers are drawn before they are committed: the mark waits for them."""
    database = Database(new_address("postgresql"))
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        make_batch(session, project, cast)
        session.commit()
    with ThreadPoolExecutor(1) as beside:
        with database.writing() as slow:
            early = judge_next(slow, project, cast.bea)
            marking = beside.submit(marked, database, project.id)
            with pytest.raises(TimeoutError):
                marking.result(timeout=0.3)
            slow.commit()
        assert marking.result(timeout=5).last_judgment_id == early.id
    database.close()


def exclude(session: Session, project: Project, by: Person) -> None:
    decisions.exclude(session, listings.page(session, project.id)[0], "Too fast.", by=by)


def withdraw(session: Session, project: Project, by: Person) -> None:
    decisions.withdraw(session, comparisons.page(session, project.id)[0], "A name in it.", by=by)


def adjudicate(session: Session, project: Project, by: Person) -> None:
    one = comparisons.page(session, project.id)[0]
    adjudications.adjudicate(session, one, Finding(Verdict.tie, None), "Alike.", by=by)


Act = Callable[[Session, Project, Person], None]


@pytest.mark.parametrize("act", [exclude, withdraw, adjudicate])
def test_who_leaves_out_while_a_mark_is_made_comes_after_it(
    new_address: NewAddress, act: Act
) -> None:
    """The same mark must select the same before and after that is committed."""
    database = Database(new_address("postgresql"))
    cast, project = tell(database, {"one": [0, 0]})
    with ThreadPoolExecutor(1) as beside, database.writing() as marking:
        marking.execute(sa.text("LOCK TABLE judgments IN SHARE MODE"))
        acting = beside.submit(done, database, act, project, cast.rex)
        with pytest.raises(TimeoutError):
            acting.result(timeout=0.3)
        mark = selection.mark(marking, project.id)
        before = selected(database, project.id, mark)
        marking.commit()
        acting.result(timeout=5)
    assert selected(database, project.id, mark) == before
    told = [(counted(one).number, one.is_withdrawn, one.found) for one in before]
    assert told == [(2, False, None)]
    database.close()


def done(database: Database, act: Act, project: Project, by: Person) -> None:
    with database.writing() as session:
        act(session, project, by)
        session.commit()


def marked(database: Database, project_id: int) -> Mark:
    with database.writing() as session:
        return selection.mark(session, project_id)
