"""Selection: which judgments count in a release.

There is one answer for a mark, and it never changes: judgments are only appended, and what
happened to them later carries a later moment. Comparisons are read in pages by id, each in a short
transaction, so that nobody waits for a release and memory stays the same however many there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Protocol

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as ModelError
from sqlalchemy.orm import Session

from labeler import clock, errors
from labeler.errors import Invalid
from labeler.text import languages
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.rubrics import Verdict

PAGE = 500


class Reading(Protocol):
    """Opens sessions that only read, each its own short transaction."""

    def __call__(self) -> AbstractContextManager[Session]: ...


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    for tag in tags:
        if not languages.is_tag(tag):
            raise ValueError(f"{tag!r} is not a language tag such as en or pt-BR")
    return tags


class Criteria(BaseModel):
    """The rules by which an owner has a release made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_judgments: int | None = Field(
        None, ge=1, le=100, description="Fewest judgments; as many as the project asks for."
    )
    min_margin: int = Field(
        1, ge=1, le=100, description="Votes for the better answer minus votes for the other."
    )
    min_agreement: float = Field(
        0.0, ge=0, le=1, description="Least share of all votes that the better answer has."
    )
    languages: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_tags)] | None = (
        Field(None, description="Only these languages; every one.")
    )
    test_share: float = Field(0.1, ge=0, le=1, description="Share of prompts kept for testing.")
    licence: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.+-]{0,62}$")] = Field(
        "other", description="The licence's short name in lower case, such as cc-by-4.0."
    )


def read_criteria(given: Mapping[str, Any]) -> Criteria:
    """Read criteria from outside; raises Invalid naming every bad field."""
    try:
        return Criteria.model_validate(given)
    except ModelError as error:
        faults = errors.faults(error)
        raise Invalid("A release cannot be cut by these rules.", fields=faults) from None


class Mark(NamedTuple):
    """Up to where a release looks: the newest judgment, and the moment."""

    last_judgment_id: int
    cut_at: datetime


class Vote(NamedTuple):
    """A judgment that counts, without what was written in it."""

    person_id: int
    verdict: Verdict
    preferred: int | None
    strength: int | None
    guideline_number: int
    rubric_number: int
    created_at: datetime


@dataclass(slots=True)
class Judged:
    """A comparison that somebody judged before the mark, and the votes on it that count."""

    id: int
    external_id: str
    language: str
    is_gold: bool
    prompt_id: int
    votes: list[Vote] = field(default_factory=list)


def mark(session: Session, project_id: int) -> Mark:
    """Return the mark of this moment. Commit at once: until then others wait to judge.

    No judgment with a smaller number can appear afterwards: on PostgreSQL numbers are drawn before
    they are committed, so those who have drawn one are waited for; on SQLite there is one writer.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("LOCK TABLE judgments IN SHARE MODE"))
    return glance(session, project_id)


def glance(session: Session, project_id: int) -> Mark:
    """Return a mark that is good for a look, not for a release: it makes nobody wait."""
    newest = sa.select(sa.func.max(Judgment.id)).where(Judgment.project_id == project_id)
    return Mark(session.scalar(newest) or 0, clock.now())


def select(reading: Reading, project_id: int, mark: Mark) -> Iterator[list[Judged]]:
    """Yield every comparison that was judged before the mark, in pages by id.

    Of the versions of a judgment the last one before the mark counts, unless it came late or had
    been left out by then. Comparisons whose judgments all fall away come without votes.
    """
    last = 0
    while True:
        with reading() as session:
            page = _comparisons(session, project_id, after=last)
            judged = _judge(session, page, mark)
        if not page:
            return
        last = page[-1].id
        if judged:
            yield judged


def _comparisons(session: Session, project_id: int, *, after: int) -> list[Judged]:
    rows = session.execute(
        sa.select(
            Comparison.id,
            Comparison.external_id,
            Comparison.language,
            Comparison.is_gold,
            Comparison.prompt_id,
        )
        .where(Comparison.project_id == project_id, Comparison.id > after)
        .order_by(Comparison.id)
        .limit(PAGE)
    )
    return [Judged(*row) for row in rows]


_SAID = (
    Judgment.comparison_id,
    Judgment.assignment_id,
    Judgment.state,
    Judgment.excluded_at,
    Judgment.person_id,
    Judgment.verdict,
    Judgment.preferred,
    Judgment.strength,
    Judgment.guideline_number,
    Judgment.rubric_number,
    Judgment.created_at,
)


def _judge(session: Session, page: Sequence[Judged], mark: Mark) -> list[Judged]:
    """Give the comparisons their votes; leave out those that nobody had judged."""
    if not page:
        return []
    versions = session.execute(
        sa.select(*_SAID)
        .where(
            Judgment.comparison_id.in_([one.id for one in page]),
            Judgment.id <= mark.last_judgment_id,
        )
        .order_by(Judgment.id)
    )
    # Whether a version is the current one changes later; that it was the last before the mark, not.
    last = {version.assignment_id: version for version in versions}
    by_id = {one.id: one for one in page}
    for version in last.values():
        if _counts(version.state, version.excluded_at, mark):
            by_id[version.comparison_id].votes.append(Vote(*version[4:]))
    judged = {version.comparison_id for version in last.values()}
    return [one for one in page if one.id in judged]


def _counts(state: JudgmentState, excluded_at: datetime | None, mark: Mark) -> bool:
    if state is JudgmentState.late:
        return False
    return excluded_at is None or excluded_at > mark.cut_at
