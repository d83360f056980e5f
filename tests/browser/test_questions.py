"""Ranking and marking as people do it: by keyboard alone, with the mouse, on small screens."""

import re

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from labeler.work.rubrics import Rubric
from tests.browser.clicks import send
from tests.browser.questions import ADA, CRITERIA, REASON, TEXTS, places
from tests.browser.test_access import RULES


def order(page: Page) -> str:
    """Return the letters in the order of the list."""
    return "".join(
        page.locator("[data-rank]").evaluate_all("all => all.map((o) => o.dataset.rank)")
    )


def tab_to(page: Page, name: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        words = f"{focus.get_attribute('aria-label')} {focus.inner_text()}"
        if name in words:
            return
    pytest.fail(f"Tab never came to {name}.")


def test_ranking_by_keyboard_alone(page: Page, asking) -> None:
    site = asking({"kind": "ranking"})
    site.start(page, ADA)
    said = page.locator("[data-ranks-said]")
    tab_to(page, "Move answer C")
    page.keyboard.press("Space")
    expect(said).to_have_text("Answer C is taken, at place 3 of 4.")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(said).to_have_text("Answer C: place 1 of 4.")
    assert order(page) == "CABD"
    page.keyboard.press("Escape")
    assert order(page) == "ABCD"
    assert page.locator("[data-rank] select").first.input_value() == ""
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(said).to_have_text("Answer C is put down at place 2 of 4.")
    assert order(page) == "ACBD"
    tab_to(page, "Send")
    send(page, lambda: page.keyboard.press("Enter"))
    numbers = [places(site).index(letter) for letter in "ACBD"]
    (judgment,) = site.said(ADA)
    assert judgment.said == {"ranking": [[number] for number in numbers]}


def test_ranking_by_dragging_and_by_selects(page: Page, asking) -> None:
    site = asking({"kind": "ranking"})
    site.start(page, ADA)
    grip = page.get_by_role("button", name="Move answer D")
    grip.scroll_into_view_if_needed()
    top = page.locator("[data-rank]").first.bounding_box()
    start = grip.bounding_box()
    assert top is not None
    assert start is not None
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 5, top["y"] - 2, steps=8)
    page.mouse.up()
    assert order(page) == "DABC"
    assert page.locator("[data-rank] select").evaluate_all("all => all.map((o) => o.value)") == [
        *"1234"
    ]
    page.get_by_label("Place of answer B").select_option("1")
    assert order(page)[:2] in ("DB", "BD")
    send(page, page.get_by_role("button", name="Send").click)
    (judgment,) = site.said(ADA)
    assert judgment.said is not None
    assert sorted(judgment.said["ranking"][0]) == sorted(places(site).index(n) for n in "BD")
    assert judgment.preferred is None


def test_a_passage_is_marked_by_selecting_it(page: Page, asking) -> None:
    site = asking({"kind": "pairwise"}, {"kind": "marks"}, answers=2)
    site.start(page, ADA)
    letter = places(site)[0]
    prose = page.locator(f"[data-letter={letter}] .prose")
    prose.evaluate("""(prose) => {
      const last = prose.querySelector("p").lastChild;  // the second "quite long"
      const at = last.data.lastIndexOf("quite long");
      getSelection().setBaseAndExtent(last, at, last, at + 10);
    }""")
    page.get_by_role("button", name="Mark this passage").click()
    expect(page.get_by_label("The passage").first).to_have_value("quite long")
    page.keyboard.press("ArrowDown")
    page.get_by_role("radio", name="About the same").check(force=True)
    send(page, page.get_by_role("button", name="Send").click)
    (judgment,) = site.said(ADA)
    assert judgment.said is not None
    [mark] = judgment.said["marks"]
    start = TEXTS[0].rindex("quite long")
    assert (mark["response"], mark["start"], mark["end"]) == (0, start, start + 10)
    assert (mark["quote"], mark["type"]) == ("quite long", "Unclear")


def test_a_passage_is_marked_by_keyboard_alone(page: Page, asking) -> None:
    site = asking({"kind": "pairwise"}, {"kind": "marks"}, answers=2)
    site.start(page, ADA)
    letter = places(site)[1]
    page.locator(f"[data-letter={letter}] .prose").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="What is wrong").first).to_be_focused()
    quote = page.get_by_label("The passage").first.input_value()
    assert quote == "with a"
    page.keyboard.press("Escape")
    page.locator("body").press("4")
    send(page, lambda: page.keyboard.press("Control+Enter"))
    (judgment,) = site.said(ADA)
    assert judgment.said is not None
    assert [mark["quote"] for mark in judgment.said["marks"]] == [quote]


def test_improving_opens_only_the_better_answer(page: Page, asking) -> None:
    site = asking({"kind": "pairwise"}, {"kind": "edit"}, answers=2)
    site.start(page, ADA)
    expect(page.get_by_text("Improve answer")).to_have_count(2)
    expect(page.get_by_text("Improve answer A")).not_to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_text("Improve answer B")).not_to_be_visible()
    page.get_by_text("Improve answer A").click()
    page.get_by_label("Answer A, improved").fill("Better.")
    send(page, page.get_by_role("button", name="Send").click)
    (judgment,) = site.said(ADA)
    assert judgment.said == {"edit": {"response": places(site).index("A"), "text": "Better."}}


def test_the_owners_preview_follows_what_is_typed(page: Page, asking) -> None:
    site = asking({"kind": "pairwise"}, answers=2)
    site.arrive(page, "olga@example.org")
    page.goto(f"{site.url}/projects/helpful/setup")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Which answer is better?")
    page.get_by_label("The question", exact=True).fill("Which one would you send?")
    expect(preview).to_contain_text("Which one would you send?")
    page.get_by_label("Reasons to tick").fill("Too long")
    expect(preview).to_contain_text("Too long")
    page.get_by_label("Put two to ten answers in order").check()
    expect(preview).to_contain_text("Give each answer a place")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("/projects/helpful$"))
    with site.database.reading() as session:
        rubric = session.scalars(sa.select(Rubric).where(Rubric.number == 2)).one()
        assert [question.kind for question in rubric.asked] == ["ranking", "reason"]


@pytest.mark.parametrize("width", [320, 1366])
def test_nothing_is_wrong_with_the_pages(width: int, page: Page, asking) -> None:
    compared = {"name": "Clear", "asks": "comparison", "points": 10}
    forms = [
        [[{"kind": "ranking"}, CRITERIA, REASON, {"kind": "flags"}], 4],
        [[{"kind": "pairwise"}, {"kind": "criteria", "criteria": [compared]}, REASON], 2],
        [[{"kind": "pairwise"}, {"kind": "edit"}, {"kind": "marks"}, {"kind": "flags"}], 2],
    ]
    page.set_viewport_size({"width": width, "height": 900})
    for asked, answers in forms:
        site = asking(*asked, answers=answers)
        site.start(page, ADA)
        page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, page.url
    site.arrive(page, "olga@example.org")
    for address in ("/projects/helpful/setup", "/projects/new"):
        page.goto(site.url + address)
        page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
