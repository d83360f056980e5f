"""What annotators see of themselves: what is left to judge, what they judged, what it earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import ledger
from labeler.pay.rates import Rate
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.progress import offers, reach
from labeler.progress.offers import Offer
from labeler.progress.projects import median_ms
from labeler.quality import qualification
from labeler.quality.qualification import Standing
from labeler.work import assignments, changes
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison, Prompt
from labeler.work.judgments import IS_CURRENT, Judgment
from labeler.work.projects import Project, ProjectState, of_person
from labeler.work.questions.seen import LETTERS
from labeler.work.rubrics import Rubric
from labeler.work.tallies import Tally


@dataclass(frozen=True)
class Work:
    """A project as an annotator sees it: what is left, what it pays, what is begun."""

    project: Project
    role: Role
    done: int
    left: int
    """How many more there are for them at most; 0 if none."""
    median_ms: int | None
    rate: Rate
    """What work pays them from now on."""
    is_spent: bool
    """Whether the project has used up its budget."""
    is_sensitive: bool
    """Whether there is more that may be hard to read, and is not given to them now."""
    begun: Assignment | None
    offer: Offer | None
    """All of what it pays, for who has done nothing here yet."""
    standing: Standing | None
    """Where they stand before the work itself, if anything is asked of them."""

    @property
    def total(self) -> int:
        """How many they will have judged at most, with the one that is begun."""
        return self.done + self.left + (self.begun is not None)

    @property
    def is_open(self) -> bool:
        """Whether there is something to judge."""
        return self.left > 0


@dataclass(frozen=True)
class Own:
    """How far one annotator has come in one project, and what they earned today."""

    done: int
    total: int
    """How many they will have judged at most, with the one that is begun."""
    today: dict[str, int]


@dataclass(frozen=True)
class Judged:
    """A judgment in its author's list."""

    judgment: Judgment
    project: Project
    rubric: Rubric
    places: list[int]
    prompt: Prompt
    earned_minor: int
    currency: str
    changeable_until: datetime
    is_sent_back: bool

    @property
    def names(self) -> dict[int, str]:
        """The letters under which the responses were seen, by number."""
        return dict(zip(self.places, LETTERS, strict=False))


def today() -> datetime:
    """Return the midnight, UTC, with which today began."""
    return clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def work_of(session: Session, person: Person) -> Sequence[Work]:
    """Return the projects in which the person may judge."""
    return [
        _work(session, project, role, person)
        for project, role in of_person(session, person)
        if project.state is not ProjectState.closed
    ]


def of_annotator(session: Session, project: Project, person: Person) -> Own:
    """Return how far the person has come in the project, and today's earnings everywhere."""
    done, had = _own(session, project.id, person)
    there = reach.left_for(session, project, person, had=had)
    return Own(
        done=done,
        total=done + there.left + there.holds,
        today=ledger.earned(session, person_id=person.id, since=today()),
    )


def judged_by(
    session: Session, person: Person, *, before: int | None = None, limit: int = 50
) -> Sequence[Judged]:
    """Return the person's judgments, newest first, with what they need to be read."""
    query = (
        sa.select(Judgment, Project, Rubric, Prompt, Assignment)
        .join(Project, Project.id == Judgment.project_id)
        .join(Assignment, Assignment.id == Judgment.assignment_id)
        .join(Comparison, Comparison.id == Judgment.comparison_id)
        .join(Prompt, Prompt.id == Comparison.prompt_id)
        .join(
            Rubric,
            sa.and_(Rubric.project_id == Project.id, Rubric.number == Judgment.rubric_number),
        )
        .where(Judgment.person_id == person.id, IS_CURRENT)
        .order_by(Judgment.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Judgment.id < before)
    return [
        Judged(
            judgment,
            project,
            rubric,
            assignment.places,
            prompt,
            assignment.pay_minor,
            assignment.currency,
            changes.changeable_until(project, assignment),
            assignment.sent_back_at is not None,
        )
        for judgment, project, rubric, prompt, assignment in session.execute(query)
    ]


def _work(session: Session, project: Project, role: Role, person: Person) -> Work:
    done, had = _own(session, project.id, person)
    there = reach.left_for(session, project, person, had=had)
    rate = session.get_one(Rate, there.rate_id)
    is_first = not (done or there.holds)
    return Work(
        project,
        role,
        done=done,
        left=there.left,
        median_ms=median_ms(session, project.id),
        rate=rate,
        offer=offers.of_rate(session, rate) if is_first and there.left else None,
        is_spent=there.is_spent,
        is_sensitive=there.is_sensitive,
        begun=assignments.open_of(session, project, person) if there.holds else None,
        standing=qualification.standing(session, project, person),
    )


def _own(session: Session, project_id: int, person: Person) -> tuple[int, dict[int, int]]:
    """Return how much the person judged, and how many comparisons of each lane they have had."""
    mine = Tally.project_id == project_id, Tally.person_id == person.id
    tallies = session.execute(
        sa.select(Tally.lane_id, Tally.judged, Tally.given + Tally.skipped).where(*mine)
    ).all()
    return sum(judged for _, judged, _ in tallies), {lane: had for lane, _, had in tallies}
