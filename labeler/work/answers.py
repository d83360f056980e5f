"""Answers: what a form or a program says of a comparison, read by the form that was shown."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from labeler.errors import Invalid
from labeler.said import say
from labeler.work import comparisons, rubrics
from labeler.work.assignments import Assignment
from labeler.work.questions import ABOUT_TEXTS
from labeler.work.questions.seen import Seen
from labeler.work.rubrics import Answer, Rubric


def read(
    session: Session,
    assignment: Assignment,
    choice: str | int | None = None,
    reason: str = "",
    *,
    answers: Mapping[str, Any] | None = None,
) -> Answer:
    """Read a choice and a reason, or `answers` by kind of question; raises Invalid.

    The rubric is the one that the assignment showed, and so are the places.
    """
    rubric = rubrics.version(session, assignment.project_id, assignment.rubric_number)
    shown = seen(session, assignment, rubric)
    if answers is None:
        return rubrics.read_answer(rubric, choice, reason, shown)
    return rubrics.read(rubric, answers, shown)


def read_form(session: Session, assignment: Assignment, fields: Mapping[str, str]) -> Answer:
    """Read a filled-in form by the rubric that the assignment showed; raises Invalid."""
    rubric = rubrics.version(session, assignment.project_id, assignment.rubric_number)
    return rubrics.read_form(rubric, fields, seen(session, assignment, rubric))


def read_key(key: str) -> str:
    """Read an idempotency key, a UUID; raises Invalid."""
    try:
        return str(uuid.UUID(key))
    except (ValueError, AttributeError, TypeError):
        raise Invalid("The key must be a UUID.", fields={"key": say("Not a UUID.")}) from None


def seen(session: Session, assignment: Assignment, rubric: Rubric) -> Seen:
    """Return which response stands where, with the texts where a question is about them."""
    if not any(question.kind in ABOUT_TEXTS for question in rubric.asked):
        return Seen(assignment.places)
    responses = comparisons.responses(session, assignment.comparison_id)
    return Seen(assignment.places, [response.text for response in responses])
