"""Publishing checks every file; withdrawing takes them away and leaves a tombstone."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports import publishing
from exports.checking import verification
from exports.kept import releases
from exports.kept.releases import Release, ReleaseState
from labeler.database import Database
from labeler.errors import Conflict, Invalid
from labeler.events import Event
from tests.cast import Cast
from tests.exports.conftest import Judged
from tests.exports.stories import plan, release

WHY = "A prompt holds somebody's address."


@pytest.fixture
def made(judged: Judged, tmp_path: Path) -> tuple[Database, Cast, int, Path]:
    database, cast, project = judged
    cut = plan(database, project)
    one = release(database, cut, releases.home(cut, tmp_path), data=tmp_path, by=cast.olga)
    return database, cast, one.id, tmp_path


def test_it_is_published_when_all_files_are_as_they_were_cut(
    made: tuple[Database, Cast, int, Path],
) -> None:
    database, cast, number, data = made
    with database.writing() as session:
        one = session.get_one(Release, number)
        for _ in range(2):  # twice is once
            publishing.publish(session, one, data=data, by=cast.olga)
        assert one.state is ReleaseState.published
        assert publishing.published(session, one.project_id) == [one]
        told = sa.select(Event.kind).where(Event.project_id == one.project_id)
        assert list(session.scalars(told)).count("release.published") == 1
        session.commit()


def test_one_changed_byte_keeps_it_from_being_published(
    made: tuple[Database, Cast, int, Path],
) -> None:
    database, cast, number, data = made
    with database.writing() as session:
        one = session.get_one(Release, number)
        card = data / one.folder / "README.md"
        card.write_bytes(card.read_bytes()[:-1] + b"!")
        with pytest.raises(Invalid) as refusal:
            publishing.publish(session, one, data=data, by=cast.olga)
        assert list(refusal.value.fields) == ["README.md"]
        session.rollback()
        assert session.get_one(Release, number).state is ReleaseState.cut


def test_what_is_withdrawn_is_gone_for_ever(made: tuple[Database, Cast, int, Path]) -> None:
    database, cast, number, data = made
    with database.writing() as session:
        one = session.get_one(Release, number)
        with pytest.raises(Invalid):
            publishing.withdraw(session, one, "  ", by=cast.olga)
        publishing.withdraw(session, one, WHY, by=cast.olga)
        session.commit()
        assert len(list(publishing.faults(session, data))) == 1  # until it is buried
        for _ in range(2):
            publishing.bury(one, "helpful", data)
        assert [path.name for path in (data / one.folder).iterdir()] == ["TOMBSTONE.json"]
        said = json.loads((data / one.folder / "TOMBSTONE.json").read_text("utf-8"))
        assert (said["because"], said["manifest_sha256"]) == (WHY, one.manifest_sha256)
        assert list((data / one.folder).parent.iterdir()) == [data / one.folder]
        assert list(publishing.faults(session, data)) == []
        assert releases.contents(one, data) is None
        with pytest.raises(Conflict):
            publishing.publish(session, one, data=data, by=cast.olga)
        with pytest.raises(Conflict):
            publishing.require_there(one)
        publishing.withdraw(session, one, WHY, by=cast.olga)  # the same again
        with pytest.raises(Conflict):
            publishing.withdraw(session, one, "Another reason.", by=cast.olga)
    (fault,) = verification.verify(data / one.folder)
    assert WHY in fault


def test_the_next_release_by_the_same_rules_has_a_number_of_its_own(
    made: tuple[Database, Cast, int, Path], judged: Judged
) -> None:
    database, cast, number, _ = made
    with database.writing() as session:
        publishing.withdraw(session, session.get_one(Release, number), WHY, by=cast.olga)
        session.commit()
    assert plan(database, judged[2]).number == 2
