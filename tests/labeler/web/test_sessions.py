"""Signing in and out: links, passwords, delays, cookies that die, sign-ins that can be ended."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from labeler.database import Database
from labeler.people import accounts, passwords, sign_ins
from tests.cast import Cast, make_cast
from tests.conftest import NewAddress, StoppedClock
from tests.make import make_project
from tests.serving import lend_app
from tests.visits import Visit

PASSWORD = "four plain words here"


@pytest.fixture
def app(new_address: NewAddress, tmp_path: Path) -> Iterator[Flask]:
    with lend_app(new_address("sqlite"), tmp_path) as app:
        yield app


@pytest.fixture
def database(app: Flask) -> Database:
    found: Database = app.extensions["labeler.database"]
    return found


@pytest.fixture
def people(database: Database) -> Cast:
    with database.writing() as session:
        cast = make_cast(session)
        accounts.set_password(session, cast.ada, passwords.hashed(PASSWORD))
        session.commit()
    return cast


def test_a_link_signs_in_once_and_only_by_its_button(app: Flask, people: Cast) -> None:
    ada = Visit(app)
    link = ada.link_for("ada@example.org")
    ada.get(link)
    assert "Ada" in ada.get(link).text  # looking ahead does not use it up
    assert ada.post(link).location == "/"
    assert Visit(app).get(link).status_code == 404


def test_a_link_can_set_the_first_password(app: Flask, people: Cast) -> None:
    bea = Visit(app)
    link = bea.link_for("bea@example.org")
    bea.get(link)
    given_back = bea.post(link, password="short")
    assert given_back.status_code == 422
    assert "At least 15 characters" in given_back.text
    assert bea.post(link, password=PASSWORD).location == "/"
    assert Visit(app).sign_in("bea@example.org", PASSWORD).location == "/"


def test_a_password_signs_in(app: Flask, people: Cast) -> None:
    assert Visit(app).sign_in("Ada@Example.org", PASSWORD).location == "/"


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org", "no address"])
def test_a_wrong_password_and_an_unknown_address_read_alike(
    app: Flask, people: Cast, email: str
) -> None:
    answer = Visit(app).sign_in(email, "not the password")
    assert answer.status_code == 422
    assert "The address and the password do not belong together." in answer.text
    assert "Please look at both once more. After 5 wrong passwords in a row" in answer.text


def test_guessing_is_slowed_down_and_the_right_password_works_later(
    app: Flask, people: Cast, frozen: StoppedClock
) -> None:
    for _ in range(accounts.FREE_TRIES):
        Visit(app).sign_in("ada@example.org", "not the password")
    assert "has to wait" in Visit(app).sign_in("ada@example.org", PASSWORD).text
    frozen.forward(minutes=16)
    assert Visit(app).sign_in("ada@example.org", PASSWORD).location == "/"


def test_a_stolen_cookie_dies_when_its_owner_signs_out(app: Flask, people: Cast) -> None:
    ada = Visit(app).arrive("ada@example.org")
    thief = app.test_client()
    cookie = ada.client.get_cookie("session")
    assert cookie is not None
    thief.set_cookie("session", cookie.value)
    assert thief.get("/").status_code == 200
    farewell = ada.post("/sign-out")
    assert farewell.headers["Clear-Site-Data"] == '"cache"'
    assert thief.get("/").location.startswith("/sign-in")


def test_another_browser_can_be_signed_out(app: Flask, database: Database, people: Cast) -> None:
    phone, desk = Visit(app).arrive("ada@example.org"), Visit(app).arrive("ada@example.org")
    with database.reading() as session:
        of_phone = sign_ins.current(session, people.ada)[-1].id
    desk.post(f"/account/sign-ins/{of_phone}/end")
    assert phone.client.get("/").location.startswith("/sign-in")
    assert desk.get("/account").status_code == 200


def test_nobody_ends_the_sign_in_of_somebody_else(
    app: Flask, database: Database, people: Cast
) -> None:
    Visit(app).arrive("ada@example.org")
    mallory = Visit(app).arrive("mallory@example.org")
    with database.reading() as session:
        of_ada = sign_ins.current(session, people.ada)[0].id
    assert mallory.post(f"/account/sign-ins/{of_ada}/end").status_code == 404


def test_a_new_password_signs_out_everywhere_else(app: Flask, people: Cast) -> None:
    phone, desk = Visit(app).arrive("ada@example.org"), Visit(app).arrive("ada@example.org")
    desk.post("/account/password", password="another five plain words")
    assert phone.client.get("/").location.startswith("/sign-in")
    assert desk.get("/").status_code == 200


def test_a_token_is_shown_once(app: Flask, people: Cast) -> None:
    ada = Visit(app).arrive("ada@example.org")
    made = ada.post("/account/tokens", label="my program", scopes="judge")
    assert "lbl_" in made.text
    again = ada.get("/account").text
    assert "my program" in again
    assert "lbl_" not in again
    assert ada.post("/account/tokens", label="nothing").status_code == 422
    refused = ada.post("/account/tokens", label="a\0b", scopes="judge")
    assert refused.status_code == 422
    assert 'id="label-fault"' in refused.text


def test_a_token_is_offered_for_what_its_person_may_do(app: Flask, people: Cast) -> None:
    def offered(name: str) -> list[str]:
        page = Visit(app).arrive(f"{name}@example.org").get("/account").text
        return re.findall(r'name="scopes" value="(\w+)"', page)

    with app.extensions["labeler.database"].writing() as session:
        make_project(session, people)
        session.commit()
    assert offered("ada") == offered("mallory") == ["judge"]
    assert offered("rex") == ["judge", "read"]
    assert offered("olga") == offered("root") == ["judge", "read", "manage"]


def test_sign_ins_are_named_in_plain_words(app: Flask, people: Cast) -> None:
    phone = "Mozilla/5.0 (Android 15; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0"
    ada = Visit(app)
    ada.client.environ_base["HTTP_USER_AGENT"] = phone
    page = ada.arrive("ada@example.org").get("/account").text
    assert f'<span title="{phone}">Firefox on Android</span>' in page
    assert page.count(phone) == 1


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/judgments", "/judgments"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\tevil", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_on_within_this_site_only(
    app: Flask, people: Cast, wanted: str, location: str
) -> None:
    visit = Visit(app)
    visit.get("/sign-in")
    answer = visit.post(
        "/sign-in", query={"next": wanted}, email="ada@example.org", password=PASSWORD
    )
    assert answer.location == location


def test_a_form_without_its_token_changes_nothing(app: Flask, people: Cast) -> None:
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD})
    assert answer.status_code == 400
    assert client.get("/").location.startswith("/sign-in")


def test_a_request_from_another_site_is_refused(app: Flask, people: Cast) -> None:
    ada = Visit(app).arrive("ada@example.org")
    token = ada.token
    answer = ada.client.post(
        "/sign-out", data={"csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


def test_every_answer_carries_the_policy(app: Flask, people: Cast) -> None:
    ada = Visit(app).arrive("ada@example.org")
    for path in ("/", "/account", "/nothing-here", "/static/labeler.css"):
        with ada.get(path) as answer:
            headers = answer.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Cookie" in headers["Vary"]


def test_the_log_holds_no_secret(
    capsys: pytest.CaptureFixture[str], app: Flask, people: Cast
) -> None:
    ada = Visit(app)
    link = ada.link_for("ada@example.org")
    ada.get(link)
    ada.post(link)
    log = capsys.readouterr().err
    assert "/link/<secret>" in log
    assert link.rsplit("/", 1)[1] not in log
