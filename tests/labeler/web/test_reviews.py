"""The reviewers' queue, one review, and what authors are asked about their work."""

import re

import pytest
import sqlalchemy as sa

from labeler.pay import ledger
from labeler.quality import queues, reviews
from labeler.quality.reviews import Outcome, Review, ReviewKind, ReviewState
from labeler.said import say
from labeler.web import reviews as pages
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment, JudgmentState
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site, statements
from tests.labeler.web.test_members import words
from tests.make import judge_next, load_rows, make_row, new_key

QUEUE = f"{HELPFUL}/review"
ASKED = "/questions"


def judged(site: Site, choice: int | str = 2) -> Judgment:
    """Let Ada judge what comes next."""
    with site.writing() as (session, project):
        return judge_next(session, project, site.people.ada, choice)


def drawn(site: Site, said: Judgment) -> str:
    """Have a judgment drawn by lot; return the address of its review."""
    with site.writing() as (session, project):
        made = reviews.open(
            session, project.id, ReviewKind.sample, judgment_id=said.id, reason="Drawn by lot."
        )
    return f"{QUEUE}/{made.id}"


def signalled(site: Site, name: str = "ada") -> str:
    """Have a signal about somebody's work; return the address of its review."""
    with site.writing() as (session, project):
        made = reviews.open(
            session,
            project.id,
            ReviewKind.signal,
            person_id=getattr(site.people, name).id,
            reason=say("%(number)s were quick.", number=9),
            evidence=[say("Median: %(seconds)s s.", seconds=2)],
        )
    return f"{QUEUE}/{made.id}"


def stands(site: Site, address: str) -> tuple[ReviewState, Outcome | None]:
    with site.database.reading() as session:
        review = session.get_one(Review, int(address.rpartition("/")[2]))
        return review.state, review.outcome


# The queue


def test_the_queue_says_what_waits_and_why(site: Site) -> None:
    said = judged(site)
    with site.writing() as (session, project):
        reviews.open_unsure(session, project.id, [(said.comparison_id, 0.523)])
    signalled(site)
    rex = site.visit("rex")
    page = rex.get(QUEUE).text
    shown = words(page[page.index("<main") :])
    assert "2 wait for a reviewer" in shown
    assert "All 2 Unsure 1 Signal 1" in shown
    assert shown.index("52% sure") < shown.index("9 were quick.")
    signals = words(rex.get(f"{QUEUE}?kind=signal").text)
    assert "9 were quick." in signals
    assert "52% sure" not in signals
    assert rex.get(f"{QUEUE}?kind=nothing&after=x").status_code == 200


def test_the_queue_goes_on_where_it_stopped(site: Site) -> None:
    with site.writing() as (session, project):
        rows = [make_row(n) for n in range(10, 12 + pages.PAGE)]
        load_rows(session, project, rows, by=site.people.olga, name="more")
        new = sa.select(Comparison.id).where(Comparison.external_id.in_([row.id for row in rows]))
        reviews.open_unsure(session, project.id, [(each, 0.5) for each in session.scalars(new)])
    rex = site.visit("rex")
    with statements(site.database) as seen:
        first = rex.get(QUEUE).text
    assert len(seen) <= 8, seen
    onward = re.search(r'href="([^"]*after=\d+[^"]*)"', first)
    assert onward
    second = rex.get(onward[1].replace("&amp;", "&")).text
    shown = [re.findall(rf'href="{QUEUE}/(\d+)"', page) for page in (first, second)]
    assert (len(shown[0]), len(shown[1])) == (pages.PAGE, 2)
    assert not set(shown[0]) & set(shown[1])
    assert "after=" not in second


def test_a_sample_is_drawn(site: Site) -> None:
    judged(site)
    rex = site.visit("rex")
    rex.get(QUEUE)
    for number in ("0", "201", "x", ""):
        given_back = rex.post(f"{QUEUE}/sample", number=number)
        assert given_back.status_code == 422
        assert 'id="number-fault"' in given_back.text
    assert rex.post(f"{QUEUE}/sample", number="5").location == f"{QUEUE}?kind=sample"
    assert "1 judgment was drawn." in rex.get(f"{QUEUE}?kind=sample").text


# One review


