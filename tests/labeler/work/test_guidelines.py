"""Guidelines: numbered, never changed, and each judgment cites the one that was shown."""

import pytest
from sqlalchemy.orm import Session

from labeler.errors import Invalid
from labeler.work import drafts, guidelines, projects, queue
from tests.cast import Cast
from tests.make import judge, judge_next, make_batch, make_project


def test_versions_are_numbered_within_their_project(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, guidelines="First.")
    other = make_project(session, cast, slug="other", guidelines="Elsewhere.")
    assert guidelines.publish(session, project.id, "Second.", by=cast.olga).number == 2
    texts = [guidelines.version(session, project.id, number).text for number in (1, 2)]
    assert texts == ["First.", "Second."]
    assert guidelines.version(session, other.id, 1).text == "Elsewhere."


def test_they_are_of_bounded_length_and_can_be_stored(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    guidelines.publish(session, project.id, "x" * guidelines.LONGEST, by=cast.olga)
    for text in ("x" * (guidelines.LONGEST + 1), "a\0b"):
        with pytest.raises(Invalid) as refusal:
            guidelines.publish(session, project.id, text, by=cast.olga)
        assert list(refusal.value.fields) == ["guidelines"]


def test_a_judgment_cites_what_its_person_had_read(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, guidelines="Old.")
    make_batch(session, project, cast)
    begun = queue.claim(session, project, by=cast.ada)
    assert begun is not None

    given = {"title": "Helpful answers", "guidelines": "New.", "rubric": {"steps": 2}}
    given["pay"] = {"per_judgment": "0.35"}
    projects.revise(session, project, drafts.read(given), by=cast.olga)

    before, after = judge(session, begun, 7, cast.ada), judge_next(session, project, cast.ada, 2)
    assert (before.guideline_number, before.rubric_number) == (1, 1)
    assert (after.guideline_number, after.rubric_number) == (2, 2)
    assert (before.strength, after.strength) == (3, 1)
