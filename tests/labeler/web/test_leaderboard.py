"""The leaderboard: what its page says and its files tell, to whom, and of what."""

import csv
import io
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from labeler.quality import leaderboards, snapshots
from labeler.quality.findings import boards, duels
from labeler.quality.records import Records
from tests.conftest import StoppedClock
from tests.labeler.quality.arrays import records
from tests.labeler.quality.test_boards import FIRST, NOTHING, SECOND, W, X, Y, Z, voted
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site, statements
from tests.labeler.web.test_members import words
from tests.labeler.web.test_quality import add_rows, judge_all, refresh

PAGE = f"{HELPFUL}/leaderboard"
FILES = ("leaderboard.csv", "leaderboard.json", "leaderboard.svg", "matrix.csv")


def publish(site: Site, known: Records) -> None:
    """Keep what these records say, as the background does."""
    with site.writing() as (session, project):
        size = snapshots.claim(session, project.id)
        assert size is not None
        found = boards.found(duels.of(known), known.compared, NOTHING)
        leaderboards.keep(session, project.id, found)
        snapshots.keep(session, project.id, size, {"pairs": []})


def in_two_languages() -> Records:
    """In English x wins, in French y, of code and of letters."""
    said = [(X, Y, FIRST, 80), (X, Y, SECOND, 20), (X, Y, FIRST, 20), (X, Y, SECOND, 80)]
    return voted(
        *said, language=[0] * 100 + [1] * 100, category=[0, 0, 1, 1] * 50, people=20, each=2
    )


