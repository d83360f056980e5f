"""Two projects, everybody in a browser and with a program, and the numbers of what is theirs."""

import hashlib
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from exports import orders
from exports.choosing.criteria import Criteria
from exports.kept import releases
from exports.making import cutting
from exports.proof import keys
from labeler import clock
from labeler.arena import conversations, endings, visits
from labeler.arena.conversations import Conversation
from labeler.cli import refreshing
from labeler.database import Database
from labeler.endpoints import purses, registry
from labeler.pay import destinations, missed, payouts, runs, statements
from labeler.pay.rails.making import Rail
from labeler.pay.worktime import Kind
from labeler.people import (
    accounts,
    evaluations,
    forum,
    memberships,
    remarks,
    representatives,
    sign_ins,
    terms,
    tokens,
)
from labeler.people.accounts import Person
from labeler.people.evaluations import EvaluationDraft
from labeler.people.memberships import Role
from labeler.quality import brakes, disputes, reviews
from labeler.quality.explained import About
from labeler.quality.refusals import ReasonCode
from labeler.quality.reviews import ReviewKind
from labeler.quality.samples import DRAWN as ASKS
from labeler.schema import Base
from labeler.web import clocks
from labeler.work import queue
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests import chats
from tests.calling import Caller
from tests.cast import Cast, make_cast
from tests.labeler.generation import drawing
from tests.make import judge, load_rows, make_batch, make_due, make_project, make_row
from tests.serving import lend_app
from tests.visits import Visit

PASSWORD = "four plain words here"
SPARES = 12
WHO = ("anonymous", "revoked", "mallory", "paul", "rex", "olga", "root", "ada")
"""In this order: whoever may do what cannot be done twice comes last."""


@dataclass
class Stage:
    """A running site; `ids` holds the numbers of rows that the stories are about."""

    app: Flask
    people: Cast
    ids: dict[str, str]
    spares: Iterator[str]
    names: Iterator[int] = field(default_factory=itertools.count)
    visits: dict[str, Visit] = field(default_factory=dict)
    callers: dict[str, Caller] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        found: Database = self.app.extensions["labeler.database"]
        return found

    def path(self, template: str) -> str:
        """Write out a path such as /work/{held}; {spare} and {fresh} are new each time."""
        known = self.ids | {"fresh": str(next(self.names))}
        if "{spare}" in template:
            known["spare"] = next(self.spares)
        return template.format_map(known)

    def digest(self) -> str:
        """Hash every row of every table."""
        found = hashlib.sha256()
        with self.database.reading() as session:
            for table in Base.metadata.sorted_tables:
                rows = session.execute(sa.select(table).order_by(*table.primary_key.columns))
                for row in rows:
                    found.update(repr(row).encode())
        return found.hexdigest()


@contextmanager
def staged(address: str, folder: Path, **settings: Any) -> Iterator[Stage]:
    """Put up the site; take it down when the block ends."""
    with lend_app(address, folder, releases=True, **{"log_level": "error"} | settings) as app:
        yield put_up(app, folder)


def put_up(app: Flask, folder: Path) -> Stage:
    """Put up the site in an application on an empty database."""
    database: Database = app.extensions["labeler.database"]
    people, ids, spares = _write(database, folder)
    with app.app_context():
        page = clocks.start(Kind.instructions, int(ids["project"]), people.ada)
    ids |= {"slip": page.slip, "yesterday": str(clock.now().date() - timedelta(days=1))}
    stage = Stage(app, people, ids, itertools.cycle(spares))
    for who in WHO:
        stage.visits[who] = _visit(stage, who)
        stage.callers[who] = _caller(stage, who)
    return stage


