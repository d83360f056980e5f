"""The log and error pages: one line of JSON whatever is asked, and nothing that helps or harms."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from tests.conftest import NewAddress
from tests.security.stage import Stage
from tests.serving import close_app, make_app

INSIDE = re.compile(r"SELECT|INSERT|Traceback|File \"|\.py|sqlite|psycopg|/tmp|site-packages")
HOSTILE = ["\r\n{}", "\x1b[31m", "\x1b]0;x\x07", "\u2028", "\x85", "%", "{0}", "\0", '","level":"']
INVITE = "/projects/helpful/people/invite"


def test_every_request_is_one_line_of_json(
    new_address: NewAddress, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(new_address("sqlite"), tmp_path, log_level="info")
    for said in HOSTILE:
        headers = {"User-Agent": said.strip("\r\n{}\0"), "Referer": "\x1b[2J"}
        app.test_client().get(f"/nothing{quote(said)}", headers=headers)
    close_app(app)
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["path"] for line in lines] == [f"/nothing{said}" for said in HOSTILE]
    assert all(line.isascii() and line.isprintable() for line in lines)


def test_what_the_database_says_stays_inside(
    fresh: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    _refuse_people(fresh)
    olga = fresh.visits["olga"]
    olga.get("/projects/helpful/people")
    page = olga.post(INVITE, email="x@example.org", name="Named Somebody", role="annotator")
    assert page.status_code == 500
    assert not INSIDE.search(page.text)
    (line,) = [one for one in capsys.readouterr().err.splitlines() if '"bug"' in one]
    assert json.loads(line)["request"] in page.text
    assert "hidden due to hide_parameters" in line


def _refuse_people(stage: Stage) -> None:
    broken = "CREATE TRIGGER broken BEFORE INSERT ON people BEGIN SELECT RAISE(ABORT, 'no'); END"
    with stage.database.writing() as session:
        if not stage.database.is_sqlite:
            broken = "ALTER TABLE people ADD CHECK (id < 0) NOT VALID"
        session.execute(sa.text(broken))
        session.commit()


@pytest.mark.parametrize("path", ["/nothing", "/work/1", "/%00", "/api/v1/nothing", "/link/x"])
def test_error_pages_say_nothing_of_the_inside(stage: Stage, path: str) -> None:
    answer = stage.visits["mallory"].client.get(path)
    assert answer.status_code == 404
    assert not INSIDE.search(answer.text)
