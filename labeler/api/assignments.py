"""Taking work, judging it and handing it back."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import database
from labeler.api import models
from labeler.api.operations import Answer, Operation
from labeler.people.accounts import Person
from labeler.people.tokens import Scope
from labeler.text import sensitive
from labeler.work import answers, assignments, hours, judgments, projects, queue
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison, Prompt, Response
from labeler.work.projects import Project
from labeler.work.rubrics import Rubric

# What is shown of an assignment, and nothing beside it. Made once: that costs most of a statement.
_SHOWN = (
    sa.select(
        Comparison.language,
        Prompt.sensitive,
        Prompt.messages,
        Rubric.number,
        Rubric.questions,
    )
    .join(Prompt, Prompt.id == Comparison.prompt_id)
    .join(Rubric, Rubric.project_id == Comparison.project_id)
    .where(Comparison.id == sa.bindparam("comparison"), Rubric.number == sa.bindparam("rubric"))
)
_TEXTS = sa.select(Response.number, Response.text).where(
    Response.comparison_id == sa.bindparam("comparison")
)


def claim_assignment(slug: str, *, by: Person) -> Answer:
    """Take the next comparison to judge.

    Whoever holds one already is given it again, with a new deadline. 204 when nothing is left.
    """
    session = database.session()
    project = projects.find(session, slug, by=by)
    assignment = queue.claim(session, project, by=by)
    session.commit()
    if assignment is None:
        return None, 204
    # The texts are read after the turn to write has passed to the next.
    with database.of_app().reading() as still:
        return _told(still, project, assignment), 201


def judge_assignment(assignment_id: int, body: models.JudgmentDraft, *, by: Person) -> Answer:
    """Say what you think of the comparison that you were given.

    201 with the receipt once the judgment is safe on disk; 200 with the same receipt when the
    same key brings the same judgment again; 409 when the key or the assignment was used before.
    """
    session = database.session()
    assignment = assignments.find(session, assignment_id, by=by)
    answer = answers.read(session, assignment, answers=body.said)
    with hours.covered(session, assignment, by):
        receipt = judgments.submit(session, assignment, answer, by=by, key=str(body.key))
    session.commit()
    judgment = receipt.judgment
    told = models.Receipt(
        id=judgment.id,
        assignment=assignment.id,
        choice=models.choice(judgment.step, judgment.verdict),
        created_at=judgment.created_at,
        earned=models.Amount.of(assignment.pay_minor, assignment.currency),
    )
    return told, 200 if receipt.repeated else 201


def skip_assignment(assignment_id: int, body: models.SkipDraft, *, by: Person) -> Answer:
    """Hand the comparison back, with a reason; doing it again with the same reason is no error."""
    session = database.session()
    assignment = assignments.find(session, assignment_id, by=by)
    with hours.covered(session, assignment, by):
        assignments.skip(session, assignment, body.reason)
    session.commit()
    return None, 204


def _told(session: Session, project: Project, assignment: Assignment) -> models.Assignment:
    which = {"comparison": assignment.comparison_id, "rubric": assignment.rubric_number}
    shown = session.execute(_SHOWN, which).one()
    return models.Assignment(
        id=assignment.id,
        project=project.slug,
        opened_at=assignment.opened_at,
        deadline=assignment.deadline,
        question=project.question,
        language=shown.language,
        sensitive=dict(sensitive.levels(shown.sensitive)),
        support_contact=project.support_contact if shown.sensitive else "",
        prompt=[models.Turn.model_validate(turn) for turn in shown.messages],
        responses=_placed(session, assignment),
        rubric=models.Rubric.model_validate(shown),
        guideline_number=assignment.guideline_number,
        pay=models.Amount.of(assignment.pay_minor, assignment.currency),
    )


def _placed(session: Session, assignment: Assignment) -> list[models.PlacedResponse]:
    texts = dict(session.execute(_TEXTS, {"comparison": assignment.comparison_id}).all())
    return [
        models.PlacedResponse(place=chr(ord("A") + place), text=texts[number])
        for place, number in enumerate(assignment.places)
    ]


OPERATIONS = (
    Operation(
        "POST",
        "/projects/{slug}/assignments",
        claim_assignment,
        scope=Scope.judge,
        answers={201: models.Assignment, 204: None},
        conflicts=True,
    ),
    Operation(
        "POST",
        "/assignments/{assignment_id}/judgment",
        judge_assignment,
        scope=Scope.judge,
        answers={201: models.Receipt, 200: models.Receipt},
        body=models.JudgmentDraft,
        conflicts=True,
    ),
    Operation(
        "POST",
        "/assignments/{assignment_id}/skip",
        skip_assignment,
        scope=Scope.judge,
        answers={204: None},
        body=models.SkipDraft,
        conflicts=True,
    ),
)
