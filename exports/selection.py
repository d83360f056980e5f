"""Selection: which judgments count in a release.

There is one answer for a mark, and it never changes: judgments are only appended, and what
happened to them later carries a later moment. Comparisons are read in pages by id, each in a short
transaction, so that nobody waits for a release and memory stays the same however many there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, TypeVarTuple

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as ModelError
from sqlalchemy.orm import Session

from labeler import clock, errors
from labeler.errors import Invalid
from labeler.quality.adjudications import Adjudication, Finding
from labeler.schema import Reading
from labeler.text import languages
from labeler.work.comparisons import Comparison
from labeler.work.judgments import LEFT_OUT, Judgment, JudgmentState
from labeler.work.rubrics import Verdict

Columns = TypeVarTuple("Columns")

PAGE = 1_000
"""Comparisons that are in memory at once, and read in one transaction."""


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(languages.require_tag(tag) for tag in tags)


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


class Voter(NamedTuple):
    """Who judged, and by which versions of the guidelines and of the form."""

    person_id: int
    guideline_number: int
    rubric_number: int


class Votes(NamedTuple):
    """The judgments of a pair that count, without what was written in them."""

    number: int
    """How many there are."""
    tally: tuple[int, int, int, int]
    """How many are for answer 0, for answer 1, "about the same" and "both are bad"."""
    steps: tuple[int, int]
    """Steps from the middle of the scale, added up over the votes for answer 0 and for answer 1."""
    voters: tuple[Voter, ...]
    first_at: datetime | None
    last_at: datetime | None
    otherwise: int = 0
    """How many judgments count that rank the answers or rate them, and so are no votes."""


NONE = Votes(0, (0, 0, 0, 0), (0, 0), (), None, None)


class Judged(NamedTuple):
    """A comparison that somebody judged before the mark, and the votes on it that count."""

    id: int
    external_id: str
    language: str
    is_gold: bool
    prompt_id: int
    is_withdrawn: bool
    """Whether it was withdrawn by the mark."""
    is_adaptive: bool
    """Whether votes were asked for because others disagreed, so that they tell no agreement."""
    votes: Votes
    found: Finding | None = None
    """What a person had found of it by the mark, all judgments before them."""


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
    been left out by then. Comparisons whose judgments all fall away come without votes. Of what was
    found of a comparison the newest before the mark counts.
    """
    last = 0
    while True:
        with reading() as session:
            page = _comparisons(session, project_id, mark, after=last)
            if not page:
                return
            first, last = page[0].id, page[-1].id
            votes = _votes(session, mark, first=first, last=last)
            found = _findings(session, mark, first=first, last=last)
        yield [Judged(*one, votes[one.id], found.get(one.id)) for one in page if one.id in votes]


def rows(session: Session, query: sa.Select[*Columns]) -> Sequence[sa.Row[*Columns]]:
    """Run a query past the session's layer for entities: its rows are many and are none."""
    return session.connection().execute(query).all()


def _comparisons(
    session: Session, project_id: int, mark: Mark, *, after: int
) -> Sequence[sa.Row[int, str, str, bool, int, bool, bool]]:
    return rows(
        session,
        sa.select(
            Comparison.id,
            Comparison.external_id,
            Comparison.language,
            Comparison.is_gold,
            Comparison.prompt_id,
            sa.func.coalesce(Comparison.withdrawn_at <= mark.cut_at, sa.false()),
            Comparison.is_adaptive,
        )
        .where(Comparison.project_id == project_id, Comparison.id > after)
        .order_by(Comparison.id)
        .limit(PAGE),
    )


def _votes(session: Session, mark: Mark, *, first: int, last: int) -> dict[int, Votes]:
    """Return the votes on those comparisons, from the first to the last, that anybody had judged.

    They may be another project's, too: that one was loaded at the same time.
    """
    made = Judgment.comparison_id.between(first, last), Judgment.id <= mark.last_judgment_id
    judged = rows(session, sa.select(Judgment.comparison_id).where(*made).distinct())
    if not judged:
        return {}
    counted = rows(
        session,
        sa.select(Judgment.comparison_id, *_sums())
        .where(*made, _is_last(mark), _counts(mark))
        .group_by(Judgment.comparison_id),
    )
    votes = dict.fromkeys((comparison_id for (comparison_id,) in judged), NONE)
    for comparison_id, number, otherwise, *sums, voters, first_at, last_at in counted:
        tally, steps, who = tuple(sums[:4]), tuple(sums[4:]), _voters(voters)
        votes[comparison_id] = Votes(number, tally, steps, who, first_at, last_at, otherwise)
    return votes


def _findings(session: Session, mark: Mark, *, first: int, last: int) -> dict[int, Finding]:
    made = Adjudication.comparison_id.between(first, last), Adjudication.created_at <= mark.cut_at
    found = rows(
        session,
        sa.select(Adjudication.comparison_id, Adjudication.verdict, Adjudication.preferred)
        .where(*made)
        .order_by(Adjudication.id),
    )
    return {one: Finding(verdict, preferred) for one, verdict, preferred in found}


def _is_last(mark: Mark) -> sa.ColumnElement[bool]:
    """Tell the last version before the mark. Whether it is the current one may change later."""
    later = sa.orm.aliased(Judgment)
    overtaken = sa.exists().where(
        later.assignment_id == Judgment.assignment_id,
        later.id > Judgment.id,
        later.id <= mark.last_judgment_id,
    )
    return sa.or_(Judgment.is_current, ~overtaken)


def _counts(mark: Mark) -> sa.ColumnElement[bool]:
    return sa.and_(
        Judgment.state.in_([JudgmentState.accepted, *LEFT_OUT]),
        sa.or_(Judgment.excluded_at.is_(None), Judgment.excluded_at > mark.cut_at),
    )


def _sums() -> Iterator[sa.ColumnElement[Any]]:
    """Yield what `Votes` are made of, of the judgments on one comparison."""
    for_answer = [
        sa.and_(Judgment.verdict == Verdict.preference, Judgment.preferred == number)
        for number in (0, 1)
    ]
    neither = [Judgment.verdict == verdict for verdict in (Verdict.tie, Verdict.both_bad)]
    otherwise = Judgment.verdict.in_([Verdict.ranking, Verdict.criteria])
    yield from (sa.func.count().filter(kind) for kind in (~otherwise, otherwise))
    yield from (sa.func.count().filter(kind) for kind in (*for_answer, *neither))
    for kind in for_answer:
        yield sa.func.coalesce(sa.func.sum(Judgment.strength).filter(kind), 0)
    person, guideline, rubric = (
        sa.cast(column, sa.Text)
        for column in (Judgment.person_id, Judgment.guideline_number, Judgment.rubric_number)
    )
    voters = sa.func.aggregate_strings(person + " " + guideline + " " + rubric, ",")
    moments = sa.func.min(Judgment.created_at), sa.func.max(Judgment.created_at)
    yield from (each.filter(~otherwise) for each in (voters, *moments))


def _voters(said: str | None) -> tuple[Voter, ...]:
    return tuple(map(_voter, said.split(","))) if said else ()


@lru_cache(maxsize=2**16)
def _voter(said: str) -> Voter:
    return Voter(*map(int, said.split()))
