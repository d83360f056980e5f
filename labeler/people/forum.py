"""The forum: where those who do the work talk with each other, and nobody who manages reads.

It is open to whoever annotates in some project and neither reviews nor owns any, nor administers
this site. No event tells who wrote what: events are read by those who run the site. They can read
its database, too, and a program cannot keep them from it; the page says so.

What somebody wrote they can take back: the text is gone then, and its place stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock
from labeler.errors import Conflict, Forbidden, NotFound
from labeler.people import words
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.schema import Base, Id, changed, reference

AT_ONCE = 50
"""How many topics one page shows."""
FULL = 500
"""How many posts a topic takes."""


class Topic(Base):
    """What people talk about. Its title goes with its first post, if that is taken back."""

    __tablename__ = "topics"

    id: Mapped[Id]
    title: Mapped[str]
    opened_by: Mapped[int] = reference("people.id")
    posts: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
    """When somebody last wrote."""


class Post(Base):
    """What somebody wrote, under their name or without it; empty once it was taken back."""

    __tablename__ = "posts"

    id: Mapped[Id]
    topic_id: Mapped[int] = reference("topics.id", index=True)
    author_id: Mapped[int] = reference("people.id")
    """Kept without a name, too, so that its author can take it back; shown to nobody then."""
    is_nameless: Mapped[bool]
    text: Mapped[str]
    written_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Shown:
    """A post as its readers see it."""

    id: int
    author: str | None
    """None: somebody who works here, or nothing is left to sign."""
    text: str
    written_at: datetime
    is_taken_back: bool
    is_own: bool


def is_worker(session: Session, person: Person) -> bool:
    """Say whether the person annotates somewhere, and manages nothing."""
    if person.is_admin:
        return False
    mine = Membership.person_id == person.id, Membership.removed_at.is_(None)
    return set(session.scalars(sa.select(Membership.role).where(*mine))) == {Role.annotator}


def require_worker(session: Session, person: Person) -> None:
    """Raise Forbidden to whoever does not work here, or manages."""
    if not is_worker(session, person):
        raise Forbidden("The forum is for those who annotate here, and manage nothing.")


def topics(session: Session, page: int = 1, *, by: Person) -> Sequence[Topic]:
    """Return topics of a page, those in which somebody wrote last first; raises Forbidden."""
    require_worker(session, by)
    ordered = sa.select(Topic).order_by(Topic.last_at.desc(), Topic.id.desc())
    return session.scalars(ordered.limit(AT_ONCE).offset((page - 1) * AT_ONCE)).all()


def find(session: Session, topic_id: int, *, by: Person) -> Topic:
    """Return a topic; raises Forbidden, NotFound."""
    require_worker(session, by)
    if (topic := session.get(Topic, topic_id)) is None:
        raise NotFound("There is no such topic.")
    return topic


def posts(session: Session, topic: Topic, *, by: Person) -> Sequence[Shown]:
    """Return what was written to a topic, in order; raises Forbidden."""
    require_worker(session, by)
    gone = Post.taken_back_at.is_not(None)
    name = sa.case((sa.or_(Post.is_nameless, gone), None), else_=Person.name)
    own = Post.author_id == by.id
    rows = session.execute(
        sa.select(Post.id, name, Post.text, Post.written_at, gone, own)
        .join(Person, Person.id == Post.author_id)
        .where(Post.topic_id == topic.id)
        .order_by(Post.id)
    )
    return [
        Shown(number, author, text, at, is_taken_back=bool(was), is_own=bool(mine))
        for number, author, text, at, was, mine in rows
    ]


def open_topic(
    session: Session, title: str, text: str, *, is_nameless: bool = False, by: Person
) -> Topic:
    """Begin to talk about something; raises Forbidden, Invalid.

    The same again, right after, is the topic that is there.
    """
    require_worker(session, by)
    said = words.require({"title": title, "text": text}, line="title")
    newest = sa.select(Topic).where(Topic.opened_by == by.id).order_by(Topic.id.desc()).limit(1)
    last = session.scalars(newest).first()
    if last is not None and last.title == said["title"] and last.posts == 1:
        first = sa.select(Post.text).where(Post.topic_id == last.id)
        if session.scalar(first) == said["text"]:
            return last
    topic = Topic(title=said["title"], opened_by=by.id, posts=0, last_at=clock.now())
    session.add(topic)
    session.flush()
    _write(session, topic, said["text"], is_nameless=is_nameless, by=by)
    return topic


def reply(
    session: Session, topic: Topic, text: str, *, is_nameless: bool = False, by: Person
) -> None:
    """Write to a topic; raises Forbidden, Invalid, Conflict once it is full.

    Who says the same again, and nobody wrote meanwhile, has said it once.
    """
    require_worker(session, by)
    said = words.require({"text": text})["text"]
    newest = sa.select(Post).where(Post.topic_id == topic.id).order_by(Post.id.desc()).limit(1)
    last = session.scalars(newest).first()
    if last is not None and (last.author_id, last.text) == (by.id, said):
        return
    _write(session, topic, said, is_nameless=is_nameless, by=by)


def take_back(session: Session, post_id: int, *, by: Person) -> Topic:
    """Let nobody read any more what one wrote oneself; again, it changes nothing.

    Raises Forbidden, and NotFound for what somebody else wrote.
    """
    require_worker(session, by)
    post = session.get(Post, post_id)
    if post is None or post.author_id != by.id:
        raise NotFound("You have not written such a post.")
    topic = session.get_one(Topic, post.topic_id)
    if post.taken_back_at is None:
        post.text, post.taken_back_at = "", clock.now()
        first = sa.select(sa.func.min(Post.id)).where(Post.topic_id == topic.id)
        if session.scalar(first) == post.id:
            topic.title = ""
        session.flush()
    return topic


def forget(session: Session, person: Person, *, at: datetime) -> None:
    """Take back all that a person wrote, for whoever is erased."""
    theirs = Post.author_id == person.id, Post.taken_back_at.is_(None)
    session.execute(sa.update(Post).where(*theirs).values(text="", taken_back_at=at))
    session.execute(sa.update(Topic).where(Topic.opened_by == person.id).values(title=""))


def _write(session: Session, topic: Topic, text: str, *, is_nameless: bool, by: Person) -> None:
    now = clock.now()
    has_room = sa.update(Topic).where(Topic.id == topic.id, Topic.posts < FULL)
    if not changed(session, has_room.values(posts=Topic.posts + 1, last_at=now)):
        raise Conflict("This topic is full. Please begin another one.")
    post = Post(topic_id=topic.id, author_id=by.id, text=text, written_at=now)
    post.is_nameless, post.taken_back_at = is_nameless, None
    session.add(post)
    session.flush()
    session.refresh(topic)
