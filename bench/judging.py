"""The judging page in a real Chromium, as on a cheap phone with a slow network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench import data
from bench.data import OWNER, SLUG, Site
from bench.figures import Found, Table, Target, Verdict, percentile, spread
from bench.plan import FULL, Plan
from bench.sites import Backend
from labeler.people import accounts, sign_ins
from tests.browser.chromium import ARGUMENTS, find
from tests.gunicorn import Server, running

COMPARISONS, TASKS = 200, 20
PHONE = {"width": 360, "height": 740}
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
SLOWER = 6
PATIENCE_MS = 60_000

LARGEST = Target(
    "judging page, largest paint, 400 kbit/s, 400 ms, processor 6 × slower", 2000, " ms"
)
SHIFT = Target("judging page, layout shift", 0.02)
NEXT = Target("send to the next task painted, 95th percentile of 20, the same", 300, " ms")
HEADS = ("database", "largest paint ms", "layout shift", "send to painted ms p50", "p95", "worst")

LARGEST_MS = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
})"""
SHIFTED = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 500);
})"""
# From the key to the frame after the one in which the next task was put into the page.
SENT = """() => new Promise((resolve) => {
  const began = performance.now(), main = document.querySelector("main");
  const look = () => document.contains(main) ? requestAnimationFrame(look)
    : requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
  document.getElementById("judgment").requestSubmit();
  requestAnimationFrame(look);
})"""


def measure(backend: Backend, plan: Plan) -> Found:
    """Open the page cold, then judge twenty in a row; as often as there are runs."""
    site = backend.new()
    data.grow(site, COMPARISONS, FULL, wanted=plan.runs)
    largest, shifts, took = list[float](), list[float](), list[list[float]]()
    with running(site.address, plan.folder) as server, _browser() as browser:
        for _ in range(plan.runs):
            with _phone(browser, site, server) as page:
                largest.append(page.evaluate(LARGEST_MS))
                took.append([_send(page) for _ in range(TASKS)])
                shifts.append(page.evaluate(SHIFTED))
    backend.drop(site)
    return _found(backend.name, largest, shifts, took)


def _send(page: Page) -> float:
    page.wait_for_selector("html[data-ahead]", state="attached")
    page.keyboard.press("2")
    return float(page.evaluate(SENT))


@contextmanager
def _browser() -> Iterator[Browser]:
    path: Path | None = find(whole=True)
    assert path, "No Chromium: `make browser` installs one."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def _phone(browser: Browser, site: Site, server: Server) -> Iterator[Page]:
    """Yield the judging page as a slow phone has it, with nothing in its cache before."""
    with browser.new_context() as context:
        address = _begin(context, site, server)
        state: Any = context.storage_state()
    with browser.new_context(storage_state=state, viewport=PHONE) as cold:  # type: ignore[arg-type]
        cold.set_default_timeout(PATIENCE_MS)
        page = cold.new_page()
        devtools = cold.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", SLOW)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(address)
        yield page


def _begin(context: BrowserContext, site: Site, server: Server) -> str:
    """Sign the owner in and have them given a task; return its address."""
    with data.opened(site.address) as database, database.writing() as session:
        secret = sign_ins.make_link(session, accounts.find(session, OWNER), by=None)
        session.commit()
    page = context.new_page()
    page.goto(f"{server.url}/link/{secret}")
    page.get_by_role("button", name="Sign in as").click()
    page.locator(f"form[action$='/{SLUG}/start'] button, a[href^='/work/']").first.click()
    page.wait_for_url("**/work/*")
    return page.url


def _found(name: str, largest: list[float], shifts: list[float], took: list[list[float]]) -> Found:
    middle, high = ([percentile(run, share) for run in took] for share in (0.5, 0.95))
    worst = spread([max(run) for run in took])
    row = [name, spread(largest), spread(shifts), spread(middle), spread(high), worst]
    return Found(
        [Table("The judging page on a slow phone", HEADS, [row])],
        [
            Verdict(LARGEST, name, largest),
            Verdict(SHIFT, name, shifts),
            Verdict(NEXT, name, high),
        ],
    )
