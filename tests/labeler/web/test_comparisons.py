"""Looking through a project's comparisons, and at all judgments on one."""

import re

import pytest
import sqlalchemy as sa

from labeler.pay import ledger
from labeler.web import comparisons as pages
from labeler.work import answers, judgments
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.layouts import Message, ResponseIn
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site, statements
from tests.labeler.web.test_members import words
from tests.make import judge_next, load_rows, make_row, new_key

COMPARISONS = f"{HELPFUL}/comparisons"


def judged(site: Site, choice: int | str = 2) -> Judgment:
    """Let Ada judge what comes next."""
    with site.writing() as (session, project):
        return judge_next(session, project, site.people.ada, choice)


def test_the_list_counts_what_was_said(site: Site) -> None:
    said = judged(site)
    page = site.visit("rex").get(COMPARISONS).text
    rows = [words(row) for row in re.findall(r'<tr role="row">.*?</tr>', page, re.DOTALL)]
    with site.database.reading() as session:
        name = session.get_one(Comparison, said.comparison_id).external_id
    told = next(row for row in rows if name in row)
    assert told.endswith("1 of 2 1 0 0 0" if said.preferred == 0 else "1 of 2 0 0 1 0")
    assert "What is 3 plus one? Known answer pair-3 English 0 0 0 0 0" in rows


def test_the_list_filters_by_language(site: Site) -> None:
    page = site.visit("olga").get(f"{COMPARISONS}?language=fr").text
    assert "pair-2" in page
    assert "pair-1" not in page
    assert re.search(r'value="fr" selected', page)
    assert "pair-1" in site.visit("olga").get(f"{COMPARISONS}?language=%00").text


def test_the_list_goes_on_where_it_stopped(site: Site) -> None:
    with site.writing() as (session, project):
        rows = [make_row(n) for n in range(10, 10 + pages.PAGE)]
        load_rows(session, project, rows, by=site.people.olga, name="more")
    olga = site.visit("olga")
    with statements(site.database) as seen:
        first = olga.get(COMPARISONS).text
    assert len(seen) <= 8, seen
    onward = re.search(r'href="([^"]*after=\d+[^"]*)"', first)
    assert onward
    second = olga.get(onward[1].replace("&amp;", "&")).text
    shown = [re.findall(r"pair-\d+", page) for page in (first, second)]
    assert len(set(shown[0])) == pages.PAGE
    assert len(set(shown[1])) == 4
    assert not set(shown[0]) & set(shown[1])
    assert "after=" not in second


def test_one_comparison_with_all_that_was_said_of_it(site: Site) -> None:
    said = judged(site, 2)
    with site.writing() as (session, project):
        assignment = session.get_one(Assignment, said.assignment_id)
        answer = answers.read(session, assignment, 6, "On second thoughts")
        held = session.get_one(Judgment, said.id)
        judgments.change(session, project, held, answer, key=new_key())
        better = 1 + assignment.places[1]
    page = words(site.visit("rex").get(f"{COMPARISONS}/{said.comparison_id}").text)
    assert "model-x" in page
    assert "model-y" in page
    assert f"Answer {better} is ahead, 1 to 0" in page
    model = "model-x" if better == 1 else "model-y"
    assert f"Answer {better} is better {model} shown to them as B Ada" in page
    assert "On second thoughts" in page
    assert f"Said otherwise before Answer {3 - better} is better" in page


def test_what_is_known_and_how_people_did_on_it(site: Site) -> None:
    with site.writing() as (session, project):
        project.gold_share = 1.0
        said = judge_next(session, project, site.people.ada, 1)
    page = words(site.visit("olga").get(f"{COMPARISONS}/{said.comparison_id}").text)
    assert "Its answer is known: answer 1 is better. Count it." in page
    assert ("Right" in page) is said.gold_right
    assert ("Not the known answer" in page) is not said.gold_right


@pytest.mark.parametrize(("choice", "told"), [("tie", "About the same"), ("both_bad", "Both are")])
def test_what_is_said_beside_the_scale(site: Site, choice: str, told: str) -> None:
    said = judged(site, choice)
    page = words(site.visit("olga").get(f"{COMPARISONS}/{said.comparison_id}").text)
    assert told in page
    assert "Neither answer is ahead" in page


def test_what_came_late_is_not_there_to_leave_out(site: Site) -> None:
    said = judged(site)
    with site.database.writing() as session:
        session.get_one(Judgment, said.id).state = JudgmentState.late
        session.commit()
    page = words(site.visit("rex").get(f"{COMPARISONS}/{said.comparison_id}").text)
    assert "Came late, not counted" in page
    assert "Leave it out" not in page


