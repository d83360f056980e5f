"""How much pay is refused in which group of people, and how long people wait for a decision."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from labeler.people import memberships
from labeler.people.memberships import Placement
from labeler.progress import refused
from labeler.quality import brakes, refusals
from labeler.quality.refusals import ReasonCode
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge_next, make_batch, make_project


def test_groups_of_ten_people_alone_are_shown(
    session: Session, cast: Cast, frozen: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(session, cast)
    make_batch(session, project, cast, pairs=4)
    for person in (cast.ada, cast.bea, cast.rex):
        place = "KE" if person is not cast.rex else ""
        memberships.place(session, project.id, person, Placement(place=place), by=cast.olga)
    said = judge_next(session, project, cast.ada)
    for person in (cast.ada, cast.bea, cast.rex):
        judge_next(session, project, person)
    assert refused.median_time(session, project.id) is None
    refusal = brakes.propose(session, said, ReasonCode.not_done, "It is empty.", by=cast.rex)
    refusals.appeal(session, refusal, "It is not.", by=cast.ada)
    frozen.forward(hours=30)
    refusals.refuse(session, refusal, "There is one letter.", by=cast.olga)
    assert refused.LEAST == 10
    assert refused.by_place(session, project.id) == []
    monkeypatch.setattr(refused, "LEAST", 2)
    assert refused.by_place(session, project.id) == [("KE", 2, 3, 1)]
    assert refused.by_language(session, project.id) == [("en", 3, 4, 1)]
    assert refused.by_place(session, project.id)[0].share == pytest.approx(1 / 3)
    assert refused.median_time(session, project.id) == timedelta(hours=30)
