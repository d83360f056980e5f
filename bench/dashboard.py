"""Pages of an owner: the dashboard and the page of people, and whether their totals are right."""

import html
import re
import time
from dataclasses import dataclass
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import sqlalchemy as sa

from bench import data
from bench.data import OWNER, SLUG, Site
from bench.figures import Found, Table, Target, Verdict, spread
from bench.plan import SHORT, Plan
from bench.sites import Backend
from labeler.people import accounts, sign_ins
from tests.gunicorn import running

PAGES = {"dashboard": f"/projects/{SLUG}", "people": f"/projects/{SLUG}/people"}
FAST = Target("dashboard and page of people", 300, " ms")
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
    with running(site.address, plan.folder) as server:
        browser = Browser(server.url)
        browser.sign_in(site)
        took = {name: _look(browser, path) for name, path in PAGES.items()}
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
    found.tables.append(table)
    return found


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
