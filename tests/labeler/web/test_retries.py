"""A database that fails in the middle: run again and done once, or 503 and nothing done."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from labeler import audit, passing
from labeler.database import Database
from labeler.pay.ledger import Transfer
from labeler.people.accounts import Person
from labeler.schema import Base
from labeler.work import assignments, projects, queue
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.judgments import Judgment
from tests.calling import API, HELPFUL, Caller, make_caller
from tests.cast import make_cast
from tests.labeler.web.failing import CODES, Failures, failing, places
from tests.make import judge_next, make_batch, make_project, new_key
from tests.serving import close_app, make_app
from tests.visits import Visit

PAIRS = 60
TRIES = 5


@dataclass
class Desk:
    """Where Ada works: by browser and by program, on a database that may fail."""

    database: Database
    ada: Person
    visit: Visit
    caller: Caller
    owner: Caller
    failures: Failures

    def hold(self) -> int:
        """Give Ada something to judge."""
        with self.database.writing() as session:
            held = queue.claim(session, self._project(session), by=self.ada)
            session.commit()
            assert held is not None
            return held.id

    def hold_nothing(self) -> None:
        """Let Ada skip what she holds."""
        with self.database.writing() as session:
            held = assignments.open_of(session, self._project(session), self.ada)
            if held is not None:
                assignments.skip(session, held, SkipReason.other)
            session.commit()

    def judged(self) -> int:
        """Let Ada judge something; return its assignment."""
        self.hold()
        with self.database.writing() as session:
            judgment = judge_next(session, self._project(session), self.ada)
            session.commit()
            return judgment.assignment_id

    def rows(self) -> dict[str, set[str]]:
        """Return every row of every table."""
        with self.database.reading() as session:
            return {
                table.name: {repr(row) for row in session.execute(sa.select(table))}
                for table in Base.metadata.sorted_tables
            }

    def done(self) -> dict[str, int]:
        """Count what Ada holds and what she has done."""
        states = sa.select(Assignment.state, sa.func.count()).group_by(Assignment.state)
        with self.database.reading() as session:
            counted = {state.value: count for state, count in session.execute(states)}
            for table in (Judgment, Transfer):
                counted[table.__tablename__] = session.scalar(sa.select(sa.func.count(table.id)))
        return counted

    def sound(self) -> bool:
        """Say whether everything fits together."""
        with self.database.reading() as session:
            return not list(audit.faults(session))

    def _project(self, session: Session) -> projects.Project:
        return projects.find(session, "helpful", by=self.ada)


@pytest.fixture
def desk(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Ada's desk, on each back end in turn."""
    monkeypatch.setattr(passing, "PAUSES_S", (0.001,) * 4)
    app = make_app(address, tmp_path, public_url="http://labeler.test")
    database: Database = app.extensions["labeler.database"]
    with database.writing() as session:
        cast = make_cast(session)
        make_batch(session, make_project(session, cast), cast, pairs=PAIRS)
        session.commit()
    visit = Visit(app).arrive("ada@example.org")
    caller, owner = (make_caller(app, database, person) for person in (cast.ada, cast.olga))
    with failing(database) as failures:
        yield Desk(database, cast.ada, visit, caller, owner, failures)
    close_app(app)


Send = Callable[[], TestResponse]
Story = Callable[[Desk], Send]
"""Prepares what a request needs, and returns how to send it, as often as one likes."""


def claim_by_program(desk: Desk) -> Send:
    desk.hold_nothing()
    return lambda: desk.caller.post(f"{HELPFUL}/assignments")


def claim_on_a_page(desk: Desk) -> Send:
    desk.hold_nothing()
    return lambda: desk.visit.post("/projects/helpful/start")


def submit_by_program(desk: Desk) -> Send:
    path, said = f"{API}/assignments/{desk.hold()}/judgment", {"key": new_key(), "choice": 2}
    return lambda: desk.caller.post(path, json=said)


def submit_on_a_page(desk: Desk) -> Send:
    path, key = f"/work/{desk.hold()}", new_key()
    return lambda: desk.visit.post(path, choice="2", key=key)


def skip_by_program(desk: Desk) -> Send:
    path = f"{API}/assignments/{desk.hold()}/skip"
    return lambda: desk.caller.post(path, json={"reason": "subject"})


