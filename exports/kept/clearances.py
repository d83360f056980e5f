"""Clearances: what owners decided about reasons in which something looks like personal data.

Such a reason is held: it is in no release until an owner has read it and lets it go. Appended,
never altered; of a text the newest decision up to a release's cut-off counts. No text is kept
here, only the digest of the one that was read: whatever else is written is held for itself.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased

from exports.choosing import selection
from exports.choosing.selection import Said
from exports.choosing.texts import digest
from exports.privacy import personal
from exports.privacy.personal import Finding
from labeler import clock, events
from labeler.errors import NotFound
from labeler.people.accounts import Person
from labeler.privacy.declared import Keep
from labeler.quality.decisions import wait_for_marks
from labeler.schema import Base, Id, reference
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.projects import Project

KEEP = Keep(
    "clearances",
    "whether a reason with what looks like personal data may be in a dataset; its digest, no text",
    "as long as the database: it is appended, and the database refuses to delete",
    "Art. 6(1)(f), or (e) of a public body: the proof of how a dataset was made",
    "stays, under the bare number",
)
SHOWN = 20
"""Reasons on a page."""
READ = 5_000
"""Judgments that are looked at in one go."""
MOST_READ = 20 * READ
"""Judgments that are looked at for one page: it should be there in a second or two."""
UNDECIDED = "undecided"
"""How a held reason stands of which nobody has decided: it stays out too."""


class Fate(enum.Enum):
    """What becomes of a reason that was held."""

    let_go = "let_go"
    """Nothing in it is personal: it may be in releases."""
    kept_out = "kept_out"
    """It stays out of every release."""


class Clearance(Base):
    """What an owner decided about a reason, which they read beside a judgment."""

    __tablename__ = "clearances"
    __table_args__ = (
        sa.Index("ix_clearances_comparison", "comparison_id", "id"),
        sa.Index("ix_clearances_project", "project_id", "id"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    comparison_id: Mapped[int] = reference("comparisons.id")
    judgment_id: Mapped[int] = reference("judgments.id")
    digest: Mapped[str]
    """SHA-256 of the text."""
    fate: Mapped[Fate]
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]


Fates = Mapping[tuple[int, str], Fate]
"""What was decided, by the comparison and the digest of the text."""


class Held(NamedTuple):
    """A reason that is held, and where in it something was found."""

    judgment_id: int
    comparison_id: int
    text: str
    findings: Sequence[Finding]


class Waiting(NamedTuple):
    """Reasons of which nobody has decided, in the order in which they were given."""

    held: Sequence[Held]
    following: int | None
    """After which judgment the next page begins; None if all judgments were looked at."""


class Decided(NamedTuple):
    """A reason that was decided about: what, when, and by whom."""

    held: Held
    clearance: Clearance
    name: str


def decide(session: Session, project: Project, fates: Mapping[int, Fate], *, by: Person) -> int:
    """Decide about reasons, by the number of their judgment; the same again changes nothing.

    Returns how many were not decided so before. Raises NotFound if one of them is not held.
    """
    wait_for_marks(session)
    asked = (
        sa.select(Judgment.id, Judgment.comparison_id, Judgment.reason)
        .where(Judgment.project_id == project.id, Judgment.id.in_(list(fates)))
        .order_by(Judgment.id)
    )
    held = list(_held(selection.rows(session, asked)))
    if len(held) != len(fates):
        raise NotFound("There is no such reason to decide about.")
    known = _of(session, [one.comparison_id for one in held], clock.now())
    new = [one for one in held if known.get(_key(one)) is not fates[one.judgment_id]]
    for one in new:
        _add(session, project, one, fates[one.judgment_id], by)
    return len(new)


def _add(session: Session, project: Project, held: Held, fate: Fate, by: Person) -> None:
    session.add(
        Clearance(
            project_id=project.id,
            comparison_id=held.comparison_id,
            judgment_id=held.judgment_id,
            digest=digest(held.text),
            fate=fate,
            created_by=by.id,
            created_at=clock.now(),
        )
    )
    events.record(
        session,
        "reason.decided",
        person_id=by.id,
        project_id=project.id,
        subject=held.judgment_id,
        fate=fate.value,
    )


def waiting(session: Session, project_id: int, *, after: int = 0) -> Waiting:
    """Return the first reasons of which nobody has decided, after the judgment of a number.

    Only what people say now is looked at, of comparisons that may be in a release; what several
    say of one in the same words is there once. Where few are held, a page may have none and others
    may follow.
    """
    found, last = list[Held](), after
    for _ in range(MOST_READ // READ):
        end = _end(session, project_id, last)
        found += _undecided(session, project_id, last, end)
        if len(found) > SHOWN:
            return Waiting(found[:SHOWN], found[SHOWN - 1].judgment_id)
        if end is None:
            return Waiting(found, None)
        last = end
    return Waiting(found, last)


def decided(session: Session, project_id: int, *, before: int | None = None) -> Sequence[Decided]:
    """Return what was decided last about each reason, newest first, before a decision's number."""
    later = aliased(Clearance)
    overtaken = sa.exists().where(
        later.comparison_id == Clearance.comparison_id,
        later.digest == Clearance.digest,
        later.id > Clearance.id,
    )
    rows = session.execute(
        sa.select(Clearance, Person.name, Judgment.reason)
        .join(Person, Person.id == Clearance.created_by)
        .join(Judgment, Judgment.id == Clearance.judgment_id)
        .where(Clearance.project_id == project_id, ~overtaken)
        .where(sa.true() if before is None else Clearance.id < before)
        .order_by(Clearance.id.desc())
        .limit(SHOWN)
    )
    return [
        Decided(Held(one.judgment_id, one.comparison_id, text, personal.found(text)), one, name)
        for one, name, text in rows
    ]


