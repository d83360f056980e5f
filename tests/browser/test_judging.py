"""Judging, as people do it: with the mouse, with keys alone, and without JavaScript."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from labeler.work.judgments import Judgment
from tests.browser.clicks import choose, delivered, send, state
from tests.browser.site import ADA, Site

PAY = Decimal("0.35")
STEPS = [
    "A much better",
    "A better",
    "A slightly better",
    "About the same",
    "B slightly better",
    "B better",
    "B much better",
]


def test_ten_with_the_mouse(page: Page, site: Site) -> None:
    site.start(page, ADA)
    wanted = [*STEPS, "Both bad", STEPS[0], STEPS[6]]
    for number, words in enumerate(wanted, start=1):
        choose(page, words)
        send(page, page.get_by_role("button", name="Send").click)
        earns_today(page, number * PAY)
    delivered(page)
    said = site.said(ADA)
    assert [words_of(judgment) for judgment in said] == wanted
    page.get_by_role("link", name="Leave").click()
    expect(page.get_by_role("complementary")).to_contain_text(f"{10 * PAY} EUR")


def test_ten_with_keys_alone(page: Page, site: Site) -> None:
    page.goto(site.sign_in_link(ADA))
    tab_to(page, "Sign in as")
    send(page, lambda: page.keyboard.press("Enter"))
    tab_to(page, "Start")
    send(page, lambda: page.keyboard.press("Enter"))
    reason = "7 of 7: no key but Escape works while one writes, not even x or ?"
    for number, keys in enumerate(["1", "2", "4", "7", "6", "0", "n"], start=1):
        page.keyboard.press(keys)
        send(page, lambda: page.keyboard.press("Control+Enter"))
        earns_today(page, number * PAY)

    page.keyboard.press("3")
    page.keyboard.press("w")
    page.keyboard.type(reason)
    send(page, lambda: page.keyboard.press("Control+Enter"))

    page.keyboard.press("w")
    page.keyboard.type("Then a step.")
    page.keyboard.press("Escape")
    page.keyboard.press("5")
    tab_to(page, "Send")
    send(page, lambda: page.keyboard.press("Enter"))

    tab_to(page, "radio")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    send(page, lambda: page.keyboard.press("Control+Enter"))

    earns_today(page, 10 * PAY)
    delivered(page)
    said = site.said(ADA)
    assert [judgment.step for judgment in said] == [1, 2, 4, 7, 6, None, None, 3, 5, 2]
    assert [judgment.reason for judgment in said[7:]] == [reason, "Then a step.", ""]


def test_without_javascript(chromium: Browser, site: Site) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        site.start(page, ADA)
        choose(page, "B better")
        page.get_by_label("Why?").fill("Right, and shorter.")
        lose_one_reply(page)
        with page.expect_event("requestfailed"):
            page.get_by_role("button", name="Send").click()
        assert len(site.said(ADA)) == 1
        # Nobody has told her so, so she sends it again: the form's key tells that it is the same.
        send(page, page.get_by_role("button", name="Send").click)
        expect(page.get_by_text("Your judgment is saved.").first).to_be_visible()
        earns_today(page, PAY)
        (judgment,) = site.said(ADA)
        assert (judgment.step, judgment.reason) == (6, "Right, and shorter.")


def test_a_double_click_sends_once(page: Page, site: Site) -> None:
    site.start(page, ADA)
    sent = forms_sent(page)
    choose(page, "A better")
    send(page, page.get_by_role("button", name="Send").dblclick)
    delivered(page)
    assert len(sent) == len(site.said(ADA)) == 1


def test_send_waits_for_a_choice(page: Page, site: Site) -> None:
    site.start(page, ADA)
    here = re.compile(r"^\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d$")  # as the server writes in English
    expect(page.locator("time[data-local]")).to_have_text(here)
    sent = forms_sent(page)
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Send").click(force=True)
    choose(page, "B better")
    send(page, page.get_by_role("button", name="Send").click)
    delivered(page)
    assert len(sent) == len(site.said(ADA)) == 1


def test_skipping_with_keys(page: Page, site: Site) -> None:
    site.start(page, ADA)
    page.keyboard.press("x")
    tab_to(page, "radio")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    tab_to(page, "Skip it")
    send(page, lambda: page.keyboard.press("Enter"))
    expect(state(page)).to_have_text("Saved")
    earns_today(page, Decimal(0))
    assert site.states(ADA)[:2] == ["skipped", "open"]
    assert site.said(ADA) == []


def test_a_draft_survives_a_reload_and_ends_with_its_judgment(page: Page, site: Site) -> None:
    site.start(page, ADA)
    page.keyboard.press("3")
    page.keyboard.press("w")
    page.keyboard.type("Because it is")
    page.reload()
    expect(page.get_by_label("Why?")).to_have_value("Because it is")
    expect(page.get_by_role("radio", name="A slightly better")).to_be_checked()
    expect(page.get_by_text("Your unsent judgment is back.")).to_be_visible()
    send(page, lambda: page.keyboard.press("Control+Enter"))
    expect(page.get_by_label("Why?")).to_have_value("")
    delivered(page)
    assert page.evaluate("Object.keys(localStorage)") == []
    assert [(one.step, one.reason) for one in site.said(ADA)] == [(3, "Because it is")]


def test_changing_the_last_judgment(page: Page, site: Site) -> None:
    site.start(page, ADA)
    page.keyboard.press("3")
    send(page, lambda: page.keyboard.press("Control+Enter"))
    send(page, lambda: page.keyboard.press("z"))
    expect(page.get_by_role("radio", name="A slightly better")).to_be_checked()
    page.keyboard.press("6")
    send(page, lambda: page.keyboard.press("Control+Enter"))
    expect(page.get_by_text("Your change is kept.")).to_be_visible()
    expect(page.get_by_role("cell", name="B better")).to_be_visible()
    assert [(one.step, one.is_current) for one in site.said(ADA)] == [(3, False), (6, True)]


def forms_sent(page: Page) -> list[Request]:
    """Return a list to which every form is added that is sent from now on."""
    sent: list[Request] = []
    is_form = re.compile("/work/")
    page.on("request", lambda one: sent.append(one) if is_form.search(one.url) else None)
    return sent


def lose_one_reply(page: Page) -> None:
    """Let the next form that is sent arrive, and its answer get lost on the way."""

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort("aborted")

    page.route(re.compile("/work/"), lose, times=1)


def earns_today(page: Page, wanted: Decimal) -> None:
    """Wait until the head of the judging page says so."""
    expect(page.get_by_role("banner")).to_contain_text(f"{wanted:.2f} EUR")


def tab_to(page: Page, words: str) -> None:
    """Go to the next control of this kind or name with the Tab key."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        if focus.get_attribute("type") == words or words in focus.inner_text():
            return
    pytest.fail(f"Tab never came to {words}.")


def words_of(judgment: Judgment) -> str:
    """Return what was pressed on the page."""
    return STEPS[judgment.step - 1] if judgment.step else "Both bad"
