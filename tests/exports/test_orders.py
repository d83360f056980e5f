"""Orders: promised numbers, cuts that stay as they were asked for, and who comes too late."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from exports import orders, publishing
from exports.checking import verification
from exports.choosing.criteria import Criteria
from exports.kept import releases
from exports.kept.releases import Cut, Release
from exports.making import cutting
from exports.proof import keys
from labeler import jobs
from labeler.cli import installation
from labeler.database import Database
from labeler.errors import Conflict, NotFound
from labeler.jobs import Job, JobState, Progress, Stopped
from labeler.work.projects import Project
from tests.cast import Cast
from tests.exports.stories import Said, contents, tell

VOTES: dict[str, list[Said]] = {f"p{n}": [n % 2, n % 2] for n in range(6)}
Story = tuple[Cast, Project]


@pytest.fixture
def story(database: Database) -> Story:
    return tell(database, VOTES)


def plan(database: Database, project: Project, **rules: Any) -> Cut:
    with database.writing() as session:
        found = session.get_one(Project, project.id)
        cut = orders.plan(session, found, Criteria(**{"test_share": 0.0} | rules))
        session.commit()
    return cut


def ask(database: Database, story: Story, **rules: Any) -> Job:
    cast, project = story
    return ask_for(database, plan(database, project, **rules), cast)


def ask_for(database: Database, cut: Cut, cast: Cast) -> Job:
    with database.writing() as session:
        job = orders.ask(session, cut, by=cast.olga)
        session.commit()
    return job


def tell_nobody(_done: int, _total: int, _words: str, /) -> None:
    return


def run(database: Database, job: Job, data: Path, progress: Progress = tell_nobody) -> Any:
    """Do a job as a program does that has taken it."""
    with database.writing() as session:
        taken = jobs.take(session, job.id)
        session.commit()
    assert taken is not None
    result = orders.run(installation.place(database, data), taken, progress)
    with database.writing() as session:
        jobs.finish(session, taken, result)
        session.commit()
    return result


def recorded(database: Database) -> list[Release]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Release).order_by(Release.number)))


def test_each_order_has_a_number_of_its_own(
    database: Database, story: Story, tmp_path: Path
) -> None:
    first, second = ask(database, story), ask(database, story, licence="mit")
    assert [first.payload["number"], second.payload["number"]] == [1, 2]
    assert ask(database, story, licence="mit").id == second.id
    assert run(database, second, tmp_path) == {"number": 2}  # whoever comes first
    third = ask(database, story, licence="cc0-1.0")
    assert third.payload["number"] == 3
    for job in (first, third):
        run(database, job, tmp_path)
    assert [release.number for release in recorded(database)] == [1, 2, 3]
    assert plan(database, story[1], licence="mit").number == 2


def test_a_number_whose_order_failed_is_given_again(database: Database, story: Story) -> None:
    failed = ask(database, story)
    with database.writing() as session:
        taken = jobs.take(session, failed.id)
        assert taken is not None
        jobs.fail(session, taken, "No.")
        session.commit()
    assert ask(database, story, licence="mit").payload["number"] == 1


def test_two_who_planned_at_once_get_one_number_and_one_of_them_is_told(
    database: Database, story: Story
) -> None:
    cast, project = story
    one, other = plan(database, project), plan(database, project, licence="mit")
    assert one.number == other.number
    ask_for(database, one, cast)
    with pytest.raises(Conflict, match="Somebody else has just cut"):
        ask_for(database, other, cast)


def test_a_command_keeps_off_the_numbers_that_are_promised(
    database: Database, story: Story
) -> None:
    ask(database, story)
    assert plan(database, story[1], licence="mit").number == 2
    assert plan(database, story[1]).number == 1  # the same release, under another roof


def test_it_tells_how_far_it_is(database: Database, story: Story, tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    run(database, ask(database, story), tmp_path, lambda *each: told.append(each))
    assert (len(VOTES), len(VOTES), cutting.WRITTEN) in told
    assert [done for done, _, words in told if words == cutting.READ][-1] == len(VOTES)


def test_what_is_stopped_at_the_last_moment_leaves_nothing(
    database: Database, story: Story, tmp_path: Path
) -> None:
    job = ask(database, story)

    def stop(_done: int, _total: int, words: str, /) -> None:
        if words != cutting.WRITTEN:
            return
        with database.writing() as session:
            order = orders.find(session, session.get_one(Project, story[1].id), job.id)
            orders.stop(session, order, by=story[0].olga)
            session.commit()

    with pytest.raises(Stopped):
        run(database, job, tmp_path, stop)
    assert recorded(database) == []
    assert list((tmp_path / "releases" / "helpful").iterdir()) == []


def test_files_that_are_gone_are_written_again_unless_the_release_was_withdrawn(
    database: Database, story: Story, tmp_path: Path
) -> None:
    run(database, ask(database, story), tmp_path)
    home, away = tmp_path / "releases" / "helpful" / "1", tmp_path / "away"
    home.rename(away)
    again = ask(database, story)
    assert run(database, again, tmp_path) == {"number": 1}
    assert contents(home) == contents(away)
    assert verification.verify(home) == []
    home.rename(tmp_path / "gone")
    last = ask(database, story)
    assert last.id > again.id
    with database.writing() as session:
        release = releases.find(session, story[1], 1)
        publishing.withdraw(session, release, "It names somebody.", by=story[0].olga)
        session.commit()
    with pytest.raises(Conflict, match="withdrawn"):
        run(database, last, tmp_path)
    assert not home.exists()


def test_what_is_there_already_is_not_written_again(
    database: Database, story: Story, tmp_path: Path
) -> None:
    cut = plan(database, story[1])
    first = ask_for(database, cut, story[0])
    run(database, first, tmp_path)
    told: list[object] = []
    again = ask_for(database, cut, story[0])
    assert run(database, again, tmp_path, lambda *each: told.append(each)) == {"number": 1}
    assert told == []


def test_what_a_crash_left_is_swept_away_and_nothing_else(
    database: Database, story: Story, tmp_path: Path
) -> None:
    home = tmp_path / "releases" / "helpful"
    for name in (".1.0123abcd", ".1.withdrawn", ".11.0123abcd"):
        (home / name / "dpo").mkdir(parents=True)
    run(database, ask(database, story), tmp_path)
    assert sorted(path.name for path in home.iterdir()) == [".1.withdrawn", ".11.0123abcd", "1"]


def test_an_order_in_words_of_another_version_fails_in_words(
    database: Database, story: Story, tmp_path: Path
) -> None:
    job = ask(database, story)
    with database.writing() as session:
        stored = session.get_one(Job, job.id)
        stored.payload = stored.payload | {"criteria": {"colour": "blue"}}
        session.commit()
    with pytest.raises(Conflict, match="another version"):
        run(database, job, tmp_path)
    with database.reading() as session:
        (order,) = orders.current(session, story[1].id, None)
    assert (order.number, order.criteria) == (1, Criteria())


def test_whose_orders_are_found_where(database: Database, story: Story) -> None:
    job = ask(database, story)
    with database.reading() as session:
        project = session.get_one(Project, story[1].id)
        assert orders.find(session, project, job.id).job.state is JobState.waiting
        with pytest.raises(NotFound):
            orders.find(session, project, job.id + 1)


def test_the_bytes_are_those_of_the_cut_that_was_asked_for(
    database: Database, story: Story, tmp_path: Path
) -> None:
    cut = plan(database, story[1])
    run(database, ask_for(database, cut, story[0]), tmp_path)
    by_hand, signer = tmp_path / "by hand", keys.current(tmp_path)
    with cutting.staged(cut, database.reading, by_hand, signer=signer):
        pass
    assert contents(tmp_path / "by hand") == contents(tmp_path / "releases" / "helpful" / "1")