def skip_on_a_page(desk: Desk) -> Send:
    path = f"/work/{desk.hold()}/skip"
    return lambda: desk.visit.post(path, skip_reason="subject")


def change_on_a_page(desk: Desk) -> Send:
    path, key = f"/work/{desk.judged()}/change", new_key()
    return lambda: desk.visit.post(path, choice="6", key=key)


STORIES: dict[Story, dict[str, int]] = {
    claim_by_program: {"open": 1},
    claim_on_a_page: {"open": 1},
    submit_by_program: {"judgments": 1, "transfers": 1, "judged": 1},
    submit_on_a_page: {"judgments": 1, "transfers": 1, "judged": 1},
    skip_by_program: {"skipped": 1},
    skip_on_a_page: {"skipped": 1},
    change_on_a_page: {"judgments": 1},
}
"""Every story, and what is there afterwards that was not before."""
TOLD_LATER = (claim_by_program,)
"""What reads on after its commit: if that fails, the request is done and yet answered by 503."""

stories = pytest.mark.parametrize("story", STORIES)


def added(desk: Desk, before: dict[str, int], story: Story) -> dict[str, int]:
    after = desk.done()
    return {name: after.get(name, 0) - before.get(name, 0) for name in STORIES[story]}


def is_busy(answer: TestResponse) -> bool:
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) > 0
        return True
    assert answer.status_code in (200, 201, 204, 302), answer.text
    return False


def _places(desk: Desk, story: Story, soak: bool) -> Iterator[int]:
    return places([*STORIES].index(story) + desk.database.is_sqlite, soak=soak)


@stories
def test_a_failure_that_passes_is_not_noticed(desk: Desk, story: Story, soak: bool) -> None:
    for number in _places(desk, story, soak):
        send = story(desk)
        before = desk.done()
        desk.failures.plan(lambda seen, number=number: seen == number)
        answer = send()
        failed = desk.failures.stop()
        assert story in TOLD_LATER or not is_busy(answer)
        assert added(desk, before, story) == STORIES[story]
        is_busy(send())  # once more: nothing is done twice
        assert added(desk, before, story) == STORIES[story]
        if not failed:
            break
    assert number > 4
    assert desk.sound()


@stories
@pytest.mark.both
def test_a_failure_that_stays_is_told_and_leaves_nothing(
    desk: Desk, story: Story, soak: bool
) -> None:
    for number in _places(desk, story, soak):
        send = story(desk)
        before, rows = desk.done(), desk.rows()
        desk.failures.plan(lambda seen, number=number: seen >= number)
        answer = send()
        failed = desk.failures.stop()
        if is_busy(answer) and added(desk, before, story) != STORIES[story]:
            assert desk.rows() == rows
            assert failed == TRIES
        else:
            assert added(desk, before, story) == STORIES[story]
            assert not is_busy(answer) or story in TOLD_LATER
            assert failed <= 1  # what is committed is not begun again
        assert not is_busy(send())
        assert added(desk, before, story) == STORIES[story]
        if not failed:
            break
    assert number > 4
    assert desk.sound()


@pytest.mark.both
def test_a_file_that_was_read_is_not_read_again(desk: Desk) -> None:
    answers = [{"text": "Because."}, {"text": "It is so."}]
    row = {"id": "new", "prompt": "Why?", "language": "en", "responses": answers}
    body = json.dumps(row).encode()

    def send() -> TestResponse:
        path, kind = f"{HELPFUL}/batches", "application/x-ndjson"
        return desk.owner.post(path, data=body, content_type=kind)

    last = (number for number in count(4) if not _fails_once(desk, number, send))
    assert next(last) > 10
    assert send().status_code == 409


def _fails_once(desk: Desk, number: int, send: Send) -> bool:
    """Let one statement of a load fail; say whether there was one, and so nothing was loaded."""
    desk.failures.plan(lambda seen: seen >= number)
    answer = send()
    failed = desk.failures.stop()
    assert is_busy(answer) == bool(failed)
    assert failed <= 1
    return failed == 1


@pytest.mark.both
def test_looking_is_not_tried_again(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.failures.plan(lambda _seen: True)
    assert is_busy(desk.caller.get(f"{HELPFUL}/progress"))
    assert desk.failures.stop() == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "trouble" in line]
    assert json.loads(line)["code"] in {"SQLITE_BUSY", *CODES}
