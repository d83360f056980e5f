"""Threads: what is said about a review. Appended, never altered.

A comment with an author is between the reviewers and whoever made the judgment, or is asked about
their work; one without is among reviewers. Nobody else reads either.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from labeler import clock
from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, Id, reference
from labeler.work.questions import words

LONGEST = 10_000


class Comment(Base):
    """What somebody said about a review, to an author or to the other reviewers."""

    __tablename__ = "comments"

    id: Mapped[Id]
    review_id: Mapped[int] = reference("reviews.id", index=True)
    person_id: Mapped[int] = reference("people.id")
    author_id: Mapped[int | None] = reference("people.id", index=True)
    """Whose work it is about, if they see it; they may have said it themselves."""
    text: Mapped[str]
    created_at: Mapped[datetime]

    @property
    def for_author(self) -> bool:
        """Whether anybody but reviewers sees it."""
        return self.author_id is not None


Thread = Sequence[tuple[Comment, Person]]


def write(
    session: Session, review_id: int, text: str, *, by: Person, author_id: int | None = None
) -> Comment:
    """Say something about a review, to the author if there is one named; raises Invalid.

    Who says the same again, and nobody said anything meanwhile, has said it once.
    """
    said = {"person_id": by.id, "author_id": author_id, "text": require_text(text)}
    newest = sa.select(Comment).where(Comment.review_id == review_id).order_by(Comment.id.desc())
    last = session.scalars(newest.limit(1)).first()
    if last is not None and said == {name: getattr(last, name) for name in said}:
        return last
    comment = Comment(review_id=review_id, created_at=clock.now(), **said)
    session.add(comment)
    session.flush()
    return comment


def require_text(text: str, *, field: str = "comment") -> str:
    """Return what is said, without the blanks around it; raises Invalid, naming the field."""
    text = text.strip()
    fault = words.fault(text, LONGEST) if text else say("Please write something.")
    if fault:
        raise Invalid("Please look at the marked fields.", fields={field: fault})
    return text


def of_reviews(session: Session, review_ids: Iterable[int]) -> Thread:
    """Return all that was said about reviews and by whom, oldest first; for reviewers."""
    return _said(session, Comment.review_id.in_(list(review_ids)))


def with_author(
    session: Session, review_ids: Iterable[int], author_id: int
) -> dict[int, list[tuple[Comment, Person]]]:
    """Return what an author sees of threads, by review, oldest first."""
    found: dict[int, list[tuple[Comment, Person]]] = {}
    which = Comment.review_id.in_(list(review_ids)), Comment.author_id == author_id
    for comment, person in _said(session, *which):
        found.setdefault(comment.review_id, []).append((comment, person))
    return found


def _said(session: Session, *which: sa.ColumnElement[bool]) -> Thread:
    rows = session.execute(
        sa.select(Comment, Person)
        .join(Person, Person.id == Comment.person_id)
        .where(*which)
        .order_by(Comment.id)
    )
    return [(comment, person) for comment, person in rows]
