"""A database that fails while a command is at work: done once in the end, or not at all."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from labeler import audit, passing
from labeler.events import Event
from labeler.people.accounts import Person
from labeler.people.memberships import Membership
from labeler.people.sign_ins import SignInLink
from labeler.people.tokens import Token
from tests.labeler.cli.conftest import Terminal, settle
from tests.labeler.web.failing import Failures, failing, places

TRIES = 5
TABLES = (Event, Person, Membership, SignInLink, Token)

Command = Callable[[int], tuple[str, ...]]
"""What is typed at each time, so that each time something is done."""

COMMANDS: dict[str, Command] = {
    "create": lambda n: ("person", "create", f"{n}@example.org", "New"),
    "token": lambda _: ("token", "create", "ada@example.org"),
    "invite": lambda n: ("project", "invite", "helpful", f"{n}@example.org", "New"),
    "place": lambda n: (
        "project",
        "place",
        "helpful",
        "ada@example.org",
        "--language",
        TAGS[n % 2],
    ),
    "move": lambda n: ("project", ("pause", "resume")[n % 2], "helpful"),
}
TAGS = ("pt", "sw")

commands = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


@pytest.fixture
def terminal(either: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal on a database that may fail, on each back end in turn."""
    monkeypatch.setattr(passing, "PAUSES_S", (0.001,) * (TRIES - 1))
    monkeypatch.setattr(passing, "PATIENCE_S", 60)  # where a machine is busy, every try is slow
    settle(either)
    return either


@pytest.fixture
def failures() -> Iterator[Failures]:
    """What fails in any database that is opened."""
    with failing() as failures:
        yield failures


def rows(terminal: Terminal) -> Counter[str]:
    with terminal.session() as session:
        return Counter(
            {
                table.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(table))
                for table in TABLES
            }
        )


def require_sound(terminal: Terminal) -> None:
    with terminal.session() as session:
        assert list(audit.faults(session)) == []


@commands
def test_a_failure_that_passes_is_not_noticed(
    terminal: Terminal, failures: Failures, command: Command, soak: bool
) -> None:
    before = rows(terminal)
    terminal.good(*command(0))
    done = rows(terminal) - before
    assert done
    at = places([*COMMANDS.values()].index(command), soak=soak)
    for turn, number in enumerate(at, start=1):
        before = rows(terminal)
        failures.plan(lambda seen, number=number: seen == number)
        terminal.good(*command(turn))
        failed = failures.stop()
        assert rows(terminal) - before == done
        if not failed:
            break
    assert number > 4
    require_sound(terminal)


@commands
def test_a_failure_that_stays_is_told_and_leaves_nothing(
    terminal: Terminal, failures: Failures, command: Command, soak: bool
) -> None:
    before = rows(terminal)
    for number in places([*COMMANDS.values()].index(command), soak=soak):
        failures.plan(lambda seen, number=number: seen >= number)
        said = terminal(*command(0))
        failed = failures.stop()
        if not failed:
            break
        assert said.exit_code == 1
        assert "the same command may be run again" in said.stderr
        assert failed == TRIES
        assert rows(terminal) == before
    assert said.exit_code == 0
    assert number > 4
    require_sound(terminal)
