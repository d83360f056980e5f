"""Comparisons: a prompt and two or more responses to it, and how many judgments are still wanted.

`open_slots` + open assignments + `judged` = `wanted`, always; the database refuses less than none.
Known answers (gold) are asked of everybody, so their `wanted` is without bound in practice.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, defer

from labeler.errors import NotFound
from labeler.schema import Base, BigInt, Id, changed, reference

EVERYBODY = 2**31 - 1
"""How many judgments are wanted on gold."""
OPEN = sa.text("open_slots > 0")


class Prompt(Base):
    """A conversation ending in a user turn, once per project."""

    __tablename__ = "prompts"
    __table_args__ = (sa.UniqueConstraint("project_id", "digest"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    digest: Mapped[str]
    messages: Mapped[list[dict[str, str]]]
    language: Mapped[str]


class Response(Base):
    """One model's answer, with where it comes from. Numbered from 0 in its comparison."""

    __tablename__ = "responses"
    __table_args__ = (sa.UniqueConstraint("comparison_id", "number"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    comparison_id: Mapped[int] = reference("comparisons.id")
    number: Mapped[int]
    text: Mapped[str]
    model: Mapped[str | None]
    provenance: Mapped[dict[str, Any]]


class Comparison(Base):
    """Two or more responses to one prompt, to be judged `wanted` times."""

    __tablename__ = "comparisons"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "external_id"),
        sa.CheckConstraint(
            "open_slots >= 0 AND judged >= 0 AND open_slots + judged <= wanted", name="slots"
        ),
        sa.Index(
            "ix_comparisons_open",
            "batch_id",
            "is_gold",
            "shuffle",
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        sa.Index(
            "ix_comparisons_progress", "project_id", "batch_id", "is_gold", "judged", "wanted"
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    batch_id: Mapped[int] = reference("batches.id", index=True)
    prompt_id: Mapped[int] = reference("prompts.id", index=True)
    external_id: Mapped[str]
    language: Mapped[str]
    is_gold: Mapped[bool]
    shuffle: Mapped[BigInt]
    wanted: Mapped[int]
    open_slots: Mapped[int]
    judged: Mapped[int]
    details: Mapped[dict[str, Any]]


def find(session: Session, project_id: int, comparison_id: int) -> Comparison:
    """Return a comparison of this project; raises NotFound."""
    comparison = session.get(Comparison, comparison_id)
    if comparison is None or comparison.project_id != project_id:
        raise NotFound("There is no such comparison.")
    return comparison


def responses(session: Session, comparison_id: int) -> Sequence[Response]:
    """Return the responses of a comparison, by number."""
    return session.scalars(
        sa.select(Response).where(Response.comparison_id == comparison_id).order_by(Response.number)
    ).all()


def page(
    session: Session, project_id: int, *, after: int = 0, limit: int = 50, language: str = ""
) -> Sequence[Comparison]:
    """Return the comparisons that follow `after`, by id, without touching their texts."""
    query = (
        sa.select(Comparison)
        .options(defer(Comparison.details))
        .where(Comparison.project_id == project_id, Comparison.id > after)
        .order_by(Comparison.id)
        .limit(limit)
    )
    if language:
        query = query.where(Comparison.language == language)
    return session.scalars(query).all()


def prompts(session: Session, prompt_ids: Iterable[int]) -> dict[int, Prompt]:
    """Return prompts by id."""
    found = session.scalars(sa.select(Prompt).where(Prompt.id.in_(set(prompt_ids))))
    return {prompt.id: prompt for prompt in found}


def take_slot(session: Session, comparison_id: int) -> bool:
    """Take one open slot; False when there is none."""
    taken = changed(
        session,
        sa.update(Comparison)
        .where(Comparison.id == comparison_id, OPEN)
        .values(open_slots=Comparison.open_slots - 1)
        .execution_options(synchronize_session=False),
    )
    return bool(taken)


def give_back_slots(session: Session, comparison_ids: Iterable[int]) -> None:
    """Give back a slot for each id; an id may come several times."""
    for comparison_id in sorted(comparison_ids):
        session.execute(
            sa.update(Comparison)
            .where(Comparison.id == comparison_id)
            .values(open_slots=Comparison.open_slots + 1)
            .execution_options(synchronize_session=False)
        )


def count_judgment(session: Session, comparison_id: int) -> None:
    """Count an accepted judgment whose slot was taken before."""
    session.execute(
        sa.update(Comparison)
        .where(Comparison.id == comparison_id)
        .values(judged=Comparison.judged + 1)
        .execution_options(synchronize_session=False)
    )


def reopen(session: Session, comparison_id: int) -> None:
    """Uncount a judgment that was left out, so that the comparison wants another."""
    session.execute(
        sa.update(Comparison)
        .where(Comparison.id == comparison_id)
        .values(judged=Comparison.judged - 1, open_slots=Comparison.open_slots + 1)
        .execution_options(synchronize_session=False)
    )
