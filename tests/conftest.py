"""One fresh database for each test, on SQLite and on PostgreSQL; a clock that can be stopped."""

import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import event
from sqlalchemy.orm import Session

import exports.kept.releases  # noqa: F401
import labeler.endpoints.calls
import labeler.generation.generations
import labeler.jobs
import labeler.work.judgments  # noqa: F401
from labeler import clock
from labeler.database import Database
from tests import postgres, stubs
from tests.addresses import Addresses
from tests.cast import Cast, make_cast
from tests.serving import open_database, put_down

collect_ignore = ["consumers"]  # these run in their own environment: make test-consumers
BACKENDS = ("sqlite", "postgresql")
DRAWN = (
    *("tests/labeler/api/", "tests/labeler/cli/", "tests/labeler/web/", "tests/exports/"),
    *("tests/labeler/arena/", "tests/labeler/generation/", "tests/labeler/people/"),
    *("tests/labeler/privacy/", "tests/labeler/progress/", "tests/labeler/quality/"),
    *("tests/labeler/work/migrated/", "tests/labeler/test_background.py", "tests/bench/"),
    *(f"tests/journeys/test_{name}.py" for name in ("backup_drill", "barrier", "crash", "crowd")),
    *(f"tests/journeys/test_{name}.py" for name in ("disk_full", "month")),
)
"""Here each test runs on one back end, which its name draws: so every room and door meets both.

What work, pay, endpoints, migrations and the database itself do is tested on both, each time. So is
what is marked with `both`. `make test-both` and soaks run every test on both.
"""
SOAKS = os.environ.get("LABELER_SOAK") == "1"
RUNS_BOTH = SOAKS or os.environ.get("LABELER_BOTH") == "1"
# Whether an example takes long says more of the machine than of the code.
settings.register_profile("quick", deadline=None, max_examples=40)
settings.register_profile("soak", deadline=None, max_examples=500)
settings.load_profile("soak" if SOAKS else "quick")


def pytest_configure(config: pytest.Config) -> None:
    """Name the tests that have a long version, so that `-m soak` finds them."""
    config.addinivalue_line("markers", "soak: runs long with LABELER_SOAK=1")
    config.addinivalue_line("markers", "both: where back ends are drawn, and on both all the same")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Draw the back end of a test that runs on one and does not say on which."""
    test = metafunc.definition
    if RUNS_BOTH or "backend" not in metafunc.fixturenames or not test.nodeid.startswith(DRAWN):
        return
    named = any(mark.args[0] == "backend" for mark in test.iter_markers("parametrize"))
    if not named and test.get_closest_marker("both") is None:
        test.add_marker(pytest.mark.parametrize("backend", drawn(test.nodeid), indirect=True))


def drawn(name: str) -> tuple[str, ...]:
    """Return the back end that a name draws; both where every test runs on both."""
    first = zlib.crc32(name.encode()) % len(BACKENDS)
    return BACKENDS if RUNS_BOTH else BACKENDS[first : first + 1]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark whoever asks how much time there is."""
    if "soak" in getattr(item, "fixturenames", ()):
        item.add_marker("soak")


class StoppedClock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def frozen() -> Iterator[StoppedClock]:
    """Stop the clock at 2026-11-23 09:00 UTC."""
    stopped = StoppedClock()
    clock.use(stopped)
    yield stopped
    clock.use(None)


@pytest.fixture
def model_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[stubs.Server]:
    """A server of models on loopback (see tests/stubs.py); its key is in the environment."""
    with stubs.serving() as server:
        monkeypatch.setenv(stubs.KEY_ENV, server.key)
        yield server


@pytest.fixture(scope="session")
def soak() -> bool:
    """Whether there is time for the long version of a test: LABELER_SOAK=1."""
    return SOAKS


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest version."""
    path = tmp_path_factory.mktemp("template") / "labeler.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server for this run."""
    with postgres.start() as address:
        yield address


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The name of an empty PostgreSQL database at the newest version."""
    address = postgres.create_database(postgresql_server)
    database = Database(address)
    database.upgrade()
    database.close()
    return str(database.url.database)


@pytest.fixture(scope="session")
def postgresql_schema(postgresql_server: str, postgresql_template: str) -> str:
    """The schema of the template, to be recognised."""
    address = postgres.create_database(postgresql_server, template=postgresql_template)
    schema = postgres.schema_of(address)
    postgres.drop_database(address)
    return schema


NewAddress = Callable[[str], str]


@pytest.fixture(scope="session")
def addresses(request: pytest.FixtureRequest) -> Iterator[Addresses]:
    """Where this run's databases are, in turn."""
    with tempfile.TemporaryDirectory(prefix="labeler-", dir=postgres.quickest()) as folder:
        made = Addresses(request, Path(folder))
        yield made
        made.end()


@pytest.fixture
def new_address(addresses: Addresses) -> Iterator[NewAddress]:
    """Make fresh databases at the newest version, by back end; gone after the test."""
    made: list[str] = []

    def make(backend: str) -> str:
        made.append(address := addresses.take(backend))
        return address

    yield make
    for address in reversed(made):
        addresses.give_back(address)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of each back end in turn."""
    name: str = request.param
    return name


@pytest.fixture
def address(backend: str, new_address: NewAddress) -> str:
    """The address of a fresh database, on each back end in turn."""
    return new_address(backend)


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    """A fresh database, on each back end in turn."""
    database = open_database(address)
    yield database
    put_down(database)


@pytest.fixture(scope="session")
def shared_database(addresses: Addresses) -> Iterator[Callable[[str], Database]]:
    """One database of each back end for all tests that never commit."""

    made: dict[str, Database] = {}

    def shared(backend: str) -> Database:
        if backend not in made:
            made[backend] = Database(addresses.take(backend))
        return made[backend]

    yield shared
    for database in made.values():
        database.close()


@pytest.fixture
def session(
    request: pytest.FixtureRequest, backend: str, shared_database: Callable[[str], Database]
) -> Iterator[Session]:
    """A writing session for tests of verbs; what it did is undone.

    It may commit only where the test asks for a `database` of its own.
    """
    own = "database" in request.fixturenames
    database = request.getfixturevalue("database") if own else shared_database(backend)
    with database.writing() as session:
        if not own:
            event.listen(session, "before_commit", _refuse_to_commit)
        yield session


def _refuse_to_commit(_session: Session) -> None:
    raise AssertionError("To commit, a test asks for a `database` of its own.")


@pytest.fixture
def cast(session: Session) -> Cast:
    """The people of every story, in `session`."""
    return make_cast(session)
