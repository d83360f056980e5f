"""Adaptive redundancy through the real queue: how many votes a pair takes to be right so often.

Every vote is claimed and handed in as a person would, each in its own transaction on an SQLite
database, and quality is worked out anew whenever the server would do so. The world: 200
annotators, 10 % of them click at random, the others are right with Beta(9.7, 2.3); a pair is as
hard as its b, log-normal with sd 0.7, and somebody with accuracy a is right on it with
sigmoid(b · logit(a)). A person of fixed redundancy is drawn from the same world.
"""

import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from bench.quality.rows import Row
from labeler.database import Database
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import consensus, records, refreshing, snapshots
from labeler.work import answers, batches, drafts, judgments, projects, queue
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.layouts import Message, ResponseIn
from labeler.work.layouts import Row as Pair
from labeler.work.projects import Project

PEOPLE, CLICKERS = 200, 0.1
PAIRS = 5_000
MOST = 15
CONFIDENCES = (0.75, 0.80, 0.92, 0.95)
LOOKS = 20
"""After how many votes it is looked at whether quality should be worked out anew."""
TARGETS = {0.90: 2.8, 0.95: 4.8}
"""Share of pairs that are right, and how many votes a pair that may take."""


@dataclass(frozen=True)
class World:
    """Everybody's accuracy, every pair's ease, and which of its answers is better."""

    accuracy: NDArray[Any]
    ease: NDArray[Any]
    better: NDArray[Any]
    random: np.random.Generator

    @classmethod
    def drawn(cls, seed: int, pairs: int) -> "World":
        """Draw a world."""
        random = np.random.default_rng(seed)
        honest = random.beta(9.7, 2.3, PEOPLE)
        clicks = random.permutation(PEOPLE) < CLICKERS * PEOPLE
        ease = random.lognormal(0.0, 0.7, pairs)
        return cls(np.where(clicks, 0.5, honest), ease, random.integers(0, 2, pairs), random)

    def says(self, person: int, pair: int) -> int:
        """Draw which answer a person finds better."""
        accuracy = self.accuracy[person]
        odds = (accuracy / (1 - accuracy)) ** self.ease[pair]
        right = self.random.random() < odds / (1 + odds)
        return int(self.better[pair] if right else 1 - self.better[pair])

    def majority(self, votes_each: int) -> float:
        """Return how often the majority of so many votes is right; ties count half."""
        odds = (self.accuracy / (1 - self.accuracy))[:, None] ** self.ease
        pairs = len(self.ease)
        right = np.zeros(pairs)
        for _ in range(votes_each):
            who = self.random.integers(0, PEOPLE, pairs)
            each = odds[who, np.arange(pairs)]
            right += self.random.random(pairs) < each / (1 + each)
        return float(np.where(2 * right == votes_each, 0.5, 2 * right > votes_each).mean())


@dataclass(frozen=True)
class Outcome:
    """What one run came to: votes a pair, share that is right, and what was stated of it."""

    votes: float
    right: float
    stated: float


def measure(seed: int) -> list[Row]:
    """Judge the whole world at four confidences, and read the targets between them."""
    found = [run(seed, confidence, PAIRS) for confidence in CONFIDENCES]
    fixed = {k: World.drawn(seed, PAIRS).majority(k) for k in (3, 5, 7, 9, 11, 13, 15)}
    rows = [_row(target, votes, found, fixed) for target, votes in TARGETS.items()]
    return [*rows, _update(seed)]


def run(seed: int, confidence: float, pairs: int) -> Outcome:
    """Judge a world until no more votes are wanted."""
    with _opened() as database:
        return _judged(database, World.drawn(seed, pairs), confidence)


@contextmanager
def _opened() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'labeler.db'}")
        try:
            database.upgrade()
            yield database
        finally:
            database.close()


def _update(seed: int) -> Row:
    """Measure what a vote costs beyond storing it: the posterior, the rule, the lane."""
    with _opened() as database:
        _judged(database, World.drawn(seed, 100), 0.95)
        took = []
        with database.writing() as session:
            for judgment in session.scalars(sa.select(Judgment)).all():
                begun = time.process_time()
                judgments.reconsider(session, judgment)
                took.append(time.process_time() - begun)
                session.rollback()
    ms = 1000 * median(took)
    return Row("What one vote's update takes, processor time", "≤ 5 ms", f"{ms:.1f} ms", ms <= 5)


