"""Known answers as people make them: written, set, mined from agreement, and unscored when wrong.

What was judged stays what it is: a comparison whose answer becomes known is copied, and the copy
is gold. Nothing here touches what anybody earned.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from labeler import clock, events
from labeler.errors import Conflict, Invalid
from labeler.people.accounts import Person
from labeler.quality import qualification
from labeler.said import say
from labeler.schema import changed
from labeler.work import additions, comparisons, records, rows, tallies
from labeler.work.additions import Collection
from labeler.work.comparisons import VOTES_BITS, Comparison, Prompt
from labeler.work.gold import Gold, GoldSource
from labeler.work.judgments import IS_CURRENT, Judgment
from labeler.work.lanes import Lane
from labeler.work.projects import Project
from labeler.work.questions.reason import require_reason
from labeler.work.records import Record
from labeler.work.rows import GoldIn, Message, ResponseIn, Row, Unfit

LEAST = 5
"""How many have to agree before their answer is offered as a known one."""
CHANGED = say("People have judged it otherwise meanwhile. Please look again.")


class Draft(BaseModel):
    """A comparison with its known answer, as an owner writes it; answers count from 0."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str = Field(min_length=1, max_length=100_000)
    answers: tuple[str, str]
    better: int = Field(ge=0, le=1)
    why: str = Field(min_length=1, max_length=10_000)
    language: str = Field(min_length=1, max_length=35)

    for_qualification: bool = False


class Candidate(NamedTuple):
    """A comparison that people agree on: `agreed` of `judged` found `better` the better answer."""

    comparison_id: int
    external_id: str
    prompt_id: int
    better: int
    agreed: int
    judged: int


def write(session: Session, project: Project, draft: Draft, *, by: Person) -> Comparison:
    """Store what an owner wrote as a known answer.

    Raises Invalid naming the fields that do not make a comparison, Conflict if it is there already.
    """
    row = _written(draft)
    to = Collection.questions if draft.for_qualification else Collection.known
    known = additions.add(session, project, row, to=to, source=GoldSource.written, by=by)
    return _recorded(session, project, known, GoldSource.written, by=by)


def set_answer(
    session: Session,
    project: Project,
    comparison: Comparison,
    *,
    better: int,
    why: str,
    to: Collection = Collection.known,
    by: Person,
) -> Comparison:
    """Make a known answer of a comparison that is there; return the copy that is gold.

    Nobody further is given the original; what was judged of it counts as before. Raises Invalid
    where it has no such answer, Conflict if it is gold, was copied before or is withdrawn.
    """
    answer = GoldIn(better=better, why=why.strip() or None)
    return _copy(session, project, comparison, answer, GoldSource.set, to=to, by=by)


def candidates(
    session: Session,
    project_id: int,
    *,
    least: int = LEAST,
    share: float = 1.0,
    after: int = 0,
    limit: int = 50,
) -> Sequence[Candidate]:
    """Return pairs that at least so many judged and at least this share agrees on, by id.

    Ties and "both are bad" are votes like others and can never be the answer. Read from the counted
    votes alone: no text, no judgment.
    """
    query = (
        _agreed(least, share)
        .where(Comparison.project_id == project_id, Comparison.id > after)
        .order_by(Comparison.id)
        .limit(limit)
    )
    return [Candidate(*row) for row in session.execute(query)]


def mine(
    session: Session,
    project: Project,
    reasons: Mapping[int, str],
    *,
    least: int = LEAST,
    share: float = 1.0,
    to: Collection = Collection.known,
    by: Person,
) -> Sequence[Comparison]:
    """Make known answers of candidates, by id with a reason, which may be empty.

    Raises Conflict if one of them is no candidate any more.
    """
    query = _agreed(least, share).where(
        Comparison.project_id == project.id, Comparison.id.in_(reasons)
    )
    found = {row.id: Candidate(*row) for row in session.execute(query)}
    if found.keys() != reasons.keys():
        raise Conflict(CHANGED)
    made = []
    for each, why in sorted(reasons.items()):
        answer = GoldIn(better=found[each].better, why=why.strip() or None)
        original = session.get_one(Comparison, each)
        made.append(_copy(session, project, original, answer, GoldSource.mined, to=to, by=by))
    return made


def unscore(session: Session, comparison: Comparison, reason: str, *, by: Person) -> None:
    """Say that a known answer is wrong: it is given to nobody, and counts for and against nobody.

    That holds also for those who have judged it. What they said, their grades and their pay stay.
    Raises Invalid without a reason, Conflict if it is no known answer or was unscored before.
    """
    reason = require_reason(reason)
    if not comparison.is_gold:
        raise Conflict("This comparison has no known answer.")
    comparisons.close_gold(session, comparison)  # whoever judges it now comes before or after
    unscored = changed(
        session,
        sa.update(Gold)
        .where(Gold.comparison_id == comparison.id, Gold.unscored_at.is_(None))
        .values(unscored_at=clock.now(), unscored_by=by.id, unscored_reason=reason),
    )
    if not unscored:
        raise Conflict("This known answer counts for nobody already.")
    qualification.forgive(session, comparison.id)
    _untally(session, comparison)
    _record(session, "gold.unscored", comparison, by=by, reason=reason)


