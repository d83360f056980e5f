"""How little the judging page asks of a network: bytes, requests, and nothing that moves.

Times are not asserted here, as they are the machine's: `python -m bench judging` measures them.
"""

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Route, expect

from tests.browser.clicks import ahead, choose, delivered
from tests.browser.site import ADA, Site

KB = 1024
FIRST_BYTES, FIRST_REQUESTS, LATER_BYTES, MOST_SHIFT = 37 * KB, 8, 8 * KB, 0.02
PHONE = {"width": 360, "height": 740}
TEXTS = "[...document.querySelectorAll('.prose')].map((one) => one.outerHTML).join('')"
SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 200);
})"""


@dataclass
class Traffic:
    """What went over the wire: each request by its id, with the bytes that came, headers too."""

    urls: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)

    @property
    def bytes(self) -> float:
        return sum(self.sizes.values())

    @property
    def asked(self) -> list[str]:
        """What was asked of the network; what the browser had is left out."""
        return [url for request, url in self.urls.items() if self.sizes.get(request, 1) > 0]

    def listen(self, devtools: CDPSession) -> None:
        devtools.on("Network.requestWillBeSent", self._sent)
        devtools.on("Network.loadingFinished", self._came)
        devtools.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["request"]["url"]

    def _came(self, event: dict[str, Any]) -> None:
        self.sizes[event["requestId"]] = event["encodedDataLength"]

    def clear(self) -> None:
        self.urls.clear()
        self.sizes.clear()


@contextmanager
def phone(chromium: Browser, context: BrowserContext, page: Page, site: Site) -> Iterator[Page]:
    """Yield a page with nothing in its cache, signed in; the task was not seen there yet."""
    site.start(page, ADA)
    with chromium.new_context(storage_state=context.storage_state(), viewport=PHONE) as cold:
        cold.set_default_timeout(20_000)
        yield cold.new_page()


def test_the_first_page(chromium: Browser, context: BrowserContext, page: Page, site: Site) -> None:
    traffic = Traffic()
    with phone(chromium, context, page, site) as fresh:
        traffic.listen(fresh.context.new_cdp_session(fresh))
        fresh.goto(page.url)
        ahead(fresh)
        fresh.wait_for_load_state("networkidle")
        assert traffic.bytes <= FIRST_BYTES, traffic
        assert len(traffic.asked) <= FIRST_REQUESTS, traffic
        assert any("/ahead" in url for url in traffic.asked)
        assert fresh.evaluate(SHIFTS) <= MOST_SHIFT


def test_every_later_task(
    chromium: Browser, context: BrowserContext, page: Page, site: Site
) -> None:
    traffic = Traffic()
    with phone(chromium, context, page, site) as fresh:
        fresh.goto(page.url)
        traffic.listen(fresh.context.new_cdp_session(fresh))
        for _ in range(5):
            ahead(fresh)
            traffic.clear()
            choose(fresh, "A better")
            fresh.get_by_role("button", name="Send").click()
            delivered(fresh)
            ahead(fresh)
            texts = fresh.evaluate(TEXTS)  # of the one before it, which is about as long
            own = len(gzip.compress(texts.encode()))
            assert len(traffic.asked) == 1, traffic
            assert traffic.bytes - own <= LATER_BYTES, traffic
        assert fresh.evaluate(SHIFTS) <= MOST_SHIFT


@pytest.mark.parametrize("key", ["Control+Enter", "Enter"])
def test_no_request_stands_between_send_and_the_next_task(page: Page, site: Site, key: str) -> None:
    site.start(page, ADA)
    ahead(page)
    task, held = page.url, list[Route]()
    page.route(re.compile(r"/work/\d+\?"), lambda route: held.append(route))
    choose(page, "A better")
    page.get_by_role("button", name="Send").focus()
    page.keyboard.press(key)
    expect(page).not_to_have_url(task)
    expect(page.locator("#judgment :checked")).to_have_count(0)
    while not held:
        page.wait_for_timeout(20)
    assert site.said(ADA) == []
    held[0].continue_()
    delivered(page)
    assert len(site.said(ADA)) == 1
