"""Answers on their way: without a connection, without a sign-in, over lost replies, refused.

Whatever happens, each answer ends as exactly one judgment, of the person who gave it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy.orm import Session

from labeler import audit
from labeler.people import accounts, sign_ins
from labeler.work import guidelines, projects
from labeler.work.layouts import ResponseIn
from tests.browser.clicks import ahead, choose, delivered, keeps, left, send, state
from tests.browser.site import ADA, OLGA, Site, open_site
from tests.cast import make_cast
from tests.conftest import NewAddress
from tests.make import load_rows, make_project, make_row
from tests.visits import Visit

SENT = re.compile(r"/work/\d+\?")
LONG = "10:00"
BEA = "bea@example.org"
SELECT = """() => {
  const text = document.querySelector(".answer .prose p").firstChild;
  getSelection().setBaseAndExtent(text, text.data.indexOf("Is"), text, text.length);
}"""
MORE_FIELDS = """
<input type="checkbox" name="tag" value="a"><input type="checkbox" name="tag" value="b">
<select name="many" multiple><option>x</option><option>y</option><option>z</option></select>
<textarea name="each"></textarea><textarea name="each"></textarea>
<select name="one"><option>1</option><option>2</option></select>
<input name="key" """


def answer(page: Page, words: str) -> None:
    """Choose, and send."""
    choose(page, words)
    page.keyboard.press("Control+Enter")


def waits(page: Page, words: str) -> None:
    """Wait until the page says so of what is on its way."""
    expect(state(page)).to_contain_text(words)


def try_again(page: Page) -> None:
    """Have the page believe that the network is back."""
    page.evaluate("dispatchEvent(new Event('online'))")


def steps(site: Site, email: str = ADA) -> list[int | None]:
    """Return what a person has said, after a look at whether all is well in the database."""
    with site.database.reading() as session:
        assert list(audit.faults(session)) == []
    return [judgment.step for judgment in site.said(email)]


def sign_out_everywhere(site: Site, email: str) -> None:
    with site.database.writing() as session:
        sign_ins.end_all(session, accounts.find(session, email))
        session.commit()


@contextmanager
def replies(page: Page, status: int) -> Iterator[None]:
    """Let something between here and there answer in place of the server."""

    def reply(route: Route) -> None:
        route.fulfill(status=status, content_type="text/html", body="<h1>Not now</h1>")

    page.route(SENT, reply)
    yield
    page.unroute(SENT)


# Without a connection


def test_ten_minutes_offline_across_three_tasks(
    context: BrowserContext, page: Page, site: Site
) -> None:
    page.clock.install()
    site.start(page, ADA)
    ahead(page)
    context.set_offline(True)
    answer(page, "A better")
    waits(page, "1 waiting to send")
    expect(page.get_by_role("radio", name="A better", exact=True)).not_to_be_checked()
    page.get_by_label("Why?").fill("Written in a tunnel.")
    page.clock.fast_forward(LONG)
    answer(page, "B better")
    waits(page, "2 waiting to send")
    expect(page.get_by_role("heading", name="Your answer is safe on this device")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_have_attribute("aria-disabled", "true")
    page.clock.fast_forward(LONG)
    assert steps(site) == []
    context.set_offline(False)
    waits(page, "Saved")
    send(page, lambda: answer(page, "A much better"))
    delivered(page)
    assert steps(site) == [2, 6, 1]
    assert [judgment.reason for judgment in site.said(ADA)] == ["", "Written in a tunnel.", ""]


def test_an_answer_that_waits_survives_its_tab(
    context: BrowserContext, page: Page, site: Site
) -> None:
    site.start(page, ADA)
    task = page.url
    page.route(SENT, lambda route: route.abort())
    answer(page, "A better")
    waits(page, "1 waiting to send")
    page.close(run_before_unload=False)
    page = context.new_page()
    page.goto(task)  # as the browser does that opens its tabs again
    delivered(page)
    expect(page).not_to_have_url(task)
    assert steps(site) == [2]


def test_a_draft_survives_a_killed_tab(context: BrowserContext, page: Page, site: Site) -> None:
    site.start(page, ADA)
    task, key = page.url, page.locator("#judgment [name=key]").input_value()
    page.keyboard.press("3")
    page.get_by_label("Why?").fill("Because")
    page.close(run_before_unload=False)
    page = context.new_page()
    page.goto(task)
    expect(page.get_by_label("Why?")).to_have_value("Because")
    assert page.locator("#judgment [name=key]").input_value() == key
    send(page, lambda: page.keyboard.press("Control+Enter"))
    delivered(page)
    assert steps(site) == [3]


def test_a_draft_holds_whatever_the_form_holds(page: Page, site: Site) -> None:
    def add(route: Route) -> None:
        response = route.fetch()
        more = response.text().replace('<input type="hidden" name="key" ', MORE_FIELDS)
        route.fulfill(response=response, body=more)

    site.start(page, ADA)
    page.route(re.compile(r"/work/\d+$"), add)
    page.reload()
    page.check("[name=tag][value=b]")
    page.select_option("[name=many]", ["x", "z"])
    page.locator("[name=each]").nth(1).fill("second\nof two")
    page.select_option("[name=one]", "2")
    page.reload()
    expect(page.locator("[name=tag][value=b]")).to_be_checked()
    expect(page.locator("[name=tag][value=a]")).not_to_be_checked()
    expect(page.locator("[name=many]")).to_have_values(["x", "z"])
    expect(page.locator("[name=each]").nth(1)).to_have_value("second\nof two")
    expect(page.locator("[name=one]")).to_have_value("2")


def test_questions_of_every_kind_are_kept_and_painted(
    new_address: NewAddress, tmp_path: Path, page: Page
) -> None:
    with open_site(new_address("sqlite"), tmp_path, ask_much) as site:
        site.start(page, BEA)
        ahead(page)
        page.get_by_label("Place of answer C").select_option("1")
        last = page.locator("[data-mark]").count() - 1
        for number in range(last + 2):  # so that a row is added
            page.evaluate(SELECT)
            page.get_by_role("button", name="Mark this passage").click()
            quote = page.locator(f"[name='marks.{number}.quote']")
            expect(quote).to_have_value("Is long.")
        page.reload()
        expect(quote).to_have_value("Is long.")
        assert page.locator("[data-rank]").first.get_attribute("data-rank") == "C"
        assert len(site.said(BEA)) == 0
        page.locator("#skip summary").click()
        page.get_by_label("Another reason").check()
        ahead(page)
        send(page, page.get_by_role("button", name="Skip it").click)
        expect(page.locator(".answer .prose").first).to_have_attribute("tabindex", "0")
        expect(page.get_by_text("Choose the better answer, then")).to_be_visible()
        assert page.locator("[data-rank]").first.get_attribute("data-rank") == "A"


def ask_much(session: Session) -> None:
    """Make a project of two comparisons that asks for an order, for an edit and for marks."""
    cast = make_cast(session)
    kinds = [{"kind": kind} for kind in ("ranking", "edit", "marks")]
    project = make_project(session, cast, rubric={"questions": kinds})
    responses = tuple(ResponseIn(text=f"{name}. Is long.") for name in ("One", "Two", "Three"))
    rows = [make_row(number, responses=responses) for number in range(2)]
    load_rows(session, project, rows, by=cast.olga)


def test_signing_out_warns_of_what_waits(page: Page, site: Site) -> None:
    site.start(page, ADA)
    with replies(page, 503):
        answer(page, "A better")
        waits(page, "1 waiting to send")
        page.get_by_role("link", name="Leave").click()
        waits(page, "1 waiting to send")
        asked = []
        page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        page.get_by_role("button", name="Sign out").click()
        expect(page).to_have_url(f"{site.url}/")
    assert len(asked) == 1
    try_again(page)
    delivered(page)
    assert steps(site) == [2]


# Replies that get lost, and refusals


@pytest.mark.parametrize("times", [1, 3])
def test_a_reply_that_gets_lost(page: Page, site: Site, times: int) -> None:
    site.start(page, ADA)

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    page.route(SENT, lose, times=times)
    answer(page, "B better")
    waits(page, "1 waiting to send")
    for _ in range(times):
        try_again(page)
    delivered(page)
    assert steps(site) == [6]


@pytest.mark.parametrize("status", [500, 503, 507, 429])
def test_a_server_that_cannot_just_now(page: Page, site: Site, status: int) -> None:
    site.start(page, ADA)
    ahead(page)
    with replies(page, status):
        answer(page, "A better")
        waits(page, "1 waiting to send")
        answer(page, "B better")
        waits(page, "2 waiting to send")
    assert left(page) == 2
    try_again(page)
    delivered(page)
    assert steps(site) == [2, 6]


def test_an_answer_that_is_refused_leads_back_with_its_words(page: Page, site: Site) -> None:
    site.start(page, ADA)
    ahead(page)
    task = page.url
    page.get_by_role("radio", name="A better", exact=True).evaluate("radio => radio.value = 99")
    page.get_by_label("Why?").fill("Two\nlines.")
    answer(page, "A better")
    waits(page, "An answer was not taken. Something is missing in your judgment.")
    assert page.url != task
    page.get_by_label("Why?").fill("Of the one after it.")
    answer(page, "B better")  # which does not go by in silence
    expect(page).to_have_url(task)
    expect(page.get_by_role("alert")).to_contain_text("Your judgment was not sent")
    expect(page.get_by_label("Why?")).to_have_value("Two\nlines.")
    assert (steps(site), left(page)) == ([], 2)
    send(page, lambda: answer(page, "A much better"))
    delivered(page)
    assert steps(site) == [1, 6]
    said = [judgment.reason for judgment in site.said(ADA)]
    assert said == ["Two\nlines.", "Of the one after it."]


def test_a_task_that_was_answered_in_another_window(page: Page, site: Site) -> None:
    site.start(page, ADA)
    ahead(page)
    elsewhere = Visit(site.app).arrive(ADA)
    task = page.url.removeprefix(site.url)
    elsewhere.get(task)
    elsewhere.post(task, key=elsewhere.hidden("key"), choice="1")
    page.get_by_label("Why?").fill("Not so.")
    answer(page, "B better")
    waits(page, "You have already judged this comparison.")
    page.get_by_role("button", name="Look at it").click()
    expect(page).to_have_url(f"{site.url}{task}/change")
    expect(page.get_by_role("radio", name="B better", exact=True)).to_be_checked()
    expect(page.get_by_label("Why?")).to_have_value("Not so.")
    assert (steps(site), left(page)) == ([1], 0)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Your change is kept.")).to_be_visible()
    assert steps(site) == [1, 6]
    assert [judgment.version for judgment in site.said(ADA)] == [1, 2]


# Who is signed in


def test_two_people_on_one_browser_never_mix(page: Page, site: Site) -> None:
    site.start(page, ADA)
    ahead(page)
    sign_out_everywhere(site, ADA)
    answer(page, "A better")
    waits(page, "Sign in to send them")
    page.keyboard.press("w")
    page.keyboard.type("Ada's own words")
    unsent = page.url
    page.get_by_role("link", name="Sign in to send them").click()
    expect(page).to_have_url(re.compile("/sign-in"))

    site.start(page, OLGA)
    expect(state(page)).to_have_text("")
    expect(page.get_by_label("Why?")).to_have_value("")
    answer(page, "B much better")
    keeps(page, 1)  # Ada's
    assert (steps(site), steps(site, OLGA)) == ([], [7])
    page.goto(unsent)
    expect(page.get_by_text("There is no such assignment.")).to_be_visible()

    site.arrive(page, ADA)
    waits(page, "Saved")
    delivered(page)
    assert (steps(site), steps(site, OLGA)) == ([2], [7])
    page.goto(unsent)
    expect(page.get_by_label("Why?")).to_have_value("Ada's own words")


def test_a_sign_in_that_ends_in_the_middle(context: BrowserContext, page: Page, site: Site) -> None:
    site.start(page, ADA)
    ahead(page)
    sign_out_everywhere(site, ADA)
    answer(page, "A better")
    waits(page, "Sign in to send them")
    answer(page, "B better")
    other = context.new_page()
    site.arrive(other, ADA)  # which sends them, oldest first
    delivered(other)
    try_again(page)
    answer_is_next = page.get_by_role("radio", name="A much better")
    expect(answer_is_next).to_be_enabled()
    send(page, lambda: answer(page, "A much better"))  # by a token of a sign-in that has ended
    delivered(page)
    waits(page, "Saved")
    assert steps(site) == [2, 6, 1]


def test_somebody_else_signed_in_in_another_window(
    context: BrowserContext, page: Page, site: Site
) -> None:
    site.start(page, ADA)
    ahead(page)
    other = context.new_page()
    site.arrive(other, OLGA)
    answer(page, "A better")
    waits(page, "Sign in to send them")
    assert (steps(site), steps(site, OLGA), left(page)) == ([], [], 1)
    site.arrive(other, ADA)
    delivered(other)
    assert (steps(site), steps(site, OLGA)) == ([2], [])


# What changes meanwhile


def test_a_guideline_that_changes_while_a_task_is_open(page: Page, site: Site) -> None:
    site.start(page, ADA)
    ahead(page)
    with site.database.writing() as session:
        olga = accounts.find(session, OLGA)
        project = projects.find(session, "demo", by=olga)
        before = project.guideline_number
        words = "Something else counts now."
        later = guidelines.publish(session, project.id, words, by=olga)
        project.guideline_number = later.number
        session.commit()
    for words in ("A better", "B better", "A much better"):
        ahead(page)
        send(page, lambda words=words: answer(page, words))  # type: ignore[misc]
    delivered(page)
    assert steps(site) == [2, 6, 1]
    # Each cites what its page showed; one was drawn ahead before the change.
    said = [judgment.guideline_number for judgment in site.said(ADA)]
    assert said == [before, before, before + 1]


# Browsers that can less


def test_without_a_place_to_keep_answers_forms_are_sent(page: Page, site: Site) -> None:
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    site.start(page, ADA)
    send(page, lambda: answer(page, "B better"))
    expect(page.get_by_text("Your judgment is saved.")).to_be_visible()
    assert steps(site) == [6]


def test_nothing_is_fetched_ahead_where_bytes_are_dear(page: Page, site: Site) -> None:
    page.add_init_script(
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
    )
    asked = []
    page.on("request", lambda one: asked.append(one.url) if one.method == "POST" else None)
    site.start(page, ADA)
    asked.clear()
    for words in ("B better", "A better"):
        send(page, lambda words=words: answer(page, words))  # type: ignore[misc]
    delivered(page)
    assert len(asked) == 2
    assert all(re.search(r"/work/\d+\?active_ms=\d+&showing=$", each) for each in asked)
    assert site.states(ADA)[:3] == ["judged", "judged", "open"]


def test_an_empty_form_without_javascript(chromium: Browser, site: Site) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        site.start(page, ADA)
        page.locator("#judgment").evaluate("form => form.noValidate = true")
        page.get_by_role("button", name="Send").click()
        expect(page).to_have_title(re.compile("Not sent yet"))
        page.get_by_role("alert").get_by_role("link").click()
        assert page.evaluate("document.activeElement.name") == "choice"
        assert steps(site) == []
