"""Replay: erasures are written down beside the database too, so that no backup brings anybody back.

The file holds, line by line, a person's number, when their account was made and when they were
erased: no name, no address. Numbers are drawn anew in another database, so that a line counts only
for a person whose account was made at that very moment.
"""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.orm import Session

from labeler import events
from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.privacy import erasure
from labeler.said import say


class Erased(BaseModel):
    """Who was erased, without a name, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: int
    created_at: datetime
    """When their account was made."""
    erased_at: datetime


def note(session: Session, file: Path) -> int:
    """Add to the file whoever was erased and is not in it; return how many those are.

    What a crash left half written is written again.
    """
    rows = session.execute(
        sa.select(Person.id, Person.created_at, Person.erased_at)
        .where(Person.erased_at.is_not(None))
        .order_by(Person.erased_at, Person.id)
    )
    found = [
        Erased(person=number, created_at=created_at, erased_at=erased_at)
        for number, created_at, erased_at in rows
        if erased_at is not None
    ]
    return keep(file, found)


def keep(file: Path, found: Iterable[Erased]) -> int:
    """Add to the file whoever of these is not in it; return how many those are."""
    known = {(one.person, one.created_at) for one in read(file)}
    new = [one for one in found if (one.person, one.created_at) not in known]
    if new:
        _append(file, new)
    return len(new)


def is_back(session: Session, one: Erased) -> bool:
    """Tell whether a backup has brought this person back."""
    person = session.get(Person, one.person)
    return person is not None and person.created_at == one.created_at and person.erased_at is None


def replay(session: Session, known: Iterable[Erased], *, years: int) -> Iterator[int]:
    """Forget everybody who was erased and was brought back; yield each, for a commit.

    Whatever else is open: what a backup says of their money and their parts is the past.
    """
    for one in known:
        if not is_back(session, one):
            continue
        person = session.get_one(Person, one.person)
        erasure.forget(session, person, at=one.erased_at, years=years)
        events.record(session, "person.erased", person_id=None, subject=person.id, replayed=True)
        yield person.id


def read(file: Path) -> Iterator[Erased]:
    """Yield what is in the file; raises Invalid naming a line that is none of ours."""
    if not file.exists():
        return
    # Without its end a line was not written.
    for number, line in enumerate(file.read_bytes().split(b"\n")[:-1], start=1):
        if not line:
            continue  # this ended what a crash had left half written
        try:
            yield Erased.model_validate_json(line)
        except ValidationError:
            if _is_half(line):
                continue
            words = say("%(file)s: line %(line)s is no erasure.", file=file, line=str(number))
            raise Invalid(words) from None


def _is_half(line: bytes) -> bool:
    return not line.endswith(b"}")


def _append(file: Path, new: list[Erased]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(one.model_dump_json() + "\n" for one in new).encode()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # A newline first ends whatever a crash left; an empty line says nothing.
        os.write(descriptor, b"\n" + text if file.stat().st_size else text)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
