"""Endpoints by version, and who may be asked for which project."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.endpoints import pacing, registry
from labeler.endpoints.pacing import EndpointLine
from labeler.errors import Conflict, Forbidden, NotFound
from labeler.events import Event
from tests.cast import Cast
from tests.labeler.endpoints import asking
from tests.make import make_project


def test_a_change_is_a_new_version_and_the_old_one_stays(session: Session, cast: Cast) -> None:
    first = registry.add(session, asking.profile(), by=cast.root)
    second = registry.revise(session, asking.profile(model="large"), by=cast.root)
    assert (first.version, second.version) == (1, 2)
    assert registry.find(session, "here") is second
    session.refresh(first)
    assert (first.written.model, first.is_current) == ("small", False)
    assert registry.versions(session, "here") == [second, first]
    kinds = session.scalars(sa.select(Event.kind).where(Event.kind.like("endpoint.%"))).all()
    assert kinds == ["endpoint.added", "endpoint.revised"]


def test_the_same_profile_again_is_the_same_version(session: Session) -> None:
    made = registry.add(session, asking.profile(), by=None)
    assert registry.revise(session, asking.profile(), by=None) is made
    with pytest.raises(Conflict, match="already an endpoint called here"):
        registry.add(session, asking.profile(), by=None)
    with pytest.raises(NotFound, match="no endpoint called other"):
        registry.revise(session, asking.profile("other"), by=None)


def test_what_is_archived_is_found_no_more_until_it_is_written_again(session: Session) -> None:
    asking.add(session)
    asking.add(session, "other")
    assert registry.archive(session, "here", by=None)
    assert not registry.archive(session, "here", by=None)
    assert [found.name for found in registry.current(session)] == ["other"]
    with pytest.raises(NotFound, match="archived"):
        registry.find(session, "here")
    assert registry.newest(session, "here").version == 1
    again = registry.revise(session, asking.profile(), by=None)
    assert (registry.find(session, "here"), again.version) == (again, 2)


def test_the_line_of_an_endpoint_has_the_limits_of_its_newest_version(session: Session) -> None:
    asking.add(session, limits={"concurrent": 3, "per_minute": 20})
    line = session.get_one(EndpointLine, "here")
    assert (line.concurrent, line.per_minute) == (3, 20)
    registry.revise(session, asking.profile(limits={"concurrent": 1}), by=None)
    line = pacing.locked(session, "here")
    assert (line.concurrent, line.per_minute) == (1, None)


ALLOWED = {
    "anywhere": {"on_premises", "eu", "elsewhere"},
    "eu": {"on_premises", "eu"},
    "on_premises": {"on_premises"},
}


@pytest.mark.parametrize("rule", ALLOWED)
def test_a_project_says_where_the_models_may_be(session: Session, cast: Cast, rule: str) -> None:
    project = make_project(session, cast, models_from=rule)
    for place in ("on_premises", "eu", "elsewhere"):
        url = "https://models.example.org/v1"
        endpoint = asking.add(session, place.replace("_", "-"), base_url=url, place=place)
        if place in ALLOWED[rule]:
            registry.require_allowed(project, endpoint)
            assert asking.ask(session, endpoint, project, key=place).line == endpoint.name
        else:
            with pytest.raises(Forbidden, match="this project asks only models that are"):
                asking.ask(session, endpoint, project, key=place)
