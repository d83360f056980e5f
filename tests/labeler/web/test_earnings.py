"""What one earned, as one sees it: sums by where they are, this week so far, and statements."""

import csv
import io

from labeler import clock
from labeler.pay import earnings, statements
from labeler.pay.statements import Statement
from tests.labeler.web.conftest import Site
from tests.make import judge_next


def told(site: Site) -> Statement:
    """Let Ada earn 0.70 and a bonus whose reason reads like a formula; tell her of the month."""
    with site.writing() as (session, project):
        for _ in range(2):
            judge_next(session, project, site.people.ada)
        whom = project.id, site.people.ada, "EUR"
        why = {"reason": "=1+1", "source": "1"}
        earnings.give_bonus(session, *whom, 1234, **why, by=site.people.olga)
        month = statements.first_of(clock.now().date())
        statements.make(session, project.id, site.people.ada.id, "EUR", month)
        [made] = statements.of_person(session, site.people.ada.id)
    return made


def test_before_anything_is_earned_the_page_says_so(site: Site) -> None:
    page = site.visit("ada").get("/earnings").text
    assert "You have earned nothing yet." in page
    assert 'href="/"' in page


def test_what_is_earned_stands_where_it_is(site: Site) -> None:
    told(site)
    page = site.visit("ada").get("/earnings").text
    for words in ("Earned in all", "13.04", "Waiting", "Due", "Paid", "This week so far"):
        assert words in page
    assert "2 judgments at 0.35 EUR" in page
    assert "waits for 72 hours" in page


def test_a_statement_says_what_each_amount_was_for(site: Site) -> None:
    address = f"/earnings/statements/{told(site).id}"
    assert address in site.visit("ada").get("/earnings").text
    page = site.visit("ada").get(address).text
    assert "2 × 0.35" in page
    assert "Bonus" in page and "=1+1" in page and "12.34" in page
    assert "No reference found for a minimum wage." in page


def test_a_statement_can_be_taken_along(site: Site) -> None:
    address = f"/earnings/statements/{told(site).id}/statement"
    found = site.visit("ada").get(f"{address}.csv")
    assert found.headers["Content-Disposition"].endswith('-EUR.csv"')
    header, judged, bonus = csv.reader(io.StringIO(found.text))
    assert dict(zip(header, judged, strict=True))["amount"] == "0.70"
    assert dict(zip(header, bonus, strict=True))["reason"] == "'=1+1"  # no spreadsheet runs it
    said = site.visit("ada").get(f"{address}.json").json
    assert said["gained_minor"] == 1304
    assert said["person"] == site.people.ada.name
    assert site.visit("ada").get(f"{address}.xml").status_code == 404


def test_nobody_else_sees_it(site: Site) -> None:
    address = f"/earnings/statements/{told(site).id}"
    for visit in (site.visit("bea"), site.visit("olga")):
        for one in (address, f"{address}/statement.csv", f"{address}/statement.json"):
            assert visit.get(one).status_code == 404