def table(page: str, number: int = 0) -> list[list[str]]:
    """Return the cells of a table of a page, row by row."""
    found = re.findall(r"<table.*?</table>", page, re.DOTALL)[number]
    rows = re.findall(r"<tr.*?</tr>", found, re.DOTALL)
    return [
        [words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in rows
    ]


def test_who_is_ahead_and_how_few_votes_would_change_it(site: Site, frozen: StoppedClock) -> None:
    add_rows(site, pairs=9)
    judge_all(site, "ada", "bea")
    refresh(site)
    page = words(site.visit("rex").get(PAGE).text)
    assert "model-x comes first" in page
    assert re.search(r"\d+ votes fewer, and model-y would come first", page)
    assert re.search(r"As of 23 Nov 2026, 09:00 UTC, from 2\d judgments", page)
    assert "Only 2 people voted" in page
    assert re.search(r"\d+ won, \d+ lost", page)


def test_until_it_was_worked_out_it_says_when(site: Site) -> None:
    rex = site.visit("rex")
    assert "worked out in the background" in words(rex.get(PAGE).text)
    assert rex.get(f"{PAGE}/leaderboard.json").status_code == 404


def test_a_language_and_a_category_are_chosen(site: Site) -> None:
    publish(site, in_two_languages())
    rex = site.visit("rex")
    assert "Which model comes first is open" in words(rex.get(PAGE).text)
    assert "x comes first" in words(rex.get(f"{PAGE}?language=en").text)
    french = rex.get(f"{PAGE}?language=fr&category=letters").text
    assert "y comes first" in words(french)
    assert '<option value="fr" selected' in french
    assert 'leaderboard.csv?language=fr&amp;category=letters"' in french
    for wrong in ("language=xx", "category=maths", "language=%00", "category=%ED%A0%80"):
        assert rex.get(f"{PAGE}?{wrong}").status_code == 404


def test_too_little_is_said_in_words(site: Site) -> None:
    language = [0] * 170 + [1] * 30
    category = [0] * 100 + [1] * 70 + [0] * 10 + [1] * 20
    said = [(X, Y, FIRST, 120), (X, Y, SECOND, 80)]
    publish(site, voted(*said, language=language, category=category, people=40))
    rex = site.visit("rex")
    page = words(rex.get(f"{PAGE}?language=fr&category=code").text)
    assert "too few people voted, for numbers" in page
    assert "%" not in page
    assert rex.get(f"{PAGE}/matrix.csv?language=fr&category=code").status_code == 404


def test_models_that_cannot_be_compared_have_tables_of_their_own(site: Site) -> None:
    said = [(X, Y, FIRST, 30), (X, Y, SECOND, 9), (Z, W, SECOND, 20), (Z, W, FIRST, 4)]
    publish(site, voted(*said))
    page = site.visit("rex").get(PAGE).text
    assert "a place holds in its own table alone" in words(page)
    assert [[row[:2] for row in table(page, at)[1:]] for at in (0, 2)] == [
        [["x", "1"], ["y", "2"]],
        [["w", "1"], ["z", "2"]],
    ]


def test_page_csv_and_json_say_the_same(site: Site) -> None:
    publish(
        site,
        voted((X, Y, FIRST, 60), (X, Y, SECOND, 20), (Y, Z, 2, 9), (Y, Z, 3, 4), (Y, Z, FIRST, 12)),
    )
    rex = site.visit("rex")
    page = table(rex.get(PAGE).text)
    told: Any = rex.get(f"{PAGE}/leaderboard.json").json
    lines = list(csv.DictReader(io.StringIO(rex.get(f"{PAGE}/leaderboard.csv").text)))
    models = told["parts"][0]["models"]
    for row, shown, line in zip(models, page[1:], lines, strict=True):
        assert shown[0] == row["model"] == line["model"]
        places = sorted({str(row["place_from"]), str(row["place_to"])})
        assert shown[1].split(" to ") == places == sorted({line["place_from"], line["place_to"]})
        assert shown[2].startswith(f"{row['chance']['value']:.0%}")
        assert [float(line[f"chance{end}"]) for end in ("", "_low", "_high")] == [
            row["chance"][end] for end in ("value", "low", "high")
        ]
        for at, name in enumerate(("wins", "losses", "ties", "both_bad"), 4):
            assert shown[at] == line[name] == str(row[name])
        assert (shown[9].strip("–"), line["votes_to_be_passed"]) == (
            2 * (str(row["votes_to_be_passed"] or ""),)
        )
    matrix = list(csv.DictReader(io.StringIO(rex.get(f"{PAGE}/matrix.csv").text)))
    assert matrix == [{name: str(value) for name, value in each.items()} for each in told["pairs"]]
    assert (told["project"], told["language"], told["votes"]) == ("helpful", None, 105)
    met = table(rex.get(PAGE).text, 1)
    assert met[0] == ["Model", "x", "y", "z"]
    assert met[1] == ["x", "–", "60 won, 20 lost 0 the same, 0 both bad", "–"]


def test_the_picture_shows_every_model_on_its_interval(site: Site) -> None:
    publish(site, voted((X, Y, FIRST, 60), (X, Y, SECOND, 20), (Y, Z, FIRST, 9)))
    rex = site.visit("rex")
    told: Any = rex.get(f"{PAGE}/leaderboard.json").json
    answer = rex.get(f"{PAGE}/leaderboard.svg")
    assert answer.mimetype == "image/svg+xml"
    drawn = ElementTree.fromstring(answer.text)
    space = "{http://www.w3.org/2000/svg}"
    names = [each.text for each in drawn.iter(f"{space}text") if each.get("class") == "of"]
    assert [name.split(" · ")[1] for name in names if name] == ["x", "y", "z"]
    lines = [each for each in drawn.iter(f"{space}line") if each.get("class") == "iv"]
    ends = [(row["chance"]["low"], row["chance"]["high"]) for row in told["parts"][0]["models"]]
    assert [(line.get("x1"), line.get("x2")) for line in lines] == [
        (f"{100 * low:.1f}%", f"{100 * high:.1f}%") for low, high in ends
    ]
    assert answer.text.partition("<line")[2] in rex.get(PAGE).text


def test_names_of_models_are_harmless(site: Site) -> None:
    known = voted((X, Y, FIRST, 30), (X, Y, SECOND, 10))
    known.compared.names[:2] = [HOSTILE + "\x01", "=HYPERLINK(1)"]  # type: ignore[index]
    publish(site, known)
    rex = site.visit("rex")
    assert "<script>alert" not in rex.get(PAGE).text
    ElementTree.fromstring(rex.get(f"{PAGE}/leaderboard.svg").text)
    assert "'=HYPERLINK(1)" in rex.get(f"{PAGE}/leaderboard.csv").text
    assert "'=HYPERLINK(1)" in rex.get(f"{PAGE}/matrix.csv").text


@pytest.mark.parametrize("name", ["", *(f"/{name}" for name in FILES)])
def test_it_is_for_reviewers_and_costs_the_same_with_more(site: Site, name: str) -> None:
    publish(site, records([{"item": 0}, {"item": 1, "label": 1}]))
    assert site.visit("ada").get(PAGE + name).status_code == 403
    assert site.visit("mallory").get(PAGE + name).status_code == 404
    rex = site.visit("rex")
    with statements(site.database) as before:
        assert rex.get(PAGE + name).status_code == 200
    publish(site, in_two_languages())
    with statements(site.database) as after:
        assert rex.get(PAGE + name).status_code == 200
    assert len(after) == len(before) <= 8, after
