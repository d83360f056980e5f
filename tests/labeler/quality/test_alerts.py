"""Alerts: reviews that a program opens, once, and not again after a person has closed them."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.quality import alerts, outcomes
from labeler.quality.reviews import Review, ReviewKind
from labeler.quality.signals import Found
from labeler.said import say
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.cast import Cast


def leaning(cast: Cast, n: int) -> Found:
    """Say that Ada chose one side every time."""
    evidence = {"n": n, "judgments": [1, 2]}
    return Found("sides", cast.ada.id, say("In %(n)s judgments, A.", n=n), evidence)


def opened(session: Session) -> list[Review]:
    return list(session.scalars(sa.select(Review).order_by(Review.id)))


def test_what_is_unusual_opens_one_review(session: Session, project: Project, cast: Cast) -> None:
    for _ in range(2):
        alerts.of_people(session, project.id, [leaning(cast, 40)])
    (review,) = opened(session)
    assert (review.kind, review.person_id) == (ReviewKind.signal, cast.ada.id)
    assert review.why == "In 40 judgments, A."


def test_what_was_closed_comes_again_when_there_is_twice_as_much(
    session: Session, project: Project, cast: Cast
) -> None:
    alerts.of_people(session, project.id, [leaning(cast, 40)])
    outcomes.dismiss(session, opened(session)[0], by=cast.rex)
    for n, reviews in ((40, 1), (79, 1), (80, 2)):
        alerts.of_people(session, project.id, [leaning(cast, n)])
        assert len(opened(session)) == reviews


def test_disputed_known_answers_are_to_be_looked_at(
    session: Session, project: Project, said: Judgment
) -> None:
    words = {"template": "%(n)s people chose otherwise.", "values": {"n": 6}}
    row = {"comparison_id": said.comparison_id, "n": 6, "sentence": words}
    alerts.of_gold(session, project.id, [row | {"is_disputed": False}])
    assert opened(session) == []
    alerts.of_gold(session, project.id, [row | {"is_disputed": True}])
    (review,) = opened(session)
    assert (review.kind, review.comparison_id) == (ReviewKind.gold, said.comparison_id)
    assert review.why == "6 people chose otherwise."
