"""Reviews: what a person should look at, and what became of it.

A program may open a review and note what it has seen. It does nothing else: what is left out of the
data, and what stands, people decide (see `outcomes`), and pay is touched by nobody.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased

from labeler import clock, events, said
from labeler.errors import Conflict, NotFound
from labeler.people.accounts import Person
from labeler.quality.threads import Comment
from labeler.said import Said, say
from labeler.schema import Base, Id, changed, dialect_of, insert, reference
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment

NOT_CLOSED = sa.text("state <> 'closed'")
WAITING = sa.text("state = 'waiting'")
AT_ONCE = 500
"""How many rows one statement takes."""
UNSURE = say("What people said leaves open which answer is better.")
OVERTAKEN = say("Somebody else has just dealt with this review. Please look at it again.")


Row = TypeVar("Row")


class ReviewKind(enum.Enum):
    """Why somebody should look."""

    unsure = "unsure"
    """What people said of a comparison leaves open which answer is better."""
    sample = "sample"
    """Drawn by lot."""
    signal = "signal"
    """Something is unusual in how somebody works."""
    second_opinion = "second_opinion"
    """A reviewer asks another one."""
    gold = "gold"
    """A known answer that people contradict: it may be the answer that is wrong."""


class ReviewState(enum.Enum):
    """Whose turn it is."""

    open = "open"
    """A reviewer's."""
    waiting = "waiting"
    """The author's, to whom a judgment was sent back."""
    closed = "closed"
    """Nobody's any more."""


MOVES = {
    ReviewState.open: {ReviewState.waiting, ReviewState.closed},
    ReviewState.waiting: {ReviewState.open, ReviewState.closed},
    ReviewState.closed: set[ReviewState](),
}


class Outcome(enum.Enum):
    """What came of a review."""

    accepted = "accepted"
    """What was said stands."""
    excluded = "excluded"
    """A judgment was left out of the data; it stays paid."""
    adjudicated = "adjudicated"
    """A person found what releases tell of the comparison."""
    dismissed = "dismissed"
    """There was nothing in it."""
    outgrown = "outgrown"
    """Nobody had looked yet, and there is no more reason to."""