def _write(database: Database, folder: Path) -> tuple[Cast, dict[str, str], list[str]]:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        batch = make_batch(session, project, cast, pairs=6)
        load_rows(session, project, [make_row(6, gold=0)], by=cast.olga, name="gold")
        known = session.scalars(sa.select(Comparison.id).where(Comparison.is_gold)).one()
        spares = [_spare(session, project, n, cast) for n in range(SPARES)]
        paul = accounts.create(session, "paul@example.org", "Paul", by=None)
        other = make_project(session, cast, slug="other", title="Other")
        for one in (cast.olga, cast.rex, cast.ada, cast.bea):
            memberships.remove(session, other.id, one, by=cast.root)
        memberships.grant(session, other.id, paul, Role.owner, by=cast.root)
        load_rows(session, other, [make_row(1)], by=paul)
        asking = make_project(
            session, cast, slug="asking", title="Asking", qualification={"questions": 1, "right": 1}
        )
        terms.publish(session, asking.id, {"en": "Be **kind**."}, notice_days=30, by=cast.olga)
        of_ada = _prefer_the_first(session, project, cast.ada)
        of_bea = _prefer_the_first(session, project, cast.bea, "λόγος 06 12 34 56 78")
        of_paul = _prefer_the_first(session, other, paul)
        asked = reviews.open(
            session, project.id, ReviewKind.sample, judgment_id=of_bea.id, reason=ASKS
        )
        about = {"person_id": cast.ada.id, "reason": ASKS, "evidence": [ASKS]}
        signal = reviews.open(session, project.id, ReviewKind.signal, **about)
        foreign = reviews.open(
            session, other.id, ReviewKind.sample, judgment_id=of_paul.id, reason=ASKS
        )
        held = queue.claim(session, project, by=cast.ada)
        assert held is not None
        paid = _pay(session, project, cast)
        spare_cookie = sign_ins.start(session, cast.ada)
        tokens.create(session, cast.ada, label="spare")
        month = statements.first_of(clock.now().date())
        statements.make(session, project.id, cast.ada.id, "EUR", month)
        [told] = statements.of_person(session, cast.ada.id)
        why = {"evidence": "λόγος", "by": cast.rex}  # what people wrote stays as it is
        refusal = brakes.propose(session, of_ada, ReasonCode.copied, **why)
        # The second of one batch waits for an owner who did not propose it.
        extra = _prefer_the_first(session, project, cast.root)
        while extra.comparison_id == known:
            extra = _prefer_the_first(session, project, cast.root)
        brakes.propose(session, extra, ReasonCode.copied, **why)
        dispute = disputes.open(session, project, About.time, "λόγος", by=cast.ada)
        added = missed.add(
            session,
            project.id,
            by=cast.ada,
            started_at=clock.now() - timedelta(minutes=30),
            ended_at=clock.now() - timedelta(minutes=20),
            kind=Kind.clarification,
            note="λόγος",
        )
        said = _speak(session, project, cast) | _chat(session, project, cast)
        said |= _draw(session, project, cast, folder)
        sign_in_id = sign_ins.current(session, cast.ada)[0].id
        token_id = tokens.current(session, cast.ada)[0].id
        link = sign_ins.make_link(session, cast.bea, by=None)
        session.commit()
        ids = {
            "project": project.id,
            "added": added.id,
            "statement": told.id,
            "held": held.id,
            "done": of_ada.assignment_id,
            "judgment": of_ada.id,
            "refusal": refusal.id,
            "dispute": dispute.id,
            "review": asked.id,
            "signal": signal.id,
            "foreign_review": foreign.id,
            "of_bea": of_bea.id,
            "comparison": of_bea.comparison_id,
            "gold": known,
            "batch": batch.id,
            "foreign_comparison": of_paul.comparison_id,
            "foreign_judgment": of_paul.id,
            "paul": paul.id,
            "bea": cast.bea.id,
            "sign_in": sign_in_id,
            "token": token_id,
            "link": link,
            "cookie": spare_cookie,
            **paid,
            **said,
        }
    ids["order"] = _cut(database, project, folder, cast.olga)
    refreshing.refresh_project(database, project.id)
    return cast, {name: str(value) for name, value in ids.items()}, spares


def _speak(session: Session, project: Project, cast: Cast) -> dict[str, int]:
    """Have a topic of Ada's, who speaks for those who work here, and something that she said."""
    topic = forum.open_topic(session, "λόγος", "λόγος", by=cast.ada)
    [post] = forum.posts(session, topic, by=cast.ada)
    forum.reply(session, topic, "λόγος", is_nameless=True, by=cast.bea)
    representatives.name(session, "ada@example.org", "λόγος", by=cast.root)
    remarks.write(session, project.id, "λόγος", by=cast.ada)
    held_on = clock.now().date()
    draft = EvaluationDraft(held_on=held_on, participants="λόγος", text="λόγος")
    evaluations.note(session, draft, by=cast.root)
    return {"topic": topic.id, "post": post.id}


def _chat(session: Session, project: Project, cast: Cast) -> dict[str, int | str]:
    """Have Ada chat, once to the end and once up to a vote; Rex has just begun."""
    chats.add_models(session, {"gull": "λόγος", "heron": "μῦθος"})
    limits = {"per_visitor": 100, "per_day": 1000}
    chats.open_chat(session, project, by=cast.olga, visitors=limits)
    until = clock.now() + timedelta(days=3)
    secret = visits.make_link(session, project, label="λόγος", expires_at=until, by=cast.olga)
    ended = chats.chat(session, project, "λόγος", by=cast.ada)
    endings.end(session, session.get_one(Conversation, ended.conversation_id), by=cast.ada)
    turn = chats.chat(session, project, "μῦθος", by=cast.ada)
    chats.answer_all(session, {"gull": "λόγος", "heron": "μῦθος"})
    fresh = conversations.begin(session, project, language="en", by=cast.rex)
    return {
        "chat": turn.conversation_id,
        "chat_link": visits.links(session, project.id)[0].id,
        "chat_secret": secret,
        "ended_chat": ended.conversation_id,
        "fresh_chat": fresh.id,
        "turn": turn.id,
    }


