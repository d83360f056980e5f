"""Every kind of question within everybody's reach: by keyboard alone, with JavaScript and without.

What has the focus is in view, what one presses is large enough, text of twice the size loses
nothing, and every text says its language and direction.
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from labeler.work.judgments import Judgment
from labeler.work.layouts import Message, ResponseIn
from tests.browser.questions import ADA, CRITERIA, REASON, TEXTS, places
from tests.browser.site import Site

Ask = Callable[..., Site]
PHONE, DESK = {"width": 320, "height": 640}, {"width": 1366, "height": 768}
COMPARED = {"name": "Clear", "asks": "comparison", "points": 10}
FORMS: dict[str, tuple[list[dict[str, Any]], int]] = {
    "pairs": (
        [
            {"kind": "pairwise"},
            {"kind": "criteria", "criteria": [COMPARED]},
            REASON,
            {"kind": "edit"},
            {"kind": "marks"},
            {"kind": "flags"},
        ],
        2,
    ),
    "ranks": ([{"kind": "ranking"}, CRITERIA, {"kind": "flags"}], 3),
}
WRONG = "Is something wrong with an answer?"
# Where one goes with the Tab key, and what one presses there; what is no key is typed.
PRESSED = {
    "pairs": [
        ("choice", "Space"),
        ("criteria.0", "Space ArrowRight"),
        ("reason.tags.1", "Space"),
        ("reason", "Because."),
        ("Improve answer A", "Enter"),
        ("edit.A", "Control+Home Now:"),
        ("Passage 1", "Enter"),
        ("marks.0.quote", "goes"),
        ("marks.0.place", "{first}"),
        ("marks.0.type", "ArrowDown"),
        (WRONG, "Enter"),
        ("flags.A.harmful", "Space"),
        ("Send", "Enter"),
    ],
    "ranks": [
        ("ranking.A", "2"),
        ("ranking.B", "1"),
        ("ranking.C", "3"),
        ("criteria.0.A", "Space"),
        ("criteria.0.B", "Space ArrowRight"),
        ("criteria.0.C", "Space"),
        (WRONG, "Enter"),
        ("flags.B.broken", "Space"),
        ("Send", "Enter"),
    ],
}
KEYS = {"ArrowDown", "ArrowRight", "Control+Home", "Enter", "Space"}
ARABIC = Message(role="user", content="API ما هو؟ اشرح بإيجاز.", language="ar")
LONG = ("\n\nIt goes on, and has [more](https://x.example/y) to say. " + "And so on. " * 60) * 2
CODE = "\n\n```python\nwords = 'which are a good deal wider than any telephone that is sold'\n```"

FOCUS = """() => {
  const focus = document.activeElement;
  return [focus.name ?? "", focus.getAttribute("aria-label") ?? focus.innerText];
}"""
# Whether one sees what has the focus: its middle, or some of it if it is as tall as a page. Labels
# draw their radio buttons.
STOP = """() => {
  const focus = document.activeElement;
  if (focus === document.body) return null;
  const shown = focus.type === "radio" ? focus.closest("label") : focus;
  const { left, top, width, height } = shown.getBoundingClientRect();
  const parts = height > innerHeight / 4 ? [0.05, 0.25, 0.5, 0.75, 0.95] : [0.5];
  const seen = parts.some((part) => {
    const there = document.elementFromPoint(left + width / 2, top + height * part);
    return shown.contains(there);
  });
  const name = focus.name || shown.getAttribute("aria-label") || shown.innerText.slice(0, 40);
  return { name, seen };
}"""
ANY = "a[href], button, input:not([type=hidden]), select, summary, textarea"
MAIN = ".btn, .chip, .jump a, .place, select, summary"
# What is smaller than it may be; links in sentences are as tall as their line.
SMALL = """([chosen, least]) => [...document.querySelectorAll(chosen)]
  .filter((one) => one.checkVisibility() && !one.closest(".prose"))
  .map((one) => {
    const drawn = /radio|checkbox/.test(one.type) ? one.closest("label") : one;
    const { width, height } = drawn.getBoundingClientRect();
    return { name: one.name || one.innerText, width, height };
  })
  .filter(({ width, height }) => Math.min(width, height) < least - 0.1)"""
# Boxes that cut off what is in them; those are left out that are cut off on purpose, as the same
# words stand elsewhere on the page.
CUT = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.checkVisibility() && !one.matches(".rank__text, .top--task h1"))
  .filter((one) => /hidden|clip/.test(getComputedStyle(one).overflow))
  .filter((one) => getComputedStyle(one).clipPath === "none" && !one.closest("svg, .outbox"))
  .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
  .map((one) => one.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("form", FORMS)
def test_everything_by_keyboard_alone(
    form: str, scripted: bool, chromium: Browser, asking: Ask
) -> None:
    asked, answers = FORMS[form]
    site = asking(*asked, answers=answers)
    size = DESK if scripted else PHONE
    with chromium.new_context(java_script_enabled=scripted, viewport=size) as context:
        page = context.new_page()
        site.start(page, ADA)
        at = places(site)
        for stop, keys in PRESSED[form]:
            tab_to(page, stop)
            press(page, keys.format(first=at[0]))
        page.wait_for_url(f"{site.url}/finished")
    (judgment,) = site.said(ADA)
    _check(form, judgment, at)


def _check(form: str, judgment: Judgment, at: str) -> None:
    """See that what was pressed is what is stored; `at` has the place of each response."""
    said, first = judgment.said or {}, at.index("A")
    if form == "ranks":
        assert said["ranking"] == [[at.index(letter)] for letter in "BAC"]
        points = {str(at.index(letter)): n for letter, n in zip("ABC", (1, 2, 1), strict=True)}
        assert said["criteria"]["Clear"]["points"] == points
        assert said["flags"] == {str(at.index("B")): ["broken"]}
        return
    assert (judgment.step, judgment.reason) == (1, "Because.")
    assert said["criteria"]["Clear"]["preferred"] == first
    assert said["reason"] == ["Too long"]
    assert said["edit"] == {"response": first, "text": f"Now:{TEXTS[first]}"}
    (mark,) = said["marks"]
    assert (mark["response"], mark["quote"], mark["type"]) == (0, "goes", "Unclear")
    assert said["flags"] == {str(first): ["harmful"]}


def test_skipping_by_keyboard_alone_without_javascript(chromium: Browser, asking: Ask) -> None:
    site = asking({"kind": "pairwise"}, answers=2)
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        site.start(page, ADA)
        for stop, keys in (
            ("Skip this one", "Enter"),
            ("skip_reason", "Space ArrowDown"),
            ("Skip it", "Enter"),
        ):
            tab_to(page, stop)
            press(page, keys)
        page.wait_for_url(f"{site.url}/finished")
    assert site.states(ADA) == ["skipped"]


@pytest.mark.parametrize("form", FORMS)
def test_everything_is_in_view_and_large_enough(form: str, page: Page, asking: Ask) -> None:
    asked, answers = FORMS[form]
    long = tuple(ResponseIn(text=text + CODE + LONG) for text in TEXTS[:answers])
    site = asking(*asked, answers=answers, responses=long, messages=(ARABIC,))
    site.start(page, ADA)
    page.keyboard.press("1")  # improving opens for the answer that is better
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    prompt = page.locator(".ask .prose").first
    assert [prompt.get_attribute("lang"), prompt.get_attribute("dir")] == ["ar", "rtl"]
    expect(prompt).to_have_css("direction", "rtl")
    expect(page.locator(".answer .prose[lang=en][dir=ltr]")).to_have_count(answers)
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        assert page.evaluate(SMALL, [ANY, 24]) == []
        assert page.evaluate(SMALL, [MAIN, 44]) == []
        page.locator("body").evaluate(
            "body => { body.tabIndex = -1; body.focus(); scrollTo(0, 0); }"
        )
        stops = _walk(page, "Tab")
        assert len(stops) > 20
        assert stops[-1].startswith("Send")
        page.locator("#judgment [type=submit]").focus()
        assert len(_walk(page, "Shift+Tab")) > 20
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert page.evaluate(SMALL, [f"dialog :is({ANY})", 24]) == []
        page.keyboard.press("Escape")
    for width in (640, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT) == []
        expect(page.get_by_role("button", name="Send")).to_be_in_viewport()


def _walk(page: Page, key: str) -> list[str]:
    """Go through the page with a key; return what had the focus, all of it in view."""
    names: list[str] = []
    page.keyboard.press(key)
    while (found := page.evaluate(STOP)) is not None and len(names) < 150:
        assert found["seen"], (found, page.viewport_size)
        names.append(found["name"])
        page.keyboard.press(key)
    return names


def tab_to(page: Page, wanted: str) -> None:
    """Go to a field of this name, or to what says this, with the Tab key."""
    for _ in range(150):
        page.keyboard.press("Tab")
        name, words = page.evaluate(FOCUS)
        if name == wanted or words.startswith(wanted):
            return
    pytest.fail(f"Tab never came to {wanted}.")


def press(page: Page, keys: str) -> None:
    """Press keys; type what is none."""
    for key in keys.split():
        (page.keyboard.press if key in KEYS else page.keyboard.type)(key)