class Review(Base):
    """Something that a person should look at: a comparison, one judgment, or somebody's work."""

    __tablename__ = "reviews"
    __table_args__ = (
        sa.Index(
            "uq_reviews_open",
            *("project_id", "kind", "subject"),
            unique=True,
            sqlite_where=NOT_CLOSED,
            postgresql_where=NOT_CLOSED,
        ),
        sa.Index(
            "uq_reviews_sent_back",
            "sent_back_id",
            unique=True,
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    kind: Mapped[ReviewKind]
    state: Mapped[ReviewState]
    subject: Mapped[str]
    """What it is about, in one word: of each kind there is one at a time that is not closed."""
    comparison_id: Mapped[int | None] = reference("comparisons.id", index=True)
    judgment_id: Mapped[int | None] = reference("judgments.id", index=True)
    """The judgment that it is about, as it stands; none if it is about all on the comparison."""
    person_id: Mapped[int | None] = reference("people.id", index=True)
    """Whose work a signal is about: they see it, and may answer."""
    asked_about_id: Mapped[int | None] = reference("reviews.id", index=True)
    """The review on which a second opinion is asked: they end together."""
    sent_back_id: Mapped[int | None] = reference("judgments.id")
    """The judgment that its author is asked to look at again, while it waits."""
    confidence: Mapped[float | None]
    """How sure it is what people found, from 0 to 1: the least sure comes first."""
    reason: Mapped[dict[str, Any]]
    evidence: Mapped[list[dict[str, Any]]]
    opened_by: Mapped[int | None] = reference("people.id")
    """None: a program."""
    opened_at: Mapped[datetime]
    closed_by: Mapped[int | None] = reference("people.id")
    closed_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]

    @property
    def why(self) -> Said:
        """Why somebody should look, as a sentence."""
        return said.joined(self.reason)

    @property
    def shown(self) -> Sequence[Said]:
        """What that was seen from, as sentences."""
        return [said.joined(each) for each in self.evidence]

    @property
    def is_closed(self) -> bool:
        """Whether nobody has to look any more."""
        return self.state is ReviewState.closed


def open(  # noqa: A001 (it is what one does with a review)
    session: Session,
    project_id: int,
    kind: ReviewKind,
    *,
    comparison_id: int | None = None,
    judgment_id: int | None = None,
    person_id: int | None = None,
    asked_about_id: int | None = None,
    confidence: float | None = None,
    reason: str,
    evidence: Sequence[str] = (),
    topic: str = "",
    by: Person | None = None,
) -> Review:
    """Ask for a person's look at something; return the review of it that is not closed.

    `reason` and `evidence` are sentences, made by `say` so that pages can translate them. `topic`
    parts reviews of one kind about the same, as two signals about one person. To open the same
    again is no error and changes nothing. Without `by` it is a program that asks.
    """
    if judgment_id is not None:
        judgment = session.get_one(Judgment, judgment_id)
        comparison_id = judgment.comparison_id
        person_id = judgment.person_id if kind is ReviewKind.signal else person_id
    about = {
        "comparison_id": comparison_id,
        "judgment_id": judgment_id,
        "person_id": person_id,
        "asked_about_id": asked_about_id,
    }
    row = _row(project_id, kind, reason, about, confidence, evidence=evidence, topic=topic, by=by)
    for number in _add(session, [row]):
        record(session, "review.opened", project_id, number, by=by, review=kind.value)
    same = {name: row[name] for name in ("project_id", "kind", "subject")}
    found = sa.select(Review).filter_by(**same).where(Review.state != ReviewState.closed)
    return session.scalars(found).one()


def open_unsure(session: Session, project_id: int, rows: Sequence[tuple[int, float]]) -> None:
    """Have reviews of these comparisons, with how sure it is what people found, and of no others.

    One that is there takes the new confidence. One that is not listed any more is closed if nobody
    has dealt with it. What a person has closed stays so until more is said of the comparison.
    """
    sure, held = dict(rows), _unsure(session, project_id)
    for comparison_id in held.keys() & sure.keys():
        held[comparison_id].confidence = sure[comparison_id]
    session.flush()
    settled = _settled(session, new := [each for each in sure if each not in held])
    opened = _add(
        session,
        [
            _row(project_id, ReviewKind.unsure, UNSURE, {"comparison_id": each}, sure[each])
            for each in new
            if each not in settled
        ],
    )
    outgrown = _outgrow(session, [held[each].id for each in held if each not in sure])
    if opened or outgrown:
        done = {"opened": len(opened), "outgrown": outgrown}
        record(session, "reviews.refreshed", project_id, None, by=None, **done)


def open_drawn(
    session: Session, project_id: int, drawn: Mapping[int, int], reason: str, *, by: Person
) -> None:
    """Open reviews of judgments that were drawn by lot, each with its comparison."""
    about = [{"comparison_id": drawn[each], "judgment_id": each} for each in drawn]
    kind = ReviewKind.sample
    opened = _add(session, [_row(project_id, kind, reason, each, None, by=by) for each in about])
    if opened:
        record(session, "reviews.drawn", project_id, None, by=by, opened=opened)


def subject(about: Mapping[str, int | None], topic: str = "") -> str:
    """Say in one word what a review is about."""
    words = [f"{name.removesuffix('_id')}-{n}" for name, n in about.items() if n is not None]
    return " ".join([*words, topic]).strip()


def find(session: Session, project_id: int, review_id: int) -> Review:
    """Return a review of this project; raises NotFound."""
    review = session.get(Review, review_id)
    if review is None or review.project_id != project_id:
        raise NotFound("There is no such review.")
    return review


def of_comparison(session: Session, comparison_id: int) -> Sequence[Review]:
    """Return the reviews of a comparison and of judgments on it, newest first."""
    return session.scalars(
        sa.select(Review).where(Review.comparison_id == comparison_id).order_by(Review.id.desc())
    ).all()


def move(session: Session, review: Review, state: ReviewState, **values: Any) -> None:
    """Move a review on if it still is where it was; raises Conflict otherwise."""
    still = sa.update(Review).where(Review.id == review.id, Review.state == review.state)
    moved = still.values(state=state, **values).execution_options(synchronize_session=False)
    if state not in MOVES[review.state] or not changed(session, moved):
        raise Conflict(OVERTAKEN)
    session.refresh(review)


def await_no_more(session: Session, judgment_ids: Iterable[int | None]) -> None:
    """Note that these judgments are not with their authors any more."""
    ids = [each for each in judgment_ids if each is not None]
    returned = sa.select(Judgment.assignment_id).where(Judgment.id.in_(ids))
    session.execute(
        sa.update(Assignment).where(Assignment.id.in_(returned)).values(sent_back_at=None)
    )


def record(
    session: Session,
    kind: str,
    project_id: int,
    review_id: int | None,
    *,
    by: Person | None,
    **data: Any,
) -> None:
    """Record what happened to a review, or to several."""
    events.record(
        session,
        kind,
        person_id=None if by is None else by.id,
        project_id=project_id,
        subject=review_id,
        **data,
    )


def _row(
    project_id: int,
    kind: ReviewKind,
    reason: str,
    about: Mapping[str, int | None],
    confidence: float | None,
    *,
    evidence: Sequence[str] = (),
    topic: str = "",
    by: Person | None = None,
) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "kind": kind,
        "state": ReviewState.open,
        "subject": subject(about, topic),
        **about,
        "confidence": confidence,
        "reason": said.parts(reason),
        "evidence": [said.parts(each) for each in evidence],
        "opened_by": None if by is None else by.id,
        "opened_at": clock.now(),
    }


