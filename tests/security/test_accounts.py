"""Signing in as somebody else: by guessing, by asking who is there, by a link that was kept."""

import re
import threading

import pytest

from labeler.errors import Busy
from labeler.people import accounts, passwords
from tests.conftest import StoppedClock
from tests.security.stage import PASSWORD, Stage
from tests.visits import Visit

INVITE = "/projects/helpful/people/invite"
UNLIKE = re.compile(r'name="(csrf_token|email)"[^>]*>|ms-\d+')


@pytest.fixture
def ada_has_a_password(stage: Stage) -> None:
    hashed = passwords.hashed(PASSWORD)
    with stage.database.writing() as session:
        accounts.set_password(session, accounts.find(session, "ada@example.org"), hashed)
        session.commit()


@pytest.mark.usefixtures("ada_has_a_password")
def test_nobody_learns_who_has_an_account(stage: Stage, frozen: StoppedClock) -> None:
    emails = ("ada@example.org", "nobody@example.org", "bea@example.org", "no address", "a\0@b.c")
    seen = {email: [_signing_in(stage, email) for _ in range(8)] for email in emails}
    assert len({repr(answers) for answers in seen.values()}) == 1
    assert len(set(map(repr, seen["ada@example.org"]))) == 1
    refused = Visit(stage.app).sign_in("ada@example.org", PASSWORD)
    assert refused.status_code == 422  # it waits, and does not say so
    frozen.forward(minutes=16)
    assert Visit(stage.app).sign_in("ada@example.org", PASSWORD).location == "/"


def _signing_in(stage: Stage, email: str) -> tuple[int, list[tuple[str, str]], str]:
    answer = Visit(stage.app).sign_in(email, "not the password")
    unlike = ("Content-Length", "Set-Cookie")
    headers = [(name, value) for name, value in answer.headers if name not in unlike]
    return answer.status_code, headers, UNLIKE.sub("", answer.text)


def test_whoever_invites_cannot_keep_a_second_link(fresh: Stage) -> None:
    olga, new = fresh.visits["olga"], Visit(fresh.app)
    first, second = _invited(olga), _invited(olga)
    new.get(first)
    assert new.post(first, password=PASSWORD).status_code == 302
    assert Visit(fresh.app).get(second).status_code == 404
    olga.get("/projects/helpful/people")
    answer = olga.post(INVITE, email="new@example.org", name="New", role="annotator")
    assert "/link/" not in answer.text


def _invited(olga: Visit) -> str:
    olga.get("/projects/helpful/people")
    answer = olga.post(INVITE, email="new@example.org", name="New", role="annotator")
    found = re.search(r"/link/[\w-]+", answer.text)
    assert found is not None
    return found[0]


def test_whoever_invited_first_gets_no_way_into_what_others_gave(fresh: Stage) -> None:
    olga, paul, new = fresh.visits["olga"], fresh.visits["paul"], Visit(fresh.app)
    link = _invited(olga)
    new.get(link)
    assert new.post(link).status_code == 302  # without a password
    assert "/link/" in _invited(olga)  # the way back, while all of it is Olga's
    paul.get("/projects/other/people")
    elsewhere = "/projects/other/people/invite"
    invited = paul.post(elsewhere, email="new@example.org", name="New", role="reviewer")
    assert "/link/" not in invited.text
    olga.get("/projects/helpful/people")
    again = olga.post(INVITE, email="new@example.org", name="New", role="annotator")
    assert "/link/" not in again.text
    with fresh.database.reading() as session:
        person_id = accounts.find(session, "new@example.org").id
    olga.get("/projects/helpful/people")
    assert olga.post(f"/projects/helpful/people/{person_id}/link").status_code == 403


@pytest.mark.parametrize("email", ["root@example.org", "rex@example.org", "paul@example.org"])
def test_an_invitation_opens_no_account_that_is_in_use(stage: Stage, email: str) -> None:
    olga = stage.visits["olga"]
    olga.get("/projects/helpful/people")
    role = "owner" if email == "root@example.org" else "reviewer"
    answer = olga.post(INVITE, email=email, name="Somebody", role=role)
    assert answer.status_code == 302
    assert "/link/" not in olga.get("/projects/helpful/people").text


def test_a_new_password_by_link_puts_a_thief_out(stage: Stage) -> None:
    thief, bea = Visit(stage.app).arrive("bea@example.org"), Visit(stage.app)
    link = bea.link_for("bea@example.org")
    bea.get(link)
    assert bea.post(link, password=PASSWORD).location == "/"
    assert thief.client.get("/").location.startswith("/sign-in")
    assert bea.client.get("/").status_code == 200


def test_a_link_that_does_not_work_sets_no_password(stage: Stage) -> None:
    visit = Visit(stage.app)
    visit.get("/sign-in")
    before = stage.digest()
    assert visit.post("/link/nothing", password=PASSWORD).status_code == 404
    assert stage.digest() == before


def test_links_lead_to_the_public_address(stage: Stage) -> None:
    olga = stage.visits["olga"]
    olga.get("/projects/helpful/people")
    cookie = olga.client.get_cookie("session")
    assert cookie is not None
    misled = stage.app.test_client()
    misled.set_cookie("session", cookie.value, domain="evil.example")
    answer = misled.post(
        INVITE,
        data={
            "csrf_token": olga.token,
            "email": "hosted@example.org",
            "name": "H",
            "role": "annotator",
        },
        headers={"X-Forwarded-Host": "evil.example"},
        environ_overrides={"HTTP_HOST": "evil.example"},
    )
    assert "http://127.0.0.1:8000/link/" in answer.text
    assert "evil" not in answer.text


def test_hashing_never_takes_all_threads() -> None:
    storm, refused = threading.Barrier(9), []

    def sign_in() -> None:
        storm.wait()
        try:
            passwords.matches(None, "not the password")
        except Busy as busy:
            refused.append(busy.status)

    threads = [threading.Thread(target=sign_in) for _ in range(8)]
    for thread in threads:
        thread.start()
    storm.wait()
    for thread in threads:
        thread.join()
    assert 1 <= len(refused) <= 4
    assert set(refused) == {503}
    assert not passwords.matches(None, "not the password")


@pytest.mark.parametrize("name", ["\x1b]0;gone\x07", "two\nlines", "\x9b2J", "a\x7f"])
def test_names_cannot_command_a_terminal(stage: Stage, name: str) -> None:
    olga = stage.visits["olga"]
    olga.get("/projects/helpful/people")
    answer = olga.post(INVITE, email="t@example.org", name=name, role="annotator")
    assert answer.status_code == 422
    answer = olga.post(INVITE, email=f"{name}@example.org", name="T", role="annotator")
    assert answer.status_code == 422
    answer = olga.post("/projects/new", title=f"x{name}y", languages="en")
    assert answer.status_code == 422
    assert 'id="title-fault"' in answer.text
