"""Pages of an owner, whether their totals are right, and what it costs to work quality out."""

import html
import re
import time
from dataclasses import dataclass
from functools import partial
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import sqlalchemy as sa

from bench import data
from bench.data import OWNER, SLUG, Site
from bench.figures import Found, Table, Target, Verdict, number, spread
from bench.plan import SHORT, Plan
from bench.quality.cost import Cost, alone
from bench.sites import Backend
from labeler.cli import refreshing
from labeler.people import accounts, sign_ins
from tests.gunicorn import running

PAGES = {"dashboard": f"/projects/{SLUG}", "people": f"/projects/{SLUG}/people"}
QUALITY = {
    "quality": f"/projects/{SLUG}/quality",
    "disagreements": f"/projects/{SLUG}/quality/disagreements",
    "leaderboard": f"/projects/{SLUG}/leaderboard",
    "known answers": f"/projects/{SLUG}/quality/known-answers",
    "known answers, live": f"/projects/{SLUG}/gold",
    "guidelines": f"/projects/{SLUG}/guidelines",
    "plan": f"/projects/{SLUG}/plan",
    "reviews": f"/projects/{SLUG}/review",
}
FAST = Target("dashboard and page of people", 300, " ms")
QUALITY_FAST = Target("pages about quality", 500, " ms")
REFRESHED = Target("working quality out", 60, " s")
REFRESH_SMALL = Target("memory for working quality out", 500, " MB")
SAME = Target("totals on pages that a recount does not find", 0)
HEADS = ("database", "judgments", "page", "ms", "totals that a recount does not find")
LOOKS = 10
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
CELL = re.compile(r'data-l="Judgments">(?:<a [^>]+>)?([\d,]+)<')
FACT = re.compile(r"<dt>(\w+)</dt><dd>([\d.,]+)")
_BY_PERSON = """SELECT count(j.id) FROM people p
    JOIN memberships m ON m.person_id = p.id AND m.project_id = :project
    LEFT JOIN judgments j ON j.person_id = p.id AND j.project_id = m.project_id AND j.is_current
    GROUP BY p.id, p.name ORDER BY p.name, p.id"""
_FACTS = {
    "Judgments": "SELECT count(*) FROM judgments WHERE is_current AND state = 'accepted'",
    "People": "SELECT count(DISTINCT person_id) FROM judgments WHERE is_current",
    "Earned": "SELECT sum(amount_minor) FROM transfers",
}


@dataclass
class Browser:
    """An owner who is signed in."""

    url: str

    def __post_init__(self) -> None:
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def sign_in(self, site: Site) -> None:
        """Sign in by a link that works once."""
        with data.opened(site.address) as database, database.writing() as session:
            secret = sign_ins.make_link(session, accounts.find(session, OWNER), by=None)
            session.commit()
        found = TOKEN.search(self.get(f"/link/{secret}"))
        assert found is not None
        form = urlencode({"csrf_token": html.unescape(found[1]), "password": ""}).encode()
        self._opener.open(f"{self.url}/link/{secret}", form).close()

    def get(self, path: str) -> str:
        """Fetch a page."""
        with self._opener.open(self.url + path) as answer:
            return str(answer.read().decode())


def measure(backend: Backend, plan: Plan) -> Found:
    """Look at the pages of a site with many judgments."""
    site = backend.with_past(plan.pages, SHORT)
    # Before there is a server, which would see to it by itself.
    cost = alone(partial(str, site.address), partial(_refresh, project_id=site.project_id))
    with running(site.address, plan.folder) as server:
        browser = Browser(server.url)
        browser.sign_in(site)
        took = {name: _look(browser, path) for name, path in PAGES.items()}
        about = {name: _look(browser, path) for name, path in QUALITY.items()}
        wrong = {
            "dashboard": wrong_facts(site, browser.get(PAGES["dashboard"])),
            "people": _wrong_people(site, browser.get(PAGES["people"])),
        }
    table, found = Table("Pages of an owner", HEADS), Found()
    for name, values in took.items():
        table.rows.append(
            [backend.name, f"{site.judgments:,}", name, spread(values), str(wrong[name])]
        )
        where = f"{backend.name}, {name}, {site.judgments:,} judgments"
        found.verdicts += [Verdict(FAST, where, values), Verdict(SAME, where, [wrong[name]])]
    for name, values in about.items():
        table.rows.append([backend.name, f"{site.judgments:,}", name, spread(values), "–"])
        where = f"{backend.name}, {name}, {site.judgments:,} judgments"
        found.verdicts.append(Verdict(QUALITY_FAST, where, values))
    found.tables += [table, _refreshing(backend, site, cost)]
    where = f"{backend.name}, {site.judgments:,} judgments"
    found.verdicts.append(Verdict(REFRESHED, where, [cost.seconds]))
    found.verdicts.append(Verdict(REFRESH_SMALL, where, [cost.peak_mb]))
    return found


def _refresh(address: str, project_id: int) -> None:
    with data.opened(address) as database:
        refreshing.refresh_project(database, project_id)


def _refreshing(backend: Backend, site: Site, cost: Cost) -> Table:
    row = [backend.name, f"{site.judgments:,}", number(cost.seconds), number(cost.peak_mb)]
    heads = ("database", "judgments", "s of one core", "MB")
    return Table("Working quality out in the background", heads, [row])


def _look(browser: Browser, path: str) -> list[float]:
    """Return how long each look took, in ms; the first one, which loads code, is left out."""
    browser.get(path)
    took = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        browser.get(path)
        took.append(1000 * (time.perf_counter() - began))
    return took


def wrong_facts(site: Site, page: str) -> int:
    """Return how many of the totals on a dashboard a recount does not find."""
    shown = {name: re.sub(r"\D", "", value) for name, value in FACT.findall(page)}
    with data.opened(site.address) as database, database.reading() as session:
        counted = {name: session.scalar(sa.text(query)) for name, query in _FACTS.items()}
    return sum(shown.get(name) != str(value or 0) for name, value in counted.items())


def _wrong_people(site: Site, page: str) -> int:
    shown = [int(each.replace(",", "")) for each in CELL.findall(page)]
    with data.opened(site.address) as database, database.reading() as session:
        counted = session.scalars(sa.text(_BY_PERSON), {"project": site.project_id}).all()
    pairs = zip(shown, counted, strict=False)
    return abs(len(shown) - len(counted)) + sum(one != int(other) for one, other in pairs)
