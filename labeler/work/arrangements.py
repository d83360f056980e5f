"""Arrangements: which batches go first, whom they are for, and how often they are judged.

What changes here holds from the next claim on; what somebody holds already stays theirs.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as ModelError
from sqlalchemy.orm import Session

from labeler import errors, events
from labeler.errors import Conflict, Invalid, NotFound
from labeler.people.accounts import Person
from labeler.people.memberships import Cohorts
from labeler.said import say
from labeler.work import comparisons
from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison
from labeler.work.drafts import MOST
from labeler.work.lanes import Lane

CHUNK = 500
"""How many comparisons are changed in one transaction."""
HIGHEST = 1000
MOST_JUDGMENTS = 100
_ASKED = ~Comparison.is_gold, ~Comparison.is_adaptive, Comparison.withdrawn_at.is_(None)


def _without_defaults(schema: dict[str, Any]) -> None:
    for described in schema["properties"].values():
        described.pop("default")  # a program that sent it would change what should stay


class Arrangement(BaseModel):
    """What an owner may change of a batch. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_without_defaults)

    priority: int = Field(
        0, ge=-HIGHEST, le=HIGHEST, description="Higher ones are given out first, then older ones."
    )
    cohorts: Cohorts = Field([], description="The groups that it is for; none: everybody.")
    most_per_person: int | None = Field(
        None,
        ge=1,
        le=MOST,
        description="How many of its comparisons one person is given at most; null: all of them.",
    )
    is_qualification: bool = Field(
        False,
        description="Whether it is asked before the work, of those who have yet to qualify; "
        "all of it must be known answers.",
    )
    judgments: int | None = Field(
        None,
        ge=1,
        le=MOST_JUDGMENTS,
        description="How many judgments are wanted on each comparison; null: as many as before.",
    )


def read(given: Mapping[str, Any]) -> Arrangement:
    """Read an arrangement from outside; raises Invalid naming every bad field."""
    try:
        return Arrangement.model_validate(given)
    except ModelError as error:
        faults = errors.faults(error, whole="batch")
        raise Invalid("The batch cannot be arranged like this.", fields=faults) from None


def find(session: Session, project_id: int, batch_id: int) -> Batch:
    """Return a batch of this project; raises NotFound."""
    batch = session.get(Batch, batch_id)
    if batch is None or batch.project_id != project_id:
        raise NotFound("There is no such batch.")
    return batch


def carry_out(
    session: Session, batch: Batch, arrangement: Arrangement, *, by: Person
) -> Iterator[None]:
    """Do all that the arrangement says; yield after every chunk, for the caller to commit.

    Raises Conflict when other judgments are wanted on a batch that is still being loaded, or when
    that is to qualify people; Invalid when not all of it is known.
    """
    if arrangement.judgments is not None or arrangement.is_qualification:
        _require_ready(batch)
    arrange(session, batch, arrangement, by=by)
    yield
    if arrangement.judgments is not None:
        yield from want(session, batch, arrangement.judgments, by=by)


def arrange(session: Session, batch: Batch, arrangement: Arrangement, *, by: Person) -> None:
    """Give the batch another priority, other groups or another limit, where it is to change."""
    said = arrangement.model_dump(exclude_unset=True, exclude={"judgments"})
    new = {name: value for name, value in said.items() if getattr(batch, name) != value}
    if not new:
        return
    if new.get("is_qualification"):
        _require_known(session, batch)
    for name, value in new.items():
        setattr(batch, name, value)
    session.flush()
    events.record(
        session,
        "batch.arranged",
        person_id=by.id,
        project_id=batch.project_id,
        subject=batch.id,
        **new,
    )


def want(session: Session, batch: Batch, number: int, *, by: Person) -> Iterator[None]:
    """Ask for so many judgments on each comparison of the batch, known answers apart.

    Yields after every chunk, for the caller to commit. What broke off goes on when it is asked
    again. Raises Conflict while the batch is being loaded.
    """
    _require_ready(batch)
    last = 0
    while ids := _otherwise(session, batch.id, number, after=last):
        comparisons.want(session, ids, number)
        if not last:  # after the rows were locked, as everybody does
            events.record(
                session,
                "batch.wanted",
                person_id=by.id,
                project_id=batch.project_id,
                subject=batch.id,
                judgments=number,
            )
        last = ids[-1]
        yield


def wanted(session: Session, batch_ids: Sequence[int]) -> dict[int, int]:
    """Return how many judgments are wanted on a comparison of each batch that asks for any."""
    one = sa.select(Comparison.wanted).where(Comparison.batch_id == Batch.id, *_ASKED).limit(1)
    asks = sa.exists().where(Lane.batch_id == Batch.id, ~Lane.is_gold)
    rows = session.execute(
        sa.select(Batch.id, one.scalar_subquery()).where(Batch.id.in_(batch_ids), asks)
    )
    return {batch_id: number for batch_id, number in rows if number is not None}


def _otherwise(session: Session, batch_id: int, number: int, *, after: int) -> Sequence[int]:
    """Return the next comparisons on which another number of judgments is wanted."""
    return session.scalars(
        sa.select(Comparison.id)
        .where(Comparison.batch_id == batch_id, Comparison.id > after, *_ASKED)
        .where(Comparison.wanted != number)
        .order_by(Comparison.id)
        .limit(CHUNK)
    ).all()


def _require_known(session: Session, batch: Batch) -> None:
    unknown = sa.exists().where(Lane.batch_id == batch.id, ~Lane.is_gold)
    if session.scalar(sa.select(unknown)):
        words = say("Not every comparison of this batch has a known answer.")
        raise Invalid(words, fields={"is_qualification": words})


def _require_ready(batch: Batch) -> None:
    if batch.state is not BatchState.ready:
        raise Conflict("This batch is still being loaded. Please try again when it is there.")