def test_leaving_a_judgment_out(site: Site) -> None:
    said = judged(site)
    rex = site.visit("rex")
    address = f"{COMPARISONS}/{said.comparison_id}"
    exclude = f"{address}/judgments/{said.id}/exclude"
    rex.get(address)
    for reason in ("", "  "):
        given_back = rex.post(exclude, reason=reason)
        assert given_back.status_code == 422
        assert "A reason is needed." in given_back.text
        assert re.search(r"<details\s+open", given_back.text)
    assert rex.post(exclude, reason="Made by <mistake>").location == address
    page = words(rex.get(address).text)
    assert re.search(r"Why it was left out: Made by &lt;mistake&gt; Rex \d+ \w+ \d+, ", page)
    assert "Left out of the data. Its pay stays." in page
    assert "0 of 2 judgments are in" in page
    assert "Leave it out" not in page
    assert rex.post(exclude, reason="Again").status_code == 409
    with site.database.reading() as session:
        assert session.get_one(Judgment, said.id).state is JudgmentState.excluded
        assert ledger.earned(session, person_id=site.people.ada.id) == {"EUR": 35}


def test_withdrawing_a_comparison(site: Site) -> None:
    said = judged(site)
    olga, address = site.visit("olga"), f"{COMPARISONS}/{said.comparison_id}"
    assert "Withdraw it" in olga.get(address).text
    given_back = olga.post(f"{address}/withdraw", reason=" ")
    assert given_back.status_code == 422
    assert "A reason is needed." in given_back.text
    assert re.search(r"<details\s+open", given_back.text)
    assert olga.post(f"{address}/withdraw", reason=HOSTILE).location == address
    page = olga.get(address).text
    assert "Nobody is asked any more" in page
    assert "Withdrawn on" in page
    assert "<span>Olga</span>" in page
    assert "&lt;script&gt;" in page
    assert HOSTILE not in page
    assert "Withdraw it" not in page
    assert "Withdrawn" in olga.get(COMPARISONS).text
    assert olga.post(f"{address}/withdraw", reason="Again").status_code == 409
    with site.database.reading() as session:
        assert session.get_one(Comparison, said.comparison_id).withdrawn_at is not None
        assert ledger.earned(session, person_id=site.people.ada.id) == {"EUR": 35}


def test_only_owners_withdraw_and_never_a_known_answer(site: Site) -> None:
    with site.database.reading() as session:
        rows = session.execute(sa.select(Comparison.is_gold, Comparison.id)).all()
    numbers = {bool(is_gold): number for is_gold, number in rows}
    for name, status in (("rex", 403), ("ada", 403), ("mallory", 404)):
        sent = site.visit(name).post(f"{COMPARISONS}/{numbers[False]}/withdraw", reason="x")
        assert sent.status_code == status
    assert "Withdraw it" not in site.visit("rex").get(f"{COMPARISONS}/{numbers[False]}").text
    olga = site.visit("olga")
    assert "Withdraw it" not in olga.get(f"{COMPARISONS}/{numbers[True]}").text
    refused = olga.post(f"{COMPARISONS}/{numbers[True]}/withdraw", reason="x")
    assert refused.status_code == 422
    assert olga.post(f"{COMPARISONS}/999/withdraw", reason="x").status_code == 404


def test_refusals(site: Site) -> None:
    said = judged(site)
    address = f"{COMPARISONS}/{said.comparison_id}"
    other = said.comparison_id % 4 + 1
    for name, status in (("ada", 403), ("mallory", 404)):
        visit = site.visit(name)
        assert visit.get(address).status_code == status
        sent = visit.post(f"{address}/judgments/{said.id}/exclude", reason="x")
        assert sent.status_code == status
    rex = site.visit("rex")
    assert rex.get(f"{COMPARISONS}/999").status_code == 404
    elsewhere = f"{COMPARISONS}/{other}/judgments/{said.id}/exclude"
    assert rex.post(elsewhere, reason="x").status_code == 404
    assert rex.post(f"{address}/judgments/999/exclude", reason="x").status_code == 404


def test_what_models_and_people_wrote_is_harmless(site: Site) -> None:
    with site.writing() as (session, project):
        row = make_row(
            9,
            id=HOSTILE,
            messages=(Message(role="user", content=HOSTILE),),
            responses=(ResponseIn(text=HOSTILE, model=HOSTILE), ResponseIn(text="x", model=None)),
        )
        load_rows(session, project, [row], by=site.people.olga, name="hostile")
        for _ in range(4):
            said = judge_next(session, project, site.people.ada, 6)
            answer = answers.read(
                session, session.get_one(Assignment, said.assignment_id), 1, HOSTILE
            )
            judgments.change(session, project, said, answer, key=new_key())
    olga = site.visit("olga")
    addresses = [COMPARISONS, *(f"{COMPARISONS}/{number}" for number in range(1, 6))]
    for address in addresses:
        page = olga.get(address).text
        assert "<script>alert" not in page, address
        assert "<b onclick" not in page, address
    assert "&lt;b onclick" in page
