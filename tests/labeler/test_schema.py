"""How columns are stored: the same on both databases, and readable without our code."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.schema import Base
from tests.cast import Cast
from tests.make import make_project


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC),
        datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=-7))),
        datetime(2028, 2, 29, 23, 59, 59, tzinfo=ZoneInfo("Pacific/Auckland")),
        datetime(2026, 10, 25, 2, 30, fold=0, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    ],
    ids=str,
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(
    session: Session, cast: Cast, moment: datetime
) -> None:
    cast.ada.created_at = moment
    session.flush()
    session.expire_all()
    assert cast.ada.created_at == moment.astimezone(UTC)
    assert cast.ada.created_at.utcoffset() == timedelta(0)


def test_moments_are_compared_as_moments_whatever_zone_they_are_given_in(
    session: Session, cast: Cast
) -> None:
    cast.ada.created_at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    session.flush()
    tokyo = datetime(2026, 11, 23, 17, 59, tzinfo=ZoneInfo("Asia/Tokyo"))  # 08:59 UTC
    later = sa.select(Person.id).where(Person.id == cast.ada.id, Person.created_at > tokyo)
    assert session.scalar(later) == cast.ada.id


def test_a_moment_without_a_zone_is_a_mistake(session: Session, cast: Cast) -> None:
    cast.ada.created_at = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001
    with pytest.raises(StatementError, match="without a time zone"):
        session.flush()


def test_words_of_the_domain_are_stored_as_words(session: Session, cast: Cast) -> None:
    make_project(session, cast)
    stored = set(session.scalars(sa.text("SELECT role FROM memberships")))
    assert stored == {"annotator", "reviewer", "owner"}
    assert session.scalars(sa.select(Membership.role)).first() in Role


def test_every_constraint_has_a_name() -> None:
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"
