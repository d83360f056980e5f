"""Leaderboards: which models are ahead, by language and category, as of a moment.

They are worked out with the snapshot of the project, which begins at the moment that they hold
for, and are replaced all at once. What stands in `data` is said in `findings.boards`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.errors import NotFound
from labeler.quality.snapshots import Snapshot
from labeler.schema import Base, reference


class Leaderboard(Base):
    """Who is ahead in a language and a category; empty text stands for all of them."""

    __tablename__ = "leaderboards"

    project_id: Mapped[int] = reference("projects.id", primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    """The moment that it holds for."""
    data: Mapped[dict[str, Any]]


class Kept(NamedTuple):
    """Of which languages and categories a project has leaderboards, alone and together."""

    languages: Sequence[str]
    categories: Sequence[str]
    together: Sequence[tuple[str, str]]


def keep(
    session: Session, project_id: int, made: Iterable[tuple[str, str, dict[str, Any]]]
) -> None:
    """Replace the project's leaderboards, as of the moment at which its snapshot was begun."""
    begun_at = session.scalar(sa.select(Snapshot.begun_at).where(Snapshot.project_id == project_id))
    rows = [
        {
            "project_id": project_id,
            "made_at": begun_at,
            "language": language,
            "category": category,
            "data": data,
        }
        for language, category, data in made
    ]
    session.execute(sa.delete(Leaderboard).where(Leaderboard.project_id == project_id))
    session.execute(sa.insert(Leaderboard), rows)


def find(
    session: Session, project_id: int, language: str = "", category: str = ""
) -> Leaderboard | None:
    """Return a leaderboard; none before one was worked out, or where too little tells of it.

    Raises NotFound for a language or a category of which the project has none.
    """
    if language or category:
        there = kept(session, project_id)
        if language not in ("", *there.languages) or category not in ("", *there.categories):
            raise NotFound("There is no leaderboard of this language and category.")
    return session.get(Leaderboard, (project_id, language, category))


def kept(session: Session, project_id: int) -> Kept:
    """Return which leaderboards there are beside that of the whole."""
    rows = session.execute(
        sa.select(Leaderboard.language, Leaderboard.category)
        .where(Leaderboard.project_id == project_id)
        .order_by(Leaderboard.language, Leaderboard.category)
    ).all()
    return Kept(
        languages=[language for language, category in rows if language and not category],
        categories=[category for language, category in rows if category and not language],
        together=[(language, category) for language, category in rows if language and category],
    )
