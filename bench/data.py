"""Made-up sites of any size, and consistent: one project, its comparisons, judgments and people.

Accounts, the project and tokens are made by the verbs that commands call; the many rows are
written by `bulk`, and what follows from them by `recounts.rebuild`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

import exports.kept.releases  # noqa: F401  # its tables belong to the schema
from bench import bulk, rows
from bench.bulk import Bulk
from bench.past import Earner, Past
from bench.rows import Compared, Place, Words
from bench.texts import Texts
from labeler import clock, recounts
from labeler.database import Database
from labeler.pay.accounts import Account, AccountKind
from labeler.pay.ledger import Transfer
from labeler.people import accounts, memberships, tokens
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import drafts, lanes, projects
from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison

SLUG = "bench"
OWNER = "owner@bench.invalid"
TIMES = 3
"""How many judgments each stored comparison has."""
CHUNK = 20_000
PEOPLE = 600
"""Most people whose judgments are stored."""
DAYS = 60
"""Over how many days up to yesterday they are spread."""
PROJECT = {
    "title": "Made-up comparisons",
    "slug": SLUG,
    "guidelines": "Prefer what is **correct**.",
    "judgments_per_comparison": TIMES,
    "pay": {"per_judgment": "0.35", "currency": "EUR"},
}


class Annotator(NamedTuple):
    """Somebody who judges, with their token."""

    person_id: int
    token: str


@dataclass
class Site:
    """A database with one project; `comparisons` counts those that wait, `judgments` the past."""

    address: str
    project_id: int
    comparisons: int = 0
    judgments: int = 0
    texts: Texts = field(default_factory=Texts)
    random: Random = field(default_factory=lambda: Random(2))


def open_site(address: str) -> Site:
    """Make the tables, an owner and an empty project."""
    with opened(address) as database:
        database.upgrade()
        with database.writing() as session:
            owner = accounts.create(session, OWNER, "Owner", by=None, is_admin=True)
            project = projects.create(session, drafts.read(PROJECT), by=owner)
            session.commit()
    return Site(address, project.id)


@contextmanager
def opened(address: str) -> Iterator[Database]:
    """Open a database for as long as the block lasts."""
    database = Database(address)
    try:
        yield database
    finally:
        database.close()


def add_annotators(site: Site, count: int) -> list[Annotator]:
    """Add people with a part in the project and a token each."""
    with opened(site.address) as database, database.writing() as session:
        people = _add_people(session, site, count)
        added = [Annotator(each.id, tokens.create(session, each)) for each in people]
        session.commit()
    return added


def grow(site: Site, comparisons: int, words: Words, *, wanted: int = TIMES) -> None:
    """Add comparisons until there are so many that wait to be judged, `wanted` times each."""
    more = comparisons - site.comparisons
    if more <= 0:
        return
    with opened(site.address) as database:
        where = _where(database, site, "waiting", more, more * wanted)
        with bulk.opened(database) as writer:
            place = _place(writer, site, where)
            for chunk in _chunks(more):
                made = [Compared(n, wanted) for n in chunk]
                rows.write_comparisons(writer, place, made, words, site.texts, site.random)
            writer.tidy(("prompts", "comparisons", "responses"))
    site.comparisons = comparisons


def add_past(site: Site, judgments: int, words: Words) -> None:
    """Add comparisons that have been judged, with so many judgments in all, or one or two more."""
    count = -(-judgments // TIMES)
    if count <= 0:
        return
    with opened(site.address) as database:
        where = _where(database, site, "past", count, count * TIMES)
        earners = _add_earners(database, site, max(TIMES, min(PEOPLE, count // 10)))
        with bulk.opened(database) as writer:
            place = _place(writer, site, where)
            past = _past(writer, database, site, earners, timedelta(days=DAYS) / (count * TIMES))
            for chunk in _chunks(count):
                who = {place.comparisons + n: _judges(n, len(earners)) for n in chunk}
                votes = past.write(writer, who)
                made = [Compared(n, TIMES, TIMES, votes[place.comparisons + n]) for n in chunk]
                rows.write_comparisons(writer, place, made, words, site.texts, site.random)
            writer.tidy(TABLES)
        _settle(database, site)
    site.judgments += count * TIMES


def add_veteran(site: Site, done: int) -> Annotator:
    """Add somebody who has judged so many of the comparisons that wait to be judged."""
    [veteran] = add_annotators(site, 1)
    with opened(site.address) as database:
        with database.writing() as session:
            earners = _earners(session, site, [session.get_one(Person, veteran.person_id)])
            chosen = waiting(session, site, done)
            session.commit()
        with bulk.opened(database) as writer:
            past = _past(writer, database, site, earners, timedelta(seconds=30))
            votes = past.write(writer, {each: [0] for each in chosen})
            writer.tidy(TABLES)
        with database.writing() as session:
            _count(session, votes)
            session.commit()
        _settle(database, site)
    return veteran


def waiting(session: Session, site: Site, count: int) -> list[int]:
    """Draw up to so many comparisons that wait to be judged."""
    free = sa.select(Comparison.id).join(Batch, Batch.id == Comparison.batch_id)
    free = free.where(Batch.name == "waiting", Comparison.taken < Comparison.wanted)
    found = session.scalars(free).all()
    return site.random.sample(found, min(count, len(found)))


TABLES = ("prompts", "comparisons", "responses", "assignments", "judgments", "transfers")


def _add_people(session: Session, site: Site, count: int) -> list[Person]:
    owner = accounts.find(session, OWNER)
    first = session.scalars(sa.select(sa.func.count(Person.id))).one()
    people = []
    for number in range(first, first + count):
        name = f"Annotator {number:05}"
        person = accounts.create(session, f"annotator-{number}@bench.invalid", name, by=owner)
        memberships.grant(session, site.project_id, person, Role.annotator, by=owner)
        people.append(person)
    return people


def _add_earners(database: Database, site: Site, count: int) -> list[Earner]:
    with database.writing() as session:
        found = _earners(session, site, _add_people(session, site, count))
        session.commit()
    return found


def _earners(session: Session, site: Site, people: Sequence[Person]) -> list[Earner]:
    whose: dict[str, Any] = {"project_id": site.project_id, "currency": "EUR"}
    kind = AccountKind.earned_pending
    found = [Account(person_id=person.id, kind=kind, **whose) for person in people]
    session.add_all(found)
    session.flush()
    return [Earner(person.id, each.id) for person, each in zip(people, found, strict=True)]


def _where(
    database: Database, site: Site, name: str, comparisons: int, wanted: int
) -> tuple[int, int]:
    """Return the batch and the lane for so many more comparisons, made if need be."""
    with database.writing() as session:
        batch = session.scalar(sa.select(Batch).where(Batch.name == name))
        if batch is None:
            batch = Batch(project_id=site.project_id, name=name, digest=name, comparisons=0)
            batch.refused, batch.state, batch.created_at = 0, BatchState.ready, clock.now()
            batch.created_by = accounts.find(session, OWNER).id
            session.add(batch)
        batch.comparisons += comparisons
        session.flush()
        added = {("en", False, ""): (comparisons, wanted)}
        found = lanes.lengthen(session, site.project_id, batch.id, added)
        session.commit()
    return batch.id, found["en", False, ""]


def _place(writer: Bulk, site: Site, where: tuple[int, int]) -> Place:
    free = {each: writer.next_id(each) for each in ("comparisons", "prompts", "responses")}
    return Place(site.project_id, *where, **free)


def _past(
    writer: Bulk, database: Database, site: Site, earners: Sequence[Earner], every: timedelta
) -> Past:
    with database.reading() as session:
        pays = sa.select(Account.id).where(Account.kind == AccountKind.project_cost)
        cost = session.scalars(pays.where(Account.project_id == site.project_id)).one()
    return Past(
        project_id=site.project_id,
        cost_account_id=cost,
        earners=earners,
        assignment_id=writer.next_id("assignments"),
        judgment_id=writer.next_id("judgments"),
        transfer_id=writer.next_id("transfers"),
        begin=clock.now() - timedelta(days=DAYS + 1),
        every=every,
        random=site.random,
    )


def _judges(n: int, people: int) -> list[int]:
    """Return different people for the `n`th comparison; everybody has as many in the end."""
    return [(n + turn * (people // TIMES)) % people for turn in range(TIMES)]


def _chunks(count: int) -> list[range]:
    return [range(start, min(count, start + CHUNK)) for start in range(0, count, CHUNK)]


def _count(session: Session, votes: dict[int, int]) -> None:
    table: Any = Comparison.__table__
    counted = sa.update(table).where(table.c.id == sa.bindparam("comparison"))
    more = table.c.votes + sa.bindparam("more")
    session.connection().execute(
        counted.values(taken=table.c.taken + 1, judged=table.c.judged + 1, votes=more),
        [{"comparison": each, "more": said} for each, said in votes.items()],
    )


def _settle(database: Database, site: Site) -> None:
    """Write what follows from the rows: balances, tallies and counts."""
    came_in = sa.select(sa.func.coalesce(sa.func.sum(Transfer.amount_minor), 0))
    came_in = came_in.where(Transfer.to_account_id == Account.id)
    with database.writing() as session:
        if not database.is_sqlite:
            session.execute(sa.text("SET LOCAL statement_timeout = 0"))
        session.execute(
            sa.update(Account)
            .where(Account.project_id == site.project_id)
            .where(Account.kind == AccountKind.earned_pending)
            .values(balance_minor=came_in.scalar_subquery())
            .execution_options(synchronize_session=False)
        )
        recounts.rebuild(session)
        session.commit()
