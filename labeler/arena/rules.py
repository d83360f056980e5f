"""Rules: how people of a project chat with its models. A project without a row has no chat.

What holds for a conversation is written down when it begins; other rules hold for later ones.
"""

import enum
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.people.accounts import Person
from labeler.schema import Base, reference
from labeler.work.projects import Project


class Vote(enum.Enum):
    """When people say which answer is better."""

    turn = "turn"
    """After every message."""
    end = "end"
    """Once, of the two whole conversations."""


class GoesOn(enum.Enum):
    """What the next message is an answer to."""

    better = "better"
    """The better answer: both models read the same conversation."""
    own = "own"
    """Each model's own answer: two conversations with the same questions."""


class ChatRules(Base):
    """How people of a project chat with its models."""

    __tablename__ = "chat_rules"
    __table_args__ = (
        sa.CheckConstraint("most_turns BETWEEN 1 AND 50", name="turns"),
        sa.CheckConstraint("further BETWEEN 0 AND 99", name="further"),
    )

    project_id: Mapped[int] = reference("projects.id", primary_key=True)
    endpoints: Mapped[list[str]]
    """Which ones answer, by name; two of them are drawn for each conversation."""
    vote: Mapped[Vote]
    goes_on: Mapped[GoesOn]
    most_turns: Mapped[int]
    further: Mapped[int]
    """To how many others each pair of answers is given, beside the person who chatted."""
    per_visitor: Mapped[int] = mapped_column(default=0)
    """How many conversations a visitor may begin; 0: the project lets no visitors in."""
    per_day: Mapped[int] = mapped_column(default=0)
    """How many all visitors together may begin in a day, UTC."""
    set_by: Mapped[int] = reference("people.id")
    set_at: Mapped[datetime]


class VisitorsDraft(BaseModel):
    """How many conversations visitors may begin who come by a link."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_visitor: int = Field(3, ge=1, le=1000)
    per_day: int = Field(100, ge=1, le=100_000)


class RulesDraft(BaseModel):
    """The rules of a chat as an owner writes them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoints: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        min_length=2, max_length=50, description="Which endpoints answer, by name."
    )
    vote: Vote = Vote.turn
    goes_on: GoesOn = GoesOn.better
    most_turns: int = Field(6, ge=1, le=50)
    further: int = Field(0, ge=0, le=99, description="To how many others each pair is given.")
    visitors: VisitorsDraft | None = Field(None, description="null: nobody comes by a link.")


def read(given: Mapping[str, Any]) -> RulesDraft:
    """Read rules from outside; raises Invalid naming every bad field."""
    raise NotImplementedError


def set_rules(session: Session, project: Project, draft: RulesDraft, *, by: Person) -> ChatRules:
    """Let people of the project chat by these rules from now on; nothing if it is so already.

    Raises Invalid for endpoints that are not there, or that the project may not use.
    """
    raise NotImplementedError


def of_project(session: Session, project_id: int) -> ChatRules | None:
    """Return the rules of a project; None if it has no chat."""
    raise NotImplementedError


def draft_of(rules: ChatRules) -> RulesDraft:
    """Return the rules as an owner would write them."""
    raise NotImplementedError


def among(session: Session, project_ids: Collection[int]) -> set[int]:
    """Return which of these projects have a chat."""
    return set(
        session.scalars(
            sa.select(ChatRules.project_id).where(ChatRules.project_id.in_(project_ids))
        )
    )
