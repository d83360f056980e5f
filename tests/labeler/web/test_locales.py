"""In which language somebody reads, and how numbers, money and days are written there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from flask import Flask

from labeler.people import accounts
from labeler.said import say, say_number
from labeler.text.languages import INTERFACE
from labeler.web import filters
from tests.labeler.web.conftest import Site
from tests.visits import Visit

AUTUMN = datetime(2026, 9, 3, 14, 5, tzinfo=UTC)
FRENCH = {"Accept-Language": "fr-CA, en;q=0.5"}


def language_of(page: str) -> str:
    return page.partition('<html lang="')[2].partition('"')[0]


@contextmanager
def reading(app: Flask, tag: str) -> Iterator[None]:
    with app.test_request_context(headers={"Accept-Language": tag}):
        yield


# Who chooses


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("fr-CA, en;q=0.5", "fr"),
        ("bn-BD", "bn"),
        ("ja, sw;q=0.3, de;q=0.2", "sw"),
        ("ja", "en"),
        ("", "en"),
        ("*", "en"),
        ("nonsense;;q=x", "en"),
    ],
)
def test_the_browser_asks_for_it(site: Site, asked: str, found: str) -> None:
    answer = site.app.test_client().get("/sign-in", headers={"Accept-Language": asked})
    assert language_of(answer.text) == found
    assert answer.headers["Content-Language"] == found
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))
    assert "private" in answer.headers["Cache-Control"]


def test_a_browser_keeps_what_was_chosen_in_it(site: Site) -> None:
    nobody = Visit(site.app)
    nobody.get("/sign-in")
    page = nobody.client.get("/language", headers={"Referer": "http://labeler.test/sign-in"}).text
    assert all(f'value="{tag}"' in page for tag in INTERFACE)
    assert 'name="next" value="/sign-in"' in page
    answer = nobody.post("/language", language="it", next="/sign-in")
    assert answer.location == "/sign-in"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert language_of(nobody.get("/sign-in").text) == "it"
    nobody.post("/language", language="", next="")
    assert language_of(nobody.get("/sign-in").text) == "en"


def test_a_person_takes_their_choice_along(site: Site) -> None:
    ada = site.visit("ada")
    ada.get("/language")
    assert ada.post("/language", language="fr", next="/account").location == "/account"
    assert language_of(ada.get("/").text) == "fr"
    elsewhere = site.visit("ada")
    assert language_of(elsewhere.get("/").text) == "fr"
    assert language_of(site.visit("bea").get("/").text) == "en"
    elsewhere.get("/language")
    elsewhere.post("/language", language="", next="")
    assert language_of(elsewhere.get("/").text) == "en"


def test_a_page_that_does_not_exist_speaks_it_too(site: Site) -> None:
    ada = site.visit("ada")
    ada.get("/language")
    ada.post("/language", language="fr", next="")
    assert language_of(ada.get("/nothing").text) == "fr"


def test_a_language_that_is_not_offered_is_none(site: Site) -> None:
    ada = site.visit("ada")
    ada.get("/language")
    assert ada.post("/language", language="tlh", next="//evil.example").location == "/"
    assert language_of(ada.get("/").text) == "en"
    ada.client.set_cookie("language", "../../etc")
    assert language_of(ada.get("/").text) == "en"
    with site.database.reading() as session:
        assert accounts.find(session, "ada@example.org").language is None


def test_the_secret_of_a_link_goes_into_no_address(site: Site) -> None:
    visit = Visit(site.app)
    link = visit.link_for("ada@example.org")
    page = visit.client.get("/language", headers={"Referer": f"http://labeler.test{link}"}).text
    assert f'name="next" value="{link}"' in page
    assert "next=" not in page
    foreign = visit.client.get("/language", headers={"Referer": "http://evil.example/x"}).text
    assert 'name="next" value=""' in foreign


# What is said


def test_rules_are_heard_in_it(site: Site) -> None:
    olga = site.visit("olga")
    olga.get("/language")
    olga.post("/language", language="fr", next="")
    olga.get("/projects/new")
    page = olga.post("/projects/new", **{"title": "", "slug": "helpful", "rubric.steps": "12"}).text
    assert "Veuillez remplir ce champ." in page
    assert "Please" not in page


def test_programs_are_answered_in_english(site: Site) -> None:
    answer = site.app.test_client().get("/api/v1/nothing", headers=FRENCH)
    assert answer.json["error"]["message"] == "There is nothing at this address."
    assert "Content-Language" not in answer.headers


def test_values_are_written_for_the_reader(site: Site) -> None:
    too_long = say("At most %(most)s characters.", most=100_000)
    step = say(
        "%(steps)s steps, from “%(first)s” to “%(last)s”",
        steps=2,
        first=say("A better"),
        last=say("B better"),
    )
    with reading(site.app, "de"):
        assert filters.gettext(too_long) == "Höchstens 100.000 Zeichen."
        assert filters.gettext(step).count("besser") == 2
    with reading(site.app, "fr"):
        one, many = "%(num)s comparison", "%(num)s comparisons"
        assert filters.ngettext(one, many, 0) == "0 comparaison"
        assert filters.gettext(say_number(one, many, 2)) == "2 comparaisons"
    assert too_long == "At most 100,000 characters."


def test_marks_stay_and_everything_else_is_escaped(site: Site) -> None:
    template = '{% macro bold(words) %}<b>{{ words }}</b>{% endmacro %}{{ _("of %(a)s & %(b)s", '
    template += 'a=bold("<1>"), b="<2>") }}'
    with reading(site.app, "en"):
        page = site.app.jinja_env.from_string(template).render()
    assert page == "of <b>&lt;1&gt;</b> &amp; &lt;2&gt;"


def test_nothing_is_said_for_nothing(site: Site) -> None:
    with reading(site.app, "fr"):
        assert filters.gettext("") == ""
        assert filters.gettext("Nobody ever wrote this, 100 % sure.") == (
            "Nobody ever wrote this, 100 % sure."
        )


# Numbers, money, days: Latin digits everywhere


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("en", "1,234,567 82% 0.50 12,345.60 EUR 300 JPY 1.234 KWD 3 Sept 2026, 14:05 UTC"),
        ("fr", "1 234 567 82 % 0,50 12 345,60 EUR 300 JPY 1,234 KWD 3 sept. 2026, 14:05 UTC"),
        ("es", "1.234.567 82 % 0,50 12.345,60 EUR 300 JPY 1,234 KWD 3 sept 2026, 14:05 UTC"),
        ("de", "1.234.567 82 % 0,50 12.345,60 EUR 300 JPY 1,234 KWD 03.09.2026, 14:05 UTC"),
        ("it", "1.234.567 82% 0,50 12.345,60 EUR 300 JPY 1,234 KWD 3 set 2026, 14:05 UTC"),
        ("sw", "1,234,567 82% 0.50 12,345.60 EUR 300 JPY 1.234 KWD 3 Sep 2026 14:05 UTC"),
        ("bn", "12,34,567 82% 0.50 12,345.60 EUR 300 JPY 1.234 KWD 3 সেপ, 2026 2:05 PM UTC"),
    ],
)
def test_how_it_is_written(site: Site, tag: str, written: str) -> None:
    with reading(site.app, tag):
        found = [
            filters.number(1234567),
            filters.percent(0.8234),
            filters.decimal(0.5, 2),
            filters.money(1234560, "EUR"),
            filters.money(300, "JPY"),
            filters.money(1234, "KWD"),
            filters.moment(AUTUMN),
        ]
    text = " ".join(found).replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\xa0", " ")
    assert text == written


@pytest.mark.parametrize(
    ("tag", "names"),
    [("en", "French"), ("fr", "français"), ("de", "Französisch"), ("bn", "ফরাসি")],
)
def test_languages_are_named_as_the_reader_calls_them(site: Site, tag: str, names: str) -> None:
    with reading(site.app, tag):
        assert filters.language("fr") == names
        assert filters.language("fr-x-rare") == "fr-x-rare"
        assert filters.language("und-klingon") == "und-klingon"
        assert filters.language("x-private") == "x-private"
        assert filters.percent(float("nan")) == "–"
        assert [filters.minutes(ms) for ms in (None, 0, 80, 187_000)] == [
            "–",
            "0:00",
            "<0:01",
            "3:07",
        ]