def test_a_review_shows_all_that_was_said_side_by_side(site: Site) -> None:
    said = judged(site)
    with site.writing() as (session, project):
        other = judge_next(session, project, site.people.bea, "tie")
        while other.comparison_id != said.comparison_id:
            other = judge_next(session, project, site.people.bea, "tie")
    address = drawn(site, said)
    page = words(site.visit("rex").get(address).text)
    assert "Drawn by lot." in page
    assert "What is" in page
    assert "About the same" in page
    assert "This one is asked about" in page
    assert {"Ada", "Bea", "model-x", "model-y"} <= set(page.replace(",", " ").split())


def test_accepting_leads_to_what_comes_next(site: Site) -> None:
    first, second = drawn(site, judged(site)), drawn(site, judged(site))
    signal = signalled(site)
    rex = site.visit("rex")
    rex.get(first)
    assert rex.post(f"{first}/accept?kind=sample").location == f"{second}?kind=sample"
    assert stands(site, first) == (ReviewState.closed, Outcome.accepted)
    page = words(rex.get(first).text)
    assert "What was said stands. Rex" in page
    assert "What do you decide?" not in page
    assert rex.post(f"{first}/accept").status_code == 409
    assert rex.post(f"{second}/accept").location == signal
    rex.get(signal)
    assert rex.post(f"{signal}/dismiss").location == QUEUE
    assert stands(site, signal) == (ReviewState.closed, Outcome.dismissed)


def test_leaving_out_in_review_keeps_the_pay(site: Site) -> None:
    said = judged(site)
    address, rex = drawn(site, said), site.visit("rex")
    rex.get(address)
    exclude = f"{address}/judgments/{said.id}/exclude"
    given_back = rex.post(exclude, reason=" ")
    assert given_back.status_code == 422
    assert "A reason is needed." in given_back.text
    assert re.search(r"<details\s+open", given_back.text)
    assert rex.post(exclude, reason="About another prompt").location == QUEUE
    assert "Its pay stays." in rex.get(QUEUE).text
    assert stands(site, address) == (ReviewState.closed, Outcome.excluded)
    with site.database.reading() as session:
        assert session.get_one(Judgment, said.id).state is JudgmentState.excluded
        assert ledger.earned(session, person_id=site.people.ada.id) == {"EUR": 35}


def test_what_a_reviewer_found_is_shown(site: Site) -> None:
    said = judged(site)
    address, rex = drawn(site, said), site.visit("rex")
    rex.get(address)
    for finding, reason, fault in (("7", "x", "Please choose one"), ("1", " ", "A reason is")):
        given_back = rex.post(f"{address}/adjudicate", finding=finding, reason=reason)
        assert given_back.status_code == 422
        assert fault in given_back.text
    assert re.search(r'value="1"[^>]* checked', given_back.text)
    assert rex.post(f"{address}/adjudicate", finding="1", reason=HOSTILE).location == QUEUE
    for path in (address, f"{HELPFUL}/comparisons/{said.comparison_id}"):
        page = rex.get(path).text
        assert HOSTILE not in page
        assert "What a reviewer found Answer 2 is better" in words(page)


def test_a_second_opinion_is_somebody_elses(site: Site) -> None:
    address, rex = drawn(site, judged(site)), site.visit("rex")
    rex.get(address)
    given_back = rex.post(f"{address}/second-opinion", comment="")
    assert given_back.status_code == 422
    assert "Please write something." in given_back.text
    assert rex.post(f"{address}/second-opinion", comment="I cannot tell.").location == QUEUE
    assert rex.post(f"{address}/accept").status_code == 403
    assert "somebody else decides" in rex.get(address).text
    olga = site.visit("olga")
    with site.writing() as (session, project):
        [asked] = queues.page(session, project.id, kind=ReviewKind.second_opinion)
    page = olga.get(f"{QUEUE}/{asked.id}").text
    assert "I cannot tell." in page
    assert "asked by Rex" in words(page)
    assert olga.post(f"{QUEUE}/{asked.id}/accept").location == QUEUE
    assert stands(site, address) == (ReviewState.closed, Outcome.accepted)


# With the author