def _untally(session: Session, comparison: Comparison) -> None:
    """Take the grades on it out of the tallies, person by person in one order."""
    right = sa.func.sum(sa.case((Judgment.gold_right.is_(True), 1), else_=0))
    graded = session.execute(
        sa.select(Judgment.person_id, sa.func.count(), right)
        .where(Judgment.comparison_id == comparison.id, IS_CURRENT)
        .group_by(Judgment.person_id)
        .order_by(Judgment.person_id)
    )
    for person_id, number, found in graded.all():
        tallies.add(
            session,
            project_id=comparison.project_id,
            person_id=person_id,
            lane_id=comparison.lane_id,
            gold=-number,
            gold_right=-found,
        )


def _agreed(least: int, share: float) -> sa.Select[Any]:
    votes, judged = Comparison.votes, Comparison.judged
    first = votes.bitwise_and(2**VOTES_BITS - 1)
    second = (votes // 2**VOTES_BITS).bitwise_and(2**VOTES_BITS - 1)
    agreed = sa.case((first > second, first), else_=second)
    copied = sa.exists().where(Gold.copied_from_id == Comparison.id)
    return sa.select(
        *(Comparison.id, Comparison.external_id, Comparison.prompt_id),
        *(sa.case((first > second, 0), else_=1), agreed, judged),
    ).where(
        ~Comparison.is_gold,
        Comparison.withdrawn_at.is_(None),
        judged >= max(1, least),
        agreed >= sa.literal(share, sa.Float()) * judged,
        first != second,
        ~copied,
    )


def _copy(
    session: Session,
    project: Project,
    comparison: Comparison,
    answer: GoldIn,
    source: GoldSource,
    *,
    to: Collection,
    by: Person,
) -> Comparison:
    if comparison.is_gold or comparison.withdrawn_at is not None:
        raise Conflict("Only a comparison that is asked can be made a known answer.")
    row = _copied(session, comparison, answer)
    comparisons.want(session, [comparison.id], comparison.taken)  # nobody meets it twice
    known = additions.add(session, project, row, to=to, source=source, by=by)
    session.get_one(Gold, known).copied_from_id = comparison.id
    return _recorded(session, project, known, source, by=by, copied_from=comparison.id)


def _copied(session: Session, comparison: Comparison, answer: GoldIn) -> Row:
    stored = comparisons.responses(session, comparison.id)
    if not 0 <= answer.better < len(stored):
        fault = say("There is no such answer.")
        raise Invalid(fault, fields={"better": fault})
    prompt = session.get_one(Prompt, comparison.prompt_id)
    return Row(
        line=0,
        id=f"{comparison.external_id}~known",
        messages=tuple(Message.model_validate(turn) for turn in prompt.messages),
        language=comparison.language,
        responses=tuple(
            ResponseIn.model_validate({**each.provenance, "text": each.text, "model": each.model})
            for each in stored
        ),
        gold=answer,
        metadata=comparison.details,
        sensitive=session.get_one(Lane, comparison.lane_id).sensitive,
    )


def _written(draft: Draft) -> Row:
    """Check a draft as the row of a file is checked; raises Invalid naming its fields."""
    said = repr((draft.prompt, draft.answers)).encode()
    values = {
        "id": f"written-{hashlib.sha256(said).hexdigest()[:16]}",
        "prompt": [{"role": "user", "content": draft.prompt}],
        "responses": [{"text": text} for text in draft.answers],
        "gold": {"better": draft.better, "why": draft.why},
    }
    record = records.checked(0, values, len(said))
    try:
        if isinstance(record, Record):
            return rows.build_row(record, record.values, {}, language=draft.language)
        raise Unfit(record.field, record.reason)
    except Unfit as unfit:
        raise Invalid(unfit.reason, fields={unfit.field: unfit.reason}) from None


def _recorded(
    session: Session,
    project: Project,
    comparison_id: int,
    source: GoldSource,
    *,
    by: Person,
    **more: Any,
) -> Comparison:
    comparison = comparisons.find(session, project.id, comparison_id)
    _record(session, "gold.made", comparison, by=by, source=source.value, **more)
    return comparison


def _record(
    session: Session, kind: str, comparison: Comparison, *, by: Person, **data: Any
) -> None:
    events.record(
        session,
        kind,
        person_id=by.id,
        project_id=comparison.project_id,
        subject=comparison.id,
        **data,
    )