def by_moment(session: Session, moment: datetime, *, first: int, last: int) -> Fates:
    """Return what was decided by a moment, of the comparisons from the first to the last."""
    return _fates(session, moment, Clearance.comparison_id.between(first, last))


def since(project_id: int, moment: datetime) -> sa.ColumnElement[bool]:
    """Tell whether anything was decided after a moment."""
    return sa.exists().where(Clearance.project_id == project_id, Clearance.created_at > moment)


def screened(said: Iterable[Said], fates: Fates) -> tuple[list[Said], list[tuple[str, str]]]:
    """Return what was said with only those reasons that may go out; and how each that is held is.

    Of each that is held: how it stands, and the kind of what was found in it first.
    """
    told, held = list[Said](), list[tuple[str, str]]()
    for one in said:
        findings = personal.found(one.reason) if one.reason else ()
        if not findings:
            told.append(one)
            continue
        fate = fates.get((one.comparison_id, digest(one.reason)))
        held.append((UNDECIDED if fate is None else fate.value, findings[0].kind.value))
        told.append(one if fate is Fate.let_go else one._replace(reason=""))
    return told, held


def _key(held: Held) -> tuple[int, str]:
    return held.comparison_id, digest(held.text)


def _end(session: Session, project_id: int, after: int) -> int | None:
    """Return the last judgment of the next ones that are looked at; None if there is no further."""
    rest = sa.select(Judgment.id).where(Judgment.project_id == project_id, Judgment.id > after)
    return session.scalar(rest.order_by(Judgment.id).offset(READ - 1).limit(1))


def _undecided(session: Session, project_id: int, after: int, end: int | None) -> Sequence[Held]:
    given = (
        sa.select(Judgment.id, Judgment.comparison_id, Judgment.reason)
        .join(Comparison, Comparison.id == Judgment.comparison_id)
        .where(
            *(Judgment.project_id == project_id, Judgment.id > after, Judgment.is_current),
            *(Judgment.reason != "", ~Comparison.is_gold, Comparison.withdrawn_at.is_(None)),
        )
        .order_by(Judgment.id)
    )
    rows = selection.rows(session, given if end is None else given.where(Judgment.id <= end))
    held = list(_held(rows))
    known = _of(session, [one.comparison_id for one in held], clock.now())
    fresh: dict[tuple[int, str], Held] = {}
    for one in held:
        if (key := _key(one)) not in known:
            fresh.setdefault(key, one)
    return list(fresh.values())


def _held(rows: Iterable[sa.Row[int, int, str]]) -> Iterator[Held]:
    for judgment_id, comparison_id, text in rows:
        if findings := personal.found(text):
            yield Held(judgment_id, comparison_id, text, findings)


def _of(session: Session, comparison_ids: Sequence[int], moment: datetime) -> Fates:
    if not comparison_ids:
        return {}
    return _fates(session, moment, Clearance.comparison_id.in_(set(comparison_ids)))


def _fates(session: Session, moment: datetime, which: sa.ColumnElement[bool]) -> Fates:
    rows = session.execute(
        sa.select(Clearance.comparison_id, Clearance.digest, Clearance.fate)
        .where(which, Clearance.created_at <= moment)
        .order_by(Clearance.id)
    )
    return {(comparison_id, text): fate for comparison_id, text, fate in rows}