def _draw(session: Session, project: Project, cast: Cast, folder: Path) -> dict[str, int]:
    """Have batches drawn from models: one of which a call failed, and two that wait."""
    drawing.make_endpoint(session, "old", cast.root)
    registry.archive(session, "old", by=cast.root)
    path = drawing.write(folder, [drawing.line(1, id="λόγος", prompt="λόγος")])
    drawn, *others = (
        drawing.begin(session, project, path, cast.olga, endpoints="gull,heron", seed=seed).id
        for seed in range(3)
    )
    purses.fill(session, f"generation:{drawn}", 5_000_000, "EUR")
    drawing.answer_all(session, lambda _: drawing.BROKEN, most=1)
    return {"drawn": drawn, "finishing": others[0], "unwanted": others[1]}


def _pay(session: Session, project: Project, cast: Cast) -> dict[str, int]:
    """Have a run that is sent to Ada, and a draft: Rex is to be paid, Bea has moved her account."""
    today = clock.now().date()
    when = {"period_end": today, "pay_on": today, "by": cast.olga}
    account = {"kind": "other", "name": "λόγος", "provider": "λόγος", "account": "1234567890"}
    for person in (cast.ada, cast.bea, cast.rex):
        destinations.replace(session, person, "EUR", account)
    make_due(session, project, cast.ada, 1234)
    sent = runs.draft(session, project.id, "EUR", Rail.plain, **when)
    runs.approve(session, sent, by=cast.root)
    runs.file(session, sent, runs.written(session, sent), by=cast.olga)
    runs.mark_sent(session, sent, by=cast.olga)
    destinations.replace(session, cast.bea, "EUR", account | {"account": "9876543210"})
    for person in (cast.bea, cast.rex):
        make_due(session, project, person, 500)
    draft = runs.draft(session, project.id, "EUR", Rail.plain, **when)
    numbers = {payout.person_id: payout.id for payout in payouts.of_run(session, draft.id)}
    [payout] = payouts.of_run(session, sent.id)
    return {
        "run": sent.id,
        "payout": payout.id,
        "draft": draft.id,
        "held_payout": numbers[cast.bea.id],
    }


def _prefer_the_first(session: Session, project: Project, by: Person, reason: str = "") -> Judgment:
    assignment = queue.claim(session, project, by=by)
    assert assignment is not None
    choice = 1 if assignment.places[0] == 0 else 7
    return judge(session, assignment, choice, by, reason=reason)


def _spare(session: Session, project: Project, number: int, cast: Cast) -> str:
    person = accounts.create(session, f"spare{number}@example.org", f"Spare {number}", by=None)
    memberships.grant(session, project.id, person, Role.annotator, by=cast.olga)
    session.flush()
    return str(person.id)


def _cut(database: Database, project: Project, folder: Path, by: Person) -> int:
    """Cut a release, and ask for another, which waits; return the number of that job."""
    data = folder.absolute()
    with database.writing() as session:
        planned = releases.plan(session, project, Criteria(min_judgments=1))
        session.commit()
        target = releases.home(planned, data)
        signer = keys.current(data)
        with cutting.staged(planned, database.reading, target, signer=signer) as manifest:
            releases.record(session, planned, manifest, target=target, data=data, by=by)
            session.commit()
        waiting = orders.plan(session, project, Criteria(min_judgments=1, licence="cc0-1.0"))
        order = orders.ask(session, waiting, by=by)
        session.commit()
    return order.id


def _visit(stage: Stage, who: str) -> Visit:
    visit = Visit(stage.app)
    if who == "anonymous":
        visit.get("/sign-in")
        return visit
    name = "olga" if who == "revoked" else who
    with stage.database.writing() as session:
        person = accounts.find(session, f"{name}@example.org")
        secret = sign_ins.make_link(session, person, by=None)
        session.commit()
    visit.get(f"/link/{secret}")
    assert visit.post(f"/link/{secret}").status_code == 302
    visit.get("/account")
    if who == "revoked":
        _revoke_newest(stage, person)
    return visit


def _revoke_newest(stage: Stage, person: Person) -> None:
    with stage.database.writing() as session:
        sign_ins.revoke(session, sign_ins.current(session, person)[0].id, by=person)
        session.commit()


def _caller(stage: Stage, who: str) -> Caller:
    if who == "anonymous":
        return Caller(stage.app.test_client(), "lbl_nothing")
    name = "olga" if who == "revoked" else who
    with stage.database.writing() as session:
        person = accounts.find(session, f"{name}@example.org")
        secret = tokens.create(session, person)
        if who == "revoked":
            session.flush()
            tokens.revoke(session, tokens.current(session, person)[0].id, by=person)
        session.commit()
    return Caller(stage.app.test_client(), secret)


def rules(app: Flask) -> set[tuple[str, str]]:
    """Return every method of every address that the application answers, as METHOD and rule."""
    return {
        (method, re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"<\1>", str(rule)))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
