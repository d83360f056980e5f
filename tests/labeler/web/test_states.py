"""Pages with nothing on them yet, or nothing any more, and pages that say what failed.

Each says what it is in one sentence, and in another one, or by a button, what to do next.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import flask
import pytest

import exports
from labeler.errors import Busy, Conflict, Forbidden, Full, NotFound
from labeler.work import projects
from labeler.work.projects import ProjectState
from tests.cast import Cast, make_cast
from tests.conftest import NewAddress
from tests.labeler.web.conftest import HELPFUL, Site
from tests.labeler.web.failing import failing
from tests.labeler.web.test_members import words
from tests.make import judge_next, make_batch, make_project
from tests.serving import close_app, make_app

FAILURES: dict[int, Exception] = {
    403: Forbidden("Only an owner of this project may do this."),
    404: NotFound("There is no such project."),
    409: Conflict("The project is closed: open it again first."),
    500: RuntimeError("a bug"),
    503: Busy("Please try again shortly."),
    507: Full(),
}
TITLES = {
    400: "Please try again",
    403: "This is not open to you",
    404: "Nothing is here",
    405: "That did not work",
    409: "Something came first",
    413: "That is too large",
    429: "That was too often",
    500: "Something broke",
    503: "Please try again shortly",
    507: "The disk is full",
}


def fail(slug: str, status: int) -> NoReturn:
    """Fail as is asked for."""
    if status in FAILURES:
        raise FAILURES[status]
    flask.abort(status)


@pytest.fixture
def site(new_address: NewAddress, tmp_path: Path) -> Iterator[Site]:
    """People, and no project yet."""
    app = make_app(new_address("sqlite"), tmp_path, log_level="error")
    exports.init_app(app)
    app.add_url_rule("/projects/<slug>/fail/<int:status>", view_func=fail, methods=["GET", "POST"])
    with app.extensions["labeler.database"].writing() as session:
        cast: Cast = make_cast(session)
        session.commit()
    yield Site(app, cast)
    close_app(app)


class Reader:
    """Somebody who looks at one page after the other."""

    def __init__(self, site: Site, name: str) -> None:
        self.visit = site.visit(name)

    def reads(self, path: str, *said: str, leads: str = "") -> None:
        """Expect the page to say this, and to have a link to `leads`."""
        page = self.visit.get(path).text
        shown = words(page[page.index("<main") :])
        assert [one for one in said if one not in shown] == [], (path, shown)
        assert f'href="{leads}' in page[page.index("<main") :], path


def test_every_state_says_what_it_is_and_what_comes_next(site: Site) -> None:
    cast = site.people
    root, olga, rex, ada, mallory = (
        Reader(site, name) for name in ("root", "olga", "rex", "ada", "mallory")
    )

    root.reads("/projects", "There is no project yet.", "Make the first one", leads="/projects/new")
    mallory.reads("/projects", "You have no part in a project yet.", "can add you", leads="/")
    mallory.reads("/", "You have no part in a project yet. Whoever invited you can add you")
    mallory.reads("/judgments", "You have not judged anything yet.", leads="/")
    root.reads("/", "None of your projects is open to judge in.", leads="/projects")

    with site.database.writing() as session:
        make_project(session, cast)
        session.commit()
    load = f"{HELPFUL}/batches"
    olga.reads(HELPFUL, "Load comparisons to begin", "is all that is missing", leads=load)
    olga.reads(load, "Nothing is loaded yet. Your first file will stand here", "What a row looks")
    olga.reads(f"{HELPFUL}/comparisons", "Nothing is loaded yet.", leads=load)
    rex.reads(f"{HELPFUL}/comparisons", "Nothing is loaded yet. An owner of the project can load")
    olga.reads(f"{HELPFUL}/people", "5 people have not judged here yet", leads="#name-field")
    olga.reads(f"{HELPFUL}/releases", "There is nothing to release yet", "None yet. What you cut")
    ada.reads("/", "There is nothing to judge just now.", "New work shows here by itself.")

    with site.database.writing() as session:
        make_batch(session, projects.find(session, "helpful", by=cast.olga), cast)
        session.commit()
    olga.reads(HELPFUL, "Ready for the first judgment", "3 comparisons are loaded.")
    filtered = f"{HELPFUL}/comparisons?language=sw"
    olga.reads(filtered, "Nothing is loaded in this language.", leads=f"{HELPFUL}/comparisons")
    olga.reads(f"{HELPFUL}/comparisons?after=9", "There are no more", leads=f"{HELPFUL}/comp")
    olga.reads(f"{HELPFUL}/comparisons/1", "Not judged yet", "What people say of it will stand")

    move(site, ProjectState.paused)
    ada.reads("/", "Paused for now", "It goes on here when its owner resumes it.")
    olga.reads(HELPFUL, "Paused at 0 of 6 judgments", "Resume it when you are ready.", "Close")
    refused = ada.visit.post(f"{HELPFUL}/start")
    assert "This project is paused: there is no work just now." in refused.text

    move(site, ProjectState.active)
    with site.writing() as (session, project):
        for person in (cast.ada, cast.bea) * 3:
            judge_next(session, project, person)
    ada.reads("/finished", "Nothing to judge just now", "New work will show under Work.", leads="/")
    olga.reads(HELPFUL, "All 6 judgments are in", "cut a release, or load", leads=HELPFUL)
    assert 'data-wait="The drawing is on its way.' in olga.visit.get(HELPFUL).text

    move(site, ProjectState.closed)
    ada.reads("/", "Every project that you judged in is closed", "New ones show here", leads="/j")
    olga.reads(
        HELPFUL, "Closed with 6 judgments", "What was judged stays, is paid", "Open it again"
    )
    rex.reads(HELPFUL, "Closed with 6 judgments")


def move(site: Site, state: ProjectState) -> None:
    """Pause, resume or close the project."""
    with site.writing() as (session, project):
        projects.move(session, project, state, by=site.people.olga)


def test_every_failure_has_a_way_onward(site: Site) -> None:
    with site.database.writing() as session:
        make_project(session, site.people)
        session.commit()
    olga, ada, nobody = site.visit("olga"), site.visit("ada"), site.app.test_client()
    for status, title in TITLES.items():
        path = f"{HELPFUL}/fail/{status}"
        for client in (olga.client, ada.client, nobody):
            answer = client.get(path)
            main = answer.text[answer.text.index("<main") :]
            assert answer.status_code == status
            assert f"<h1>{title}</h1>" in main
            assert re.search(r'<p class="lede">[A-Z][^<]{10,}\.</p>', main), (status, main)
            assert 'href="/">Back to work</a>' in main
            # What failed may be the database: then nobody is looked up.
            assert ('aria-label="Main"' in answer.text) is (status < 500 and client is not nobody)
            sees = status < 500 and client is olga.client
            assert (f'href="{HELPFUL}">Back to the project</a>' in main) is sees
            assert (f'href="{HELPFUL}/people"' in answer.text) is sees


def test_what_failed_is_told_even_if_nobody_can_be_looked_up(site: Site) -> None:
    olga = site.visit("olga")
    with failing(site.database) as failures:
        failures.plan(lambda _number: True)
        answer = olga.client.get("/nothing")
        assert failures.stop() > 0
    assert answer.status_code == 404
    assert "<h1>Nothing is here</h1>" in answer.text
    assert 'aria-label="Main"' not in answer.text


def test_a_form_that_failed_leads_back_to_its_page(site: Site) -> None:
    with site.database.writing() as session:
        make_project(session, site.people)
        session.commit()
    olga = site.visit("olga")
    root = site.app.extensions["labeler.settings"].public_url
    for came, found in ((f"{root}{HELPFUL}/setup?a=1", True), ("https://evil.example/x", False)):
        sent = {"csrf_token": olga.token}
        headers = {"Referer": came}
        answer = olga.client.post(f"{HELPFUL}/fail/409", data=sent, headers=headers)
        assert answer.status_code == 409
        way = f'<a class="btn btn--go" href="{HELPFUL}/setup?a=1">Back to the page before</a>'
        assert (way in answer.text) is found
        assert "evil" not in answer.text
