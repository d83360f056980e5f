"""What an hour pays, told from paid work once there is enough of it."""

import pytest
from sqlalchemy.orm import Session

from labeler.pay import rates
from labeler.people import accounts, memberships
from labeler.people.memberships import Role
from labeler.progress import offers
from labeler.work import projects, queue
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, make_batch, make_project


@pytest.fixture
def judged(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Five people judged six each: three took a minute, two took a minute and a half."""
    project = make_project(session, cast, judgments_per_comparison=5)
    make_batch(session, project, cast, pairs=6)
    for n in range(5):
        person = accounts.create(session, f"crowd-{n}@example.org", f"Crowd {n}", by=None)
        memberships.grant(session, project.id, person, Role.annotator, by=cast.olga)
        if n == 4:
            assert offers.pace(session, project.id) is None  # 24 by four people
        for _ in range(6):
            given = queue.claim(session, project, by=person)
            assert given is not None
            frozen.forward(seconds=60 if n < 3 else 90)
            judge(session, given, 1, person)
    return project


def test_thirty_judgments_of_five_people_tell_what_an_hour_pays(
    session: Session, cast: Cast, judged: Project
) -> None:
    pace = offers.pace(session, judged.id)
    assert pace == offers.Pace(median_ms=60_000, p75_ms=90_000, judgments=30, people=5)
    rate = rates.current(session, judged.id)
    assert rate is not None
    offer = offers.of_rate(session, rate)
    assert (offer.median_hour_minor, offer.slow_hour_minor) == (2100, 1400)  # 0.35 × 60, × 40
    higher = rates.read({"per_judgment": "0.35", "floor_per_hour": "15.00"})
    projects.price(session, judged, higher, by=cast.olga)
    floored = rates.current(session, judged.id)
    assert floored is not None
    assert offers.of_rate(session, floored).slow_hour_minor == 1500