def test_sent_back_changed_after_the_window_and_accepted(site: Site) -> None:
    said = judged(site)
    with site.writing() as (session, project):
        project.change_window_s = 0
    address, rex, ada = drawn(site, said), site.visit("rex"), site.visit("ada")
    change = f"/work/{said.assignment_id}/change"
    assert ada.get(change).status_code == 409
    rex.get(address)
    back = f"{address}/judgments/{said.id}/send-back"
    assert rex.post(back, comment=" ").status_code == 422
    assert rex.post(back, comment="Is B not wrong?").location == QUEUE
    assert "With their authors 1" in words(rex.get(QUEUE).text)
    assert "With its author" in rex.get(address).text
    assert "Sent back to you: 1" in ada.get("/").text
    assert "Sent back to you" in ada.get("/judgments").text
    asked = ada.get(ASKED).text
    assert "Is B not wrong?" in asked
    assert f'href="{change}"' in asked
    assert "Is B not wrong?" in ada.get(change).text
    assert ada.post(change, key=new_key(), choice="6", reason="I see.").status_code == 302
    assert "Sent back to you" not in ada.get("/").text
    assert ada.get(change).status_code == 409
    page = words(rex.get(address).text)
    assert "Said otherwise before" in page
    assert "This one is asked about" in page
    assert rex.post(f"{address}/accept").location == QUEUE
    assert "What was said stands." in ada.get(ASKED).text
    with site.database.reading() as session:
        assert ledger.earned(session, person_id=site.people.ada.id) == {"EUR": 35}


def test_who_stays_with_it_is_read_by_reviewers_alone(site: Site) -> None:
    said = judged(site)
    address, rex, ada = drawn(site, said), site.visit("rex"), site.visit("ada")
    rex.get(address)
    rex.post(f"{address}/comment", comment="Between us: odd.")
    rex.post(f"{address}/judgments/{said.id}/send-back", comment="Why?")
    number = address.rpartition("/")[2]
    page = ada.get(ASKED).text
    assert "Between us" not in page
    assert ada.post(f"{ASKED}/{number}", comment=" ").status_code == 422
    assert ada.post(f"{ASKED}/{number}", comment=HOSTILE).location == ASKED
    page = rex.get(address).text
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "Between us: odd." in page
    assert stands(site, address) == (ReviewState.open, None)
    bea = site.visit("bea")
    assert "Why?" not in bea.get(ASKED).text
    assert bea.post(f"{ASKED}/{number}", comment="Me too").status_code == 404


def test_whom_a_signal_is_about_sees_it_and_answers(site: Site) -> None:
    address, rex, ada = signalled(site), site.visit("rex"), site.visit("ada")
    number = address.rpartition("/")[2]
    assert "Questions about your work: 1" in ada.get("/").text
    page = words(ada.get(ASKED).text)
    assert "9 were quick. Median: 2 s." in page
    assert "Nothing happens by itself" in page
    assert ada.post(f"{ASKED}/{number}", comment="They were short.").location == ASKED
    assert "Questions about your work: 1" not in ada.get("/").text
    shown = rex.get(address)
    assert "They were short." in shown.text
    way = f"/projects/helpful/quality/people/{site.people.ada.id}"
    assert f'href="{way}"' in shown.text
    assert rex.get(way).status_code == 200
    rex.post(f"{address}/comment", comment="Thank you.", tell="1")
    rex.post(f"{address}/comment", comment="Nothing in it, I think.")
    page = ada.get(ASKED).text
    assert "Thank you." in page
    assert "I think" not in page
    rex.post(f"{address}/dismiss")
    assert "There was nothing in it." in ada.get(ASKED).text
    assert ada.post(f"{ASKED}/{number}", comment="And more").status_code == 409


def test_nobody_decides_what_is_said_about_them(site: Site) -> None:
    address, rex = signalled(site, "rex"), site.visit("rex")
    assert "your own work" in rex.get(address).text
    assert rex.post(f"{address}/dismiss").status_code == 403


@pytest.mark.parametrize(("name", "status"), [("ada", 403), ("mallory", 404)])
def test_the_queue_is_for_reviewers(site: Site, name: str, status: int) -> None:
    said = judged(site)
    address, visit = drawn(site, said), site.visit(name)
    for path in (QUEUE, address):
        assert visit.get(path).status_code == status
    for path in ("accept", "dismiss", "adjudicate", "second-opinion", "comment"):
        sent = visit.post(f"{address}/{path}", comment="x", reason="x", finding="0")
        assert sent.status_code == status
    for path in ("exclude", "send-back"):
        sent = visit.post(f"{address}/judgments/{said.id}/{path}", comment="x", reason="x")
        assert sent.status_code == status
    assert visit.post(f"{QUEUE}/sample", number="1").status_code == status
    assert stands(site, address) == (ReviewState.open, None)
