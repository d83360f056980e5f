"""Every page that there is, found in the application itself, so that none is forgotten."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeAlias

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from exports.kept import clearances
from exports.kept.clearances import Fate
from labeler import clock
from labeler.arena import visits
from labeler.cli import refreshing
from labeler.pay import missed, statements
from labeler.pay.worktime import Kind
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import assignments, projects, queue
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project
from tests import chats
from tests.browser import paying, reviewing, talking
from tests.browser.site import ADA, OLGA, Site
from tests.labeler.generation import drawing
from tests.make import judge
from tests.visits import Visit

Reader: TypeAlias = Literal["nobody", "annotator", "reviewer", "owner", "administrator"]
OTTO = "otto@demo.invalid"
"""Owns the demo, and administers nothing."""
RICH = ("demo-bn-08", "demo-de-08", "demo-en-16", "demo-it-03")
"""Comparisons with Bangla, a table, a formula and code."""
NO_PAGE = (
    *("static", "releases.download", "sessions.whoami", "offline.worker", "chat.state"),
    *("earnings.download", "payruns.download", "keys.published"),
    "leaderboard.download",
)
FOR_NOBODY = ("accessibility.show", "guests.show", "sessions.link", "sessions.sign_in")
FOR_REVIEWERS = (
    *("projects.index", "projects.show", "members.index"),
    *("comparisons.index", "comparisons.show", "gold.index", "reviews.index", "reviews.show"),
    *("quality.index", "quality.disagreements", "leaderboard.show", "quality.gold"),
    *("quality.person", "quality.rows", "qualifications.ask", "plans.show", "worktime.noticed"),
    *("disputes.index", "disputes.show", "disputes.hear", "disputes.consider"),
)
FOR_OWNERS = (
    *("projects", "members", "batches", "comparisons", "gold", "releases", "qualifications.ask"),
    *("disputes", "guidelines", "orders", "plans", "quality", "rates", "reviews", "wages"),
    *("payruns", "paylayouts", "terms.write", "worktime.noticed", "chatrules"),
    *("generations", "leaderboard", "held"),
)
FOR_ADMINISTRATORS = "endpoints."
WRONG = ("/nothing-here", "/projects/demo/releases?min_judgments=0")


def furnish(site: Site) -> dict[str, Any]:
    """Have something on every page; return what the addresses of pages are filled in with.

    Ada has judged all of RICH but one, which she holds, with reasons that are held, and has added
    time; a release is cut, and another waits; Otto is an owner too.
    """
    visit = Visit(site.app).arrive(OLGA)
    visit.get("/projects/demo/releases")
    assert visit.post("/projects/demo/releases").status_code == 302
    site.do_jobs()
    waiting = visit.post("/projects/demo/releases", licence="mit")
    with site.database.writing() as session:
        ada = accounts.find(session, ADA)
        *_, held = islice(_rich(session, ada), len(RICH))
        batch_id = session.get_one(Comparison, held.comparison_id).batch_id
        otto = accounts.create(session, OTTO, "Otto", by=None)
        memberships.grant(
            session, held.project_id, otto, Role.owner, by=accounts.find(session, OLGA)
        )
        project = session.get_one(Project, held.project_id)
        asked = reviewing.ask(session, project)
        olga = accounts.find(session, OLGA)
        run_id = paying.owe(session, project, [ada, otto, olga], by=olga)
        month = statements.first_of(clock.now().date())
        statements.make(session, project.id, ada.id, project.currency, month)
        [told] = statements.of_person(session, ada.id)
        ended_at = clock.now() - timedelta(minutes=1)
        span = {"started_at": ended_at - timedelta(hours=3), "ended_at": ended_at}
        asked |= talking.talk(session, project) | _chat(session, project, by=ada)
        folder = site.app.extensions["labeler.settings"].data
        asked |= _draw(session, project, folder, by=olga)
        first, *_ = clearances.waiting(session, project.id).held
        clearances.decide(session, project, {first.judgment_id: Fate.let_go}, by=olga)
        missed.add(session, project.id, by=ada, **span, kind=Kind.clarification, note="A call.")
        session.commit()
    refreshing.refresh_project(site.database, held.project_id)
    last = site.said(ADA)[-1]
    return {
        "assignment_id": held.id,
        "batch_id": batch_id,
        "comparison_id": held.comparison_id,
        "job_id": int(waiting.location.rpartition("/")[2]),
        "judged_id": last.assignment_id,
        "judgment_id": last.id,
        "kind": "times",
        "number": 1,
        "person_id": ada.id,
        "run_id": run_id,
        "secret": Visit(site.app).link_for(ADA).rpartition("/")[2],
        "slug": "demo",
        "statement_id": told.id,
        **asked,
    }


def _chat(session: Session, project: Project, *, by: Person) -> dict[str, Any]:
    """Have somebody chat, up to where they say which answer is better; let guests in, too."""
    olga = accounts.find(session, OLGA)
    chats.add_models(session)
    limits = {"per_visitor": 3, "per_day": 100}
    chats.open_chat(session, project, by=olga, visitors=limits)
    turn = chats.chat(session, project, "How do I keep **bread** fresh?", by=by)
    chats.answer_all(session, chats.ANSWERS)
    until = clock.now() + timedelta(days=30)
    ticket = visits.make_link(session, project, label="At the fair", expires_at=until, by=olga)
    return {"conversation_id": turn.conversation_id, "ticket": ticket}


def _draw(session: Session, project: Project, folder: Path, *, by: Person) -> dict[str, Any]:
    """Have answers drawn from models, one of which does not come."""
    path = drawing.write(folder, [drawing.line(1), drawing.line(2)])
    drawn = drawing.begin(session, project, path, by, endpoints=",".join(chats.MODELS))
    drawing.answer_all(session, lambda _: drawing.BROKEN, most=1)
    drawing.answer_all(session)
    return {"generation_id": drawn.id, "name": "gull"}


def _rich(session: Session, person: Person) -> Iterator[Assignment]:
    """Yield what the person is given of RICH; it is judged when the next one is asked for."""
    project = projects.find(session, "demo", by=person)
    while (given := queue.claim(session, project, by=person)) is not None:
        if session.get_one(Comparison, given.comparison_id).external_id in RICH:
            yield given
            judge(session, given, "both_bad", person, reason="Neither is **right**: ask @rosa_b.")
        else:
            assignments.skip(session, given, SkipReason.subject)


def page_rules(app: Flask) -> list[Rule]:
    """Return the rule of every page."""
    return [rule for rule in app.url_map.iter_rules() if _is_page(rule)]


def addresses(app: Flask, values: dict[str, Any], reader: Reader) -> Iterator[str]:
    """Yield the address of every page that is for this reader."""
    for rule in page_rules(app):
        if reader in _readers(rule.endpoint):
            filled = {name: values[name] for name in rule.arguments}
            if rule.endpoint == "work.look_again" and "judged_id" in values:
                filled["assignment_id"] = values["judged_id"]
            yield app.url_map.bind("").build(rule.endpoint, filled)
    yield from WRONG


def _readers(endpoint: str) -> set[Reader]:
    if endpoint in FOR_NOBODY:
        return {"nobody"}
    if endpoint.startswith(FOR_ADMINISTRATORS):
        return {"administrator"}
    if not endpoint.startswith(FOR_OWNERS):
        return {"annotator"}
    return {"owner", "administrator"} | ({"reviewer"} if endpoint in FOR_REVIEWERS else set())


def _is_page(rule: Rule) -> bool:
    assert rule.methods is not None
    is_ours = not rule.endpoint.startswith("api.") and rule.endpoint not in NO_PAGE
    return "GET" in rule.methods and is_ours
