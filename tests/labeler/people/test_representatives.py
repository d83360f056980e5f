"""A representative speaks for the workers: chosen by them, in words that no owner can alter."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.people import evaluations, memberships, remarks, representatives
from labeler.people.evaluations import EvaluationDraft
from labeler.people.memberships import Role
from labeler.people.remarks import Spoken
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import make_project


def test_a_choice_is_written_down_and_ends_by_stepping_down(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    with pytest.raises(Forbidden):
        representatives.name(session, "ada@example.org", "I say so.", by=cast.olga)
    for email in ("rex@example.org", "mallory@example.org", "nobody@example.org", "x"):
        with pytest.raises(Invalid) as refused:
            representatives.name(session, email, "By vote.", by=cast.root)
        assert list(refused.value.fields) == ["worker"]
    for _ in range(2):
        representatives.name(session, "ada@example.org", "By vote, 7 of 9.", by=cast.root)
    assert representatives.current(session) == cast.ada
    with pytest.raises(Forbidden):
        representatives.step_down(session, by=cast.bea)
    representatives.name(session, "bea@example.org", "By vote, 6 of 9.", by=cast.root)
    assert representatives.current(session) == cast.bea
    # Who comes to manage speaks for nobody any more, without anybody's doing.
    memberships.grant(session, project.id, cast.bea, Role.reviewer, by=cast.olga)
    assert representatives.current(session) is None
    memberships.grant(session, project.id, cast.bea, Role.annotator, by=cast.olga)
    for _ in range(2):
        representatives.step_down(session, by=cast.bea)
    assert representatives.current(session) is None
    told = [(each.person_id, each.by_id) for each in representatives.history(session)]
    ada, bea, root = cast.ada.id, cast.bea.id, cast.root.id
    assert told == [(None, bea), (bea, root), (ada, root)]


def test_what_is_said_of_a_project_can_be_declined_and_not_altered(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_project(session, cast)

    def published() -> Spoken | None:
        return remarks.statement_of(session, project.id, frozen.time)

    assert published() is None
    with pytest.raises(NotFound):
        remarks.decline(session, project.id, 1, "No.", by=cast.olga)
    with pytest.raises(Forbidden):
        remarks.write(session, project.id, "All is well.", by=cast.olga)
    representatives.name(session, "ada@example.org", "By vote.", by=cast.root)
    for _ in range(2):
        assert remarks.write(session, project.id, "We waited *weeks*.", by=cast.ada) == 1
    said = published()
    assert said and (said.text, said.written_by, said.declined_at) == (
        *("We waited *weeks*.", "Ada"),
        None,
    )
    before = frozen.time
    frozen.forward(days=1)
    for _ in range(2):
        remarks.decline(session, project.id, 1, "It was days.", by=cast.olga)
    said = published()
    assert said and (said.text, said.declined_by, said.declined_at) == ("", "Olga", frozen.time)
    [kept] = remarks.versions(session, project.id)
    assert kept.text == "We waited *weeks*."
    # What was published before it was declined stays what it was.
    then = remarks.statement_of(session, project.id, before)
    assert then and (then.text, then.declined_at) == ("We waited *weeks*.", None)
    # What she says next is published, unless it is declined anew.
    assert remarks.write(session, project.id, "We waited 9 days.", by=cast.ada) == 2
    said = published()
    assert said and said.text == "We waited 9 days."
    with pytest.raises(Conflict):
        remarks.decline(session, project.id, 1, "No.", by=cast.olga)
    for table in (remarks.Remark, remarks.Decline, representatives.Representative):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(sa.delete(table))


def test_evaluations_fall_due_every_two_years(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    assert evaluations.due_on(evaluations.of_site(session)) is None
    today = frozen.time.date()
    draft = EvaluationDraft(held_on=today, participants="Ada and Root", text="Streaks: raise it.")
    with pytest.raises(Forbidden):
        evaluations.note(session, draft, by=cast.olga)
    for _ in range(2):
        evaluations.note(session, draft, by=cast.root)
    [kept] = evaluations.of_site(session)
    assert (kept.participants, kept.noted_by) == ("Ada and Root", cast.root.id)
    assert evaluations.due_on([kept]) == today.replace(year=today.year + 2)
    for wrong in ({"held_on": today.replace(year=2027)}, {"participants": " "}, {"text": "\0"}):
        with pytest.raises(Invalid) as refused:
            evaluations.note(session, draft.model_copy(update=wrong), by=cast.root)
        assert list(refused.value.fields) == list(wrong)
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(sa.update(evaluations.Evaluation).values(text="All is well."))
