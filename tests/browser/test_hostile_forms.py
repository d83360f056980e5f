"""Every hostile string in every field of every form, by everybody who may: it comes back as text.

Forms are read out of the pages, pages out of the map of addresses and names of queries out of the
code, so that what is added later is here by itself. What a form refuses it refuses in words, at the
field. Then a browser looks at every page, as everybody.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import exports
import labeler
from labeler import clock
from labeler.arena import visits
from labeler.endpoints import calls, purses
from labeler.errors import Conflict
from labeler.pay import destinations
from labeler.people import accounts, forum
from labeler.people.accounts import Person
from labeler.quality import brakes, disputes, reviews
from labeler.quality.explained import About
from labeler.quality.refusals import ReasonCode, Refusal
from labeler.quality.reviews import ReviewKind
from labeler.work import batches, layouts, projects, queue
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project
from tests import chats, filling
from tests.browser import paying
from tests.browser.harm import active, parsed, watch
from tests.browser.pages import FOR_NOBODY, page_rules
from tests.browser.site import Site, open_site
from tests.cast import make_cast
from tests.conftest import NewAddress
from tests.filling import Writer
from tests.forms import WRITTEN, Field, Form
from tests.hostile import NUL, STRINGS, TEXTS, squeezed
from tests.labeler.generation import drawing
from tests.make import judge, make_project
from tests.visits import Visit

WRITERS = ("olga", "root", "rex", "ada", "nobody")
"""In this order: whoever says what is asked comes before whoever answers."""
ROWS, JUDGED = 60, 40
ROWS_OF_SOAK, JUDGED_OF_SOAK = 900, 300
NARROW = {"width": 320, "height": 640}
CRITERIA = [{"name": f"Criterion {n}", "required": False} for n in range(10)]
ASKED = [{"kind": "pairwise"}, {"kind": "criteria", "criteria": CRITERIA}, {"kind": "reason"}]
LISTS = ("/projects/helpful/people", "/account", "/projects")
"""Pages that show all that was written into a field with room for few strings at once."""
BEA, BEAS_ID = "bea@example.org", 5
CHANGED = "wren"
"""The endpoint whose profile everybody changes: its key is soon nowhere."""
QUERIED = re.compile(r"""request\.args(?:\.get\(|\[)["'](\w+)["']""")


@dataclass
class Place:
    """A site, and where everybody finds something to do on every page of it."""

    site: Site
    thorough: bool
    comparisons: Iterator[int]
    met: set[object] = field(default_factory=set)
    looked_at: set[str] = field(default_factory=set)
    seen: dict[str, list[str]] = field(default_factory=dict)

    def write(self, who: str) -> Writer:
        """Have somebody fill in every form that they find."""
        writer = Writer(who, self.visit(who), self.look)
        rules = {rule.endpoint: rule for rule in page_rules(self.site.app)}
        for endpoint, rule in rules.items():
            if who == "nobody":  # who is somebody once a link is used
                writer.visit = self.visit(who)
            elif endpoint in FOR_NOBODY:
                continue
            writer.fill_in(endpoint, self.ways, is_spent=_is_spent(rule))
        self.seen[who] = writer.seen
        return writer

    def ways(self, form: Form) -> Iterator[dict[str, str]]:
        """Yield what to fill a form in with: all of it, at first; less when others did that."""
        if self.thorough:
            ways = list(filling.one_by_one(form, _is_chosen))
            ways += filling.one_by_one(form, _is_written)
        else:
            ways = list(filling.rounds(form, filling.at_once, _is_chosen))
            ways += filling.rounds(form, filling.packed, _is_written)
        goal, middle = (form.method, form.goal), len(ways) // 2
        yield from ways[middle : middle + 1] if goal in self.met else ways
        self.met.add(goal)

    def visit(self, who: str) -> Visit:
        visit = Visit(self.site.app)
        return visit if who == "nobody" else visit.arrive(f"{who}@example.org")

    def look(self, visit: Visit, endpoint: str) -> TestResponse | None:
        """Return a page if there is one for this person."""
        address = self.address(visit, endpoint)
        answer = visit.get(address) if address else None
        return answer if answer is not None and answer.status_code == 200 else None

    def address(self, visit: Visit, endpoint: str) -> str | None:
        """Return where a page is on which there is something to do; None if there is nothing."""
        rule = next(one for one in page_rules(self.site.app) if one.endpoint == endpoint)
        values = {name: self._value(name, visit, endpoint) for name in rule.arguments}
        if None in values.values():
            return None
        return self.site.app.url_map.bind("").build(endpoint, values)

    def _value(self, name: str, visit: Visit, endpoint: str) -> object:
        if name == "assignment_id":
            return _held(visit) if endpoint == "work.show" else _done(visit)
        if name == "comparison_id":
            return next(self.comparisons)
        if name == "review_id":
            return _asked(self.site)
        if name == "conversation_id":
            return _chatting(visit)
        if name == "ticket":
            return _let_in(self.site)
        if name == "run_id":
            return _drafted(self.site)
        if name == "secret":
            return visit.link_for(BEA).rpartition("/")[2]
        if name in ASKED_ABOUT:
            return ASKED_ABOUT[name](self.site)
        known = {"batch_id": 1, "number": 1, "person_id": BEAS_ID, "slug": "helpful"}
        return (known | {"kind": "sides", "name": CHANGED})[name]


def _asked(site: Site) -> int | None:
    """Have reviewers look at something that Bea said, which counts and is not with her."""
    with site.database.writing() as session:
        left = sa.select(Judgment).join(Assignment, Assignment.id == Judgment.assignment_id)
        counts = Judgment.state == JudgmentState.accepted, Assignment.sent_back_at.is_(None)
        whose = Judgment.person_id == BEAS_ID
        said = session.scalars(left.where(*counts, whose).order_by(Judgment.id.desc())).first()
        if said is None:
            return None
        topic = uuid.uuid4().hex
        made = reviews.open(
            session,
            said.project_id,
            ReviewKind.signal,
            judgment_id=said.id,
            topic=topic,
            reason=TEXTS[0],
            evidence=TEXTS[1:],
        )
        session.commit()
        return made.id


def _refusable(site: Site) -> int | None:
    """Return a judgment of Bea's whose pay may be in question."""
    with site.database.reading() as session:
        whose = Judgment.person_id == BEAS_ID, Judgment.is_current
        asked = sa.select(Refusal.judgment_id)
        left = sa.select(Judgment.id).where(*whose, Judgment.id.not_in(asked))
        return session.scalar(left.order_by(Judgment.id.desc()).limit(1))


def _refused(site: Site) -> int | None:
    """Have the pay of something that Bea judged in question."""
    judgment_id = _refusable(site)
    if judgment_id is None:
        return None
    with site.database.writing() as session:
        rex = accounts.find(session, "rex@example.org")
        judgment = session.get_one(Judgment, judgment_id)
        try:
            made = brakes.propose(session, judgment, ReasonCode.copied, TEXTS[0], by=rex)
        except Conflict:  # no more of one person's work than that
            return session.scalar(sa.select(sa.func.max(Refusal.id)))
        session.commit()
        return made.id


def _disputed(site: Site) -> int:
    """Have Bea object to something."""
    with site.database.writing() as session:
        bea = accounts.find(session, BEA)
        project = projects.find(session, "helpful", by=bea)
        made = disputes.open(session, project, About.time, uuid.uuid4().hex, by=bea)
        session.commit()
        return made.id


def _talked(site: Site) -> int:
    """Have Bea begin to talk about something."""
    with site.database.writing() as session:
        bea = accounts.find(session, BEA)
        made = forum.open_topic(session, uuid.uuid4().hex, TEXTS[0], by=bea)
        session.commit()
        return made.id


def _drawn(site: Site) -> int:
    """Have a batch drawn from models, with a budget that is used up."""
    with site.database.writing() as session:
        olga = accounts.find(session, "olga@example.org")
        project, seed = projects.find(session, "helpful", by=olga), uuid.uuid4().int % 2**31
        words = {"id": TEXTS[0][:200], "prompt": "\n".join(TEXTS), "language": "en"}
        path = drawing.write(site.app.extensions["labeler.settings"].data, [words])
        made = drawing.begin(session, project, path, olga, endpoints="gull,heron", seed=seed)
        purses.fill(session, made.kin, 0, "EUR")
        calls.cancel_all(session, made.kin)
        purses.stop(session, made.kin, 1)
        session.commit()
        return made.id


ASKED_ABOUT: dict[str, Callable[[Site], int | None]] = {
    "judgment_id": _refusable,
    "refusal_id": _refused,
    "dispute_id": _disputed,
    "topic_id": _talked,
    "generation_id": _drawn,
    "job_id": lambda _site: None,  # there is nothing to write on one
    "statement_id": lambda _site: None,  # there is nothing to write on one
}


def _drafted(site: Site) -> int:
    """Draft a pay run in which Bea's payout waits for a look."""
    with site.database.writing() as session:
        olga, bea = (accounts.find(session, email) for email in ("olga@example.org", BEA))
        project = projects.find(session, "helpful", by=olga)
        known = destinations.newest(session, [bea.id], "EUR")
        draft = paying.draft_anew if known else _begin_to_pay
        made = draft(session, project, bea, by=olga)
        session.commit()
        return made


def _begin_to_pay(session: Session, project: Project, bea: Person, *, by: Person) -> int:
    return paying.owe(session, project, [bea, by], by=by)


def _chatting(visit: Visit) -> str | None:
    """Have somebody begin a conversation in which they can write."""
    index = "/projects/helpful/chat"
    for _ in range(2):
        visit.get(index)
        found = visit.post(index, language="en").location or ""
        if 'name="text"' in visit.get(found).text:
            return found.rpartition("/")[2]
        visit.post(f"{found}/end")
    return None


def _let_in(site: Site) -> str:
    """Make a link for guests, of a name that is not kind."""
    with site.database.writing() as session:
        olga = accounts.find(session, "olga@example.org")
        project, until = projects.find(session, "helpful", by=olga), clock.now() + timedelta(days=9)
        ticket = visits.make_link(session, project, label=TEXTS[0], expires_at=until, by=olga)
        session.commit()
        return ticket


def _held(visit: Visit) -> str | None:
    """Have somebody given something to judge."""
    visit.get("/")
    found = re.search(r"/work/(\d+)$", visit.post("/projects/helpful/start").location or "")
    return found and found[1]


def _done(visit: Visit) -> str | None:
    """Return what somebody judged and may still change."""
    found = re.search(r"/work/(\d+)/change", visit.get("/judgments").text)
    return found and found[1]


def _is_spent(rule: Rule) -> bool:
    """Tell whether the forms of a page can be sent but once, or give way to others."""
    once = {
        "assignment_id",
        "comparison_id",
        "review_id",
        "run_id",
        "secret",
        "conversation_id",
        "name",
        *ASKED_ABOUT,
    }
    return rule.endpoint == "sessions.account" or not once.isdisjoint(rule.arguments)


def _is_written(one: Field) -> bool:
    return one.kind in WRITTEN


def _is_chosen(one: Field) -> bool:
    return not _is_written(one) and one.name != "csrf_token"


@pytest.mark.slow
def test_what_is_written_into_forms_stays_text(
    chromium: Browser,
    new_address: NewAddress,
    tmp_path: Path,
    soak: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for brake in ("PERCENT_OF_PERSON", "PERCENT_OF_BATCH", "PER_DAY", "PROJECT_PER_DAY"):
        monkeypatch.setattr(brakes, brake, 1000)  # or soon no more could be proposed

    def fill(session: Session) -> None:
        if soak:
            _fill(session, tmp_path, ROWS_OF_SOAK, JUDGED_OF_SOAK)
        else:
            _fill(session, tmp_path, ROWS, JUDGED)

    with (
        open_site(new_address("sqlite"), tmp_path, fill) as site,
        chromium.new_context(viewport=NARROW) as context,
    ):
        settings = site.app.extensions["labeler.settings"]
        hosts = {"endpoint_hosts": "127.0.0.1:8080"}
        site.app.extensions["labeler.settings"] = settings.model_copy(update=hosts)
        faults, page = watch(context, site.url), context.new_page()
        assert len(parsed(page, {text: text for text in STRINGS})) > 20
        place = Place(site, soak, cycle(said.comparison_id for said in site.said(BEA)))
        for who in WRITERS:
            writer = place.write(who)
            faults += writer.faults + parsed(page, writer.pages)
        faults += _ask(place, page)
        _cut(place)
        for who in WRITERS:
            faults += _look_around(place, page, who)
    assert faults == []


def _fill(session: Session, folder: Path, rows: int, judged: int) -> None:
    """Make a project with rows to judge, some of which Bea has judged; nothing in them is kind."""
    cast = make_cast(session)
    assert cast.bea.id == BEAS_ID
    project = make_project(session, cast, rubric={"questions": ASKED}, judgments_per_comparison=9)
    models = dict.fromkeys((*chats.MODELS, CHANGED), "<script>alert(1)</script>")
    chats.add_models(session, models)
    chats.open_chat(session, project, by=cast.olga, visitors={"per_visitor": 9, "per_day": 999})
    file = folder / "rows.jsonl"
    file.write_bytes(filling.file(rows))
    for done in batches.load(
        session, project, layouts.read(file), name=TEXTS[0], digest="rows", by=cast.olga
    ):
        assert done.refused == []
    for _ in range(judged):
        given = queue.claim(session, project, by=cast.bea)
        assert given is not None
        judge(session, given, 1, cast.bea, reason="\n".join(TEXTS))
    reviews.open(session, project.id, ReviewKind.signal, person_id=cast.ada.id, reason=TEXTS[0])


def _ask(place: Place, page: Page) -> list[str]:
    """Ask for every page with hostile words after every name that the code looks for."""
    folders = (Path(labeler.__file__).parent / "web", Path(exports.__file__).parent)
    code = "".join(path.read_text("utf-8") for each in folders for path in each.rglob("*.py"))
    names, olga = sorted(set(QUERIED.findall(code))), place.visit("olga")
    assert {"after", "language", "next"} <= {*names}
    found, texts = [], {}
    for endpoint in ("sessions.sign_in", *place.seen["olga"]):
        visit = place.visit("nobody") if endpoint == "sessions.sign_in" else olga
        for words in ("\n".join(TEXTS), *NUL):
            address = place.address(visit, endpoint)
            assert address is not None, endpoint
            answer = visit.client.get(address, query_string=dict.fromkeys(names, words))
            texts[f"{address}, asked for {words[:10]}"] = answer.text
            found += [f"{address}: {answer.status_code}"] if answer.status_code >= 500 else []
    return found + parsed(page, texts)


def _cut(place: Place) -> None:
    olga = place.visit("olga")
    olga.get("/projects/helpful/releases")
    assert olga.post("/projects/helpful/releases", min_judgments="1").status_code == 302
    place.site.do_jobs()
    place.seen["olga"].append("releases.show")


def _look_around(place: Place, page: Page, who: str) -> Iterator[str]:
    """Go to every page that somebody has; it is no wider than a phone, and shows what was said.

    Not to those that others had before, where there is no time to be thorough.
    """
    page.context.clear_cookies()
    if who != "nobody":
        place.site.arrive(page, f"{who}@example.org")
    visit = place.visit(who)
    for endpoint in place.seen[who]:
        if endpoint in place.looked_at and not place.thorough:
            continue
        place.looked_at.add(endpoint)
        address = place.address(visit, endpoint)
        assert address is not None, endpoint
        page.goto(f"{place.site.url}{address}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        yield from active(page)
        wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        if wide > room:
            yield f"{who}, {address}: {wide} wide"
        if who == "olga" and address in LISTS:
            shown = squeezed(page.locator("main").inner_text())
            yield from (f"{address} lacks {text}" for text in STRINGS if text not in shown)
