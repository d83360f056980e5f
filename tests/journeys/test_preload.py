"""gunicorn that loads the application before it forks: nobody gets anybody else's answers."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.gunicorn import Server, running
from tests.journeys.opening import load_pairs, open_projects
from tests.journeys.wire import Wire
from tests.labeler.cli.conftest import Terminal

pytestmark = pytest.mark.slow
PEOPLE = 4
ROUNDS = 100
WORKERS = 4


@pytest.fixture
def tokens(terminal: Terminal, tmp_path: Path) -> dict[str, str]:
    """Somebody's token for each project; nobody has a part in any other."""
    slugs = [f"project-{number}" for number in range(PEOPLE)]
    open_projects(terminal, tmp_path, slugs, annotators=0)
    found = {}
    for slug in slugs:
        email = f"{slug}@example.org"
        terminal.good("project", "invite", slug, email, slug)
        load_pairs(terminal, tmp_path, slug, count=1)
        found[slug] = terminal.good("token", "create", email).strip()
    return found


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_every_answer_belongs_to_who_asked(
    address: str, tokens: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--preload")
    with (
        running(address, tmp_path, workers=WORKERS) as server,
        ThreadPoolExecutor(PEOPLE) as pool,
    ):
        assert_preloaded(server)
        told = [
            pool.submit(ask_again_and_again, server.url, slug, token)
            for slug, token in tokens.items()
        ]
        answers = [answer for one in told for answer in one.result()]
    assert len(answers) == PEOPLE * ROUNDS
    assert [pair for pair in answers if pair[0] != pair[1]] == []


def ask_again_and_again(url: str, slug: str, token: str) -> list[tuple[str, str]]:
    """Return for each answer whom it was for and whose it was."""
    found = []
    for _ in range(ROUNDS):  # a new connection each time, so that another worker may answer
        with closing(Wire(url, token)) as wire:
            given = wire.post(f"/projects/{slug}/assignments")
        assert given.status == 201, given
        found.append((slug, given.json["project"]))
    return found


def assert_preloaded(server: Server) -> None:
    """Look whether gunicorn's first process has loaded what talks to PostgreSQL."""
    maps = Path(f"/proc/{server.pid}/maps")
    if maps.exists():
        assert "psycopg" in maps.read_text()