def _judged(database: Database, world: World, confidence: float) -> Outcome:
    with database.writing() as session:
        project, people = _prepare(session, world, confidence)
        session.commit()
        numbers = {each.id: int(each.external_id) for each in session.query(Comparison)}
        session.commit()
        while _work(session, database, project, people, world, numbers):
            _refresh(session, database, project)
    return _outcome(database, project, world, numbers)


def _work(
    session: Session,
    database: Database,
    project: Project,
    people: list[Person],
    world: World,
    numbers: dict[int, int],
) -> int:
    """Let people judge until nothing is left for anybody; return how often they did."""
    done, idle = 0, set[int]()
    while len(idle) < PEOPLE:
        person = int(world.random.integers(0, PEOPLE))
        asked = queue.claim(session, project, by=people[person])
        if asked is None:
            idle.add(person)
            session.commit()
            continue
        idle.clear()
        said = world.says(person, numbers[asked.comparison_id])
        answer = answers.read(session, asked, 1 if asked.places[0] == said else 4)
        judgments.submit(session, asked, answer, by=people[person], key=str(uuid.uuid4()))
        session.commit()
        done += 1
        if done % LOOKS == 0 and project.id in snapshots.stale(session):
            _refresh(session, database, project)
    return done


def _prepare(session: Session, world: World, confidence: float) -> tuple[Project, list[Person]]:
    owner = accounts.create(session, "owner@bench.invalid", "Owner", by=None, is_admin=True)
    draft = {
        "title": "Made-up comparisons",
        "judgments_per_comparison": 2,
        "adaptive": {"most": MOST, "confidence": confidence, "audit_share": 0},
        "rubric": {"steps": 4, "tie": False, "both_bad": False},
    }
    project = projects.create(session, drafts.read(draft), by=owner)
    people = []
    for number in range(PEOPLE):
        person = accounts.create(session, f"a{number}@bench.invalid", f"A {number}", by=owner)
        memberships.grant(session, project.id, person, Role.annotator, by=owner)
        people.append(person)
    rows = (_pair(number) for number in range(len(world.ease)))
    for _ in batches.load(session, project, rows, name="world", digest="world", by=owner):
        session.commit()
    return project, people


def _pair(number: int) -> Pair:
    return Pair(
        line=number + 1,
        id=str(number),
        messages=(Message(role="user", content=f"Question {number}"),),
        language="en",
        responses=(ResponseIn(text="One."), ResponseIn(text="Other.")),
        gold=None,
        metadata={},
    )


def _refresh(session: Session, database: Database, project: Project) -> None:
    """Work quality out anew, as the server does when its next look finds it stale."""
    session.commit()
    for _ in refreshing.refresh(session, database.reading, project):
        session.commit()


def _outcome(
    database: Database, project: Project, world: World, numbers: dict[int, int]
) -> Outcome:
    found = consensus.estimate(records.read(database.reading, project).votes)
    pairs = np.array([numbers[each] for each in found.votes.comparisons.tolist()])
    right = found.posteriors.argmax(axis=1) == world.better[pairs]
    return Outcome(
        len(found.votes.label) / len(world.ease),
        float(right.mean()),
        float(found.confidence.mean()),
    )


def _row(target: float, most: float, found: list[Outcome], fixed: dict[int, float]) -> Row:
    needed = _between(target, [(each.right, each.votes) for each in found])
    plain = _between(target, [(right, float(votes)) for votes, right in fixed.items()])
    runs = ", ".join(f"{each.votes:.2f} votes: {each.right:.1%}" for each in found)
    return Row(
        f"Votes a pair for {target:.0%} right, through the queue",
        f"≤ {most}",
        f"{_told(needed)} (majority of a fixed number: {_told(plain)}; runs: {runs})",
        needed <= most,
    )


def _told(votes: float) -> str:
    return "not reached" if votes == float("inf") else f"{votes:.2f}"


def _between(target: float, points: list[tuple[float, float]]) -> float:
    """Read the votes for a share of right answers off the line between the runs around it."""
    rights, needed = zip(*sorted(points), strict=True)
    if not rights[0] <= target <= rights[-1]:
        return float("inf")
    return float(np.interp(target, rights, needed))
