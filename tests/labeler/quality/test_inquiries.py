"""What people are asked about their work, and what they say to it, also after the window."""

import pytest
from sqlalchemy.orm import Session

from labeler.errors import Conflict, NotFound
from labeler.quality import inquiries, outcomes, reviews
from labeler.quality.inquiries import Asked
from labeler.quality.reviews import Review, ReviewKind, ReviewState
from labeler.work import answers
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment, Receipt
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge_next, new_key


@pytest.fixture
def review(
    session: Session, cast: Cast, project: Project, said: Judgment, frozen: StoppedClock
) -> Review:
    """What Ada said is sent back to her, long after the window."""
    review = reviews.open(
        session, project.id, ReviewKind.sample, judgment_id=said.id, reason="Drawn by lot."
    )
    frozen.forward(days=2)
    outcomes.send_back(session, review, said, "Is B not wrong?", by=cast.rex)
    return review


def change(
    session: Session, cast: Cast, project: Project, said: Judgment, key: str = ""
) -> Receipt:
    assignment = session.get_one(Assignment, said.assignment_id)
    answer = answers.read(session, assignment, 7, "Indeed.")
    return inquiries.change(session, project, said, answer, key=key or new_key(), by=cast.ada)


def test_the_author_reads_what_is_for_them_alone(
    session: Session, cast: Cast, project: Project, review: Review, said: Judgment
) -> None:
    outcomes.remark(session, review, "I would leave it out.", by=cast.rex)
    [question] = inquiries.of_person(session, cast.ada)
    assert (question.review, question.judgment, question.project) == (review, said, project)
    assert [comment.text for comment, _ in question.thread] == ["Is B not wrong?"]
    assert inquiries.asked(session, cast.ada) == Asked(1, 0)
    assert inquiries.of_person(session, cast.bea) == []
    with pytest.raises(NotFound):
        inquiries.find(session, review.id, by=cast.bea)


def test_what_is_sent_back_may_be_changed_after_the_window(
    session: Session, cast: Cast, project: Project, review: Review, said: Judgment
) -> None:
    later = change(session, cast, project, said).judgment
    session.expire_all()
    assert (later.version, later.preferred) == (2, 1 - (said.preferred or 0))
    assert (review.state, review.judgment_id) == (ReviewState.open, later.id)
    assert review.sent_back_id is None
    assert inquiries.asked(session, cast.ada) == Asked(0, 0)
    with pytest.raises(Conflict, match="could be changed is over"):
        change(session, cast, project, later)


def test_the_same_change_twice_is_one(
    session: Session, cast: Cast, project: Project, review: Review, said: Judgment
) -> None:
    key = new_key()
    later = change(session, cast, project, said, key).judgment
    outcomes.send_back(session, review, later, "And C?", by=cast.rex)
    assert change(session, cast, project, later, key).repeated
    assert review.state is ReviewState.waiting


def test_who_stays_with_it_says_why(
    session: Session, cast: Cast, project: Project, review: Review, said: Judgment
) -> None:
    inquiries.answer(session, inquiries.find(session, review.id, by=cast.ada), "No.", by=cast.ada)
    session.expire_all()
    assert (review.state, review.judgment_id) == (ReviewState.open, said.id)
    [question] = inquiries.of_person(session, cast.ada)
    assert question.judgment is None
    assert [comment.text for comment, _ in question.thread] == ["Is B not wrong?", "No."]
    with pytest.raises(Conflict, match="could be changed is over"):
        change(session, cast, project, said)
    outcomes.accept(session, review, by=cast.rex)
    with pytest.raises(Conflict, match="settled"):
        inquiries.answer(session, review, "And more.", by=cast.ada)


def test_a_change_within_the_window_is_followed_by_its_reviews(
    session: Session, cast: Cast, project: Project, said: Judgment
) -> None:
    drawn = reviews.open(
        session, project.id, ReviewKind.sample, judgment_id=said.id, reason="Drawn by lot."
    )
    later = change(session, cast, project, said).judgment
    session.expire_all()
    assert (drawn.state, drawn.judgment_id) == (ReviewState.open, later.id)
    outcomes.exclude(session, drawn, later, "It is about another prompt.", by=cast.rex)
    assert drawn.is_closed


def test_two_authors_of_one_comparison_do_not_read_each_other(
    session: Session, cast: Cast, project: Project, said: Judgment
) -> None:
    while (other := judge_next(session, project, cast.bea)).comparison_id != said.comparison_id:
        pass
    reviews.open_unsure(session, project.id, [(said.comparison_id, 0.5)])
    [review] = reviews.of_comparison(session, said.comparison_id)
    for judgment, person in ((said, cast.ada), (other, cast.bea)):
        outcomes.send_back(session, review, judgment, f"To {person.name}.", by=cast.rex)
        inquiries.answer(session, review, f"By {person.name}.", by=person)
    for name, person in (("Ada", cast.ada), ("Bea", cast.bea)):
        [question] = inquiries.of_person(session, person)
        assert [comment.text for comment, _ in question.thread] == [f"To {name}.", f"By {name}."]


def test_a_signal_is_seen_and_answered_by_whom_it_is_about(
    session: Session, cast: Cast, project: Project
) -> None:
    signal = reviews.open(
        session, project.id, ReviewKind.signal, person_id=cast.ada.id, reason="Quick."
    )
    assert inquiries.asked(session, cast.ada) == Asked(0, 1)
    assert [question.review for question in inquiries.of_person(session, cast.ada)] == [signal]
    inquiries.answer(session, signal, "They were short.", by=cast.ada)
    outcomes.tell(session, signal, "Thank you.", by=cast.rex)
    assert inquiries.asked(session, cast.ada) == Asked(0, 0)
    outcomes.dismiss(session, signal, by=cast.rex)
    [question] = inquiries.of_person(session, cast.ada)
    assert [comment.text for comment, _ in question.thread] == ["They were short.", "Thank you."]
    assert inquiries.of_person(session, cast.bea) == []


def test_what_others_are_asked_about_somebody_is_not_shown_to_them(
    session: Session, cast: Cast, project: Project
) -> None:
    signal = reviews.open(
        session, project.id, ReviewKind.signal, person_id=cast.ada.id, reason="Quick."
    )
    asked = outcomes.ask_second_opinion(session, signal, "Is this much?", by=cast.rex)
    assert [question.review for question in inquiries.of_person(session, cast.ada)] == [signal]
    with pytest.raises(NotFound):
        inquiries.find(session, asked.id, by=cast.ada)
