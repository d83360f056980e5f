"""What has to be in order before the server starts, and that it then serves."""

import sys
import time
from http.client import HTTPConnection
from pathlib import Path

from labeler.database import Database
from tests.labeler.cli import processes
from tests.labeler.cli.conftest import Terminal

KEY = "a key that nobody but the tests should ever use"


def test_a_printed_key_is_long_enough_and_never_the_same(terminal: Terminal) -> None:
    first, second = (terminal.good("secret").strip() for _ in range(2))
    assert len(first.encode()) >= 32
    assert first != second


def test_serve_refuses_without_a_key_and_says_how_to_make_one(terminal: Terminal) -> None:
    said = terminal.refused(2, "serve")
    assert "LABELER_SECRET_KEY: Missing. `labeler secret` prints one" in said


def test_serve_refuses_a_short_key_and_keeps_it_to_itself(terminal: Terminal) -> None:
    said = terminal.refused(2, "serve", secret_key="x" * 31)
    assert "LABELER_SECRET_KEY" in said
    assert "`labeler secret`" in said
    assert "xxx" not in said


def test_serve_refuses_several_processes_on_sqlite(terminal: Terminal) -> None:
    said = terminal.refused(2, "serve", secret_key=KEY, workers="2")
    assert "LABELER_WORKERS: Set 1, or use PostgreSQL" in said


def test_serve_refuses_an_old_database(terminal: Terminal) -> None:
    database = Database(terminal.settings["LABELER_DATABASE_URL"])
    database.downgrade("base")
    database.close()
    assert "run `labeler db upgrade`" in terminal.refused(2, "serve", secret_key=KEY)


def test_serve(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/here.db")
    database.upgrade()
    database.close()
    home = tmp_path / "home"
    home.mkdir()
    bind = f"127.0.0.1:{(port := processes.free_port())}"
    given = {"bind": bind, "secret_key": KEY, "database_url": "sqlite:///here.db"}
    environ = {**processes.environment(**given), "HOME": str(home)}
    with processes.running("serve", port=port, folder=tmp_path, environ=environ) as pid:
        assert "Sign in" in processes.read(f"http://{bind}/sign-in")
        loaded = libraries(pid)
        require_patience(port)
    assert f"(it listens on {bind})" in (tmp_path / "said.txt").read_text()
    assert list(home.iterdir()) == []
    assert [name for name in ("pandas", "pyarrow") if name in loaded] == []


def require_patience(port: int) -> None:
    """Ask twice over one connection, with a pause in which gunicorn by itself would close it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    for pause_s in (3, 0):
        connection.request("GET", "/sign-in")
        assert connection.getresponse().read()
        time.sleep(pause_s)
    connection.close()


def libraries(pid: int) -> str:
    """Return the libraries that a process and its children have in memory, on Linux."""
    if sys.platform != "linux":
        return ""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    loaded = "".join(Path(f"/proc/{each}/maps").read_text() for each in [str(pid), *children])
    assert "sqlalchemy" in loaded
    return loaded