def _add(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Open reviews; return the numbers of those that were not open yet."""
    begun = insert(dialect_of(session), Review).on_conflict_do_nothing().returning(Review.id)
    found: list[int] = []
    for some in _parts(rows):
        found += session.scalars(begun.values(some)).all()
    return found


def _unsure(session: Session, project_id: int) -> dict[int, Review]:
    """Return the reviews of unsure comparisons that are not closed, by comparison."""
    found = session.scalars(
        sa.select(Review).where(
            Review.project_id == project_id,
            Review.kind == ReviewKind.unsure,
            Review.state != ReviewState.closed,
            Review.judgment_id.is_(None),
        )
    )
    return {review.comparison_id: review for review in found if review.comparison_id is not None}


def _settled(session: Session, comparison_ids: Sequence[int]) -> set[int | None]:
    """Return of which comparisons a person has closed the review and nothing was said since."""
    since = sa.exists().where(
        Judgment.comparison_id == Review.comparison_id, Judgment.created_at > Review.closed_at
    )
    decided = sa.or_(Review.kind == ReviewKind.unsure, Review.outcome == Outcome.adjudicated)
    query = sa.select(Review.comparison_id).where(decided, Review.closed_by.is_not(None), ~since)
    found: set[int | None] = set()
    for some in _parts(comparison_ids):
        found.update(session.scalars(query.where(Review.comparison_id.in_(some))))
    return found


def _outgrow(session: Session, review_ids: Sequence[int]) -> int:
    """Close those with which nobody has dealt; return how many."""
    asked = aliased(Review)
    talked = sa.exists().where(Comment.review_id == Review.id)
    asks = sa.exists().where(asked.asked_about_id == Review.id)
    over = {"state": ReviewState.closed, "outcome": Outcome.outgrown, "closed_at": clock.now()}
    untouched = sa.update(Review).where(Review.state == ReviewState.open, ~talked, ~asks)
    closing = untouched.values(over).execution_options(synchronize_session="fetch")
    return sum(changed(session, closing.where(Review.id.in_(some))) for some in _parts(review_ids))


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for first in range(0, len(rows), AT_ONCE):
        yield rows[first : first + AT_ONCE]
