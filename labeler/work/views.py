"""Views: what an assignment shows to its person, as the questions of its form need it."""

from sqlalchemy.orm import Session

from labeler.work import comparisons
from labeler.work.assignments import Assignment
from labeler.work.questions import ABOUT_TEXTS
from labeler.work.questions.seen import Seen
from labeler.work.rubrics import Rubric


def seen(session: Session, assignment: Assignment, rubric: Rubric) -> Seen:
    """Return which response stands where, with the texts where a question is about them."""
    if not any(question.kind in ABOUT_TEXTS for question in rubric.asked):
        return Seen(assignment.places)
    responses = comparisons.responses(session, assignment.comparison_id)
    return Seen(assignment.places, [response.text for response in responses])
