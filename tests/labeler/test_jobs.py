"""Jobs: asked for once, done by one at a time, taken up again when whoever did them is gone."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import jobs
from labeler.errors import Conflict, NotFound
from labeler.jobs import MOST_ATTEMPTS, MOVES, PATIENCE, Job, JobState
from labeler.said import say
from tests.cast import Cast
from tests.conftest import StoppedClock

pytestmark = pytest.mark.usefixtures("frozen")


def ask(session: Session, key: str = "1", **payload: int) -> Job:
    return jobs.ask(session, "test.count", payload, key=key, by=None).job


def take(session: Session, job: Job) -> Job:
    """Take a job as another program would, which knows nothing of what this one has in memory."""
    taken = jobs.take(session, job.id)
    assert taken is not None
    session.expunge(taken)
    return taken


def again(session: Session, job: Job) -> Job:
    return session.get_one(Job, job.id, populate_existing=True)


def test_asking_twice_is_one_job_until_it_is_over(session: Session, cast: Cast) -> None:
    first, is_new = jobs.ask(session, "test.count", {"to": 3}, key="1", by=cast.olga.id)
    assert is_new
    assert jobs.ask(session, "test.count", {"to": 4}, key="1", by=cast.ada.id) == (first, False)
    assert (first.payload, first.created_by, first.state) == (
        {"to": 3},
        cast.olga.id,
        JobState.waiting,
    )
    assert jobs.ask(session, "test.other", {}, key="1", by=None).is_new
    assert jobs.ask(session, "test.count", {}, key="2", by=None).is_new
    jobs.finish(session, take(session, first), {})
    third, is_new = jobs.ask(session, "test.count", {"to": 5}, key="1", by=None)
    assert (is_new, third.payload) == (True, {"to": 5})


def test_a_job_is_taken_by_one(session: Session, frozen: StoppedClock) -> None:
    job = ask(session)
    assert jobs.due(session) == [job.id]
    taken = take(session, job)
    assert (taken.state, taken.attempts, taken.started_at) == (JobState.running, 1, frozen())
    assert jobs.due(session) == []
    assert jobs.take(session, job.id) is None


def test_who_says_that_they_are_at_it_keeps_it(session: Session, frozen: StoppedClock) -> None:
    job = ask(session)
    mine = take(session, job)
    for done in range(5):
        frozen.forward(seconds=PATIENCE.total_seconds())
        assert jobs.take(session, job.id) is None
        assert jobs.beat(session, mine, done, 5, say("Counting"))
    stored = again(session, job)
    assert (stored.done, stored.total, stored.words) == (4, 5, "Counting")
    assert not jobs.is_silent(session, stored)


def test_who_is_silent_loses_it_and_is_told(session: Session, frozen: StoppedClock) -> None:
    job = ask(session)
    silent = take(session, job)
    frozen.forward(seconds=PATIENCE.total_seconds() + 1)
    assert jobs.is_silent(session, again(session, job))
    assert jobs.due(session) == [job.id]
    other = take(session, job)
    assert (other.attempts, other.started_at) == (2, silent.started_at)
    assert not jobs.beat(session, silent, 1, 2, "Counting")
    assert not jobs.finish(session, silent, {"by": "silent"})
    assert not jobs.fail(session, silent, "No.")
    assert not jobs.lay_down(session, silent)
    assert jobs.finish(session, other, {"by": "other"})
    ended = again(session, job)
    assert (ended.state, ended.result, ended.fault) == (JobState.done, {"by": "other"}, None)
    assert (ended.ended_at, ended.is_over) == (frozen(), True)


def test_what_is_laid_down_is_taken_up_at_once(session: Session) -> None:
    job = ask(session)
    assert jobs.lay_down(session, take(session, job))
    assert again(session, job).state is JobState.waiting
    assert take(session, job).attempts == 2


def test_what_ends_its_program_each_time_is_given_up(
    session: Session, frozen: StoppedClock
) -> None:
    job = ask(session)
    for _ in range(MOST_ATTEMPTS):
        take(session, job)
        frozen.forward(seconds=PATIENCE.total_seconds() + 1)
    assert jobs.take(session, job.id) is None
    given_up = again(session, job)
    assert given_up.state is JobState.failed
    assert given_up.why == (
        "This was begun 5 times, and each time the program that did it ended before it was done. "
        "Its log says why."
    )
    assert jobs.due(session) == []


def test_why_it_failed_is_kept_as_sentences(session: Session) -> None:
    job = ask(session)
    fields = {say("no language"): say("%(number)s of them", number=1200)}
    assert jobs.fail(session, take(session, job), say("Nothing is left."), fields)
    failed = again(session, job)
    assert (failed.why, failed.faults) == (
        "Nothing is left.",
        [("no language", "1,200 of them")],
    )
    assert failed.faults[0][1].template == "%(number)s of them"


@pytest.mark.parametrize("is_running", [False, True])
def test_what_is_cancelled_is_nobody_s_any_more(session: Session, is_running: bool) -> None:
    job = ask(session)
    mine = take(session, job) if is_running else None
    assert jobs.cancel(session, again(session, job))
    assert not jobs.cancel(session, again(session, job))
    assert jobs.due(session) == []
    assert jobs.take(session, job.id) is None
    if mine is not None:
        assert not jobs.beat(session, mine, 1, 2, "")
        assert not jobs.finish(session, mine, {})
    assert again(session, job).state is JobState.cancelled


def test_what_is_over_cannot_be_cancelled(session: Session) -> None:
    job = ask(session)
    jobs.finish(session, take(session, job), {})
    with pytest.raises(Conflict, match="over already"):
        jobs.cancel(session, again(session, job))


def test_no_way_leads_out_of_an_end() -> None:
    ends = set(JobState) - set(MOVES)
    assert ends == {JobState.done, JobState.failed, JobState.cancelled}
    assert MOVES[JobState.waiting] == {JobState.running, JobState.cancelled}


def test_the_oldest_comes_first(session: Session) -> None:
    made = [ask(session, str(number)).id for number in range(3)]
    assert jobs.due(session) == made


def test_a_job_is_found_in_its_project_alone(session: Session, cast: Cast) -> None:
    job = ask(session)
    with pytest.raises(NotFound):
        jobs.find(session, "test.count", 1, job.id)
    with pytest.raises(NotFound):
        jobs.find(session, "test.count", 1, 10**12)


def test_there_is_one_that_is_not_over_even_for_the_database(session: Session) -> None:
    job = ask(session)
    copy = {column.name: getattr(job, column.key) for column in Job.__table__.columns}
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(sa.insert(Job).values(copy | {"id": job.id + 1}))


def test_releases_are_work_that_somebody_does() -> None:
    assert jobs.work_of("release.cut").__module__ == "exports.orders"  # type: ignore[attr-defined]
    with pytest.raises(NotFound, match=r"of the kind nobody\.knows"):
        jobs.work_of("nobody.knows")
