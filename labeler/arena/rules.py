"""Rules: how people of a project chat with its models. A project without a row has no chat.

What holds for a conversation is written down when it begins; other rules hold for later ones.
"""

import enum
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Any, Self

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic import ValidationError as ModelError
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, errors, events
from labeler.endpoints import registry
from labeler.endpoints.registry import Endpoint
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.said import say
from labeler.schema import Base, reference
from labeler.work import projects, questions, rubrics
from labeler.work.projects import NOT_OPEN, Project

NO_CHAT = say("This project has no chat.")
UNUSABLE = say("These rules cannot be used as written.")
UNASKED = say("Nobody is asked which of two answers is better.")
_TWICE = say("Each endpoint is named once")
_NOT_AT_THE_END = say(
    "A vote at the end is of two conversations, so each model goes on from its own"
)


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

    @field_validator("endpoints")
    @classmethod
    def _once(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise ValueError(_TWICE)
        return names

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.vote is Vote.end and self.goes_on is GoesOn.better:
            raise ValueError(_NOT_AT_THE_END)
        return self


def read(given: Mapping[str, Any]) -> RulesDraft:
    """Read rules from outside; raises Invalid naming every bad field."""
    try:
        return RulesDraft.model_validate(given)
    except ModelError as error:
        raise Invalid(UNUSABLE, fields=errors.faults(error, whole="rules")) from None


def set_rules(session: Session, project: Project, draft: RulesDraft, *, by: Person) -> ChatRules:
    """Let people of the project chat by these rules from now on; nothing if it is so already.

    Raises Forbidden to whoever is no owner, Invalid for endpoints that are not there, or that the
    project may not use, and where the form does not ask which answer is better.
    """
    if projects.role_in(session, project, by) is not Role.owner:
        raise Forbidden(NOT_OPEN[Role.owner])
    _require_usable(session, project, draft)
    found = session.get(ChatRules, project.id, with_for_update=True)
    if found is not None and draft_of(found) == draft:
        return found
    found = found or ChatRules(project_id=project.id)
    for name, value in _columns(draft).items():
        setattr(found, name, value)
    found.set_by, found.set_at = by.id, clock.now()
    session.add(found)
    session.flush()
    said = draft.model_dump(mode="json")
    events.record(session, "chat.ruled", person_id=by.id, project_id=project.id, **said)
    return found


def of_project(session: Session, project_id: int) -> ChatRules | None:
    """Return the rules of a project; None if it has no chat."""
    return session.get(ChatRules, project_id)


def require(session: Session, project_id: int) -> ChatRules:
    """Return the rules of a project; raises Conflict if it has no chat."""
    found = of_project(session, project_id)
    if found is None:
        raise Conflict(NO_CHAT)
    return found


def draft_of(rules: ChatRules) -> RulesDraft:
    """Return the rules as an owner would write them."""
    visitors = None
    if rules.per_visitor:
        visitors = VisitorsDraft(per_visitor=rules.per_visitor, per_day=rules.per_day)
    return RulesDraft(
        endpoints=rules.endpoints,
        vote=rules.vote,
        goes_on=rules.goes_on,
        most_turns=rules.most_turns,
        further=rules.further,
        visitors=visitors,
    )


def usable(session: Session, project: Project, rules: ChatRules) -> list[Endpoint]:
    """Return which of a chat's endpoints can be asked just now."""
    found = []
    for name in rules.endpoints:
        try:
            endpoint = registry.find(session, name)
            registry.require_allowed(project, endpoint)
        except (NotFound, Forbidden):
            continue
        found.append(endpoint)
    return found


def model_names(session: Session, rules: ChatRules) -> dict[str, str]:
    """Return what the model of each endpoint of a chat is called in comparisons.

    That is its own name, with the endpoint's where several of the chat's ask the same model.
    """
    asked = {name: registry.newest(session, name).written.model for name in rules.endpoints}
    called = list(asked.values())
    return {
        name: model if called.count(model) == 1 else f"{model} ({name})"
        for name, model in asked.items()
    }


def among(session: Session, project_ids: Collection[int]) -> set[int]:
    """Return which of these projects have a chat."""
    theirs = sa.select(ChatRules.project_id).where(ChatRules.project_id.in_(project_ids))
    return set(session.scalars(theirs))


def _columns(draft: RulesDraft) -> dict[str, Any]:
    limits = draft.visitors.model_dump() if draft.visitors else {"per_visitor": 0, "per_day": 0}
    names = ("vote", "goes_on", "most_turns", "further")
    return {"endpoints": list(draft.endpoints), **limits} | {n: getattr(draft, n) for n in names}


def _require_usable(session: Session, project: Project, draft: RulesDraft) -> None:
    faults: dict[str, str] = {}
    for number, name in enumerate(draft.endpoints):
        try:
            registry.require_allowed(project, registry.find(session, name))
        except (NotFound, Forbidden) as refusal:
            faults[f"endpoints.{number}"] = refusal.message
    asked = rubrics.version(session, project.id, project.rubric_number).asked
    if not any(question.kind in questions.MAIN for question in asked):
        faults["rules"] = UNASKED
    if faults:
        raise Invalid(UNUSABLE, fields=faults)
