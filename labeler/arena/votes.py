"""Votes: what a person says of the answers in their chat becomes a judgment like any other.

The comparison, the assignment with its places as they were shown, and the judgment are made in one
transaction: pay, quality and releases work as for all other judgments.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from labeler.arena.turns import Turn
from labeler.people.accounts import Person
from labeler.work.judgments import Receipt
from labeler.work.rubrics import Answer, Rubric


def rubric_of(session: Session, turn: Turn) -> Rubric:
    """Return the form by which a turn is judged."""
    raise NotImplementedError


def read_form(session: Session, turn: Turn, fields: Mapping[str, str]) -> Answer:
    """Read a filled-in form about the answers of a turn, as they stand there; raises Invalid."""
    raise NotImplementedError


def read(session: Session, turn: Turn, answers: Mapping[str, Any]) -> Answer:
    """Read what was said by kind of question; raises Invalid."""
    raise NotImplementedError


def vote(
    session: Session, turn: Turn, answer: Answer, *, key: str, by: Person, active_ms: int = 0
) -> Receipt:
    """Keep what the person says of a turn's answers, or of both conversations; pay it.

    The same key with the same answer is the same vote. Raises Conflict for answers that are not
    there yet, cannot be compared, were voted on before, or whose models were named.
    """
    raise NotImplementedError
