"""Opening reviews, keeping those of unsure comparisons up to date, and how they move on."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Conflict, NotFound
from labeler.events import Event
from labeler.quality import outcomes, queues, reviews, threads
from labeler.quality.reviews import MOVES, Outcome, Review, ReviewKind, ReviewState
from labeler.said import say
from labeler.schema import Base
from labeler.work import comparisons
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge_next

FAST = say("%(share)s of the judgments took less than %(seconds)s seconds.", share=9, seconds=4)


def open_signal(session: Session, project: Project, person_id: int, topic: str = "speed") -> Review:
    return reviews.open(
        session,
        project.id,
        ReviewKind.signal,
        person_id=person_id,
        topic=topic,
        reason=FAST,
        evidence=[say("Median time: %(seconds)s s.", seconds=2.5)],
    )


def unsure(session: Session, project: Project) -> dict[int | None, tuple[str, float | None]]:
    found = session.scalars(sa.select(Review).where(Review.project_id == project.id))
    found = [each for each in found if each.kind is ReviewKind.unsure]
    return {each.comparison_id: (each.state.value, each.confidence) for each in found}


def ids(session: Session, project: Project) -> list[int]:
    return [each.id for each in comparisons.page(session, project.id)]


def test_what_is_opened_says_why_and_from_what(
    session: Session, cast: Cast, project: Project
) -> None:
    made = open_signal(session, project, cast.ada.id)
    session.expire_all()
    assert (made.state, made.opened_by, made.person_id) == (ReviewState.open, None, cast.ada.id)
    assert made.why == "9 of the judgments took less than 4 seconds."
    assert made.why.template == FAST.template
    assert [each.values for each in made.shown] == [{"seconds": 2.5}]
    event = session.scalars(sa.select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    assert (event.kind, event.person_id) == ("review.opened", None)
    assert event.data == {"subject": made.id, "review": "signal"}


def test_the_same_again_is_the_same_until_it_is_closed(
    session: Session, cast: Cast, project: Project
) -> None:
    first = open_signal(session, project, cast.ada.id)
    assert open_signal(session, project, cast.ada.id) is first
    assert open_signal(session, project, cast.ada.id, topic="place") is not first
    assert open_signal(session, project, cast.bea.id) is not first
    outcomes.dismiss(session, first, by=cast.rex)
    assert open_signal(session, project, cast.ada.id).id > first.id


def test_a_review_of_a_judgment_is_one_of_its_comparison(
    session: Session, cast: Cast, project: Project, said: Judgment
) -> None:
    for kind, person_id in ((ReviewKind.sample, None), (ReviewKind.signal, cast.ada.id)):
        made = reviews.open(session, project.id, kind, judgment_id=said.id, reason=FAST)
        assert (made.comparison_id, made.person_id) == (said.comparison_id, person_id)
    assert len(reviews.of_comparison(session, said.comparison_id)) == 2


def test_a_review_of_another_project_is_none_of_this_one(
    session: Session, cast: Cast, project: Project
) -> None:
    made = open_signal(session, project, cast.ada.id)
    assert reviews.find(session, project.id, made.id) is made
    for project_id, number in ((project.id + 1, made.id), (project.id, made.id + 1)):
        with pytest.raises(NotFound):
            reviews.find(session, project_id, number)


def test_what_a_program_opens_and_closes_changes_nothing_else(
    session: Session, cast: Cast, project: Project, said: Judgment
) -> None:
    before = rows(session)
    for kind in ReviewKind:
        for about in ({"judgment_id": said.id}, {"person_id": cast.ada.id}):
            reviews.open(session, project.id, kind, reason=FAST, **about)
    reviews.open_unsure(session, project.id, [(said.comparison_id, 0.1)])
    reviews.open_unsure(session, project.id, [])
    session.flush()
    assert rows(session) == before
    assert session.scalar(sa.select(sa.func.count(Review.id))) == 11


def rows(session: Session) -> dict[str, list[str]]:
    """Return every row of every table that has nothing to do with reviews."""
    own = {"adjudications", "comments", "events", "reviews"}
    tables = [each for each in Base.metadata.sorted_tables if each.name not in own]
    return {each.name: sorted(map(str, session.execute(sa.select(each)).all())) for each in tables}


# Unsure ones


def test_unsure_comparisons_are_kept_up_to_date(session: Session, project: Project) -> None:
    one, two, three = ids(session, project)
    reviews.open_unsure(session, project.id, [(one, 0.6), (two, 0.5)])
    assert unsure(session, project) == {one: ("open", 0.6), two: ("open", 0.5)}
    reviews.open_unsure(session, project.id, [(two, 0.7), (three, 0.51)])
    session.expire_all()
    assert unsure(session, project) == {
        one: ("closed", 0.6),
        two: ("open", 0.7),
        three: ("open", 0.51),
    }
    outgrown = sa.select(Review.outcome, Review.closed_by).where(Review.comparison_id == one)
    assert session.execute(outgrown).one() == (Outcome.outgrown, None)
    reviews.open_unsure(session, project.id, [(one, 0.55)])
    assert len(queues.page(session, project.id)) == 1


def test_what_somebody_has_dealt_with_is_not_outgrown(
    session: Session, cast: Cast, project: Project, said: Judgment
) -> None:
    one = said.comparison_id
    reviews.open_unsure(session, project.id, [(each, 0.5) for each in ids(session, project)])
    by_id = {each.comparison_id: each for each in queues.page(session, project.id)}
    outcomes.send_back(session, by_id.pop(one), said, "Really?", by=cast.rex)
    other, last = by_id.values()
    threads.write(session, other.id, "I look at this one.", by=cast.rex)
    outcomes.ask_second_opinion(session, last, "What do you think?", by=cast.rex)
    reviews.open_unsure(session, project.id, [])
    session.expire_all()
    assert {state for state, _ in unsure(session, project).values()} == {"open", "waiting"}


def test_what_a_person_has_closed_stays_so_until_more_is_said(
    session: Session, cast: Cast, project: Project, said: Judgment, frozen: StoppedClock
) -> None:
    rows = [(said.comparison_id, 0.5)]
    frozen.forward(seconds=1)
    reviews.open_unsure(session, project.id, rows)
    outcomes.accept(session, queues.page(session, project.id)[0], by=cast.rex)
    reviews.open_unsure(session, project.id, rows)
    assert queues.page(session, project.id) == []
    frozen.forward(seconds=1)
    while judge_next(session, project, cast.bea).comparison_id != said.comparison_id:
        pass
    reviews.open_unsure(session, project.id, rows)
    assert len(queues.page(session, project.id)) == 1


# The queue


def test_the_least_sure_comes_first_then_the_oldest(
    session: Session, cast: Cast, project: Project
) -> None:
    for person in (cast.ada, cast.bea):
        open_signal(session, project, person.id)
    one, two, three = ids(session, project)
    reviews.open_unsure(session, project.id, [(one, 0.7), (two, 0.5), (three, 0.7)])
    queue = queues.page(session, project.id)
    about = [each.comparison_id or each.person_id for each in queue]
    assert about == [two, one, three, cast.ada.id, cast.bea.id]
    paged, after = [], 0
    while some := queues.page(session, project.id, after=after, limit=2):
        paged += some
        after = some[-1].id
    assert paged == queue
    signals = queues.page(session, project.id, kind=ReviewKind.signal)
    assert signals == queue[3:]
    found = queues.counts(session, project.id)
    assert found == {
        (ReviewKind.unsure, ReviewState.open): 3,
        (ReviewKind.signal, ReviewState.open): 2,
    }


def test_nobody_is_led_to_what_others_decide(
    session: Session, cast: Cast, project: Project
) -> None:
    about_rex = open_signal(session, project, cast.rex.id)
    about_ada = open_signal(session, project, cast.ada.id)
    assert queues.following(session, project.id, by=cast.rex) is about_ada
    asked = outcomes.ask_second_opinion(session, about_ada, "Is this much?", by=cast.rex)
    outcomes.dismiss(session, about_rex, by=cast.olga)
    assert queues.following(session, project.id, kind=asked.kind, by=cast.rex) is None
    assert queues.following(session, project.id, kind=asked.kind, by=cast.olga) is asked


# Moving on


def test_nothing_moves_on_from_closed(session: Session, cast: Cast, project: Project) -> None:
    made = open_signal(session, project, cast.ada.id)
    outcomes.dismiss(session, made, by=cast.rex)
    assert (made.outcome, made.closed_by) == (Outcome.dismissed, cast.rex.id)
    for state in MOVES:
        with pytest.raises(Conflict, match="has just dealt with"):
            reviews.move(session, made, state)


def test_of_two_who_decide_at_once_the_second_one_is_told(
    session: Session, cast: Cast, project: Project
) -> None:
    made = open_signal(session, project, cast.ada.id)
    # What another session would do between our looking and our writing.
    session.execute(
        sa.update(Review)
        .values(state=ReviewState.closed)
        .execution_options(synchronize_session=False)
    )
    with pytest.raises(Conflict, match="has just dealt with"):
        outcomes.dismiss(session, made, by=cast.rex)
