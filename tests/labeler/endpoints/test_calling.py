"""Callers on a real server of models: what they ask, how soon, and what holds up whom."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy.orm import Session

from labeler.cli import installation
from labeler.database import Database
from labeler.endpoints import calling, calls, registry
from labeler.endpoints.calling import Caller, Place
from labeler.endpoints.calls import Call, CallState
from labeler.endpoints.profiles import Profile
from labeler.errors import Busy
from tests import stubs
from tests.cast import make_cast
from tests.dialects import Turn
from tests.labeler.endpoints import asking
from tests.labeler.endpoints.asking import KIN
from tests.make import make_project
from tests.stubs import Server

Result = TypeVar("Result")
SOON_S = 1.0
PATIENCE_S = 20


class Site:
    """A database with a project, and a server of models beside it."""

    def __init__(self, database: Database, server: Server) -> None:
        self.database, self.server = database, server
        with database.writing() as session:
            self.project = make_project(session, make_cast(session))
            session.commit()

    def add(self, profile: Profile) -> None:
        self.write(lambda session: registry.add(session, profile, by=None))

    def ask(self, name: str, *keys: str, priority: int = 0) -> None:
        def ask(session: Session) -> None:
            endpoint, project = registry.find(session, name), session.merge(self.project)
            for key in keys:
                asking.ask(session, endpoint, project, key, priority=priority)

        self.write(ask)

    def write(self, step: Callable[[Session], Result]) -> Result:
        return installation.written(self.database, step)

    def place(self) -> Place:
        return Place(self.database.reading, self.write, self.server.hosts)

    def call(self, key: str) -> Call:
        with self.database.reading() as session:
            return asking.now(session, key)

    def done(self) -> int:
        with self.database.reading() as session:
            return calls.counts(session, KIN)[CallState.done]

    def wait_for(self, what: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < until
            time.sleep(0.02)

    def wait_for_chat(self, key: str) -> float:
        """Ask, and return after how many seconds the server was asked."""
        asked = time.monotonic()
        self.ask("llamacpp", key, priority=calls.CHAT)
        self.wait_for(lambda: f"Hello {key}" in str(self.server.asked[-1].body))
        return self.server.asked[-1].at - asked

    @contextmanager
    def caller(self) -> Iterator[None]:
        """Let somebody make calls until the block ends."""
        over = threading.Event()
        caller = Caller(self.place())
        run = threading.Thread(target=caller.run, args=(None, lambda: not over.is_set()))
        run.start()
        try:
            yield
        finally:
            over.set()
            run.join()


@pytest.fixture
def site(
    database: Database, model_server: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    monkeypatch.setattr(calling, "GRACE_S", 0.2)
    monkeypatch.setattr(calling, "PAUSE_S", 0.05)
    yield Site(database, model_server)
    model_server.closing.set()
    for thread in threading.enumerate():
        if thread.name.startswith("call "):
            thread.join()  # it would write into the next test's database


def test_what_is_due_is_asked_and_kept(site: Site) -> None:
    site.add(site.server.profile("mistral", sampling={"seed": 3}))
    keys = [str(number) for number in range(9)]
    site.ask("mistral", *keys)
    Caller(site.place()).run(0)
    assert site.done() == 9
    assert len({site.call(key).text for key in keys}) == 9
    call = site.call("0")
    assert call.origin
    assert call.origin["base_url_host"] == "127.0.0.1"
    assert call.origin["params_sent"]["random_seed"] == 3
    assert call.origin["usage"] == {"input_tokens": 11, "output_tokens": 7}
    Caller(site.place()).run(0)  # there is nothing left
    assert len(site.server.asked) == 9


def test_a_chat_is_asked_within_a_second_while_somebody_lingers(site: Site) -> None:
    site.add(site.server.profile(limits={"concurrent": 16}))
    site.ask("llamacpp", "warm")
    with site.caller():
        site.wait_for(lambda: site.done() == 1)
        waits = [site.wait_for_chat(key) for key in "abc"]
    # A machine may be busy with something else; what counts is how soon it can be.
    assert min(waits) < SOON_S


@pytest.mark.parametrize("turn", [Turn(wait_s=60), Turn(status=500)])
def test_a_dead_endpoint_holds_up_no_living_one(site: Site, turn: Turn) -> None:
    patient = {"concurrent": 64, "timeout_s": 60, "longest_s": 60}
    site.add(site.server.profile("ollama", name="dead", limits=patient))
    site.add(site.server.profile("vllm", name="alive", limits={"concurrent": 2}))
    site.server.only("ollama", turn)
    site.ask("dead", *(f"d{number}" for number in range(30)), priority=10)
    site.ask("alive", *(f"a{number}" for number in range(10)))
    with site.caller():
        site.wait_for(lambda: site.done() == 10)
    dead = [asked for asked in site.server.asked if asked.dialect == "ollama"]
    assert len(dead) <= calling.MOST_OF_LINE
    with site.database.reading() as session:
        assert calls.counts(session, KIN)[CallState.waiting] == 30  # they were given back


def test_who_was_slow_is_asked_no_more_at_once_than_it_takes(site: Site) -> None:
    site.add(site.server.profile(limits={"concurrent": 3}))
    lock, under_way, most = threading.Lock(), 0, 0
    three = threading.Barrier(3)

    def answer(_body: object) -> str:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        three.wait(PATIENCE_S)
        with lock:
            under_way -= 1
        return "Here."

    site.server.says(answer)
    site.ask("llamacpp", *map(str, range(6)))
    both = [threading.Thread(target=Caller(site.place()).run, args=(0,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (site.done(), most) == (6, 3)


def test_an_answer_is_kept_though_the_database_is_away_when_it_comes(site: Site) -> None:
    site.add(site.server.profile())
    site.ask("llamacpp", "1")
    refusals = iter([Busy("away"), Busy("away")])

    def write(step: Callable[[Session], Result]) -> Result:
        if site.server.asked and (refusal := next(refusals, None)):
            raise refusal
        return site.write(step)

    Caller(Place(site.database.reading, write, site.server.hosts)).run(0)
    assert (site.done(), len(site.server.asked)) == (1, 1)


def test_a_key_goes_nowhere_but_into_the_request(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "sk-nobody-else-sees-this-0123456789"
    key_file = tmp_path / "key"
    key_file.write_text(secret + "\n")
    site.add(site.server.profile("openai", name="file", key_env=None, key_file=str(key_file)))
    monkeypatch.setenv("OTHER_KEY", secret)
    site.add(site.server.profile("azure_classic", name="variable", key_env="OTHER_KEY"))
    site.ask("file", "1")
    site.ask("variable", "2")
    Caller(site.place()).run(0)
    assert secret in str([asked.headers for asked in site.server.asked])
    for key in "12":
        call = site.call(key)
        assert call.state is CallState.failed
        assert call.fault
        assert call.fault["status"] == 401  # the server says which key it was given
        assert "Incorrect API key" in call.fault["message"]
        assert secret not in str(call.fault)
    assert secret not in caplog.text
    if site.database.is_sqlite:
        site.database.close()
        folder = Path(str(site.database.url.database)).parent
        kept = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
        assert b"Incorrect API key" in kept
        assert secret.encode() not in kept


def test_who_has_no_key_is_told_where_it_should_be(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(stubs.KEY_ENV)
    site.add(site.server.profile("openai"))
    site.ask("openai", "1")
    Caller(site.place()).run(0)
    fault = site.call("1").fault
    assert fault
    assert stubs.KEY_ENV in fault["message"]
    assert site.server.asked == []


def test_hosts_that_are_not_on_the_list_are_not_called(site: Site) -> None:
    site.add(site.server.profile())
    site.ask("llamacpp", "1")
    Caller(Place(site.database.reading, site.write, ("localhost:1",))).run(0)
    fault = site.call("1").fault
    assert fault
    assert fault["code"] == "not_allowed"
    assert site.server.asked == []
