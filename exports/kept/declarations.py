"""Declarations: what whoever runs a project says of it, which no program can measure.

Appended, never edited: a release tells what was said last by its cut-off. The facts are TOML (see
`declared`), for the labor card; the words are Markdown, for the dataset card.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from exports.kept import declared
from exports.kept.declared import Declared
from labeler import clock, events
from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.privacy.declared import Keep
from labeler.schema import Base, Id, reference
from labeler.work.projects import Project
from labeler.work.questions.words import fault

KEEP = Keep(
    "declarations",
    "what a project's owners say of who runs it, for datasets",
    "as long as the project's datasets",
    "Art. 6(1)(f), or (e) of a public body: the account of how a dataset was made",
    "stays: it is the word of whoever runs the project",
)
LONGEST = 20_000
"""Characters of facts, and of words."""
EXAMPLE = """\
legal_basis = "Art. 6(1)(b)"

[operator]
legal_name = "Example Society"
country = "FR"
contact = "data@example.org"
gdpr_role = "controller"

[operator.hosting]
self_hosted = true
country = "FR"

[[engagement]]
type = "contractor"

[support]
individual = true
paid = true
"""
"""How facts are written."""


class Declaration(Base):
    """What is said of a project from a moment on."""

    __tablename__ = "declarations"
    __table_args__ = (sa.Index("ix_declarations_project", "project_id", "id"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    facts: Mapped[str]
    words: Mapped[str]
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]

    @property
    def declared(self) -> Declared:
        """The facts, read."""
        return declared.read(self.facts)


def declare(
    session: Session, project: Project, *, facts: str, words: str, by: Person
) -> Declaration:
    """Say something else of a project from now on; the same again changes nothing.

    Raises Invalid naming what cannot be said so.
    """
    found = {name: fault(text, LONGEST) for name, text in (("facts", facts), ("words", words))}
    if faults := {name: each for name, each in found.items() if each is not None}:
        raise Invalid("This cannot be declared as written.", fields=faults)
    declared.read(facts)
    before = latest(session, project.id, clock.now())
    if before is not None and (before.facts, before.words) == (facts, words):
        return before
    made = Declaration(
        project_id=project.id,
        facts=facts,
        words=words,
        created_by=by.id,
        created_at=clock.now(),
    )
    session.add(made)
    session.flush()
    events.record(
        session, "project.declared", person_id=by.id, project_id=project.id, subject=made.id
    )
    return made


def latest(session: Session, project_id: int, moment: datetime) -> Declaration | None:
    """Return what was said last of a project by a moment."""
    said = Declaration.project_id == project_id, Declaration.created_at <= moment
    return session.scalar(
        sa.select(Declaration).where(*said).order_by(Declaration.id.desc()).limit(1)
    )
